"""Every row of the edge cases of rollouts: what is seen, and what becomes of the traffic."""

from datetime import timedelta
from itertools import groupby

import pytest

from model_operator.models.canary_status import RolloutStatus
from model_operator.plan.canary.observed import Health
from support.canary_driver import Driver
from support.canary_first_step import TEN, at_first_step, serving
from support.canary_paper import MINUTE
from support.canary_specs import judged, path, spec


def test_the_first_split_goes_straight_to_the_destination():
    driver = Driver(spec(path(5, 100, hold="1h"), v1=60, v2=40))
    driver.settle()
    assert (driver.at(), driver.posts, driver.patches) == ({"v1": 60, "v2": 40}, 1, 0)
    assert driver.condition("RolloutComplete") == "True Completed"


def test_nothing_is_created_before_every_target_with_traffic_serves():
    driver = Driver(spec(v1=90, v2=10), health={"v2": Health.UNREADY})
    driver.settle()
    assert (driver.posts, driver.condition("TargetsReady")) == (0, "False TargetNotReady")
    driver.health = {}
    driver.settle()
    assert driver.posts == 1


def test_a_target_without_traffic_need_not_serve():
    driver = Driver(spec(v1=100, v2=0), health={"v2": Health.FAILED})
    driver.settle()
    assert driver.at() == {"v1": 100}


def test_a_static_edit_goes_at_once():
    driver = serving(v1=20, v2=80)
    driver.settle()
    assert (driver.at(), driver.posts, driver.patches) == ({"v1": 20, "v2": 80}, 1, 1)


def test_a_healthy_rollout_takes_its_steps_and_no_less_than_its_time():
    driver = serving(path(25, 50, 100, analysis=judged()))
    driver.run(5 * MINUTE - timedelta(seconds=1))
    assert driver.at() == {"v1": 75, "v2": 25}
    driver.run(20 * MINUTE)
    assert [split for split, _ in groupby(split for _, split in driver.changes)] == [
        {"dep_v1": 100},
        {"dep_v1": 75, "dep_v2": 25},
        {"dep_v1": 50, "dep_v2": 50},
        {"dep_v2": 100},
    ]
    assert driver.condition("RolloutComplete") == "True Completed"
    assert driver.notices.count("StepApplied") == 4


def test_ready_stays_true_from_the_first_acknowledgement_to_the_end():
    driver = serving(path(25, 50, 100, analysis=judged()))
    driver.settle()
    for _ in range(30):
        driver.step()
        assert driver.condition("Ready") == "True Available"
        assert driver.condition("Reconciling") == "False Idle"
        driver.now += 30 * timedelta(seconds=1)


@pytest.mark.parametrize("skew", [timedelta(hours=-3), timedelta(hours=3)], ids=["slow", "fast"])
def test_the_providers_clock_may_be_wrong(skew):
    driver = Driver(spec(v1=100), skew=skew)
    driver.settle()
    driver.edit(spec(path(25, 100, analysis=judged()), v2=100))
    driver.run(20 * MINUTE)
    assert driver.at() == {"v2": 100}


def test_our_clock_may_be_set_back():
    driver = at_first_step()
    driver.now, driver.skew = driver.now - timedelta(hours=5), timedelta(hours=5)
    driver.run(4 * MINUTE)
    assert driver.at() == {"v1": 75, "v2": 25}
    driver.run(TEN)
    assert driver.at() != {"v1": 75, "v2": 25}


def test_dwell_counts_from_the_acknowledgement():
    driver = serving(path(25, 100))
    for _ in range(20):
        driver.step("down")
        driver.now += MINUTE
    assert driver.at() == {"v1": 100}
    assert driver.condition("TrafficSynced") == "Unknown ProviderUnavailable"
    driver.now += MINUTE
    driver.settle()
    acked = driver.now
    driver.run(5 * MINUTE - timedelta(seconds=1))
    assert driver.at() == {"v1": 75, "v2": 25}
    driver.run(MINUTE)
    assert (driver.at(), driver.now - acked > 5 * MINUTE) == ({"v2": 100}, True)


def test_a_stale_echo_is_shown_and_sent_again():
    driver = serving(path(25, 100))
    driver.step()
    driver.step()
    driver.step("stale echo")
    assert driver.condition("TrafficSynced") == "False SplitMismatch"
    assert driver.status.split == "v1=100"
    assert driver.status.rollout.acked_at is None
    driver.now += MINUTE
    driver.settle()
    assert (driver.status.split, driver.status.rollout.state) == ("v1=75 v2=25", "Holding")


