"""What follows from how a pass ended: a conflict is read again, a refusal tried again soon, a bug late."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from itertools import pairwise

import pytest
from typing_extensions import override

from model_operator.domain import DEPLOYMENT, Key
from model_operator.engine.controller import Controller
from model_operator.kube import KubeError, KubeForbidden, ObjectGone, WriteConflict
from model_operator.observability.metrics import Metrics
from support.memory_server import Server
from support.memory_store import Effect, MemoryStore, Trouble, Verb
from support.running import deployment, on_virtual_time
from support.signals import Told
from support.virtual_time import Wall

KEY = Key(DEPLOYMENT, "team", "llama")
OTHER = Key(DEPLOYMENT, "team", "other")
UID = "uid-of-llama"
Outcome = timedelta | Exception | None


class Scripted:
    """Passes that end as told, one after another, and then well."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)
        self.times: list[float] = []
        self.ends: list[Key] = []
        self.refusals: list[str] = []
        self.takes = 0.0

    async def reconcile(self, key: Key) -> timedelta | None:  # noqa: ARG002
        self.times.append(asyncio.get_running_loop().time())
        await asyncio.sleep(self.takes)
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def ended(self, key: Key) -> Iterable[Key]:
        self.ends.append(key)
        return (OTHER,)

    async def refused(self, key: Key, error: KubeError) -> None:  # noqa: ARG002
        self.refusals.append(str(error))

    def uid(self, key: Key) -> str | None:  # noqa: ARG002
        return UID


class Stage:
    """A controller of one worker; the object is at the server unless a test takes it away."""

    def __init__(self, *outcomes: Outcome, passes: Scripted | None = None) -> None:
        loop = asyncio.get_running_loop()
        self.passes = passes or Scripted(*outcomes)
        self.server = Server(Wall(loop))
        self.server.create(DEPLOYMENT, "team", deployment("parasail", KEY.name))
        self.store = MemoryStore(self.server)
        self.told = Told()
        self.metrics = Metrics()
        self.controller = Controller(
            self.passes, self.store, self.told, self.metrics.controller(DEPLOYMENT), workers=1
        )

    async def run(self, seconds: float) -> list[float]:
        """When the passes began, in seconds after the first was asked for."""
        self.controller.start()
        begun = asyncio.get_running_loop().time()
        self.controller.queue.add(KEY)
        await asyncio.sleep(seconds)
        await self.controller.stop(timedelta(seconds=1))
        return [time - begun for time in self.passes.times]

    def results(self) -> dict[str, float]:
        lines = self.metrics.render()[0].decode().splitlines()
        found = [line for line in lines if line.startswith("controller_runtime_reconcile_total")]
        counts = {line.split('result="')[1].split('"')[0]: float(line.split()[-1]) for line in found}
        return {result: count for result, count in counts.items() if count}


@pytest.mark.parametrize(
    ("outcome", "waits", "result"),
    [
        pytest.param(None, [], "success", id="nothing more"),
        pytest.param(timedelta(), [0], "requeue", id="again at once"),
        pytest.param(timedelta(seconds=20), [20], "requeue_after", id="again later"),
        pytest.param(KubeError(500, "no"), [0.1], "error", id="the API server refuses"),
        pytest.param(KubeError(0, "no answer"), [0.1], "error", id="the API server is silent"),
        pytest.param(KubeForbidden(403, "no"), [0.1], "error", id="the API server forbids it"),
        pytest.param(WriteConflict(409, "no"), [0.1], "requeue", id="somebody wrote first"),
        pytest.param(ObjectGone(404, "no"), [0.1], "requeue", id="something of it is gone"),
        pytest.param(ValueError("bug"), [1], "error", id="a bug"),
    ],
)
@on_virtual_time
async def test_when_a_pass_comes_again(outcome: Outcome, waits: list[float], result: str) -> None:
    stage = Stage(outcome)
    times = await stage.run(60)
    assert times == [0, *(pytest.approx(wait, rel=0.11, abs=1e-3) for wait in waits)]
    expected = {result: 1.0}
    expected["success"] = expected.get("success", 0) + len(waits)
    assert stage.results() == {name: count for name, count in expected.items() if count}


