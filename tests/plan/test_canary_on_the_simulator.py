"""The same invariants with the provider's simulator: its echoes, its metrics, its time."""

import asyncio
from contextlib import AsyncExitStack

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from typing_extensions import override

from model_operator.plan.canary.course import is_whole
from support.canary_machine import JUDGED, CanaryMachine
from support.canary_paper import MINUTE
from support.canary_simulated import NO_METRICS, Simulated
from support.canary_specs import spec
from support.provider_world import in_process_world
from support.virtual_time import VirtualLoop

METRICS = [{}, {}, {"gap_probability": 0.5}, {"nan_probability": 0.5}, {"unequal": True}, {"lag_s": 60}]


class RolloutsOnTheSimulator(CanaryMachine):
    """One CanaryEndpoint over three deployments of one account."""

    driver: Simulated

    @initialize()
    def begin(self) -> None:
        self.loop, self.stack = VirtualLoop(), AsyncExitStack()
        world = self.loop.run_until_complete(self.stack.enter_async_context(in_process_world("paitient")))
        self.driver = Simulated(spec(JUDGED, v1=100), world=world, loop=self.loop)
        self.driver.begin("v1", "v2", "v3")
        self.driver.settle()
        self.driver.observe()

    @rule(
        to=st.sampled_from([{"v2": 100}, {"v3": 100}, {"v1": 30, "v2": 70}, {"v1": 100}]),
        limit=st.sampled_from([100, 100, 50]),
        retry=st.sampled_from(["", "", "again"]),
    )
    def edit(self, to: dict[str, int], limit: int, retry: str) -> None:
        self.driver.edit(spec({**JUDGED, "limit": limit, "retry": retry}, **to))

    @rule(version=st.sampled_from(["v2", "v3"]), errors=st.sampled_from([0.0, 0.0, 20.0]))
    def behave(self, version: str, errors: float) -> None:
        self.driver.behave(version, errors)

    @rule(version=st.sampled_from(["v1", "v2", "v3"]), is_failed=st.booleans())
    def fail_by_itself(self, version: str, is_failed: bool) -> None:
        self.driver.turn(version, is_failed=is_failed)

    @rule(knobs=st.sampled_from(METRICS), fails=st.sampled_from([False, False, True]))
    def measure(self, knobs: dict[str, float], fails: bool) -> None:
        self.driver.run_now(self.driver.measure(**{**NO_METRICS, **knobs}))
        self.driver.metrics_fail = fails

    @rule(verb=st.sampled_from(["abort", "pause", "resume", "retry"]))
    def act(self, verb: str) -> None:
        rollout = self.driver.status.rollout
        assert rollout is not None
        self.driver.action = f"{verb}:{rollout.id}"
        self.driver.step()
        self.driver.observe()

    @invariant()
    def there_is_one_endpoint_and_its_split_is_whole(self) -> None:
        driver = self.driver
        assert driver.posts <= 1
        assert sum(driver.split.values()) in (0, 100)
        rollout = driver.status.rollout
        assert rollout is None or is_whole(rollout.to)
        stuck = [driver.condition(type).startswith("True") for type in ("Reconciling", "Stalled")]
        assert not all(stuck)

    @override
    def teardown(self) -> None:
        """Once the world is well again the rollout ends, and the simulator has what the status says."""
        try:
            if (
                self.driver.status.external_id is not None
            ):  # else its create was lost: only a person can settle that
                self.recover()
        finally:
            self.loop.run_until_complete(self.stack.aclose())
            self.loop.close()

    def recover(self) -> None:
        driver = self.driver
        driver.forget()
        driver.metrics_fail = False
        driver.run_now(driver.measure(**NO_METRICS))
        for version in ("v1", "v2", "v3"):
            driver.behave(version, 0.0)
            driver.turn(version, is_failed=False)
        driver.edit(spec({**JUDGED, "retry": "the end"}, v2=100))
        driver.action = f"resume:{driver.status.rollout.id}" if driver.status.rollout else ""
        self.end_well()
        assert {id_: percent for id_, percent in driver.split.items() if percent} == {driver.id("v2"): 100}


TestRolloutsOnTheSimulator = RolloutsOnTheSimulator.TestCase
TestRolloutsOnTheSimulator.settings = settings(
    max_examples=12,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


def test_each_fault_reaches_the_driver_as_it_is_meant() -> None:
    """A lost answer has moved the split, a stale echo says the old one, a 503 and a 429 have moved nothing."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        loop = runner.get_loop()
        stack = AsyncExitStack()
        world = loop.run_until_complete(stack.enter_async_context(in_process_world("paitient")))
        driver = Simulated(spec(v1=100), world=world, loop=loop)
        driver.begin("v1", "v2")
        driver.settle()
        percents = []
        for share, fault in ((90, "down"), (80, "429"), (70, "lost"), (60, "stale echo")):
            driver.edit(spec(v1=share, v2=100 - share))
            for _ in range(3):  # the plan of it is written, the step of it is, and then it is sent
                driver.step(fault)  # type: ignore[arg-type]
            percents.append(driver.split[driver.id("v1")])
            driver.pass_time(MINUTE)
            driver.settle()
            assert driver.split == {driver.id("v1"): share, driver.id("v2"): 100 - share}
        loop.run_until_complete(stack.aclose())
    assert percents == [100, 90, 70, 60]
