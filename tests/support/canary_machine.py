"""What every state machine over one CanaryEndpoint does: passes with faults and deaths, and time that goes by."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from support.canary_paper import MINUTE, Death, Fault
from support.canary_specs import judged, path
from support.canary_watcher import Watched

JUDGED = path(10, 50, 100, analysis=judged())
FAULTS = [None, None, None, "down", "lost", "429", "stale echo"]
DEATHS = [None, None, None, "before the call", "after the call", "after the write"]


class CanaryMachine(RuleBasedStateMachine):
    """A subclass makes the driver in an `@initialize`."""

    driver: Watched

    def look(self) -> None:
        """One pass without a fault."""
        self.driver.step()
        self.driver.observe()

    @rule(fault=st.sampled_from(FAULTS), death=st.sampled_from(DEATHS), times=st.integers(1, 4))
    def passes(self, fault: Fault | None, death: Death | None, times: int) -> None:
        for _ in range(times):
            self.driver.step(fault, death)
            self.driver.observe()

    @rule(minutes=st.sampled_from([0.2, 1, 2, 6]), is_asked=st.booleans())
    def wait(self, minutes: float, is_asked: bool) -> None:
        left = minutes * MINUTE
        while left > timedelta():
            span = min(left, MINUTE)
            self.driver.pass_time(span)
            left -= span
            if is_asked:
                self.look()

    def end_well(self) -> None:
        """The world is well again: from here any rollout ends."""
        for _ in range(40):
            self.driver.pass_time(timedelta(seconds=61))
            for _ in range(3):
                self.look()
            rollout = self.driver.status.rollout
            if rollout is not None and rollout.is_paused:
                self.driver.action = f"resume:{rollout.id}"
        assert self.driver.condition("RolloutComplete") == "True Completed", self.driver.status.message
