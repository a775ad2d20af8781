"""The table of situations, row by row: what happens to a deployment and what its status says to users.

The id of each case quotes its row; a case is what was observed, with the status that came before it.
"""

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from model_operator.conditions import Phase, Reason
from model_operator.domain import Power, Probe, RunState
from model_operator.errors import (
    Conflict,
    CredentialsInvalid,
    DeletionRefused,
    InstanceTypeUnavailable,
    InsufficientCapacity,
    InvalidRequest,
    ModelNotFound,
    NotAccepted,
    NotFound,
    PermissionDenied,
    QuotaExceeded,
    RateLimited,
    Unavailable,
    Unsupported,
)
from model_operator.models.deployment import Pending
from model_operator.models.deployment_status import UNCHANGED
from model_operator.plan.deployment.decide import decide
from model_operator.plan.deployment.remembered import ProbeResult, Sent, SentUpdate
from model_operator.plan.deployment.situation import (
    Create,
    Delete,
    Observed,
    Presence,
    Release,
    RunProbe,
    SetPower,
    Situation,
    Update,
)
from model_operator.plan.verdict import Progress
from support.situations import (
    DESIRED,
    FIELDS,
    LONG_AGO,
    NOW,
    PAITIENT,
    PARASAIL,
    changed,
    created,
    desired,
    failure,
    later,
    look,
    missed,
    pending,
    power,
    remote,
    serving_since_long,
    situation,
    status_of,
    told,
    untouched,
)

MINUTE = timedelta(minutes=1)
RECONCILING, STALLED, NEITHER = "Reconciling", "Stalled", "–"
SERVES = "True Serving"
UNSEEN = "Unknown Unknown"
HELD = "True Synced"


@dataclass(frozen=True)
class Row:
    """What the table says. `action` is the type of the remote change, or None."""

    ready: str
    synced: str
    serving: str
    progress: str
    phase: Phase
    action: type | None = None
    accepted: str = "True Accepted"


def shown(s: Situation) -> Row:
    step, status = look(s)
    words = told(status)
    assert set(words) == {"Ready", "Accepted", "Synced", "Serving", "Reconciling", "Stalled"}
    progress = [name for name in (RECONCILING, STALLED) if words[name].startswith("True")]
    assert len(progress) <= 1
    return Row(
        words["Ready"],
        words["Synced"],
        words["Serving"],
        progress[0] if progress else NEITHER,
        Phase(status.phase or ""),
        type(step.action) if step.action else None,
        words["Accepted"],
    )


def row(id: str, s: Situation, expected: Row):
    return pytest.param(s, expected, id=id)


def refused(
    reason: Reason, progress: str, serving: str = "False Missing", phase: Phase = Phase.PENDING
) -> Row:
    said = f"False {reason}"
    return Row(said, said, serving, progress, phase, accepted=said)


