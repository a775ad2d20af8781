"""The tutorials work: one after the other, as three people would carry them out in one namespace, with real processes."""

from collections.abc import Callable

import pytest

from support.canary_world import QUICK
from support.markdown import Block, blocks, is_shown
from support.namespace import Namespace
from support.operator_process import OperatorProcess
from support.simulator_process import SimulatorProcess
from support.tutorials import HURRIED, ML, ON_CALL, PLATFORM, put

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.long,
    pytest.mark.timeout(400),
    pytest.mark.simulator("--clock=scaled", "--time-scale=60"),
]


def here(simulator: SimulatorProcess, block: Block) -> Block:
    """The block with the simulator in place of the providers' own addresses."""
    parasail = f"baseURL: {simulator.url}/parasail/api/v1\n  chatBaseURL: {simulator.url}/parasail/v1"
    words = {
        "  type: parasail\n": f"  type: parasail\n  {parasail}\n",
        "  type: paitient\n": f"  type: paitient\n  baseURL: {simulator.url}/paitient\n",
        "$PARASAIL_API_KEY": "YOUR_PARASAIL_KEY",
    }
    return put(block, {**words, **HURRIED})


def test_the_three_tutorials_work_one_after_the_other(
    namespace: Namespace,
    simulator: SimulatorProcess,
    operator: Callable[..., OperatorProcess],
    run: Callable[[Block], str],
) -> None:
    simulator.put_token("parasail", "YOUR_PARASAIL_KEY")
    simulator.put_token("paitient", "YOUR_PAITIENT_KEY", client_id="YOUR_CLIENT_ID")
    simulator.knobs(metrics={"noise": 0, "endpoint_rps": 100})
    operator(**QUICK)
    missing: list[tuple[str, str, str]] = []
    for block in [block for page in (PLATFORM, ML, ON_CALL) for block in blocks(page) if block.is_test]:
        output = run(here(simulator, block))
        missing += [(str(block), line, output) for line in block.output if not is_shown(line, output)]
    assert missing == []
    for provider in ("parasail", "paitient"):
        assert simulator.counters(provider)["live"] == 0
        created = simulator.counters(provider)["creates_by_name"]
        assert set(created.values()) == {1}
    assert namespace.objects("ModelDeployment") == []
