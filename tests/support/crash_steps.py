"""Where a change is when the operator dies: each step brings twenty passes to the same point and kills it there."""

from collections.abc import Callable
from dataclasses import dataclass

from support.deadlines import eventually
from support.fault_stage import A_MINUTE, FaultStage
from support.proxy_rules import Phase

Start = Callable[[], object]
"""What sets the passes going: the operator's start, an edit, a deletion."""

STATUS = r"/modeldeployments/[^/]+/status$"
OBJECT = r"/modeldeployments/[^/]+$"
_LONG = 100  # seconds: longer than any test, so that only a release or a kill ends it


@dataclass(frozen=True)
class Step:
    """`bring(stage, operation, start, count)` returns once so many requests stand there; then comes the kill."""

    bring: Callable[[FaultStage, str, Start, int], None]

    def kill_at(self, stage: FaultStage, operation: str, start: Start, count: int) -> None:
        """Until `count` requests of `operation` are at this step; then kill -9."""
        self.bring(stage, operation, start, count)
        stage.operator.kill()
        # What it held must know that its client has gone before it is let go: else it would be sent on.
        eventually(lambda: stage.proxy.open_connections, until=lambda count: count == 0)
        stage.proxy.clear()


def _unsent(stage: FaultStage, operation: str, start: Start, count: int) -> None:
    fault = stage.simulator.fault("timeout", operation=operation, seconds=_LONG)
    start()
    fault.wait(count, A_MINUTE)


def _uncommitted(stage: FaultStage, operation: str, start: Start, count: int) -> None:
    fault = stage.simulator.fault("hold", operation=operation, when="before", seconds=_LONG)
    start()
    fault.wait(count, A_MINUTE)


def _unanswered(stage: FaultStage, operation: str, start: Start, count: int) -> None:
    fault = stage.simulator.fault("hold", operation=operation, when="after", seconds=_LONG)
    start()
    fault.wait(count, A_MINUTE)


def _unrecorded(stage: FaultStage, operation: str, start: Start, count: int) -> None:
    fault = stage.simulator.fault("hold", operation=operation, when="after", seconds=_LONG)
    start()
    fault.wait(count, A_MINUTE)
    rule = stage.proxy.rule("PATCH", STATUS, hold=True)
    fault.release()
    rule.wait(count, A_MINUTE)


def _at_write(path: str, body: str, phase: Phase) -> Step:
    def bring(stage: FaultStage, _operation: str, start: Start, count: int) -> None:
        rule = stage.proxy.rule("PATCH", path, body=body, phase=phase, hold=True)
        start()
        rule.wait(count, A_MINUTE)

    return Step(bring)


BEFORE_THE_FINALIZER = _at_write(OBJECT, "finalizers", Phase.REQUEST)
"""The intent of a first create under a default name."""
AFTER_THE_FINALIZER = _at_write(OBJECT, "finalizers", Phase.REPLY)
BEFORE_THE_INTENT = _at_write(STATUS, '"pending"', Phase.REQUEST)
"""That of any other create: chosen names, for one."""
AFTER_THE_INTENT = _at_write(STATUS, '"pending"', Phase.REPLY)
LOST = Step(_unsent)
"""The provider has the request and will never act on it."""
UNCOMMITTED = Step(_uncommitted)
"""The provider acts on it when the test clears its faults."""
UNANSWERED = Step(_unanswered)
"""Done at the provider, the answer on its way."""
UNRECORDED = Step(_unrecorded)
"""Answered, and the status write that says so on its way."""
BEFORE_RELEASE = _at_write(OBJECT, "finalizers", Phase.REQUEST)
"""Gone at the provider, the removal of the finalizer on its way."""