NOTHING_YET = situation(None, status=untouched(), listed_at=NOW)
NOT_FOUND = NotAccepted(Reason.PROVIDER_NOT_FOUND, 'There is no ModelProvider "acme".')
SERVING = situation(status=serving_since_long())
ACCEPTANCE = [
    row(
        "not accepted, for a moment",
        changed(NOTHING_YET, error=NOT_FOUND),
        refused(Reason.PROVIDER_NOT_FOUND, RECONCILING),
    ),
    row(
        "not accepted, after 60 s",
        later(changed(NOTHING_YET, error=NOT_FOUND), MINUTE),
        refused(Reason.PROVIDER_NOT_FOUND, STALLED),
    ),
    row(
        "not accepted: block of another vendor",
        changed(NOTHING_YET, error=NotAccepted(Reason.PROVIDER_MISMATCH, "type paitient")),
        refused(Reason.PROVIDER_MISMATCH, RECONCILING),
    ),
    row(
        "not accepted: host not allowed",
        changed(NOTHING_YET, error=NotAccepted(Reason.HOST_NOT_ALLOWED, "ask for it")),
        refused(Reason.HOST_NOT_ALLOWED, RECONCILING),
    ),
    *(
        row(
            f"not accepted: {reason}, while it serves: it runs on, and nobody sees whether it answers",
            changed(SERVING, observed=Observed(error=NotAccepted(reason, "no way there"))),
            refused(reason, RECONCILING, UNSEEN, Phase.READY),
        )
        for reason in (
            Reason.CREDENTIALS_MISSING,
            Reason.HOST_NOT_ALLOWED,
            Reason.PROVIDER_NOT_FOUND,
            Reason.PROVIDER_MISMATCH,
            Reason.UNSUPPORTED,
        )
    ),
    row(
        "not accepted, while a create's outcome is unknown: it may run",
        situation(
            None,
            status=status_of(situation(None, status=untouched(pending=pending(started=NOW - MINUTE)))),
            error=NotAccepted(Reason.CREDENTIALS_MISSING, "no Secret"),
        ),
        refused(Reason.CREDENTIALS_MISSING, RECONCILING, phase=Phase.CREATING),
    ),
    row(
        "not accepted: the provider cannot do an edit",
        changed(SERVING, fields={**FIELDS, "replicas": 4}, failure=failure(Unsupported("no such device"))),
        refused(Reason.UNSUPPORTED, RECONCILING, SERVES, Phase.READY),
    ),
    row(
        "not accepted: a copied status names another's deployment",
        changed(SERVING, rival='ModelDeployment "elder"'),
        refused(Reason.EXTERNAL_ID_TAKEN, RECONCILING, SERVES),
    ),
    row(
        "not accepted: name taken by a foreign deployment",
        changed(
            NOTHING_YET, candidates=(remote(name="chosen"),), deployment_name="chosen", has_default_name=False
        ),
        refused(Reason.NAME_TAKEN, RECONCILING),
    ),
    row(
        "not accepted: a deployment of our name has another's tag",
        changed(NOTHING_YET, candidates=(remote(owner_uid="of-another"),), capabilities=PAITIENT),
        refused(Reason.NAME_TAKEN, RECONCILING),
    ),
    row(
        "not accepted: name taken by another ModelDeployment",
        changed(NOTHING_YET, rival='ModelDeployment "elder"'),
        refused(Reason.NAME_TAKEN, RECONCILING),
    ),
    row(
        "not accepted: externalID taken",
        situation(status=untouched(), external_id="33665", rival='ModelDeployment "elder"'),
        refused(Reason.EXTERNAL_ID_TAKEN, RECONCILING, SERVES),
    ),
    row(
        "not accepted: model mismatch",
        situation(status=untouched(), external_id="33665", remote=remote(model="org/other")),
        refused(Reason.MODEL_MISMATCH, RECONCILING, SERVES),
    ),
]

LOST = untouched(pending=pending(started=NOW - MINUTE))
CREATES = [
    row(
        "POST under way: the finalizer is its intent",
        NOTHING_YET,
        Row("False Creating", "False Creating", "False Missing", RECONCILING, Phase.CREATING, Create),
    ),
    row(
        "POST under way: announced",
        changed(NOTHING_YET, has_default_name=False),
        Row("False Creating", "False Creating", "False Missing", RECONCILING, Phase.CREATING),
    ),
    row(
        "a POST may be under way: the finalizer alone says so",
        changed(NOTHING_YET, has_finalizer=True),
        Row("False OutcomeUnknown", "False OutcomeUnknown", "False Missing", RECONCILING, Phase.CREATING),
    ),
    row(
        "POST under way: sent",
        situation(None, status=untouched(pending=pending()), intent=NOW, listed_at=NOW),
        Row("False Creating", "False Creating", "False Missing", RECONCILING, Phase.CREATING, Create),
    ),
    row(
        "its outcome unknown",
        situation(None, status=LOST, listed_at=NOW),
        Row("False OutcomeUnknown", "False OutcomeUnknown", "False Missing", RECONCILING, Phase.CREATING),
    ),
    row(
        "its outcome unknown, and the provider is silent",
        situation(None, status=status_of(situation(None, status=LOST)), error=Unavailable("no answer")),
        Row("False OutcomeUnknown", "False OutcomeUnknown", "False Missing", RECONCILING, Phase.CREATING),
    ),
    row(
        "provider unreachable before the create",
        changed(NOTHING_YET, error=Unavailable("no answer"), listed_at=None),
        Row(
            "False ProviderUnavailable",
            "False ProviderUnavailable",
            "False Missing",
            RECONCILING,
            Phase.PENDING,
        ),
    ),
    row(
        "provider unreachable before the create: it asked for a rest",
        changed(NOTHING_YET, paused_until=NOW + MINUTE),
        Row("False RateLimited", "False RateLimited", "False Missing", RECONCILING, Phase.PENDING),
    ),
    *(
        row(
            f"create refused: {error.reason}",
            changed(NOTHING_YET, failure=failure(error)),
            Row(f"False {error.reason}", f"False {error.reason}", "False Missing", STALLED, Phase.PENDING),
        )
        for error in (
            QuotaExceeded("4 GPUs used"),
            InvalidRequest("contextLength"),
            ModelNotFound("org/llama-8b"),
            InstanceTypeUnavailable("g5"),
            InsufficientCapacity("no H100"),
            PermissionDenied("read-only key"),
        )
    ),
    row(
        "create refused: not now",
        changed(NOTHING_YET, failure=failure(Conflict("another operation is in progress"))),
        Row("False Creating", "False Creating", "False Missing", RECONCILING, Phase.PENDING),
    ),
    row(
        "created, not serving yet",
        situation(RunState.STARTING),
        Row("False Starting", HELD, "False Starting", RECONCILING, Phase.STARTING),
    ),
    *[
        row(
            f"STARTING with a message of {shortage}",
            situation(
                remote=remote(RunState.STARTING, message="Insufficient quota", shortage=shortage),
            ),
            Row(f"False {shortage}", HELD, "False Starting", RECONCILING, Phase.STARTING),
        )
        for shortage in (Reason.QUOTA_EXCEEDED, Reason.INSUFFICIENT_CAPACITY)
    ],
    row(
        "created, not serving yet: no alias",
        situation(remote=remote(alias=None), status=created(external_alias=None)),
        Row("False Starting", HELD, "False Starting", RECONCILING, Phase.STARTING),
    ),
]

