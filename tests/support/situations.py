"""Situations for tests of the pure core: everything is as it should be, save what a test names.

`situation(state=RunState.STOPPED, paused=True)` in, `look(...)` gives the decision and the status after it.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from model_operator.domain import Desired, Power, Remote, RunState
from model_operator.errors import ProviderError
from model_operator.models.deployment import LastPowerAction, ModelDeploymentStatus, Pending
from model_operator.models.status import Status
from model_operator.plan.deployment.absence import NOT_LOOKED, Looks
from model_operator.plan.deployment.decide import decide
from model_operator.plan.deployment.remembered import Creation, Failure, Sent
from model_operator.plan.deployment.situation import (
    Decision,
    Observed,
    Presence,
    Situation,
    Timing,
)
from model_operator.providers.registry import PROVIDERS
from model_operator.status.deployment import summarize

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=2)
PARASAIL = PROVIDERS["parasail"].capabilities
PAITIENT = PROVIDERS["paitient"].capabilities
TIMING = Timing()
FIELDS: Mapping[str, Any] = {"replicas": 2, "contextLength": 4096}
WORDS = {
    RunState.STARTING: "STARTING",
    RunState.SERVING: "ONLINE",
    RunState.UPDATING: "updating",
    RunState.STOPPING: "STOPPING",
    RunState.STOPPED: "OFFLINE",
    RunState.FAILED: "ERROR",
    RunState.DELETING: "deleting",
    RunState.GONE: "deleted",
    RunState.UNKNOWN: "HIBERNATING",
}

DESIRED = Desired(
    uid="11111111-2222-3333-4444-555555555555",
    namespace="team",
    name="llama",
    generation=3,
    deployment_name="llama-abcdefgh",
    model="org/llama-8b",
    fields=FIELDS,
    provider="acme",
)


def desired(**changes: Any) -> Desired:
    return replace(DESIRED, **changes)


def remote(state: RunState = RunState.SERVING, **changes: Any) -> Remote:
    """What a GET shows of our deployment in that state, with the fields as they were asked for."""
    usual: dict[str, Any] = {
        "id": "33665",
        "name": DESIRED.deployment_name,
        "model": DESIRED.model,
        "state": state,
        "word": WORDS[state],
        "replicas": {RunState.SERVING: 2, RunState.UPDATING: 2, RunState.STOPPED: 0}.get(state),
        "alias": "acme-llama",
        "url": "https://api.parasail.io/v1",
        "owner_uid": DESIRED.uid,
        "fields": FIELDS,
        "version": "v1",
        "is_full": True,
    }
    return Remote(**{**usual, **changes})


def pending(*, started: datetime = NOW, absent_before: bool = True) -> Pending:
    return Pending(
        operation="Create",
        started_at=started,
        deadline=started + TIMING.request_deadline,
        absent_before=absent_before,
        sent=dict(FIELDS),
    )


def missed(*begins: datetime) -> Looks:
    """Looks that began then did not show it."""
    looks = NOT_LOOKED
    for begun in begins:
        looks = looks.missed(begun, is_proof=True)
    return looks


def power(
    action: Power, *, at: datetime = LONG_AGO, generation: int = DESIRED.generation, correction: bool = False
) -> LastPowerAction:
    return LastPowerAction(action=action, at=at, generation=generation, correction=correction)


def failure(
    error: ProviderError, *, until: datetime = NOW + timedelta(minutes=1), generation: int = 3
) -> Failure:
    return Failure(error, until, generation)


_PARTS = {
    part: {field.name for field in fields(kind)}
    for part, kind in (
        ("desired", Desired),
        ("observed", Observed),
        ("creation", Creation),
        ("sent", Sent),
        ("timing", Timing),
    )
}


def situation(
    state: RunState | None = RunState.SERVING, *, status: ModelDeploymentStatus | None = None, **changes: Any
) -> Situation:
    """A running deployment that we created, in that vendor state; None: nothing is seen of it.

    Keywords are fields of Situation, Desired, Observed, Creation, Sent or Timing.
    """
    seen = Observed() if state is None else Observed(presence=_presence(state), remote=remote(state))
    usual = Situation(
        desired=DESIRED,
        wanted=True,
        status=created() if status is None else status,
        observed=seen,
        capabilities=PARASAIL,
        timing=TIMING,
        now=NOW,
    )
    return changed(usual, **changes)


def _presence(state: RunState) -> Presence:
    return Presence.ABSENT if state is RunState.GONE else Presence.PRESENT


def changed(s: Situation, **changes: Any) -> Situation:
    """The situation with these fields, wherever they belong (`probe` is the one of Desired)."""
    for part, names in _PARTS.items():
        whole = changes.pop(part, getattr(s, part))
        inner = {name: changes.pop(name) for name in list(changes) if name in names}
        s = replace(s, **{part: replace(whole, **inner)})
    return replace(s, **changes)


def untouched(**changes: Any) -> ModelDeploymentStatus:
    """As the server makes it: the CRD's default."""
    pending = {
        "type": "Ready",
        "status": "Unknown",
        "reason": "Pending",
        "message": "Waiting for the operator.",
        "lastTransitionTime": "1970-01-01T00:00:00Z",
    }
    status = ModelDeploymentStatus.parse({"observedGeneration": -1, "conditions": [pending]})
    return status.model_copy(update=changes)


def created(**changes: Any) -> ModelDeploymentStatus:
    """It was created long ago, and nothing was said of it since."""
    usual: dict[str, Any] = {
        "external_id": "33665",
        "last_applied": dict(FIELDS),
        "external_alias": "acme-llama",
    }
    return untouched(**{**usual, **changes})


def look(s: Situation) -> tuple[Decision, ModelDeploymentStatus]:
    """The decision, and the status after a pass in which its action (if any) is not known to have failed."""
    step = decide(s)
    return step, summarize(s, step)


def status_of(s: Situation) -> ModelDeploymentStatus:
    return look(s)[1]


def later(s: Situation, by: timedelta = timedelta(seconds=1), **changes: Any) -> Situation:
    """The same situation after its status was written, a little later."""
    return changed(s, **{"status": status_of(s), "now": s.now + by, **changes})


def serving_since_long(**changes: Any) -> ModelDeploymentStatus:
    """The status of a deployment that has been Ready for days."""
    return status_of(situation(now=LONG_AGO)).model_copy(update=changes)


def told(status: Status) -> dict[str, str]:
    """`{"Ready": "False Starting", …}`."""
    return {c.type: f"{c.status} {c.reason}" for c in status.conditions}