@pytest.mark.parametrize("fault", ["down", "429", "lost"])
def test_a_rollback_is_sent_until_it_is_acknowledged(fault):
    driver = at_first_step()
    driver.health = {"v2": Health.FAILED}
    for _ in range(40):
        driver.step(fault)
        driver.now += timedelta(seconds=31) if fault != "429" else timedelta(minutes=6)
        assert driver.status.rollout.state == "RollingBack"
    driver.health = {}
    driver.settle()
    assert (driver.at(), driver.status.rollout.state) == ({"v1": 100}, "RolledBack")


def test_a_lost_create_stops_and_is_answered_by_an_id():
    driver = Driver(spec(v1=100))
    for _ in range(5):
        driver.step("lost")
    assert (driver.posts, driver.condition("Stalled")) == (1, "True OutcomeUnknown")
    driver.forget()
    driver.run(TEN)
    assert (driver.posts, driver.condition("Stalled")) == (1, "True OutcomeUnknown")
    driver.edit(spec(v1=100) | {"externalID": "cep_1"})
    driver.settle()
    assert (driver.posts, driver.status.external_id, driver.at()) == (1, "cep_1", {"v1": 100})


def test_a_create_that_was_refused_is_tried_again():
    driver = Driver(spec(v1=100))
    for _ in range(3):
        driver.step("429")
    assert (driver.posts, driver.status.pending) == (0, None)
    driver.now += TEN
    driver.settle()
    assert driver.posts == 1


@pytest.mark.parametrize(
    ("fault", "stalled", "what_next"),
    [
        ("gone", "ExternalResourceMissing", "delete this object and apply it again"),
        ("refused", "MembershipFixed", ". The provider refuses to change the deployments of an endpoint"),
    ],
)
def test_what_the_provider_will_never_take_is_stalled(fault, stalled, what_next):
    driver = serving(v2=100)
    for _ in range(4):
        driver.step(fault)
    assert driver.condition("Stalled") == f"True {stalled}"
    assert what_next in driver.status.condition("Stalled").message
    assert driver.at() == {"v1": 100}


def test_a_status_that_lost_its_id_asks_for_it():
    driver = Driver(spec(v1=100))
    driver.settle()
    driver.status = driver.status.with_(external_id=None)
    driver.settle()
    assert (driver.posts, driver.condition("Stalled")) == (1, "True OutcomeUnknown")


def test_a_rollout_that_makes_no_sense_holds_where_it_is():
    driver = at_first_step()
    broken = driver.status.rollout.with_(to=(), state="Flying")
    assert isinstance(broken, RolloutStatus)
    driver.status = driver.status.with_(rollout=broken)
    driver.run(TEN)
    assert (driver.at(), driver.status.phase) == ({"v1": 75, "v2": 25}, "Paused")
    assert "StateInconsistent" in driver.notices
    driver.action = f"resume:{driver.status.rollout.id}"
    driver.run(10 * TEN)
    assert driver.at() == {"v2": 100}


def test_a_deployment_that_was_created_anew_is_followed_by_its_id():
    driver = Driver(spec(v1=100))
    driver.settle()
    driver.ids = {"v1": "dep_new"}
    driver.settle()
    assert driver.split == {"dep_new": 100}
    assert len(driver.status.history) == 1, "no rollout"


def test_a_step_begins_anew_under_a_new_id():
    driver = at_first_step()
    driver.run(4 * MINUTE)
    driver.ids = {"v2": "dep_new"}
    driver.run(4 * MINUTE)
    assert driver.split == {"dep_v1": 75, "dep_new": 25}
    driver.run(2 * MINUTE)
    assert driver.split == {"dep_v1": 50, "dep_new": 50}


def test_the_split_is_sent_again_without_a_word():
    driver = Driver(spec(v1=100))
    driver.settle()
    before = driver.status
    driver.split = {"dep_v3": 100}
    driver.run(TEN + MINUTE)
    assert (driver.at(), driver.status) == ({"v1": 100}, before)


def test_only_the_last_ten_rollouts_are_remembered():
    driver = Driver(spec(v1=100))
    driver.settle()
    for share in range(1, 15):
        driver.edit(spec(v1=100 - share, v2=share))
        driver.settle()
    assert [past.to for past in driver.status.history][:2] == ["v1=86 v2=14", "v1=87 v2=13"]
    assert len(driver.status.history) == 10