EDITED = {**FIELDS, "contextLength": 8192}
MEANWHILE = Row("False Updating", "False Updating", "False Starting", RECONCILING, Phase.STARTING)
ON_ITS_WAY = Row("False Updating", "False Updating", SERVES, RECONCILING, Phase.UPDATING)
EDITS = [
    row(
        "edited meanwhile",
        situation(RunState.STARTING, fields=EDITED, status=status_of(situation(RunState.STARTING))),
        MEANWHILE,
    ),
    row(
        "edited meanwhile: sent once running",
        situation(fields=EDITED, status=status_of(situation(RunState.STARTING))),
        replace(ON_ITS_WAY, action=Update),
    ),
    row(
        "edited meanwhile: sent once failed",
        situation(RunState.FAILED, fields=EDITED, capabilities=PAITIENT),
        replace(ON_ITS_WAY, serving="False Failed", phase=Phase.FAILED, action=Update),
    ),
    row(
        "edited meanwhile: a pause goes at once",
        situation(RunState.STARTING, fields=EDITED, paused=True),
        Row("False Pausing", "False Pausing", "False Paused", RECONCILING, Phase.PAUSING, SetPower),
    ),
    row("serving as specified", SERVING, Row("True Available", HELD, SERVES, NEITHER, Phase.READY)),
    row("update under way: sent", changed(SERVING, fields=EDITED), replace(ON_ITS_WAY, action=Update)),
    row(
        "update under way: not shown yet",
        changed(
            SERVING,
            fields=EDITED,
            status=serving_since_long(last_applied=EDITED),
            update=SentUpdate({"contextLength": 8192}, NOW - timedelta(seconds=5)),
        ),
        ON_ITS_WAY,
    ),
    row(
        "update under way: rolled out",
        changed(SERVING, observed=situation(RunState.UPDATING).observed),
        ON_ITS_WAY,
    ),
    row(
        "update under way: one replica of two",
        changed(SERVING, remote=remote(replicas=1)),
        ON_ITS_WAY,
    ),
]

