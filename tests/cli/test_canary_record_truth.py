"""What a record draws as known was so: held against all that the provider acknowledged, in any order of edits, faults,
deaths and waits; the same real passes as everywhere.
"""

from datetime import datetime

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from model_operator.cli.record.gathering import record_of
from model_operator.cli.record.page import page
from support.canary_driver import KEY
from support.canary_machine import JUDGED, CanaryMachine
from support.canary_specs import spec
from support.canary_watcher import Watched

Split = dict[str, int]


class Recorded(CanaryMachine):
    """One CanaryEndpoint in a bad world, of which a record is made after each thing that happens."""

    @initialize()
    def begin(self) -> None:
        self.seen: list[tuple[datetime, Split]] = []
        self.driver = Watched(spec(JUDGED, v1=100))
        self.driver.settle()
        self.driver.observe()

    @rule(to=st.sampled_from([{"v2": 100}, {"v3": 100}, {"v1": 30, "v2": 70}, {"v1": 100}]))
    def edit(self, to: Split) -> None:
        self.driver.edit(spec(JUDGED, **to))

    @rule(errors=st.sampled_from([0.0, 0.0, 20.0]))
    def behave(self, errors: float) -> None:
        self.driver.errors["v2"] = errors

    @rule(verb=st.sampled_from(["advance", "abort", "pause", "resume", "retry", "promote"]))
    def act(self, verb: str) -> None:
        rollout = self.driver.status.rollout
        assert rollout is not None
        self.driver.action = f"{verb}:{rollout.id}"
        self.look()
        if verb == "advance" and self.driver.status.last_action is not None:
            self.driver.is_approved = True

    @invariant()
    def tells_the_truth(self) -> None:
        driver = self.driver
        now = {share.name: share.percent for share in driver.status.traffic if share.percent}
        if not self.seen or self.seen[-1][1] != now:
            since = driver.status.traffic_acked_at
            self.seen.append((since or driver.now, now))
        record = record_of(driver.server.get(KEY), driver.now)
        for leg in record.legs[1:]:
            if leg.is_known:
                middle = leg.start + (leg.end - leg.start) / 2
                assert leg.split == self._acknowledged(min(middle, driver.now)), (leg, record.legs, self.seen)
        edges = [
            (before.end, after.start) for before, after in zip(record.legs, record.legs[1:], strict=False)
        ]
        assert all(end == start for end, start in edges), edges
        page(record)

    def _acknowledged(self, at: datetime) -> Split:
        return next((split for since, split in reversed(self.seen) if since <= at), {})


TestRecorded = Recorded.TestCase
TestRecorded.settings = settings(
    max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
