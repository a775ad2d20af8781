"""Events: beside the passes, in their order, and a log line where the API server refuses them."""

import asyncio
import logging

import pytest

from model_operator.domain import DEPLOYMENT, PROVIDER, Key
from model_operator.models.metadata import Metadata
from model_operator.reconcile.recorder import Recorder
from model_operator.status.events import Event
from support.memory_server import Server
from support.memory_store import Effect, MemoryStore, Trouble, Verb
from support.running import VENDORS, deployment, on_virtual_time, running
from support.virtual_time import Wall

KEY = Key(DEPLOYMENT, "team", "llama")
ABOUT = Metadata(name="llama", namespace="team", uid="u", resource_version="7")


class Stage:
    def __init__(self) -> None:
        wall = Wall(asyncio.get_running_loop())
        self.server = Server(wall)
        self.store = MemoryStore(self.server)
        self.recorder = Recorder(self.store, wall)

    async def post(self) -> list[str]:
        """What is there after all has been posted."""
        task = asyncio.create_task(self.recorder.run(lambda: True))
        await self.recorder.flush()
        task.cancel()
        return [f"{e['type']} {e['reason']}: {e['message']}" for e in self.server.list("Event", "team")]


@on_virtual_time
async def test_an_event_names_its_object() -> None:
    stage = Stage()
    stage.recorder.note(KEY, ABOUT, [Event("Normal", "Created", "It is 1.")])
    await stage.post()
    (event,) = stage.server.list("Event", "team")
    assert event["involvedObject"] == {
        "apiVersion": "modeloperator.dev/v1alpha1",
        "kind": "ModelDeployment",
        "namespace": "team",
        "name": "llama",
        "uid": "u",
        "resourceVersion": "7",
    }
    assert event["firstTimestamp"] == event["lastTimestamp"] == "2026-01-01T12:00:00Z"
    assert event["source"] == {"component": "model-operator"}


@on_virtual_time
async def test_events_of_one_second_keep_their_order_by_name() -> None:
    stage = Stage()
    stage.recorder.note(KEY, ABOUT, [Event("Normal", f"R{n}", "m") for n in range(20)])
    stage.recorder.warn(KEY, ABOUT, "Last", "m")
    assert await stage.post() == [*(f"Normal R{n}: m" for n in range(20)), "Warning Last: m"]


@on_virtual_time
async def test_a_name_as_long_as_may_be_has_events_too() -> None:
    stage = Stage()
    name = "a" * 240 + "." + "b" * 12
    about = ABOUT.model_copy(update={"name": name})
    stage.recorder.warn(KEY._replace(name=name), about, "R", "m")
    await stage.post()
    (event,) = stage.server.list("Event", "team")
    assert len(event["metadata"]["name"]) <= 253
    assert event["involvedObject"]["name"] == name


@on_virtual_time
async def test_one_that_went_without_its_finalizer_has_events_under_its_own_name() -> None:
    stage = Stage()
    stage.recorder.warn(KEY._replace(name="llama@u"), ABOUT, "R", "m")
    await stage.post()
    (event,) = stage.server.list("Event", "team")
    assert (event["metadata"]["name"][:6], event["involvedObject"]["name"]) == ("llama.", "llama")


@pytest.mark.parametrize("is_terminating", [True, False])
@on_virtual_time
async def test_what_is_refused_is_logged(caplog: pytest.LogCaptureFixture, is_terminating: bool) -> None:
    caplog.set_level(logging.INFO)
    stage = Stage()
    if is_terminating:
        stage.server.terminating.add("team")
    else:
        stage.store.troubles.append(Trouble(Effect.REFUSE, frozenset({Verb.CREATE})))
    stage.recorder.warn(KEY, ABOUT, "Orphaned", "Deployment 1 stays.")
    stage.recorder.note(KEY, ABOUT, [Event("Normal", "Deleting", "It goes.")])
    assert await stage.post() == []
    said = [(r.levelname, r.getMessage().partition(" (event")[0]) for r in caplog.records]
    assert said == [
        ("WARNING", f"{KEY}: Orphaned: Deployment 1 stays."),
        ("INFO", f"{KEY}: Deleting: It goes."),
    ]


@on_virtual_time
async def test_past_the_backlog_events_are_dropped_and_passes_go_on(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage()
    for n in range(2003):
        stage.recorder.note(KEY, ABOUT.model_copy(update={"uid": f"u{n}"}), [Event("Normal", "R", "m")])
    assert sum("event dropped" in r.getMessage() for r in caplog.records) == 3
    assert len(await stage.post()) == 2000


@pytest.mark.parametrize("vendor", VENDORS)
@on_virtual_time
async def test_the_events_of_a_life(vendor: str) -> None:
    async with running() as operator:
        await operator.serve(deployment(vendor))
        await operator.wait(600)
        await operator.restart()
        await operator.wait(600)
        operator.edit("llama", replicas=2)
        await operator.wait(60)
        operator.delete("llama")
        await operator.until(lambda: operator.find("llama") is None, within=300)
        await operator.wait(1)
        assert operator.events("llama") == ["Created", "Available", "Updating", "Available", "Deleting"]
        assert operator.events(vendor) == ["Available"]


@on_virtual_time
async def test_an_outage_is_told_once_and_its_end_once() -> None:
    async with running() as operator:
        await operator.serve(deployment("parasail"))
        await operator.fault("error", status=500, vendor="parasail")
        await operator.wait(3600)
        await operator.mend()
        await operator.wait(120)
        assert operator.events("llama")[2:] == ["ProviderUnavailable", "Available"]
        assert operator.says("parasail", PROVIDER)["Ready"] == "True Available"


@on_virtual_time
async def test_events_that_the_api_server_holds_up_hold_nobody_up() -> None:
    async with running() as operator:
        operator.store.troubles.append(Trouble(Effect.HANG, frozenset({Verb.CREATE}), frozenset({"Event"})))
        await operator.serve(deployment("parasail"))
        operator.delete("llama")
        await operator.until(lambda: operator.find("llama") is None, within=30)
