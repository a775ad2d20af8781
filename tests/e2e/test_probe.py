"""`spec.probe`: one real chat completion each time the deployment comes up, and never a word of it anywhere."""

import pytest

from e2e.conftest import World
from support import manifests
from support.by_hand import after_sweeps
from support.namespace import condition, conditions
from support.recorder import Recorder

pytest_plugins = ("support.shared_world",)
pytestmark = pytest.mark.e2e

PROBE = {"prompt": "Are you there, please?", "timeout": "5s"}
ANSWER = "answering from the simulator"


def probes(world: World) -> int:
    return len(world.simulator.requests(vendor="parasail", operation="chat"))


def test_serving_waits_for_one_answer_each_time_it_comes_up(shared: World) -> None:
    fault = shared.simulator.fault("hold", vendor="parasail", operation="chat", count=1)
    with Recorder(shared.namespace.access, shared.namespace.name, "ModelDeployment") as recorder:
        shared.namespace.apply(manifests.parasail_deployment("llama", probe=PROBE))
        fault.wait()
        shared.until("llama", "Serving=False Starting")
        fault.release()
        live = shared.until("llama", "Ready=True Available")
        after_sweeps(shared.simulator, "parasail")
        assert probes(shared) == 1
        (asked,) = shared.simulator.requests(vendor="parasail", operation="chat")
        assert asked["body"]["model"] == live["status"]["externalAlias"]
        assert asked["body"]["messages"] == [{"role": "user", "content": PROBE["prompt"]}]

        shared.edit("llama", replicas=2)  # it serves on
        shared.until("llama", "Ready=True Available")
        shared.edit("llama", paused=True)
        shared.until("llama", "Ready=True Paused")
        assert probes(shared) == 1
        shared.edit("llama", paused=False)
        shared.until("llama", "Ready=True Available")
        assert probes(shared) == 2
        shared.operator.restart()
        after_sweeps(shared.simulator, "parasail")
        assert probes(shared) == 2
    events = shared.namespace.events("llama")
    log = shared.operator.log.read_text()
    assert not any(ANSWER in str(what) for what in (recorder.of("llama"), events, log))
    # Nobody was told that it serves before the answer came.
    first = next(o for o in recorder.of("llama") if conditions(o).get("Serving", "").startswith("True"))
    assert first["status"]["phase"] == "Ready"


@pytest.mark.long
def test_a_probe_without_an_answer_is_repeated_and_past_the_deadline_stalls(shared: World) -> None:
    fault = shared.simulator.fault("error", vendor="parasail", operation="chat", status=503)
    shared.namespace.apply(
        manifests.parasail_deployment("patient", probe=PROBE),
        manifests.parasail_deployment("hasty", probe=PROBE, progressDeadline="3s"),
    )
    for name in ("patient", "hasty"):
        live = shared.until(name, "Serving=False ProbeFailed")
        assert conditions(live)["Synced"] == "True Synced"
        assert conditions(live)["Reconciling"] == "True ProbeFailed"
        assert live["status"]["phase"] == "Starting"
    live = shared.until("hasty", "Stalled=True ProgressDeadlineExceeded")
    assert conditions(live)["Ready"] == "False ProbeFailed"
    assert "503" in condition(live, "Ready")["message"]  # type: ignore[index]
    fault.remove()
    # From now on it is tried slowly, an edit makes it hurry.
    shared.edit("hasty", progressDeadline="1m")
    shared.until("patient", "Ready=True Available")
    shared.until("hasty", "Ready=True Available")
