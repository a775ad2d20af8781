"""What a record draws as known was so: held against all that the provider acknowledged, in any order of edits, faults,
deaths and waits; the same real passes as everywhere.
"""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from typing_extensions import override

from model_operator.cli.record.gathering import record_of
from model_operator.cli.record.page import page
from support.canary_driver import KEY, Driver
from support.canary_machine import JUDGED, CanaryMachine
from support.canary_paper import MINUTE
from support.canary_specs import spec
from support.canary_watcher import Watched

Split = dict[str, int]


Seen = list[tuple[datetime, Split]]


def note(driver: Driver, seen: Seen) -> None:
    """Keep what is acknowledged, and since when."""
    now = {share.name: share.percent for share in driver.status.traffic if share.percent}
    if not seen or seen[-1][1] != now:
        seen.append((driver.status.traffic_acked_at or driver.now, now))


def check(driver: Driver, seen: Seen) -> None:
    """What the record of now says to be known was so, and its legs have no gaps."""
    record = record_of(driver.server.get(KEY), driver.now)
    for leg in record.legs[1:]:
        for at in (leg.start, leg.start + (leg.end - leg.start) / 2, leg.end - timedelta(microseconds=1)):
            was = next((split for since, split in reversed(seen) if since <= at), {})
            assert not leg.is_known or leg.split == was, (at, leg, record.legs, seen)
    edges = [(before.end, after.start) for before, after in pairwise(record.legs)]
    assert all(end == start for end, start in edges), edges
    page(record)


@pytest.mark.parametrize(
    "happens",
    [
        pytest.param(lambda _driver: None, id="to its end"),
        pytest.param(lambda driver: driver.errors.update(v2=20.0), id="until metrics send it back"),
        pytest.param(lambda driver: driver.edit(spec(JUDGED, v3=100)), id="until another destination"),
        pytest.param(lambda driver: act(driver, "abort"), id="until a person takes it back"),
        pytest.param(lambda driver: act(driver, "promote"), id="until a person promotes it"),
    ],
)
def test_at_each_minute_of_a_rollout_the_record_tells_the_truth(happens):
    driver, seen = Driver(spec(v1=100)), Seen()
    driver.settle()
    note(driver, seen)
    driver.run(10 * MINUTE)
    driver.edit(spec(JUDGED, v2=100))
    for minute in range(30):
        if minute == 9:
            happens(driver)
        driver.settle()
        note(driver, seen)
        check(driver, seen)
        driver.run(MINUTE)
    assert len(seen) > 2


def act(driver: Driver, verb: str) -> None:
    assert driver.status.rollout is not None
    driver.action = f"{verb}:{driver.status.rollout.id}"


class Recorded(CanaryMachine):
    """One CanaryEndpoint in a bad world, of which a record is made after each thing that happens."""

    @initialize()
    def begin(self) -> None:
        self.seen: Seen = []
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

    @rule(minutes=st.integers(6, 16))
    def go_on(self, minutes: int) -> None:
        """Undisturbed, so that steps are left."""
        for _ in range(minutes):
            self.wait(1, is_asked=True)
            self.look()

    @override
    def look(self) -> None:
        super().look()
        note(self.driver, self.seen)

    @invariant()
    def tells_the_truth(self) -> None:
        note(self.driver, self.seen)
        check(self.driver, self.seen)


TestRecorded = Recorded.TestCase
TestRecorded.settings = settings(
    max_examples=8, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
)
