"""Rows: what no longer exists, what starts, fails or is probed."""

from dataclasses import replace
from datetime import timedelta

from model_operator.conditions import Phase
from model_operator.domain import Probe, RunState
from model_operator.errors import NotFound
from model_operator.plan.deployment.remembered import ProbeResult
from model_operator.plan.deployment.situation import Observed, Presence, RunProbe, Update
from support.situation_table.row import (
    EDITED,
    HELD,
    MINUTE,
    NEITHER,
    RECONCILING,
    SERVES,
    SERVING,
    STALLED,
    Row,
    row,
)
from support.situation_table.updating import ON_ITS_WAY
from support.situations import (
    NOW,
    changed,
    created,
    failure,
    later,
    remote,
    serving_since_long,
    situation,
    status_of,
    untouched,
)

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
