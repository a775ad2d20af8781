"""What the engine makes of the watch, and of what its parts tell it."""

from typing import Any

import pytest

from model_operator.domain import CANARY, DEPLOYMENT, PROVIDER, Key
from support import manifests
from support.canary_world import canary, traffic
from support.memory_store import Effect, Request, Trouble, Verb
from support.running import TEAM, VENDORS, Running, deployment, on_virtual_time, running

KEY = Key(DEPLOYMENT, TEAM, "llama")


def writes(operator: Running) -> list[Request]:
    """What this process wrote, Events left out."""
    reads = (Verb.GET, Verb.LIST)
    return [r for r in operator.store.seen if r.verb not in reads and r.key.kind != "Event"]


@pytest.mark.parametrize("vendor", VENDORS)
@on_virtual_time
async def test_nothing_is_written_while_nothing_changes(vendor: str) -> None:
    async with running() as operator:
        await operator.serve(deployment(vendor))
        await operator.wait(60)
        before, gets = len(writes(operator)), await operator.asked("get")
        await operator.wait(7200)
        assert len(writes(operator)) == before
        assert await operator.asked("get") - gets <= 3


@pytest.mark.parametrize("vendor", VENDORS)
@on_virtual_time
async def test_a_restart_writes_and_changes_nothing(vendor: str) -> None:
    async with running() as operator:
        await operator.serve(deployment(vendor))
        await operator.wait(60)
        await operator.restart()
        await operator.wait(120)
        assert writes(operator) == []
        assert await operator.asked("create") == 1


@on_virtual_time
async def test_it_is_ready_once_everything_was_read() -> None:
    async with running() as operator:
        assert operator.engine.unready is None
        assert operator.engine.problem is None
        await operator.stop()
        operator.store.troubles.append(Trouble(Effect.REFUSE, frozenset({Verb.LIST})))
        assert operator.engine.problem is not None
        await operator.start()


@on_virtual_time
async def test_an_edit_is_seen_at_once_and_starts_its_retries_afresh() -> None:
    async with running() as operator:
        await operator.serve(deployment("parasail"))
        await operator.fault("error", operation="update", status=500)
        operator.edit("llama", replicas=2)
        await operator.wait(600)
        await operator.mend()
        operator.edit("llama", replicas=3)
        await operator.until(lambda: operator.status("llama")["replicas"] == 3, within=20)


@on_virtual_time
async def test_what_the_watch_repeats_or_brings_late_is_no_news() -> None:
    async with running() as operator:
        await operator.serve(deployment("parasail"))
        old = operator.server.get(KEY)
        operator.edit("llama", replicas=2)
        await operator.wait(30)
        before = len(writes(operator))
        operator.engine.shown(KEY, old)
        operator.engine.shown(KEY, operator.server.get(KEY))
        await operator.wait(30)
        assert len(writes(operator)) == before
        assert operator.engine.cache.deployment(KEY).spec.replicas == 2


@on_virtual_time
async def test_the_end_of_what_is_not_known_is_no_news() -> None:
    async with running() as operator:
        await operator.serve(deployment("parasail"))
        body = operator.server.get(KEY)
        operator.delete("llama")
        await operator.until(lambda: operator.find("llama") is None)
        operator.engine.deleted(KEY, body)
        await operator.wait(60)
        assert operator.engine.cache.deployment(KEY) is None
        assert await operator.asked("delete") == 1


@on_virtual_time
async def test_a_get_after_the_end_brings_nobody_back() -> None:
    async with running() as operator:
        await operator.serve(deployment("parasail"))
        body = operator.server.get(KEY)
        operator.delete("llama")
        await operator.until(lambda: operator.find("llama") is None)
        operator.engine.refreshed(KEY, body)
        assert operator.engine.cache.entry(KEY) is None