IGNORED = changed(
    SERVING,
    fields=EDITED,
    status=serving_since_long(last_applied=EDITED),
    update=SentUpdate({"contextLength": 8192}, NOW - 2 * MINUTE, is_verified=True),
)
REMOVED = changed(
    SERVING,
    capabilities=PAITIENT,
    fields={"replicas": 2},
)
STUCK_EDITS = [
    row(
        "UpdateIgnored",
        IGNORED,
        Row("False UpdateIgnored", "False UpdateIgnored", SERVES, STALLED, Phase.READY),
    ),
    row(
        "RemovalUnsupported",
        REMOVED,
        Row("False RemovalUnsupported", "False RemovalUnsupported", SERVES, STALLED, Phase.READY),
    ),
    row(
        "401, seen by the poll",
        changed(SERVING, observed=Observed(error=CredentialsInvalid("wrong key"))),
        Row("False CredentialsInvalid", "False CredentialsInvalid", "Unknown Unknown", STALLED, Phase.READY),
    ),
    row(
        "403, seen by the poll",
        changed(SERVING, observed=Observed(error=PermissionDenied("not yours"))),
        Row("False PermissionDenied", "False PermissionDenied", UNSEEN, STALLED, Phase.READY),
    ),
    row(
        "403, in answer to an update",
        changed(SERVING, fields=EDITED, failure=failure(PermissionDenied("read-only key"))),
        Row("False PermissionDenied", "False PermissionDenied", SERVES, STALLED, Phase.READY),
    ),
    row(
        "drift, Report",
        changed(SERVING, corrects_drift=False, remote=remote(fields=EDITED)),
        Row("True Available", "False DriftReported", SERVES, NEITHER, Phase.READY),
    ),
    row(
        "drift, Report: fewer replicas",
        changed(SERVING, corrects_drift=False, remote=remote(fields={**FIELDS, "replicas": 1}, replicas=1)),
        Row("True Available", "False DriftReported", SERVES, NEITHER, Phase.READY),
    ),
    row(
        "provider unreachable, was serving: unchanged for 2 polls",
        changed(SERVING, observed=Observed()),
        Row("True Available", HELD, SERVES, NEITHER, Phase.READY),
    ),
    row(
        "provider unreachable, was serving: then unknown",
        changed(SERVING, observed=Observed(error=Unavailable("no answer"))),
        Row(
            "Unknown ProviderUnavailable",
            "Unknown ProviderUnavailable",
            "Unknown Unknown",
            NEITHER,
            Phase.READY,
        ),
    ),
    row(
        "provider unreachable, was serving: it limits us",
        changed(SERVING, observed=Observed(error=RateLimited("slow down"))),
        Row("Unknown RateLimited", "Unknown RateLimited", "Unknown Unknown", NEITHER, Phase.READY),
    ),
]

WAS_PAUSED = created(last_power_action=power(Power.PAUSE), phase=Phase.PAUSED)
PAUSED = Row("True Paused", HELD, "False Paused", NEITHER, Phase.PAUSED)
PAUSING = Row("False Pausing", "False Pausing", "False Paused", RECONCILING, Phase.PAUSING)
RESUMING = Row("False Resuming", "False Resuming", "False Starting", RECONCILING, Phase.RESUMING)
BY_HAND = replace(PAUSING, serving=SERVES)
CORRECTED = power(Power.PAUSE, at=NOW - 2 * MINUTE, correction=True)
PAUSES = [
    row("pausing: sent", changed(SERVING, paused=True), replace(PAUSING, action=SetPower)),
    row(
        "pausing: not shown yet",
        changed(SERVING, paused=True, status=created(last_power_action=power(Power.PAUSE, at=NOW))),
        PAUSING,
    ),
    row("pausing: on its way", situation(RunState.STOPPING, paused=True), PAUSING),
    row("resuming: sent", situation(RunState.STOPPED, status=WAS_PAUSED), replace(RESUMING, action=SetPower)),
    row(
        "resuming: not shown yet",
        situation(RunState.STOPPED, status=created(last_power_action=power(Power.RESUME, at=NOW))),
        RESUMING,
    ),
    row(
        "resuming: on its way",
        situation(
            RunState.STARTING, status=created(last_power_action=power(Power.RESUME), phase=Phase.RESUMING)
        ),
        RESUMING,
    ),
    row("resuming: it has to stop first", situation(RunState.STOPPING, status=WAS_PAUSED), RESUMING),
    row(
        "resuming: so soon that the pause does not show yet",
        situation(status=created(last_power_action=power(Power.PAUSE, at=NOW), phase=Phase.PAUSING)),
        RESUMING,
    ),
    row("paused by spec", situation(RunState.STOPPED, paused=True, status=WAS_PAUSED), PAUSED),
    row("paused by spec, also when created so", changed(NOTHING_YET, paused=True), PAUSED),
    row(
        "edits while paused",
        situation(RunState.STOPPED, paused=True, fields=EDITED, status=WAS_PAUSED),
        replace(PAUSED, synced="False HeldWhilePaused"),
    ),
    row(
        "paused by spec, resumed by hand",
        changed(SERVING, paused=True, status=WAS_PAUSED),
        replace(BY_HAND, action=SetPower),
    ),
    row(
        "paused by spec, resumed by hand: not shown yet",
        changed(
            SERVING,
            paused=True,
            status=created(
                last_power_action=power(Power.PAUSE, at=NOW, correction=True), phase=Phase.PAUSING
            ),
        ),
        BY_HAND,
    ),
    row(
        "paused by spec, resumed by hand: once per generation, then UpdateIgnored",
        changed(SERVING, paused=True, status=WAS_PAUSED.model_copy(update={"last_power_action": CORRECTED})),
        Row("False UpdateIgnored", "False UpdateIgnored", SERVES, STALLED, Phase.PAUSED),
    ),
    row(
        "paused by spec, resumed by hand: again in the next generation",
        changed(
            SERVING,
            paused=True,
            generation=4,
            status=WAS_PAUSED.model_copy(update={"last_power_action": CORRECTED}),
        ),
        replace(BY_HAND, action=SetPower),
    ),
    row(
        "paused by spec, resumed by hand: with Report a drift row",
        changed(SERVING, paused=True, corrects_drift=False, status=WAS_PAUSED),
        Row("True Available", "False DriftReported", SERVES, NEITHER, Phase.PAUSED),
    ),
    row(
        "resume refused",
        situation(RunState.STOPPED, status=WAS_PAUSED, failure=failure(QuotaExceeded("4 GPUs used"))),
        Row("False QuotaExceeded", "False QuotaExceeded", "False Paused", STALLED, Phase.PAUSED),
    ),
    row(
        "resume refused, after an attempt that got no answer",
        situation(
            RunState.STOPPED,
            status=status_of(
                situation(RunState.STOPPED, status=WAS_PAUSED, failure=failure(Unavailable("no answer")))
            ),
            failure=failure(QuotaExceeded("4 GPUs used")),
        ),
        Row("False QuotaExceeded", "False QuotaExceeded", "False Paused", STALLED, Phase.PAUSED),
    ),
]

