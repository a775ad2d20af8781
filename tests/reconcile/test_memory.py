"""What a process remembers of a deployment: what happened is told to it, and what that makes of its parts."""

import ast
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from model_operator.domain import Power, Remote, RunState
from model_operator.errors import ProviderError, QuotaExceeded, Unavailable
from model_operator.models.deployment_status import Expired, LastPowerAction, ModelDeploymentStatus, Pending
from model_operator.plan.deployment.absence import NOT_LOOKED, Looks
from model_operator.plan.deployment.remembered import (
    Creation,
    Failure,
    ProbeResult,
    Sent,
    SentUpdate,
    Underway,
)
from model_operator.reconcile.deployment.memory import Memory, Retry
from model_operator.reconcile.deployment.view import View
from support.one_object import KEY
from support.situations import NOW, missed

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
NOTHING = ModelDeploymentStatus()
INTENT = Pending(operation="Create", started_at=NOW, deadline=NOW + MINUTE, sent={"replicas": 2})
ANNOUNCED = ModelDeploymentStatus(pending=INTENT)
KNOWN = ModelDeploymentStatus(external_id="dep-1")
REMOTE = Remote(id="dep-1", name="n", state=RunState.SERVING, word="ONLINE", fields={"replicas": 2})
UPDATE = SentUpdate({"replicas": 3}, NOW)
FAILED = Retry(failure=Failure(QuotaExceeded("4 GPUs"), NOW + MINUTE, 1), count=1)


def full_memory() -> Memory:
    """Of a deployment of which everything is remembered."""
    return Memory(
        uid="u",
        creation=Creation(created_at=NOW, adopted_at=NOW),
        view=View(
            id="dep-1", known_since=NOW, full=REMOTE, version="v1", looks=missed(NOW), published=("m",)
        ),
        sent=Sent(
            update=UPDATE,
            recheck_at=NOW,
            power=LastPowerAction(action=Power.PAUSE, at=NOW),
            delete_at=NOW,
            probe=ProbeResult(True, "", NOW),
            has_tagged=True,
            endpoint_intent=NOW,
        ),
        retry=FAILED,
    )


def test_a_create_goes_from_the_intent_to_the_id() -> None:
    memory = Memory(uid="u")

    memory.written(NOTHING, ANNOUNCED, NOW)
    assert memory.creation == Creation(intent=NOW, underway=Underway.NOTHING)
    memory.creating({"replicas": 2}, NOW + SECOND)
    sent = Creation(fields={"replicas": 2}, underway=Underway.MAYBE, sent_at=NOW + SECOND)
    assert memory.creation == sent
    memory.created(REMOTE, NOW + SECOND)
    assert memory.creation == replace(sent, created=REMOTE, created_at=NOW + SECOND, made=REMOTE.id)
    assert memory.view == View(
        id="dep-1", known_since=NOW + SECOND, full=REMOTE, looks=Looks(doubt=NOW + SECOND)
    )
    memory.written(ANNOUNCED, KNOWN, NOW + 2 * SECOND)
    assert memory.creation == Creation(created_at=NOW + SECOND, made=REMOTE.id)


def test_an_id_that_nobody_here_created_is_adopted() -> None:
    memory = Memory(uid="u")
    memory.written(NOTHING, KNOWN, NOW)
    assert memory.creation == Creation(adopted_at=NOW)


def test_a_new_intent_forgets_what_the_last_search_found() -> None:
    memory = Memory(uid="u", creation=Creation(created=REMOTE, looks=missed(NOW)))
    memory.written(NOTHING, ANNOUNCED, NOW)
    assert memory.creation == Creation(intent=NOW, underway=Underway.NOTHING)


def test_what_is_written_while_a_create_is_under_way_is_no_intent_of_another() -> None:
    memory = Memory(uid="u")
    memory.marked()
    memory.creating({"replicas": 2}, NOW)
    memory.written(NOTHING, ANNOUNCED, NOW)
    assert memory.creation == Creation(fields={"replicas": 2}, underway=Underway.MAYBE, sent_at=NOW, told=NOW)


def test_what_was_written_of_a_create_that_never_left_is_its_intent() -> None:
    memory = Memory(uid="u")
    memory.marked()
    before = memory.creation
    memory.creating({"replicas": 2}, NOW)
    memory.written(NOTHING, ANNOUNCED, NOW)
    memory.never_sent(before)
    assert memory.creation == Creation(intent=NOW, underway=Underway.NOTHING)


def test_a_create_that_made_nothing_leaves_nothing_to_look_for() -> None:
    memory = Memory(uid="u")
    memory.marked()
    memory.creating({"replicas": 2}, NOW)
    memory.made_nothing()
    assert memory.creation == Creation(underway=Underway.NOTHING)


def test_with_the_id_goes_all_that_was_seen_of_it_and_sent_to_it() -> None:
    memory = full_memory()
    memory.written(KNOWN, NOTHING, NOW + MINUTE)
    assert memory == Memory(uid="u", creation=Creation(), sent=Sent(endpoint_intent=NOW))


def test_with_its_successor_goes_all_that_was_sent_to_it() -> None:
    memory = full_memory()
    memory.written(KNOWN, KNOWN.with_(external_id="dep-2"), NOW + MINUTE)
    assert memory.sent == Sent(endpoint_intent=NOW)
    assert memory.creation == Creation(created_at=NOW, adopted_at=NOW + MINUTE)


