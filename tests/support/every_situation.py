"""Every situation of a deployment, as products of what may be observed, recorded, wanted and remembered."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import islice, product
from typing import Any

from model_operator.conditions import Reason
from model_operator.domain import Power, Probe, RunState
from model_operator.errors import (
    AccountMismatch,
    Conflict,
    CredentialsInvalid,
    DeletionRefused,
    InsufficientCapacity,
    NameTaken,
    NotAccepted,
    NotFound,
    PermissionDenied,
    ProviderError,
    QuotaExceeded,
    RateLimited,
    Unavailable,
    Unsupported,
)
from model_operator.models.deployment_status import LastPowerAction
from model_operator.modes import Mode
from model_operator.plan.deployment.absence import NOT_LOOKED
from model_operator.plan.deployment.remembered import Creation, ProbeResult, SentUpdate, Underway
from model_operator.plan.deployment.situation import Observed, Situation
from support.situations import (
    FIELDS,
    LONG_AGO,
    NOW,
    PAITIENT,
    PARASAIL,
    created,
    failure,
    missed,
    pending,
    power,
    remote,
    serving_since_long,
    situation,
    status_of,
    untouched,
)

SECOND = timedelta(seconds=1)
PAUSED = (True, False, None)
ERRORS: tuple[ProviderError, ...] = (
    Unavailable("no answer"),
    RateLimited("slow down"),
    CredentialsInvalid("wrong key"),
    PermissionDenied("read-only"),
    AccountMismatch("unknown id"),
    NotAccepted(Reason.CREDENTIALS_MISSING, "no Secret"),
    Unsupported("no such thing"),
)
FAILURES: tuple[ProviderError | None, ...] = (
    None,
    Unavailable("no answer"),
    CredentialsInvalid("wrong key"),
    QuotaExceeded("4 GPUs"),
    NameTaken("llama"),
    DeletionRefused("traffic"),
    Conflict("updating"),
    InsufficientCapacity("no H100"),
    NotFound("no such id"),
    Unsupported("no such thing"),
)
POWERS: tuple[LastPowerAction | None, ...] = (
    None,
    *(
        power(action, at=at, generation=generation, correction=correction)
        for action, at, (generation, correction) in product(
            Power, (NOW - SECOND, LONG_AGO), ((3, False), (2, True), (3, True))
        )
    ),
)
EDITED = {**FIELDS, "contextLength": 8192}


NEW, CREATED, READY = untouched(), created(), serving_since_long()
UNKNOWN = untouched(pending=pending())
APPLIED = created(last_applied=EDITED)


def with_an_id() -> Iterator[Situation]:
    """Every state × wanted × paused × policy × drift policy × last power action, as specified or edited."""
    for state, wanted, paused, may_scale_down, corrects, last, fields in product(
        RunState, (True, False), PAUSED, (True, False), (True, False), POWERS, (FIELDS, EDITED)
    ):
        yield situation(
            state,
            wanted=wanted,
            paused=paused,
            may_scale_down=may_scale_down,
            corrects_drift=corrects,
            fields=fields,
            status=READY.model_copy(update={"last_power_action": last}),
        )


def refused_or_blind() -> Iterator[Situation]:
    """An error of each kind × with and without an id or an intent × wanted × adopted."""
    statuses = (NEW, UNKNOWN, CREATED, READY)
    for error, status, wanted, external, paused in product(
        ERRORS, statuses, (True, False), (None, "33665"), (True, False)
    ):
        yield situation(
            None,
            observed=Observed(error=error),
            status=status,
            wanted=wanted,
            external_id=external,
            paused=paused,
        )
    for wanted in (True, False):
        yield situation(status=NEW, external_id="33665", rival='ModelDeployment "elder"', wanted=wanted)
        yield situation(status=NEW, external_id="33665", remote=remote(model="org/other"), wanted=wanted)


def without_an_id() -> Iterator[Situation]:
    """Nothing recorded yet: intents of every age × what a LIST shows × whose names × refusals."""
    intents = (None, *(pending(started=NOW - age * SECOND) for age in (0, 45, 61, 200)))
    candidates = ((), (remote(),), (remote(owner_uid="somebody"),))
    for intent, unsent, found, can_list, wanted, paused, capabilities, default, failed in product(
        intents,
        (True, False),
        candidates,
        (True, False),
        (True, False),
        (True, False),
        (PARASAIL, PAITIENT),
        (True, False),
        (None, QuotaExceeded("4 GPUs")),
    ):
        yield situation(
            None,
            status=NEW.model_copy(update={"pending": intent}),
            intent=intent.started_at if unsent and intent is not None else None,
            candidates=found if can_list else (),
            can_list=can_list,
            listed_at=NOW if can_list else None,
            looks=missed(NOW - timedelta(minutes=2), NOW) if intent is not None else NOT_LOOKED,
            wanted=wanted,
            paused=paused,
            capabilities=capabilities,
            has_default_name=default,
            failure=failure(failed) if failed else None,
        )


def marked() -> Iterator[Situation]:
    """No id and no `pending`: the finalizer × what this process knows × what was said × what is seen × whose names."""
    said = (
        NEW,
        status_of(situation(None, status=NEW, listed_at=NOW, failure=failure(QuotaExceeded("4 GPUs")))),
    )
    seen: tuple[dict[str, Any], ...] = (
        {"listed_at": NOW},
        {"listed_at": NOW, "candidates": (remote(),)},
        {"can_list": False},
        {},
        {"error": Unavailable("no answer")},
        {"error": NotAccepted(Reason.PROVIDER_NOT_FOUND, "there is none")},
    )
    for status, has_finalizer, underway, found, wanted, default, adopts, capabilities, paused in product(
        said,
        (True, False),
        Underway,
        seen,
        (True, False),
        (True, False),
        (None, "33665"),
        (PARASAIL, PAITIENT),
        (True, False),
    ):
        yield situation(
            None,
            status=status,
            has_finalizer=has_finalizer,
            creation=Creation(underway=underway, sent_at=NOW if underway is Underway.MAYBE else None),
            wanted=wanted,
            has_default_name=default,
            external_id=adopts,
            capabilities=capabilities,
            paused=paused,
            **found,
        )


def with_troubles() -> Iterator[Situation]:
    """A running or failed deployment × what failed last × what differs × what was sent × probe × rest."""
    sent = SentUpdate({"contextLength": 8192}, NOW - timedelta(minutes=2), is_verified=True)
    probes = (None, ProbeResult(False, "HTTP 500", NOW + SECOND), ProbeResult(True, "", NOW))
    for state, failed, removed, corrects, update, probe, rest, capabilities, wanted in product(
        (RunState.STARTING, RunState.SERVING, RunState.FAILED, RunState.STOPPED),
        FAILURES,
        (True, False),
        (True, False),
        (None, sent),
        probes,
        (None, NOW + timedelta(minutes=1)),
        (PARASAIL, PAITIENT),
        (True, False),
    ):
        if probe is not None and not capabilities.chats:
            continue
        s = situation(
            state,
            corrects_drift=corrects,
            fields={"contextLength": 8192} if removed else EDITED,
            status=APPLIED,
            failure=failure(failed) if failed else None,
            update=update,
            paused_until=rest,
            capabilities=capabilities,
            probe=Probe(prompt="ping", timeout=SECOND),
            endpoint_name=None if removed else "chat",
            wanted=wanted,
        )
        yield replace(s, sent=replace(s.sent, probe=probe))


def adoptions() -> Iterator[Situation]:
    for state, adopted, external, corrects, paused, tag, wanted in product(
        RunState,
        (None, NOW, LONG_AGO),
        (None, "33665"),
        (True, False),
        PAUSED,
        (None, "somebody"),
        (True, False),
    ):
        for status, capabilities in product((NEW, CREATED), (PARASAIL, PAITIENT)):
            yield situation(
                state,
                status=status,
                adopted_at=adopted,
                external_id=external,
                corrects_drift=corrects,
                paused=paused,
                capabilities=capabilities,
                remote=remote(state, owner_uid=tag),
                wanted=wanted,
            )


def former_lives() -> Iterator[Situation]:
    """What a former life has left × intents × what a LIST shows of our own × wanted × paused × whose names."""
    before = remote(id="dep_1", name="llama-ofbefore", owner_uid="of-before", owner="i/team/llama")
    left: tuple[dict[str, Any], ...] = (
        {"former": (before,)},
        {"former": (before, replace(before, id="dep_2"))},
        {"former": (replace(before, model="org/other"),)},
        {"namesakes": (replace(before, owner=None),)},
    )
    intents = (None, *(pending(started=NOW - age * SECOND) for age in (0, 200)))
    for found, intent, unsent, own, listed, wanted, paused, default in product(
        left, intents, (True, False), ((), (remote(),)), (NOW, None), *((True, False),) * 3
    ):
        yield situation(
            None,
            status=NEW.model_copy(update={"pending": intent}),
            intent=intent.started_at if unsent and intent is not None else None,
            candidates=own,
            listed_at=listed,
            looks=missed(NOW - timedelta(minutes=2), NOW) if intent is not None else NOT_LOOKED,
            wanted=wanted,
            paused=paused,
            capabilities=PAITIENT,
            has_default_name=default,
            **found,
        )


MANAGED = (with_an_id, refused_or_blind, without_an_id, marked, with_troubles, adoptions, former_lives)


def in_other_modes() -> Iterator[Situation]:
    """A sample of all of them, under a ModelProvider that only observes, or is suspended."""
    for space in MANAGED:
        for s in islice(space(), 0, None, 29):
            yield replace(s, mode=Mode.OBSERVE)
            yield replace(s, mode=Mode.SUSPEND, observed=Observed())  # nothing is looked at


SPACES = [*MANAGED, in_other_modes]