STOPPED = Row("False Stopped", HELD, "False Stopped", STALLED, Phase.STOPPED)
SCALED_DOWN = Row("True ScaledDown", HELD, "False ScaledDown", NEITHER, Phase.SCALED_DOWN)
ONCE_RESUMED = power(Power.RESUME, at=NOW - 2 * MINUTE, correction=True)
STOPS = [
    row(
        "stopped by its own scale-down policy",
        situation(RunState.STOPPED, may_scale_down=True, status=serving_since_long()),
        SCALED_DOWN,
    ),
    row(
        "stopped by its own scale-down policy, once resumed by us",
        situation(
            RunState.STOPPED, may_scale_down=True, status=created(last_power_action=power(Power.RESUME))
        ),
        SCALED_DOWN,
    ),
    row(
        "stopped by its own scale-down policy, fewer replicas shown",
        situation(
            RunState.STOPPED,
            may_scale_down=True,
            remote=remote(RunState.STOPPED, fields={**FIELDS, "replicas": 0}),
        ),
        SCALED_DOWN,
    ),
    row(
        "unpaused with Pause recorded means resume, under any policy",
        situation(RunState.STOPPED, may_scale_down=True, status=WAS_PAUSED),
        replace(RESUMING, action=SetPower),
    ),
    row("stopped by hand, policy NONE", situation(RunState.STOPPED), replace(RESUMING, action=SetPower)),
    row(
        "stopped by hand, policy NONE: again in the next generation",
        situation(RunState.STOPPED, generation=4, status=created(last_power_action=ONCE_RESUMED)),
        replace(RESUMING, action=SetPower),
    ),
    row("… with Report", situation(RunState.STOPPED, corrects_drift=False), STOPPED),
    row(
        "… with Report, and edited",
        situation(RunState.STOPPED, corrects_drift=False, fields=EDITED),
        replace(STOPPED, synced="False HeldWhilePaused"),
    ),
    row(
        "… or after that once",
        situation(RunState.STOPPED, status=created(last_power_action=ONCE_RESUMED)),
        STOPPED,
    ),
]

MISSING = Row(
    "False ExternalResourceMissing", "False ExternalResourceMissing", "False Missing", STALLED, Phase.MISSING
)
GONE = situation(RunState.GONE, status=serving_since_long())
RECREATED = Row("False Creating", "False Creating", "False Missing", RECONCILING, Phase.CREATING)
ONCE = changed(GONE, status=serving_since_long(recreated_generation=3))
ABSENCES = [
    row("gone out of band", GONE, RECREATED),
    row(
        "gone out of band, without a tombstone",
        changed(GONE, observed=Observed(presence=Presence.ABSENT)),
        RECREATED,
    ),
    row(
        "gone out of band, seen while it went",
        later(changed(SERVING, remote=remote(RunState.DELETING)), observed=GONE.observed),
        RECREATED,
    ),
    row(
        "gone out of band, first met by an edit of ours",
        changed(
            GONE,
            status=status_of(changed(SERVING, fields=EDITED, failure=failure(NotFound("no such id")))),
        ),
        RECREATED,
    ),
    row("… with Report", changed(GONE, corrects_drift=False), MISSING),
    row("… after that once", ONCE, MISSING),
    row("… with externalID", changed(GONE, external_id="33665"), MISSING),
    row(
        "… with externalID, before it was ever seen",
        changed(GONE, external_id="33665", status=untouched()),
        MISSING,
    ),
    row("an edit re-creates", later(ONCE, generation=4), RECREATED),
    row(
        "an edit re-creates, with Report", later(changed(GONE, corrects_drift=False), generation=4), RECREATED
    ),
    row("never with externalID", later(changed(GONE, external_id="33665"), generation=4), MISSING),
]