def test_a_write_that_leaves_the_id_changes_nothing() -> None:
    memory = full_memory()
    memory.written(KNOWN, KNOWN.with_(replicas=2), NOW + MINUTE)
    assert memory == full_memory()


def test_other_credentials_are_another_view_and_a_new_try() -> None:
    memory = full_memory()
    memory.rebound()
    before = full_memory()
    assert memory == Memory(
        uid="u",
        creation=before.creation,
        view=View(id="dep-1", known_since=NOW),
        sent=before.sent,
    )


async def test_another_life_of_the_name_is_another_memory(parasail, new_life) -> None:
    passes = new_life(parasail).passes
    first = passes.memory(KEY, "u-1")
    assert passes.memory(KEY, "u-1") is first
    assert passes.memory(KEY, "u-2") == Memory(uid="u-2")


def test_another_id_is_another_view() -> None:
    seen = full_memory().view
    assert seen.of("dep-1", NOW + MINUTE) is seen
    assert seen.of("dep-2", NOW + MINUTE) == View(id="dep-2", known_since=NOW + MINUTE)


def test_what_old_credentials_saw_is_dropped_when_they_changed_meanwhile() -> None:
    memory = full_memory()
    before = memory.view
    seen = before.read(REMOTE, None, NOW, NOW + MINUTE)

    memory.rebound()
    memory.looked(before, memory.creation, seen, memory.sent)
    assert memory.view == View(id="dep-1", known_since=NOW)

    memory.looked(memory.view, memory.creation, seen, memory.sent)
    assert memory.view == seen


@pytest.mark.parametrize(
    ("before", "at", "is_found", "expected"),
    [
        (NOT_LOOKED, NOW, False, NOT_LOOKED),
        (NOT_LOOKED, NOW + 2 * MINUTE, False, missed(NOW + 2 * MINUTE)),
        (missed(NOW + 2 * MINUTE), NOW + 3 * MINUTE, False, missed(NOW + 2 * MINUTE, NOW + 3 * MINUTE)),
        (missed(NOW + 2 * MINUTE), NOW + 3 * MINUTE, True, Looks(doubt=NOW + 3 * MINUTE)),
    ],
    ids=["before the deadline", "after it", "still absent", "found"],
)
def test_absence_counts_from_the_first_look_after_the_deadline(
    before: Looks, at: datetime, is_found: bool, expected: Looks
) -> None:
    creation = Creation(looks=before).searched(at, NOW + MINUTE, is_found=is_found)
    assert creation == Creation(looks=expected)


@pytest.mark.parametrize(
    ("shown", "after", "expected"),
    [
        (3, SECOND, Sent(recheck_at=NOW + SECOND + MINUTE)),
        (2, SECOND, Sent(update=UPDATE)),
        (2, MINUTE, Sent(update=SentUpdate({"replicas": 3}, NOW, is_verified=True))),
        (3, -SECOND, Sent(update=UPDATE)),
    ],
    ids=["it shows", "not yet", "it did not take", "the reply is older"],
)
def test_an_update_is_held_against_what_a_get_shows(shown: int, after: timedelta, expected: Sent) -> None:
    full = Remote(id="dep-1", name="n", state=RunState.SERVING, word="ONLINE", fields={"replicas": shown})
    assert Sent(update=UPDATE).compared(full, "u", NOW + after, MINUTE, MINUTE) == expected


def test_a_power_action_completes_a_status_that_its_write_did_not_reach() -> None:
    memory = Memory(uid="u")
    last = LastPowerAction(action=Power.PAUSE, at=NOW)
    memory.switched(last)
    assert memory.complete(KNOWN) == KNOWN.with_(last_power_action=last)

    newer = KNOWN.with_(last_power_action=LastPowerAction(action=Power.RESUME, at=NOW + SECOND))
    assert memory.complete(newer) == newer


@pytest.mark.parametrize(
    ("error", "generation", "count"),
    [(QuotaExceeded("8 GPUs"), 1, 2), (Unavailable("no answer"), 1, 1), (QuotaExceeded("4 GPUs"), 2, 1)],
    ids=["again", "another error", "another spec"],
)
def test_the_back_off_counts_the_same_failure_of_the_same_spec(
    error: ProviderError, generation: int, count: int
) -> None:
    memory = Memory(uid="u", retry=FAILED)
    memory.failed(error, NOW + 2 * MINUTE, generation)
    assert memory.retry == Retry(failure=Failure(error, NOW + 2 * MINUTE, generation), count=count)

    memory.succeeded()
    assert memory.retry == Retry()


def test_nobody_else_sets_a_field_of_the_memory() -> None:
    root = Path(__file__).parents[2] / "operator" / "model_operator"
    others = [
        *(path for path in (root / "reconcile" / "deployment").glob("*.py") if path.name != "memory.py"),
        *(root / "engine").glob("*.py"),
    ]
    assigned = [
        f"{path.name}:{target.lineno}"
        for path in others
        for node in ast.walk(ast.parse(path.read_text()))
        for target in (node.targets if isinstance(node, ast.Assign) else [])
        for part in ast.walk(target)
        if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id == "memory"
    ]
    assert assigned == []


def test_a_deployment_that_was_extended_is_not_taken_for_deleted():
    """It may have stayed: whether it is gone needs the whole proof again."""
    memory = Memory(uid="u")
    memory.deleted(NOW, "account")
    over = KNOWN.with_(expired=Expired(at=NOW, since=NOW, is_final=True))
    memory.written(over, KNOWN, NOW)
    assert (memory.sent.delete_at, memory.sent.delete_under) == (None, None)
