"""Random histories on the real API server, with real processes: what the faults leave behind is what people asked for."""

import sys
import time
from collections.abc import Callable, Iterator

import pytest

from explorer.processes.history import History, draw, literal
from explorer.processes.known import is_known
from explorer.processes.named import NAMED
from explorer.processes.options import PLAYED, which
from explorer.processes.oracle import judge
from explorer.processes.people import KIND
from explorer.processes.play import CALM, Play
from model_operator_demo.controlplane_access import Access
from model_operator_demo.processes import Processes, end_of
from support.fault_stage import VENDORS, FaultStage

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(3600)]

SETTINGS = {
    "request_timeout": "1s",
    "recovery_window": "2s",
    "create_retry": "1s",
    "transition_poll": "200ms",
    "full_read_interval": "3s",  # what no LIST shows, a new process sees with its first full read
}
_AGAIN = "pytest tests/explorer/processes --seed"


@pytest.fixture(scope="module")
def stage(
    cluster: Access, processes: Processes, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FaultStage]:
    """One for all histories: each leaves it empty."""
    with FaultStage(cluster, processes, tmp_path_factory.mktemp("explorer"), **SETTINGS) as made:
        made.simulator.knobs(**CALM)
        made.apply_providers()
        yield made


def test_histories_of_the_day(
    stage: FaultStage, request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> None:
    first, seconds = which(request.config.option)
    began, seed = time.monotonic(), first
    while seed == first or time.monotonic() - began < seconds:
        check(stage, draw(seed), f"seed {seed}; again: {_AGAIN} {seed}")
        seed += 1
    took = time.monotonic() - began
    record_property(PLAYED, f"{seed - first} in {took:.0f} s, seeds {first} to {seed - 1}")


def test_histories_that_once_went_wrong(stage: FaultStage) -> None:
    """Those whose fault is known and not mended yet would go wrong again; `--with-known` plays them too."""
    for name, history in NAMED.items():
        if not is_known(name.partition(":")[0]):
            check(stage, history, name)


def check(stage: FaultStage, history: History, what: str) -> None:
    """Play it and judge it. A failure says all that is needed to play it again."""
    began = time.monotonic()
    play = Play(stage)
    play.perform(history)
    played = time.monotonic() - began
    problems = judge(play)
    judged = time.monotonic() - began - played
    sys.stdout.write(
        f"{what}: {len(history)} moves in {played:.1f} s, judged in {judged:.1f} s; {play.struck}\n"
    )
    if problems:
        empty(stage)
        found = "\n".join(f"  {rule}: {text}" for rule, text in problems)
        sys.stdout.write(f"{end_of(stage.operator.log, lines=400)}\n")
        pytest.fail(f"{what}\n{found}\n{literal(history)}", pytrace=False)


def empty(stage: FaultStage) -> None:
    """What one history has left must not be the next one's."""
    stage.operator.kill()
    stage.delete_all()
    for obj in stage.namespace.objects(KIND):
        stage.namespace.edit(KIND, obj["metadata"]["name"], {"metadata": {"finalizers": None}})
    state = stage.simulator.state()
    for vendor in VENDORS:
        for one in state[vendor]:
            stage.simulator.remove_deployment(vendor, str(one["id"]))
    stage.operator.restart()