PROBING = changed(SERVING, probe=Probe(prompt="ping", timeout=MINUTE), status=created())
NO_ANSWER = ProbeResult(passed=False, message="parasail: probe 33665: HTTP 500", retry_at=NOW + MINUTE)
PROBE_FAILED = Row("False ProbeFailed", HELD, "False ProbeFailed", RECONCILING, Phase.STARTING)
FAILED = Row("False Failed", HELD, "False Failed", STALLED, Phase.FAILED)
HEALTH = [
    row("vendor says failed/ERROR", situation(RunState.FAILED), FAILED),
    row(
        "vendor says failed/ERROR: edits are sent",
        situation(RunState.FAILED, fields=EDITED),
        Row("False Updating", "False Updating", "False Failed", RECONCILING, Phase.FAILED, Update),
    ),
    row(
        "vendor says failed/ERROR, drift and Report",
        situation(RunState.FAILED, corrects_drift=False, remote=remote(RunState.FAILED, fields=EDITED)),
        replace(FAILED, synced="False DriftReported"),
    ),
    row(
        "the probe gates Serving",
        PROBING,
        Row("False Starting", HELD, "False Starting", RECONCILING, Phase.STARTING, RunProbe),
    ),
    row(
        "the probe gates Serving, also while an edit goes first",
        changed(PROBING, fields=EDITED),
        replace(ON_ITS_WAY, serving="False Starting", action=Update),
    ),
    row(
        "the probe gates Serving, also with drift and Report",
        changed(PROBING, corrects_drift=False, remote=remote(fields=EDITED)),
        Row("False Starting", "False DriftReported", "False Starting", RECONCILING, Phase.STARTING, RunProbe),
    ),
    row("probe fails", changed(PROBING, sent=replace(PROBING.sent, probe=NO_ANSWER)), PROBE_FAILED),
    row(
        "probe fails: repeated",
        changed(PROBING, sent=replace(PROBING.sent, probe=NO_ANSWER), now=NOW + MINUTE),
        replace(PROBE_FAILED, action=RunProbe),
    ),
    row(
        "probe fails: until progressDeadline, then Stalled",
        later(changed(PROBING, sent=replace(PROBING.sent, probe=NO_ANSWER)), timedelta(minutes=30)),
        replace(PROBE_FAILED, progress=STALLED, action=RunProbe),
    ),
    row(
        "probe passed",
        changed(PROBING, sent=replace(PROBING.sent, probe=replace(NO_ANSWER, passed=True))),
        Row("True Available", HELD, SERVES, NEITHER, Phase.READY),
    ),
    row(
        "one probe per transition to serving",
        changed(PROBING, status=serving_since_long()),
        Row("True Available", HELD, SERVES, NEITHER, Phase.READY),
    ),
    row(
        "a word that no document names",
        changed(SERVING, remote=remote(RunState.UNKNOWN)),
        Row("Unknown Unknown", HELD, "Unknown Unknown", RECONCILING, Phase.READY),
    ),
]

GOING = changed(SERVING, wanted=False)
DELETING = Row("False Deleting", "False Deleting", SERVES, RECONCILING, Phase.DELETING)
DELETIONS = [
    row("being deleted: sent", GOING, replace(DELETING, action=Delete)),
    row("being deleted: accepted", changed(GOING, delete_at=NOW - timedelta(seconds=1)), DELETING),
    row(
        "being deleted: on its way",
        changed(GOING, delete_at=LONG_AGO, remote=remote(RunState.DELETING)),
        replace(DELETING, serving="False Missing"),
    ),
    row("being deleted: nothing seen yet", changed(GOING, observed=Observed()), DELETING),
    row(
        "being deleted, provider unreachable",
        changed(GOING, observed=Observed(error=Unavailable("no answer"))),
        replace(
            DELETING, ready="False ProviderUnavailable", synced="False ProviderUnavailable", serving=UNSEEN
        ),
    ),
    row(
        "being deleted, refused",
        changed(GOING, failure=failure(DeletionRefused("it has traffic"))),
        replace(DELETING, ready="False DeletionRefused", synced="False DeletionRefused", progress=STALLED),
    ),
    row(
        "being deleted, Secret gone",
        changed(GOING, observed=Observed(error=NotAccepted(Reason.CREDENTIALS_MISSING, "no Secret"))),
        replace(
            DELETING,
            ready="False CredentialsMissing",
            synced="False CredentialsMissing",
            serving=UNSEEN,
            progress=STALLED,
        ),
    ),
    row(
        "being deleted while a create's outcome is unknown",
        situation(None, status=LOST, wanted=False, listed_at=NOW),
        replace(
            DELETING, ready="False OutcomeUnknown", synced="False OutcomeUnknown", serving="False Missing"
        ),
    ),
    row(
        "being deleted while a create's outcome is unknown and nobody can look",
        situation(None, status=LOST, wanted=False, can_list=False),
        replace(
            DELETING,
            ready="False OutcomeUnknown",
            synced="False OutcomeUnknown",
            serving="False Missing",
            progress=STALLED,
        ),
    ),
]


