"""Whose a deployment is, by mark and epoch: what this object takes over, what it has lost, and what it does then."""

from datetime import timedelta

import pytest

from model_operator.conditions import Reason
from model_operator.domain import RunState
from model_operator.models.deployment_status import StatusChange
from model_operator.modes import Mode
from model_operator.plan.deployment.decide import decide
from model_operator.plan.deployment.marks import is_lost
from model_operator.plan.deployment.situation import Delete, Presence, Release, Retag, Update
from support.situations import (
    DESIRED,
    FIELDS,
    NOW,
    PAITIENT,
    changed,
    created,
    look,
    remote,
    serving_since_long,
    situation,
    told,
    untouched,
)

OWNER = "prod/team/llama"
OTHER_UID = "99999999-2222-3333-4444-555555555555"
MS = round(NOW.timestamp() * 1000)


def marked(uid=DESIRED.uid, epoch=None, owner=OWNER, state=RunState.SERVING, **changes):
    """What a GET shows, of a deployment that this object holds with `mine` and `lost` in its status."""
    mine, lost = changes.pop("mine", None), changes.pop("lost", None)
    status = changes.pop("status", None) or serving_since_long(epoch=mine, lost_to_epoch=lost)
    return situation(
        capabilities=PAITIENT,
        owner=OWNER,
        remote=remote(state, owner_uid=uid, epoch=epoch, owner=owner),
        status=status,
        **changes,
    )


LOST = [
    # the UID, epoch and owner in the tags; the epoch in the status, the epoch at which it was lost
    pytest.param(marked(), False, id="its own mark"),
    pytest.param(marked(epoch=5, mine=5), False, id="its own, taken over earlier"),
    pytest.param(marked(epoch=5, mine=7), False, id="not put there yet"),
    pytest.param(marked(epoch=None, mine=7), False, id="the tag was taken off"),
    pytest.param(marked(uid=None, mine=7, owner=None), False, id="all tags were taken off"),
    pytest.param(marked(epoch=9, mine=7), True, id="the same UID with a newer epoch: a copy of this cluster"),
    pytest.param(marked(uid=OTHER_UID, epoch=9, mine=7), True, id="another UID with a newer epoch"),
    pytest.param(marked(uid=OTHER_UID, epoch=9, owner="b/team/llama"), True, id="of another cluster"),
    pytest.param(marked(uid=OTHER_UID, owner="b/team/llama"), True, id="of another cluster without epochs"),
    pytest.param(marked(uid=OTHER_UID, owner=None), True, id="of nobody knows whom"),
    pytest.param(marked(uid=OTHER_UID), False, id="of a former life: the status came from a backup"),
    pytest.param(marked(uid=OTHER_UID, owner=None, external_id="33665"), False, id="a person has named it"),
    pytest.param(marked(lost=9, mine=7), True, id="lost before, whatever is shown"),
    pytest.param(marked(lost=9, mine=11, epoch=9, uid=OTHER_UID), False, id="taken back since"),
]


@pytest.mark.parametrize(("s", "expected"), LOST)
def test_what_is_lost(s, expected):
    assert is_lost(s) is expected
    step, status = look(s)
    if not expected:
        assert step.accepted is None
        return
    assert step.action is None
    assert (told(status)["Accepted"], status.external_id) == ("False ExternalIDTaken", s.status.external_id)
    assert status.lost_to_epoch == (max(s.remote.epoch or 0, s.status.lost_to_epoch or 0) or None)
    assert (
        'set spec.mode of ModelProvider "acme" to Observe and then to Manage'
        in status.condition("Ready").message
    )


@pytest.mark.parametrize(("s", "expected"), LOST)
def test_what_is_lost_is_not_deleted_with_its_object(s, expected):
    action = decide(changed(s, wanted=False)).action
    lost = Release("33665", why="another cluster has taken it over")
    assert action == (lost if expected else Delete("33665", force=False))


def test_what_was_deleted_before_it_was_lost_is_not_said_to_stay():
    lost = marked(uid=OTHER_UID, epoch=9, mine=7)
    assert decide(changed(lost, wanted=False, delete_at=NOW)).action == Release(
        "33665", is_going=True, why="another cluster has taken it over"
    )