@pytest.mark.parametrize(
    ("error", "said"),
    [
        pytest.param(KubeForbidden(403, "no"), ["no"], id="a right that is missing"),
        pytest.param(KubeError(422, "no"), ["no"], id="a rule"),
        pytest.param(KubeError(500, "no"), [], id="an outage"),
        pytest.param(KubeError(0, "no answer"), [], id="silence"),
        pytest.param(WriteConflict(409, "no"), [], id="somebody wrote first"),
    ],
)
@on_virtual_time
async def test_only_a_refusal_is_told_to_the_object(error: Exception, said: list[str]) -> None:
    stage = Stage(error)
    await stage.run(60)
    assert [message.rpartition(": ")[2] for message in stage.passes.refusals] == said


@pytest.mark.parametrize(
    ("error", "waits"),
    [
        pytest.param(KubeError(500, "no"), [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30], id="refused"),
        pytest.param(ValueError("bug"), [1, 2, 4, 8, 16, 32, 64, 128, 256, 300], id="a bug"),
    ],
)
@on_virtual_time
async def test_retries_slow_down_to_a_cap(error: Exception, waits: list[float]) -> None:
    stage = Stage(*[error] * len(waits))
    times = await stage.run(2000)
    found = [later - earlier for earlier, later in pairwise(times)]
    assert found == [pytest.approx(wait, rel=0.11, abs=0.01) for wait in waits]


@on_virtual_time
async def test_a_success_forgets_the_failures_before() -> None:
    refused = KubeError(500, "no")
    stage = Stage(refused, refused, refused, timedelta(seconds=10), refused)
    times = await stage.run(60)
    assert times[-1] - times[-2] == pytest.approx(0.1, rel=0.11, abs=0.01)


@on_virtual_time
async def test_after_a_conflict_the_object_is_read_again() -> None:
    stage = Stage(WriteConflict(409, "no"))
    await stage.run(10)
    assert stage.told.refreshes == [KEY]
    assert stage.told.ends == []


@on_virtual_time
async def test_what_is_gone_by_then_has_ended_and_is_not_looked_at_again() -> None:
    stage = Stage(WriteConflict(409, "no"))
    stage.server.delete(KEY)
    assert await stage.run(60) == [0]
    assert (stage.told.refreshes, stage.told.ends) == ([], [(KEY, UID)])


@on_virtual_time
async def test_a_read_that_fails_too_is_no_end() -> None:
    stage = Stage(WriteConflict(409, "no"))
    stage.store.troubles.append(Trouble(Effect.REFUSE, frozenset({Verb.GET})))
    assert len(await stage.run(60)) == 2
    assert (stage.told.refreshes, stage.told.ends) == ([], [])


@on_virtual_time
async def test_nothing_of_an_object_that_ended_waits_any_more() -> None:
    stage = Stage(timedelta(seconds=20))
    stage.controller.start()
    stage.controller.queue.add(KEY)
    await asyncio.sleep(1)
    assert stage.controller.ended(KEY) == (OTHER,)
    await asyncio.sleep(60)
    assert (len(stage.passes.times), stage.passes.ends) == (1, [KEY])
    await stage.controller.stop(timedelta(seconds=1))


@pytest.mark.parametrize(("takes", "ends"), [(2, 2.0), (30, 5.0)], ids=["in time", "too long"])
@on_virtual_time
async def test_a_stop_waits_for_running_passes_and_not_for_ever(takes: float, ends: float) -> None:
    stage = Stage()
    stage.passes.takes = takes
    stage.controller.start()
    stage.controller.queue.add(KEY)
    await asyncio.sleep(0)
    loop = asyncio.get_running_loop()
    await stage.controller.stop(timedelta(seconds=5))
    assert loop.time() == ends


class Dying(Scripted):
    """What no `except Exception` catches."""

    @override
    async def reconcile(self, key: Key) -> timedelta | None:
        raise asyncio.CancelledError


@pytest.mark.parametrize(
    ("passes", "problem"), [(Scripted(), None), (Dying(), "1 passes have died")], ids=["lives", "died"]
)
@on_virtual_time
async def test_a_pass_that_died_is_a_problem(passes: Scripted, problem: str | None) -> None:
    stage = Stage(passes=passes)
    stage.controller.start()
    stage.controller.queue.add(KEY)
    await asyncio.sleep(1)
    assert stage.controller.problem == problem
    await stage.controller.stop(timedelta(seconds=1))