TABLE = [
    *ACCEPTANCE,
    *CREATES,
    *EDITS,
    *STUCK_EDITS,
    *PAUSES,
    *STOPS,
    *ABSENCES,
    *HEALTH,
    *DELETIONS,
]


@pytest.mark.parametrize(("s", "expected"), TABLE)
def test_a_situation_looks_as_the_table_says(s: Situation, expected: Row) -> None:
    assert shown(s) == expected


ASKED = re.compile(
    r"\b(delete|edit|set|change|raise|wait|mend|put|take|pause|resume|free|try|look|check|fix|store|increase)\b",
    re.IGNORECASE,
)
"""A verb that asks a person to do something."""


@pytest.mark.parametrize(("s", "expected"), TABLE)
def test_no_sentence_shows_how_it_is_made(s: Situation, expected: Row) -> None:
    assert [
        one.message for one in look(s)[1].conditions if "{_" in one.message or "None" in one.message
    ] == []


@pytest.mark.parametrize(("s", "expected"), TABLE)
def test_whoever_waits_for_a_person_says_what_to_do(s: Situation, expected: Row) -> None:
    if isinstance(s.observed.error, NotAccepted) or expected.progress != STALLED:
        return  # what leads to no account is worded where that is found out
    stalled = look(s)[1].condition("Stalled")
    assert stalled is not None
    assert ASKED.search(stalled.message), stalled.message


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


def test_a_policy_other_than_none_makes_fewer_replicas_no_drift() -> None:
    fewer = changed(SERVING, may_scale_down=True, remote=remote(fields={**FIELDS, "replicas": 1}, replicas=1))
    assert shown(fewer) == Row("True Available", HELD, SERVES, NEITHER, Phase.READY)
    edited = changed(fewer, fields={**FIELDS, "replicas": 4})
    assert shown(edited).action is Update


@pytest.mark.parametrize("state", [RunState.STOPPED, RunState.STOPPING])
def test_a_pause_is_recorded_even_if_it_was_stopped_already(state: RunState) -> None:
    status = status_of(situation(state, paused=True))
    assert status.last_power_action is not None
    assert status.last_power_action.action is Power.PAUSE
    assert look(situation(RunState.STOPPED, status=status))[0].action == SetPower(
        "33665", Power.RESUME, is_correction=False
    )


def test_what_is_held_while_paused_is_listed() -> None:
    status = status_of(situation(RunState.STOPPED, paused=True, fields=EDITED, status=WAS_PAUSED))
    ready = status.condition("Ready")
    assert ready is not None
    assert "contextLength 4096 → 8192" in ready.message
    assert [row.field for row in status.drift] == ["contextLength"]


def test_an_adopted_deployment_is_published_before_it_is_corrected() -> None:
    asked = desired(external_id="33665", fields=EDITED, paused=True)
    first = situation(status=untouched(), desired=asked)
    _, status = look(first)
    assert status.external_id == "33665"
    assert {row.field for row in status.drift} == {"contextLength", "paused"}
    within_the_sweep = changed(first, status=status, adopted_at=NOW, now=NOW + timedelta(seconds=29))
    step, status = look(within_the_sweep)
    assert step.action is None
    assert {row.field for row in status.drift} == {"contextLength", "paused"}
    after_it = changed(within_the_sweep, now=NOW + timedelta(seconds=30))
    assert isinstance(look(after_it)[0].action, SetPower)


