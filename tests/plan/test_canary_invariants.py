"""What holds in any order of edits, faults, deaths and waits; and that any of them ends where the world says."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule
from typing_extensions import override

from model_operator.plan.canary.course import blend, identity, is_whole
from model_operator.plan.canary.observed import Health
from model_operator.plan.canary.situation import State
from support.canary_machine import DEATHS, FAULTS, JUDGED, CanaryMachine
from support.canary_paper import MINUTE
from support.canary_specs import judged, path, spec
from support.canary_watcher import HOLD, Watched


class Rollouts(CanaryMachine):
    """One CanaryEndpoint in a bad world."""

    @initialize()
    def begin(self) -> None:
        self.driver = Watched(spec(JUDGED, v1=100))
        self.driver.settle()
        self.driver.observe()

    @rule(
        to=st.sampled_from([{"v2": 100}, {"v3": 100}, {"v1": 30, "v2": 70}, {"v1": 100}]),
        limit=st.sampled_from([100, 100, 50, 0]),
        is_paused=st.sampled_from([False, False, True]),
        retry=st.sampled_from(["", "", "again"]),
    )
    def edit(self, to: dict[str, int], limit: int, is_paused: bool, retry: str) -> None:
        self.driver.edit(spec({**JUDGED, "limit": limit, "paused": is_paused, "retry": retry}, **to))

    @rule(version=st.sampled_from(["v2", "v3"]), errors=st.sampled_from([0.0, 0.0, 20.0]))
    def behave(self, version: str, errors: float) -> None:
        self.driver.errors[version] = errors

    @rule(rps=st.sampled_from([0.0, 0.1, 10.0]), fails=st.sampled_from([False, False, True]))
    def measure(self, rps: float, fails: bool) -> None:
        self.driver.rps, self.driver.metrics_fail = rps, fails

    @rule(version=st.sampled_from(["v1", "v2", "v3"]), health=st.sampled_from([Health.SERVING, *Health]))
    def fall_ill(self, version: str, health: Health) -> None:
        self.driver.health[version] = health

    @rule(verb=st.sampled_from(["advance", "abort", "pause", "resume", "retry", "promote"]))
    def act(self, verb: str) -> None:
        rollout = self.driver.status.rollout
        assert rollout is not None
        self.driver.action = f"{verb}:{rollout.id}"
        self.driver.step()
        self.driver.observe()
        last = self.driver.status.last_action
        if verb == "advance" and last is not None and last.result == "Accepted":
            self.driver.is_approved = True

    @rule(version=st.sampled_from(["v1", "v2"]), number=st.integers(1, 3))
    @precondition(lambda self: self.driver.status.external_id is not None)
    def create_anew(self, version: str, number: int) -> None:
        self.driver.ids[version] = f"dep_{version}_{number}"

    @invariant()
    def there_is_one_endpoint(self) -> None:
        assert self.driver.posts <= 1

    @invariant()
    def the_status_is_whole(self) -> None:
        rollout = self.driver.status.rollout
        if rollout is None:
            return
        assert is_whole(rollout.to)
        assert not rollout.origin or is_whole(rollout.origin)
        assert sum(share.percent for share in self.driver.status.traffic) in (0, 100)
        ready, stalled = self.driver.condition("Reconciling"), self.driver.condition("Stalled")
        assert not (ready.startswith("True") and stalled.startswith("True"))

    @override
    def teardown(self) -> None:
        """Once the world is well again, everything ends, and the provider has what the status says."""
        driver = self.driver
        if driver.status.external_id is None:
            return  # its create was lost, which only a person can settle
        driver.forget()
        driver.health, driver.errors, driver.rps, driver.metrics_fail = {}, {}, 10.0, False
        driver.edit(spec({**JUDGED, "retry": "the end"}, v2=100))
        driver.action = f"resume:{driver.status.rollout.id}" if driver.status.rollout else ""
        self.end_well()
        assert driver.at() == {driver.id("v2").removeprefix("dep_"): 100}


TestRollouts = Rollouts.TestCase
TestRollouts.settings = settings(
    max_examples=15,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@given(data=st.data(), is_good=st.booleans())
@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_any_schedule_of_deaths_and_faults_ends_alike(data, is_good):
    driver = Watched(spec(v1=100))
    driver.settle()
    driver.observe()
    driver.errors["v2"] = 0.0 if is_good else 20.0
    driver.edit(spec(path(50, 100, analysis=judged()), v2=100))
    for _ in range(40):
        driver.step(data.draw(st.sampled_from(FAULTS)), data.draw(st.sampled_from(DEATHS)))
        driver.observe()
        driver.pass_time(timedelta(seconds=20))
    for _ in range(30):
        driver.settle()
        driver.observe()
        driver.pass_time(MINUTE)
    assert driver.at() == ({"v2": 100} if is_good else {"v1": 100})
    assert driver.posts == 1


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("health", [(a, b) for a in Health for b in Health], ids=str)
@pytest.mark.parametrize(("errors", "rps"), [(0.0, 10.0), (20.0, 10.0), (0.0, 0.0)])
@pytest.mark.parametrize("fault", [None, "lost"])
def test_every_state_with_every_health_is_safe(state, health, errors, rps, fault):
    """The small state space, all of it: from each, an hour passes without a move that is forbidden."""
    driver = Watched(spec(v1=100))
    driver.settle()
    driver.observe()
    driver.edit(spec(path(50, 100, analysis=judged()), v2=100))
    driver.settle()
    driver.observe()
    if state is not State.HOLDING:
        rollout = driver.status.rollout
        driver.status = driver.status.with_(rollout=rollout.with_(state=state, acked_at=None))
        driver.observe()
    driver.health = dict(zip(("v1", "v2"), health, strict=True))
    driver.errors, driver.rps = {"v2": errors}, rps
    for _ in range(8):
        driver.step(fault)
        driver.observe()
        driver.pass_time(3 * MINUTE)
    if health[0] in (Health.FAILED, Health.UNREADY) and state is State.ROLLING_BACK:
        assert driver.at() != {"v1": 100}, "sent back to a dead target"


def test_the_watcher_sees_a_step_before_its_time():
    """What the invariants are worth: a rollout that counts its time from the step's beginning is caught."""
    driver = Watched(spec(v1=100))
    driver.settle()
    driver.observe()
    driver.edit(spec(path(50, 100, analysis=judged()), v2=100))
    driver.settle()
    driver.observe()
    rollout = driver.status.rollout
    early = rollout.with_(provider_acked_at=rollout.provider_acked_at - 2 * HOLD)
    driver.acked = rollout.acked_at
    driver.pass_time(2 * MINUTE)
    driver.status = driver.status.with_(rollout=early)
    with pytest.raises(AssertionError, match="before its time"):
        driver.settle()


