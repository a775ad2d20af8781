"""What a former life has left, before a first create: adopted by its mark, or waited for, and nothing made meanwhile."""

from datetime import timedelta

import pytest

from model_operator.conditions import Reason
from model_operator.models.deployment_status import NO_CHANGE, StatusChange
from model_operator.owner_marks import OwnerMark
from model_operator.plan.deployment.decide import decide
from model_operator.plan.deployment.remembered import Creation, Underway
from model_operator.plan.deployment.situation import Create, Situation
from support.situations import (
    FIELDS,
    LONG_AGO,
    NOW,
    PAITIENT,
    changed,
    created,
    missed,
    pending,
    remote,
    situation,
    untouched,
)

MARK = "berlin-1/team/llama"
FORMER = remote(id="dep_1", name="llama-ofbefore", owner_uid="of-before", owner=MARK)
NAMESAKE = remote(id="dep_2", name="llama-ofbefore", owner_uid="of-before", owner=None)
OWN = remote(id="dep_3")
NOTHING_YET = situation(None, status=untouched(), listed_at=NOW, capabilities=PAITIENT, owner=MARK)
ABSENT = Creation(looks=missed(NOW - timedelta(minutes=2), NOW - timedelta(minutes=1)))
LOST = {"status": untouched(pending=pending(started=LONG_AGO)), "creation": ABSENT}


def outcome(s: Situation) -> str | None:
    """The id that is taken, the reason for which it waits, or None where something else is decided."""
    step = decide(s)
    if step.change.external_id not in (None, NO_CHANGE.external_id):
        return str(step.change.external_id)
    return step.synced.reason if step.synced.reason == Reason.ORPHAN_FOUND else None


@pytest.mark.parametrize(
    ("s", "expected"),
    [
        pytest.param(changed(NOTHING_YET, former=(FORMER,)), "dep_1", id="one with the mark"),
        pytest.param(
            changed(NOTHING_YET, former=(FORMER,), **LOST), "dep_1", id="a lost create made nothing"
        ),
        pytest.param(
            changed(NOTHING_YET, former=(FORMER,), namesakes=(NAMESAKE,)), "dep_1", id="the mark is proof"
        ),
        pytest.param(
            changed(NOTHING_YET, former=(FORMER,), candidates=(OWN,)), "dep_3", id="its own comes first"
        ),
        pytest.param(
            changed(
                NOTHING_YET,
                former=(FORMER,),
                candidates=(remote(id="dep_1", name="chosen", owner_uid="of-before", owner=MARK),),
                deployment_name="chosen",
                has_default_name=False,
            ),
            "dep_1",
            id="a chosen name that it has had before",
        ),
        pytest.param(
            changed(NOTHING_YET, former=(remote(id="dep_1", model="org/other", owner=MARK),)),
            Reason.ORPHAN_FOUND,
            id="another model",
        ),
        pytest.param(
            changed(NOTHING_YET, former=(FORMER, remote(id="dep_4", owner=MARK))),
            Reason.ORPHAN_FOUND,
            id="two with the mark",
        ),
        pytest.param(changed(NOTHING_YET, namesakes=(NAMESAKE,)), Reason.ORPHAN_FOUND, id="a name is a hint"),
        pytest.param(
            changed(NOTHING_YET, namesakes=(NAMESAKE,), paused=True),
            Reason.ORPHAN_FOUND,
            id="also of one that is created paused",
        ),
        pytest.param(changed(NOTHING_YET), None, id="nothing is left"),
    ],
)
def test_before_a_first_create(s: Situation, expected: str | None) -> None:
    assert outcome(s) == expected
    assert expected is None or decide(s).action is None


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"external_id": "dep_9", "orphans": False}, id="the spec names another"),
        pytest.param({"rival": 'ModelDeployment "elder"'}, id="another has the name"),
        pytest.param({"status": untouched(pending=pending())}, id="a create may still land"),
        pytest.param({"status": created()}, id="it has one"),
        pytest.param({"wanted": False}, id="it is being deleted"),
        pytest.param({"has_finalizer": True}, id="a create may have been sent that no status tells of"),
    ],
)
def test_where_it_is_not_the_time_to_adopt(changes: dict[str, object]) -> None:
    assert outcome(changed(NOTHING_YET, former=(FORMER,), namesakes=(NAMESAKE,), **changes)) is None


def test_an_intent_of_this_process_whose_request_has_not_left_makes_way() -> None:
    unsent = changed(
        NOTHING_YET,
        former=(FORMER,),
        status=untouched(pending=pending()),
        creation=Creation(underway=Underway.NOTHING, intent=NOW),
    )
    assert outcome(unsent) == "dep_1"
    assert isinstance(decide(changed(unsent, former=())).action, Create)


def test_what_it_adopts_is_published_before_anything_of_it_is_changed() -> None:
    other = remote(id="dep_1", owner=MARK, fields={**FIELDS, "replicas": 7})
    step = decide(changed(NOTHING_YET, former=(other,)))
    assert [(d.field, d.desired, d.observed) for d in step.drift] == [("replicas", 2, 7)]
    assert step.change == StatusChange(
        external_id="dep_1", pending=None, last_applied={}, provider_state="ONLINE"
    )
    assert step.synced.message == "Adopted deployment dep_1, whose owner mark names this object."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("berlin-1/team/llama", OwnerMark("berlin-1", "team", "llama")),
        ("berlin-1/team", None),
        ("berlin-1/team/llama/more", None),
        ("berlin-1//llama", None),
        ("", None),
        (None, None),
        ("b/" + "t" * 63 + "/" + "n" * 191, None),
    ],
)
def test_a_mark_is_read_only_if_it_is_whole(text: str | None, expected: OwnerMark | None) -> None:
    assert OwnerMark.read(text) == expected


def test_a_mark_is_as_long_as_a_tag_may_be() -> None:
    assert OwnerMark("b", "t", "n").written() == "b/t/n"
    assert len(OwnerMark("b" * 63, "t" * 63, "n" * 253).written()) == 256