@pytest.mark.parametrize("vendor", VENDORS)
@on_virtual_time
async def test_a_deaf_watch_is_made_up_for_by_conflicts_and_polls(vendor: str) -> None:
    async with running() as operator:
        await operator.serve(deployment(vendor))
        operator.watch.go_deaf()
        operator.edit("llama", replicas=2)
        await operator.wait(10)
        assert operator.status("llama")["observedGeneration"] == 1
        operator.watch.hear_again(anew=True)
        await operator.until(lambda: operator.status("llama")["replicas"] == 2)


@on_virtual_time
async def test_a_deployment_that_serves_brings_its_canary_endpoint_back() -> None:
    """`cached`: a split follows the state of its deployments."""
    async with running() as operator:
        operator.apply(canary(traffic=traffic(v1=100)))
        await operator.wait(60)
        assert operator.says("triage", CANARY)["TargetsReady"] == "False TargetNotFound"
        await operator.serve(deployment("paitient", "triage-v1"))
        await operator.wait(1)
        assert operator.says("triage", CANARY)["Ready"] == "True Available"


@on_virtual_time
async def test_a_split_that_moved_away_lets_a_deletion_go_on() -> None:
    """`cached`, the other way: deletions wait for splits."""
    async with running() as operator:
        await operator.serve(deployment("paitient", "triage-v1"), deployment("paitient", "triage-v2"))
        operator.apply(canary(traffic=traffic(v1=100, v2=0)))
        await operator.until(lambda: operator.says("triage", CANARY).get("Ready") == "True Available")
        operator.delete("triage-v1")
        await operator.wait(30)
        operator.edit("triage", CANARY, traffic=traffic(v2=100))
        await operator.until(lambda: operator.find("triage-v1") is None)


@on_virtual_time
async def test_other_credentials_are_news_for_all_who_use_them() -> None:
    """`rebound`: what was refused is tried again at once, not when its back-off is over."""
    async with running(opens=False) as operator:
        operator.apply(
            manifests.secret_of("parasail", apiKey="nobodys-key-of-today"),
            manifests.provider("parasail", "http://simulator"),
        )
        names = ["a", "b", "c"]
        operator.apply(*(deployment("parasail", name) for name in names))
        await operator.wait(600)
        assert {operator.says(name)["Ready"] for name in names} == {"False CredentialsInvalid"}
        operator.apply(manifests.secret_of("parasail"))
        await operator.wait(90)
        assert {operator.says(name)["Ready"] for name in names} == {"True Available"}


@on_virtual_time
async def test_deployments_are_counted_together_a_little_later() -> None:
    async with running() as operator:
        await operator.wait(60)
        before = len(writes(operator))
        operator.apply(*(deployment("parasail", f"d{n}", paused=True) for n in range(10)))
        await operator.wait(10)
        counted = [r for r in writes(operator)[before:] if r.key.kind == PROVIDER]
        assert len(counted) == 1
        assert operator.status("parasail", PROVIDER)["deployments"] == 10


@pytest.mark.parametrize("verb", [Verb.STATUS, Verb.FINALIZER, Verb.GET])
@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param({"effect": Effect.REFUSE, "status": 500}, id="refused"),
        pytest.param({"effect": Effect.REFUSE, "status": 409}, id="conflict"),
        pytest.param({"effect": Effect.LOSE}, id="lost"),
        pytest.param({"effect": Effect.LATE, "seconds": 20}, id="late"),
        pytest.param({"effect": Effect.HANG}, id="hangs"),
    ],
)
@on_virtual_time
async def test_one_deployment_comes_of_it_whatever_the_api_server_does(
    verb: Verb, trouble: dict[str, Any]
) -> None:
    async with running() as operator:
        operator.store.troubles.append(Trouble(verbs=frozenset({verb}), left=3, **trouble))
        # Whose intent's write was not answered waits until no earlier create can come any more.
        (id_,) = await operator.serve(deployment("parasail"), within=600)
        assert await operator.live("parasail") == [id_]
        assert await operator.asked("create") == 1
