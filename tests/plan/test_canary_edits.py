"""Edits and commands during a rollout: another destination, a limit, a pause, a gate, a retry."""

from model_operator.plan.canary.observed import Health
from support.canary_first_step import TEN, at_first_step, serving
from support.canary_paper import MINUTE
from support.canary_specs import judged, path, spec


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
