"""Rows: edits and out-of-band changes, and updates that do not take."""

from dataclasses import replace
from datetime import timedelta

from model_operator.conditions import Phase
from model_operator.domain import RunState
from model_operator.errors import CredentialsInvalid, PermissionDenied, RateLimited, Unavailable
from model_operator.plan.deployment.remembered import SentUpdate
from model_operator.plan.deployment.situation import Observed, SetPower, Update
from support.situation_table.row import (
    EDITED,
    HELD,
    MINUTE,
    NEITHER,
    RECONCILING,
    SERVES,
    SERVING,
    STALLED,
    UNSEEN,
    Row,
    row,
)
from support.situations import (
    FIELDS,
    NOW,
    PAITIENT,
    changed,
    failure,
    remote,
    serving_since_long,
    situation,
    status_of,
)

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
