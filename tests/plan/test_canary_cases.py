"""Every row of the edge cases of rollouts: what is seen, and what becomes of the traffic."""

from datetime import timedelta
from itertools import groupby

import pytest

from model_operator.models.canary_status import RolloutStatus
from model_operator.plan.canary.observed import Health
from support.canary_driver import Driver
from support.canary_paper import MINUTE
from support.canary_specs import judged, path, spec

TEN = 10 * MINUTE


def serving(rollout=None, **percents):
    """v1 has everything; then the spec wants this."""
    driver = Driver(spec(v1=100))
    driver.settle()
    assert driver.at() == {"v1": 100}
    driver.edit(spec(rollout, **(percents or {"v2": 100})))
    return driver


def at_first_step(**more):
    driver = serving(path(25, 50, 100, analysis=judged(), **more))
    driver.settle()
    assert driver.at() == {"v1": 75, "v2": 25}
    return driver


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


def test_zero_traffic_goes_neither_way_and_asks_a_person_in_the_end():
    driver = at_first_step()
    driver.rps = 0
    driver.run(100 * MINUTE)
    assert (driver.at(), driver.status.verdict) == ({"v1": 75, "v2": 25}, "Inconclusive")
    assert driver.condition("RolloutComplete") == "False InsufficientTraffic"
    assert driver.status.phase == "Progressing"
    driver.run(60 * MINUTE)
    assert (driver.at(), driver.status.phase) == ({"v1": 75, "v2": 25}, "Waiting")
    driver.action = f"advance:{driver.status.rollout.id}/1"
    driver.settle()
    assert driver.at() == {"v1": 50, "v2": 50}


def test_metrics_that_cannot_be_read_count_neither_way():
    driver = at_first_step()
    driver.errors = {"v2": 50.0}
    driver.run(MINUTE + timedelta(seconds=30))
    fails = driver.status.rollout.analysis.consecutive_fails
    driver.metrics_fail = True
    driver.run(300 * MINUTE)
    assert driver.at() == {"v1": 75, "v2": 25}
    assert driver.condition("MetricsAvailable") == "False MetricsUnavailable"
    assert driver.status.rollout.analysis.consecutive_fails == fails == 1
    driver.metrics_fail = False
    driver.run(TEN)
    assert driver.at() == {"v1": 100}


def test_a_bad_version_is_taken_back_after_enough_verdicts():
    driver = at_first_step()
    driver.errors = {"v2": 8.0}
    driver.run(MINUTE + timedelta(seconds=30))
    assert (driver.at(), driver.status.verdict) == ({"v1": 75, "v2": 25}, "Fail")
    driver.run(MINUTE)
    assert driver.at() == {"v1": 100}
    assert driver.notices[-3:] == ["MetricBreached", "RollbackStarted", "RolledBack"]
    failure = driver.status.rollout.failure
    assert failure.observed == "8"
    assert failure.message.startswith("errors: 8 %, limit ")
    assert f" %, baseline {failure.baseline} %, of {failure.requests} requests" in failure.message


def test_both_versions_bad_is_the_environment():
    driver = at_first_step()
    driver.errors = {"v1": 8.0, "v2": 8.0}
    driver.run(20 * MINUTE)
    assert (driver.at(), driver.status.verdict) == ({"v1": 75, "v2": 25}, "Inconclusive")


def test_on_failure_it_may_pause_instead():
    driver = serving(path(25, 100, analysis=judged(onFail="Pause")))
    driver.errors = {"v2": 8.0}
    driver.run(TEN)
    assert (driver.at(), driver.status.phase) == ({"v1": 75, "v2": 25}, "Paused")
    driver.errors = {}
    driver.action = f"resume:{driver.status.rollout.id}"
    driver.run(20 * TEN)
    assert driver.at() == {"v2": 100}


def test_observing_moves_nothing_and_stops_nothing():
    driver = serving(path(25, 100, analysis=judged(mode="Observe")))
    driver.errors = {"v2": 90.0}
    driver.run(2 * TEN)
    assert (driver.at(), driver.status.condition("RolloutComplete").status) == ({"v2": 100}, "True")


def test_a_check_that_only_warns_does_not_decide():
    analysis = judged()
    analysis["metrics"][0]["action"] = "Warn"
    driver = serving(path(25, 100, analysis=analysis))
    driver.errors = {"v2": 90.0}
    driver.run(2 * TEN)
    assert driver.at() == {"v2": 100}


