"""What the end of an object leaves at the provider: when the finalizer goes, and what is said to stay."""

from datetime import timedelta
from typing import Any

import pytest

from model_operator.domain import RunState
from model_operator.errors import Unavailable
from model_operator.plan.deployment.remembered import Sent
from model_operator.plan.deployment.situation import Delete, Observed, Presence, Release, Situation
from support.situation_table.deleting import GOING
from support.situation_table.row import LOST, MINUTE
from support.situations import (
    DESIRED,
    NOW,
    changed,
    created,
    look,
    missed,
    pending,
    remote,
    situation,
    untouched,
)


@pytest.mark.parametrize(
    "s",
    [
        pytest.param(situation(RunState.GONE, wanted=False), id="proven gone"),
        pytest.param(changed(GOING, orphans=True), id="Orphan, while it runs"),
        pytest.param(
            changed(GOING, orphans=True, observed=Observed(error=Unavailable("no answer"))),
            id="Orphan, and the provider is silent",
        ),
        pytest.param(situation(None, status=untouched(), wanted=False), id="never created"),
        pytest.param(
            situation(None, status=untouched(pending=pending()), intent=NOW, wanted=False),
            id="announced, and never sent",
        ),
        pytest.param(
            situation(
                None,
                status=LOST,
                wanted=False,
                listed_at=NOW + 2 * MINUTE,
                now=NOW + 2 * MINUTE,
                looks=missed(NOW + timedelta(seconds=59), NOW + 2 * MINUTE),
            ),
            id="a lost create that left nothing",
        ),
        pytest.param(
            situation(status=untouched(), wanted=False, external_id="33665", observed=Observed()),
            id="a refused adoption",
        ),
    ],
)
def test_the_finalizer_goes_when_nothing_of_ours_can_be_left(s: Situation) -> None:
    assert isinstance(look(s)[0].action, Release)


def test_what_an_orphan_leaves_behind_is_named() -> None:
    assert look(changed(GOING, orphans=True))[0].action == Release(orphaned="33665")
    lost, _ = look(situation(None, status=LOST, wanted=False, orphans=True))
    assert isinstance(lost.action, Release)
    assert lost.action.orphaned is not None
    assert DESIRED.deployment_name in lost.action.orphaned


@pytest.mark.parametrize(
    ("change", "left"),
    [
        ({"sent": Sent(delete_at=NOW)}, Release("33665", is_going=True)),
        ({"sent": Sent(is_delete_unanswered=True)}, Release("33665", is_going=True)),
        ({"remote": remote(RunState.DELETING)}, Release("33665", is_going=True)),
        ({"observed": Observed()}, Release("33665", is_going=True)),
        ({"observed": Observed(presence=Presence.ABSENT)}, Release()),
        (
            {"status": created(), "observed": Observed(next_look=timedelta(seconds=60))},
            Release("33665", is_going=True),
        ),
        ({"status": created(), "observed": Observed()}, Release("33665")),
    ],
)
def test_of_what_was_deleted_before_nobody_says_that_it_stays(change: dict[str, Any], left: Release) -> None:
    deleting, status = look(GOING)
    assert isinstance(deleting.action, Delete)
    assert look(changed(GOING, orphans=True, **{"status": status, **change}))[0].action == left