def test_percents_are_always_whole_and_between_their_ends():
    shares = st.lists(st.integers(0, 100), min_size=2, max_size=8)

    @given(shares, shares, st.integers(0, 100))
    @settings(max_examples=300, deadline=None, derandomize=True)
    def check(before, after, percent):
        origin, to = _as_split("a", before), _as_split("b" if len(after) % 2 else "a", after)
        mixed = blend(origin, to, percent)
        assert is_whole(mixed)
        ends = {s.reference: [0, 0] for s in (*origin, *to)}
        for s in origin:
            ends[s.reference][0] = s.percent
        for s in to:
            ends[s.reference][1] = s.percent
        assert all(min(ends[s.reference]) <= s.percent <= max(ends[s.reference]) for s in mixed)
        assert identity(blend(origin, to, 0)) == identity(origin)
        assert identity(blend(origin, to, 100)) == identity(to)

    check()


def _as_split(prefix, weights):
    from model_operator.models.canary_status import Share  # noqa: PLC0415

    total = sum(weights) or 1
    percents = [weight * 100 // total for weight in weights]
    percents[0] += 100 - sum(percents)
    return tuple(
        Share(name=f"{prefix}{n}", deployment_ref=f"{prefix}{n}", percent=percent)
        for n, percent in enumerate(percents)
    )