def test_shared_targets_are_not_judged_unless_allowed():
    driver = serving(path(25, 100, analysis=judged()))
    driver.share("v1")
    driver.run(2 * TEN)
    assert (driver.at(), driver.condition("MetricsAvailable")) == (
        {"v1": 75, "v2": 25},
        "False SharedTarget",
    )
    driver.edit(spec(path(25, 100, analysis=judged(allowSharedTargets=True)), v2=100))
    driver.run(2 * TEN)
    assert driver.at() == {"v2": 100}


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


def test_the_path_may_be_edited_without_losing_the_place():
    driver = at_first_step()
    driver.run(2 * MINUTE)
    id = driver.status.rollout.id
    driver.edit(spec(path(10, 20, 40, 100, analysis=judged()), v2=100))
    driver.settle()
    assert (driver.at(), driver.status.rollout.id) == ({"v1": 75, "v2": 25}, id)
    driver.run(4 * MINUTE)
    assert driver.at() == {"v1": 60, "v2": 40}


def test_another_destination_supersedes_from_the_last_good_split():
    driver = at_first_step()
    id = driver.status.rollout.id
    driver.edit(spec(path(10, 100), v3=100))
    driver.settle()
    assert (driver.at(), driver.status.rollout.id != id) == ({"v1": 90, "v3": 10}, True)
    assert driver.status.history[0].result == "Superseded"


def test_the_way_back_to_the_last_good_split_has_no_steps():
    driver = at_first_step()
    driver.edit(spec(path(5, 100, hold="1h", analysis=judged()), v1=100))
    driver.settle()
    assert (driver.at(), driver.condition("RolloutComplete")) == ({"v1": 100}, "True Completed")


def test_the_limit_is_not_passed_until_it_is_raised():
    driver = serving(path(25, 50, 100, limit=30))
    driver.run(3 * TEN)
    assert (driver.at(), driver.condition("RolloutComplete")) == ({"v1": 75, "v2": 25}, "False LimitReached")
    driver.edit(spec(path(25, 50, 100, limit=100), v2=100))
    driver.run(3 * TEN)
    assert driver.at() == {"v2": 100}


def test_a_limit_below_the_first_step_moves_nothing():
    driver = serving(path(25, 100, limit=0))
    driver.run(TEN)
    assert (driver.at(), driver.condition("RolloutComplete")) == ({"v1": 100}, "False LimitReached")


def test_a_paused_rollout_stays_and_still_goes_back():
    driver = at_first_step()
    driver.edit(spec(path(25, 50, 100, paused=True, analysis=judged()), v2=100))
    driver.run(3 * TEN)
    assert (driver.at(), driver.status.phase) == ({"v1": 75, "v2": 25}, "Paused")
    driver.errors = {"v2": 50.0}
    driver.run(TEN)
    assert driver.at() == {"v1": 100}


def test_a_gate_waits_for_its_own_step():
    steps = {"steps": [{"percent": 25, "gate": "Manual"}, {"percent": 100}], "hold": "1m"}
    driver = serving(steps)
    driver.run(TEN)
    assert driver.condition("RolloutComplete") == "False WaitingForApproval"
    id = driver.status.rollout.id
    for token in ("advance:000000/1", f"advance:{id}/2", f"jump:{id}", "advance", f"retry:{id}"):
        driver.action = token
        driver.run(TEN)
        assert (driver.status.last_action.result, driver.at()) == ("Rejected", {"v1": 75, "v2": 25}), token
    driver.action = f"advance:{id}/1"
    driver.run(TEN)
    assert (driver.status.last_action.result, driver.at()) == ("Accepted", {"v2": 100})


def test_a_changed_retry_lets_a_destination_try_again():
    driver = at_first_step()
    driver.health = {"v2": Health.FAILED}
    driver.settle()
    driver.health = {}
    driver.edit(spec(path(25, 50, 100, retry="2", analysis=judged()), v2=100))
    driver.settle()
    assert driver.at() == {"v1": 75, "v2": 25}


def test_a_failed_destination_may_be_left_for_another():
    driver = at_first_step()
    driver.health = {"v2": Health.FAILED}
    driver.settle()
    driver.edit(spec(path(50, 100), v3=100))
    driver.settle()
    assert (driver.at(), driver.status.failed_destination) == ({"v1": 50, "v3": 50}, None)


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