def test_for_what_is_lost_and_then_gone_nothing_is_created():
    gone = situation(
        RunState.GONE,
        capabilities=PAITIENT,
        presence=Presence.ABSENT,
        remote=None,
        status=serving_since_long(lost_to_epoch=9),
    )
    step, status = look(gone)
    assert (step.action, status.pending, told(status)["Accepted"]) == (None, None, "False ExternalIDTaken")


def test_a_mark_of_a_former_life_is_taken_over_in_the_status_first():
    s = marked(uid=OTHER_UID, fields={**FIELDS, "contextLength": 8192})
    step, status = look(s)
    assert (step.action, step.change) == (None, StatusChange(epoch=MS, lost_to_epoch=None))
    after = situation(
        capabilities=PAITIENT,
        owner=OWNER,
        remote=s.remote,
        status=status,
        fields={**FIELDS, "contextLength": 8192},
    )
    assert decide(after).action == Retag("33665", MS)


def test_the_epoch_is_above_all_that_were_seen():
    ahead = MS + 10_000
    step = decide(marked(uid=OTHER_UID, epoch=ahead, mine=ahead))
    assert step.change.epoch == ahead + 1


def test_what_is_found_with_somebody_else_s_mark_gets_a_new_epoch_with_its_id():
    s = situation(
        capabilities=PAITIENT,
        status=untouched(),
        external_id="33665",
        owner=OWNER,
        remote=remote(owner_uid=OTHER_UID, owner=OWNER, epoch=5),
    )
    change = decide(s).change
    assert (change.external_id, change.epoch) == ("33665", MS)


def test_what_is_found_with_its_own_mark_keeps_its_epoch():
    s = situation(
        None,
        capabilities=PAITIENT,
        status=untouched(),
        listed_at=NOW,
        candidates=(remote(epoch=5),),
    )
    change = decide(s).change
    assert (change.external_id, change.epoch) == ("33665", 5)


def observed(**changes):
    """The status that mode Observe has left."""
    s = marked(mode=Mode.OBSERVE, **changes)
    status = look(s)[1]
    assert status.condition("Synced").reason == Reason.OBSERVED
    return status


@pytest.mark.parametrize(
    "mark",
    [
        pytest.param({}, id="its own"),
        pytest.param({"uid": OTHER_UID, "epoch": 9, "owner": "b/team/llama"}, id="another cluster's"),
        pytest.param({"epoch": 9}, id="that of a copy of this cluster"),
    ],
)
def test_who_comes_from_mode_observe_takes_the_mark_over(mark):
    s = marked(**mark, status=observed(**mark))
    step, status = look(s)
    assert (step.action, status.epoch) == (None, MS)
    assert decide(marked(**mark, status=status)).action == Retag("33665", MS)


def test_who_comes_from_mode_observe_looks_at_the_tags_first():
    s = marked(status=observed())
    seen = remote(owner_uid=None, is_full=False)
    step, status = look(situation(capabilities=PAITIENT, remote=seen, status=s.status))
    assert (step.action, status) == (None, s.status)


def test_the_mark_comes_before_any_other_change():
    s = marked(uid=OTHER_UID, mine=MS, fields={**FIELDS, "contextLength": 8192})
    assert decide(s).action == Retag("33665", MS)
    own = marked(epoch=MS, mine=MS, fields={**FIELDS, "contextLength": 8192})
    assert isinstance(decide(own).action, Update)


def test_a_mark_is_taken_over_with_driftpolicy_report_too():
    assert decide(marked(uid=OTHER_UID, mine=MS, corrects_drift=False)).action == Retag("33665", MS)


def test_where_there_are_no_tags_nothing_is_lost_by_them():
    assert not is_lost(situation(status=created(), remote=remote(owner_uid=None)))


def test_a_copy_of_a_mark_that_was_lost_is_taken_back_when_it_is_gone():
    gone = situation(
        RunState.GONE,
        capabilities=PAITIENT,
        presence=Presence.ABSENT,
        remote=None,
        status=observed(lost=9),
        now=NOW + timedelta(hours=1),
    )
    step = decide(gone)
    assert step.change == StatusChange(epoch=None, lost_to_epoch=None)
