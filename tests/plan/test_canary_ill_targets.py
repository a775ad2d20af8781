"""Targets that fail, are not ready, or say nothing: when traffic goes back, and when it stays."""

from datetime import timedelta

import pytest

from model_operator.plan.canary.observed import Health
from support.canary_first_step import TEN, at_first_step, serving
from support.canary_paper import MINUTE
from support.canary_specs import path


def test_a_canary_that_fails_sends_the_traffic_back_at_once():
    driver = at_first_step()
    driver.health = {"v2": Health.FAILED}
    driver.settle()
    assert driver.at() == {"v1": 100}
    assert driver.condition("Stalled") == "True RolledBack"
    assert driver.status.rollout.failure.reason == "TargetFailed"
    driver.health = {}
    driver.run(10 * TEN)
    assert driver.at() == {"v1": 100}, "nothing is tried again by itself"


def test_a_canary_that_was_never_there_is_waited_for():
    driver = serving(path(25, 100))
    driver.health = {"v2": Health.FAILED}
    driver.run(TEN)
    assert (driver.at(), driver.condition("TargetsReady")) == ({"v1": 100}, "False TargetFailed")
    driver.health = {}
    driver.settle()
    assert driver.at() == {"v1": 75, "v2": 25}


def test_a_canary_may_be_unready_for_a_while_and_that_time_does_not_count():
    driver = at_first_step()
    driver.run(3 * MINUTE)
    driver.health = {"v2": Health.UNREADY}
    driver.run(4 * MINUTE)
    driver.health = {}
    driver.run(MINUTE + timedelta(seconds=59))
    assert driver.at() == {"v1": 75, "v2": 25}
    driver.run(MINUTE)
    assert driver.at() == {"v1": 50, "v2": 50}


def test_a_canary_unready_for_too_long_has_failed():
    driver = at_first_step(unreadyTimeout="2m")
    driver.health = {"v2": Health.UNREADY}
    driver.run(3 * MINUTE)
    driver.settle()
    assert (driver.at(), driver.status.rollout.failure.reason) == ({"v1": 100}, "TargetUnready")


def test_a_provider_that_is_silent_about_everything_is_no_failure():
    driver = at_first_step(unreadyTimeout="2m")
    driver.health, driver.metrics_fail = {"v1": Health.UNKNOWN, "v2": Health.UNKNOWN}, True
    driver.run(60 * MINUTE)
    assert driver.at() == {"v1": 75, "v2": 25}
    driver.health, driver.metrics_fail = {}, False
    driver.run(60 * MINUTE)
    assert driver.at() == {"v2": 100}


def test_traffic_is_never_sent_back_to_a_dead_target():
    driver = at_first_step()
    driver.health = {"v1": Health.FAILED, "v2": Health.FAILED}
    driver.run(TEN)
    assert driver.at() == {"v1": 75, "v2": 25}
    assert driver.condition("TargetsReady") == "False BaselineUnhealthy"
    driver.health = {"v2": Health.FAILED}
    driver.settle()
    assert driver.at() == {"v1": 100}


def test_where_both_are_ill_it_is_not_the_new_version():
    driver = at_first_step()
    driver.health = {"v1": Health.FAILED, "v2": Health.FAILED}
    driver.run(TEN)
    assert driver.status.rollout.state == "Holding"
    assert "Repair the deployments of status.lastGood" in driver.status.message
    driver.health = {}
    driver.run(60 * MINUTE)
    assert driver.at() == {"v2": 100}


def test_a_rollback_that_was_decided_waits_for_its_targets():
    driver = at_first_step()
    driver.health = {"v1": Health.UNREADY}
    driver.action = f"abort:{driver.status.rollout.id}"
    driver.run(TEN)
    assert (driver.at(), driver.condition("TargetsReady")) == (
        {"v1": 75, "v2": 25},
        "False BaselineUnhealthy",
    )
    driver.health = {}
    driver.settle()
    assert (driver.at(), driver.status.history[0].result) == ({"v1": 100}, "Aborted")


def test_no_step_is_taken_that_could_not_be_taken_back():
    driver = at_first_step()
    driver.health = {"v1": Health.UNREADY}
    driver.run(2 * TEN)
    assert (driver.at(), driver.condition("TargetsReady")) == ({"v1": 75, "v2": 25}, "False RollbackUnsafe")
    assert driver.status.rollout.state == "Holding"
    driver.health = {}
    driver.run(TEN)
    assert driver.at() != {"v1": 75, "v2": 25}


@pytest.mark.parametrize(
    ("policy", "split"),
    [("Rollback", {"v1": 100}), ("Hold", {"v1": 75, "v2": 25}), ("None", {"v1": 75, "v2": 25})],
)
def test_what_an_ill_target_leads_to_is_the_users_choice(policy, split):
    driver = serving(path(25, 50, 100, hold="1h"))
    driver.edit({**driver.wanted, "onTargetUnhealthy": policy})
    driver.settle()
    driver.health = {"v2": Health.FAILED}
    driver.run(TEN)
    assert driver.at() == split
