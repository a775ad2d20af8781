"""Plays a history on a stage: each move at its moment, and what is due between two moves."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from explorer.processes.history import History
from explorer.processes.moves import MOVES
from explorer.processes.people import People
from support.deadlines import NotYet, eventually
from support.fault_stage import A_MINUTE, KNOBS, VENDORS, FaultStage
from support.simulator_process import Fault

_REST = 0.5  # seconds without a write: nothing is left to do, or it waits for a deadline
_LONGEST = 5.0  # seconds for what one move waits for
_LOOK = 0.02  # seconds between two looks at what happens meanwhile
STAYS = re.compile(r"Deployment (\S+) stays")
"""What the operator's Event says of a deployment whose object went with deletionPolicy Orphan."""
CALM = {vendor: {**knobs, "list_lag_s": 0, "stale_read_s": 0} for vendor, knobs in KNOBS.items()}
"""Both vendors without what the moves may set."""


@dataclass(slots=True)
class Lift:
    """What ends by itself some moves later."""

    left: int
    end: Callable[[], object]


@dataclass(slots=True, eq=False)
class Play:
    """One history under way. `moves` use it, the oracle reads it."""

    stage: FaultStage
    people: People = field(init=False)
    traps: list[Fault] = field(default_factory=list)
    """Rules of the simulator that hold a request: when one does, the operator is killed."""
    last_fault: Fault | None = None
    lifts: list[Lift] = field(default_factory=list)
    removed: dict[str, str] = field(default_factory=dict)
    """Vendor -> the id that a person removed there: one in a history, since more at once are a question to a person."""

    told_before: set[str] = field(init=False)
    """Ids of orphans that other histories have left, and their oracle has taken away."""
    struck: str = "nothing"
    """How much of what was set went wrong indeed."""
    made_before: set[str] = field(init=False)
    """UIDs that other histories on this stage have created for."""

    def __post_init__(self) -> None:
        self.people = People(self.stage.namespace)
        events = self.stage.namespace.objects("Event")
        self.told_before = {
            found[1] for event in events if (found := STAYS.search(str(event.get("message"))))
        }
        counters = [self.stage.simulator.counters(vendor) for vendor in VENDORS]
        self.made_before = {uid for one in counters for uid in one["creates_by_tag"]}

    def perform(self, history: History) -> None:
        """All moves, then the end of every fault."""
        self.stage.proxy.seen.clear()
        for move, arguments, after in history:
            self._wait_for_writes(after)
            for lift in self.lifts:
                lift.left -= 1
            self._attend()
            MOVES[move](self, arguments)
        self.end_faults()

    def end_faults(self) -> None:
        """The world is well again, and the operator runs."""
        stage = self.stage
        for lift in self.lifts:
            lift.left = 0
        self._attend()
        self.struck = _struck(stage)
        stage.proxy.clear()
        stage.proxy.up()
        stage.simulator.clear_faults()
        stage.simulator.knobs(**CALM)
        self.traps.clear()
        self.keep_running()
        try:
            stage.operator.wait_ready(A_MINUTE)
        except NotYet:
            if stage.operator.is_running:
                raise
            # A kill was on its way from the proxy when its rules were cleared; a kubelet would start it again.
            self.keep_running()
            stage.operator.wait_ready(A_MINUTE)
        eventually(self.people.apply_again, within=A_MINUTE, what="everything applied again")

    def later(self, moves: int, end: Callable[[], object]) -> None:
        """`end` happens so many moves later, at the latest with the faults."""
        self.lifts.append(Lift(moves, end))

    def keep_running(self) -> None:
        """Start the operator again if it has ended, as kubelet does."""
        if not self.stage.operator.is_running:
            self.stage.operator.start()

    def kill(self) -> None:
        """kill -9, and what it held knows that its client has gone before it is let go."""
        if self.stage.operator.is_running:
            self.stage.operator.kill()

    def _wait_for_writes(self, count: int) -> None:
        """Until so many more have come, or none for a while from an operator that is up."""
        begun = seen = len(self.stage.proxy.writes())
        began = rested = time.monotonic()
        while (
            seen < begun + count and time.monotonic() - rested < _REST and time.monotonic() - began < _LONGEST
        ):
            self._attend()
            time.sleep(_LOOK)
            before, seen = seen, len(self.stage.proxy.writes())
            if seen > before or self.stage.operator.health_url is None:
                rested = time.monotonic()

    def _attend(self) -> None:
        """What is due: an end of a trouble, a kill, a restart, an object that can be applied again."""
        for lift in [lift for lift in self.lifts if lift.left <= 0]:
            self.lifts.remove(lift)
            lift.end()
        for trap in [trap for trap in self.traps if trap.report()["held"]]:
            self.traps.remove(trap)
            self.kill()
            trap.remove()
        self.keep_running()
        self.people.apply_again()


def _struck(stage: FaultStage) -> str:
    faults = [
        fault["reached"] or fault["hits"] for fault in stage.simulator.control("GET", "/faults")["faults"]
    ]
    rules = [rule.reached for rule in stage.proxy.rules]
    return f"{sum(map(bool, faults + rules))} of {len(faults + rules)} faults struck, {sum(faults + rules)} times"