def test_what_an_adoption_under_report_shows_is_drift_and_what_nobody_shows_is_sent() -> None:
    """What it shows otherwise counts as compared; its own edit of it is sent all the same."""
    hidden = {**EDITED, "paitient.tags.team": "x"}
    asked = desired(external_id="33665", fields=hidden, corrects_drift=False)
    first = situation(status=untouched(), desired=asked)
    status = status_of(first)
    assert status.last_applied == EDITED
    later = changed(first, status=status, adopted_at=NOW, now=NOW + timedelta(seconds=30))
    step, status = look(later)
    assert isinstance(step.action, Update)
    assert step.action.changes == {"paitient.tags.team": "x"}
    edited = changed(later, status=status, fields={**EDITED, "contextLength": 1024})
    assert isinstance((step := look(edited)[0]).action, Update)
    assert step.action.changes == {"contextLength": 1024}


@pytest.mark.parametrize("state", [RunState.SERVING, RunState.STOPPED])
def test_an_adopted_deployment_keeps_what_the_spec_omits(state: RunState) -> None:
    asked = desired(external_id="33665", fields={}, paused=None)
    s = situation(state, status=created(last_applied={}), desired=asked)
    step, status = look(s)
    assert step.action is None
    ready = status.condition("Ready")
    assert ready is not None
    assert ready.status == "True"


def test_an_intent_that_says_something_else_by_now_is_announced_anew() -> None:
    edited = {**FIELDS, "replicas": 7}
    step = decide(
        situation(None, status=untouched(pending=pending()), intent=NOW, listed_at=NOW, fields=edited)
    )
    assert step.action is None
    assert isinstance(step.change.pending, Pending)
    assert step.change.pending.sent == edited


@pytest.mark.parametrize("wanted", [True, False])
def test_a_stranger_under_the_recorded_id_is_neither_changed_nor_deleted(wanted: bool) -> None:
    stranger = remote(name="theirs", model="org/other", owner_uid=None, fields={"replicas": 9})
    seen = Observed(presence=Presence.PRESENT, remote=stranger)
    step = decide(situation(observed=seen, wanted=wanted))
    assert step.action is None
    assert (step.accepted or step.synced).reason == Reason.MODEL_MISMATCH


def test_where_neither_a_list_nor_a_name_can_tell_a_lost_create_is_not_sent_again() -> None:
    capabilities = replace(PARASAIL, names_are_unique=False)
    step = decide(situation(None, status=LOST, can_list=False, capabilities=capabilities))
    assert (step.action, step.change.pending, step.progress) == (None, UNCHANGED, Progress.STUCK)


NO_KEY = 'spec.parasail.modelAccessKeySecretRef: Secret "hugging-face" does not exist in namespace team.'


@pytest.mark.parametrize(
    ("s", "serving", "phase"),
    [
        pytest.param(
            situation(None, status=untouched(), listed_at=NOW), "False Missing", Phase.PENDING, id="create"
        ),
        pytest.param(
            situation(fields=EDITED, status=created().with_(phase=Phase.READY)),
            SERVES,
            Phase.READY,
            id="update",
        ),
    ],
)
def test_what_says_an_access_key_waits_for_it(s: Situation, serving: str, phase: Phase) -> None:
    step, status = look(replace(s, missing_key=NO_KEY))
    assert step.action is None
    assert step.change.pending is UNCHANGED
    told_now = {c.type: f"{c.status} {c.reason}" for c in status.conditions}
    assert {told_now[name] for name in ("Accepted", "Ready", "Synced")} == {"False CredentialsMissing"}
    assert (told_now["Serving"], status.phase) == (serving, phase)


@pytest.mark.parametrize(
    ("s", "action"),
    [
        pytest.param(situation(paused=True), SetPower, id="pause"),
        pytest.param(situation(RunState.STOPPED, status=WAS_PAUSED), SetPower, id="resume"),
        pytest.param(situation(wanted=False), Delete, id="delete"),
    ],
)
def test_what_says_no_access_key_does_not_wait_for_one(s: Situation, action: type[object]) -> None:
    assert isinstance(look(replace(s, missing_key=NO_KEY))[0].action, action)


def test_one_of_the_choices_will_do_and_nothing_else() -> None:
    choices = ({"device": "H100SXM", "count": 2}, {"device": "L40S", "count": 1})
    fields = {**FIELDS, "parasail.devices": choices}

    def running_on(*chosen: object) -> Situation:
        shown_now = remote(
            fields={**FIELDS, "parasail.devices": chosen}, choices=frozenset({"parasail.devices"})
        )
        return situation(remote=shown_now, fields=fields, status=created(last_applied=fields))

    assert look(running_on(choices[1]))[0].action is None
    assert look(running_on(*choices))[0].action is None
    assert isinstance(look(running_on({"device": "RTX4090", "count": 1}))[0].action, Update)
    assert isinstance(look(running_on())[0].action, Update)
