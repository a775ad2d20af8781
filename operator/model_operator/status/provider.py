"""What a ModelProvider's status says about its account. Pure."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from model_operator.advice import advised
from model_operator.conditions import ConditionType, Reason
from model_operator.domain import CONFIRM_ABSENCE
from model_operator.errors import ProviderError, retry_for
from model_operator.models.orphans import Orphans
from model_operator.models.provider import ConfirmedAbsence, Missing, ModelProvider, ModelProviderStatus
from model_operator.modes import Mode
from model_operator.plan.verdict import Verdict
from model_operator.status.conditions import merge

_MOST_IDS = 50
_SUSPENDED = (
    "This object is in mode Suspend: nothing is asked of the provider, and nothing is sent. Objects that are deleted"
    " wait. Set spec.mode to Manage to continue."
)
_OBSERVING = " In mode Observe, nothing is changed there: objects report what they would do."
_IDLE = Verdict(False, Reason.IDLE, "No change is in progress.")
_NOT_STALLED = Verdict(False, Reason.NOT_STALLED, "The object is not stalled.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView:
    """What is known of the account behind a ModelProvider."""

    reason: Reason | None = None
    """Why there is no account to ask, or only an old one."""
    message: str = ""
    error: ProviderError | None = None
    has_answered: bool = False
    is_mismatch: bool = False
    confirmed: ConfirmedAbsence | None = None
    """The result of `confirm`."""
    missing: frozenset[str] = frozenset()
    """Ids of this ModelProvider's objects that make it a mismatch."""
    has_listed: bool = False
    is_proven: bool = False
    secret_version: str | None = None
    dependents: tuple[str, ...] = ()
    """Names of the ModelDeployments that use it."""
    canaries: tuple[str, ...] = ()
    """Names of the CanaryEndpoints that use it."""
    orphans: Orphans | None = None
    """What it says of orphaned deployments from now on."""
    webhook: Verdict | None = None
    """Whether its events are taken; None where its Secret could not be read, or the spec asks for none."""
    mode: Mode = Mode.MANAGE
    is_changing: bool = False
    """A request that changes something has left, and is not answered yet."""


def summarize(
    resource: ModelProvider, view: AccountView, now: datetime, grace: timedelta
) -> ModelProviderStatus:
    """The whole status after this pass. `grace` is how long missing things may be on their way."""
    metadata, status = resource.metadata, resource.status
    ready, needs_person = _ready(resource, view)
    is_waiting = not ready.is_true and ready.reason is not Reason.SUSPENDED
    stalled = is_waiting and needs_person and _since(status, ready, now) >= grace
    verdicts = {
        ConditionType.READY: ready,
        **_webhook(resource, view),
        ConditionType.RECONCILING: replace(ready, is_true=True) if is_waiting and not stalled else _IDLE,
        ConditionType.STALLED: replace(ready, is_true=True) if stalled else _NOT_STALLED,
    }
    proven = view.secret_version if view.is_proven else status.proven_secret_version
    confirmed = view.confirmed
    return status.with_(
        observed_generation=metadata.generation,
        mode=status.mode if view.is_changing and view.mode is not Mode.MANAGE else view.mode,
        deployments=len(view.dependents),
        proven_secret_version=proven,
        list_worked=True if view.has_listed else status.list_worked,
        missing=_freeze(status, view, confirmed, now),
        confirmed_absence=confirmed,
        orphans=view.orphans,
        conditions=merge(status.conditions, verdicts, metadata.generation, now),
    )


def _webhook(resource: ModelProvider, view: AccountView) -> dict[ConditionType, Verdict]:
    """Beside Ready and no part of it: without events the account is polled."""
    if resource.spec.webhook is None:
        return {}
    unread = Verdict(False, view.reason or Reason.PENDING, view.message)
    return {ConditionType.WEBHOOK_READY: view.webhook or unread}


def confirm(
    resource: ModelProvider, missing: frozenset[str], is_shown: Callable[[str], bool]
) -> ConfirmedAbsence | None:
    """What people have confirmed to be gone: only what was named with the token, and is missing still.

    What is shown again is confirmed no more, and a token counts once.
    """
    status, before = resource.status, resource.status.confirmed_absence
    named = resource.metadata.annotations.get(CONFIRM_ABSENCE)
    frozen = status.missing
    if before is not None and (frozen is None or named in (before.token, None) or named != frozen.token):
        return before.with_(ids=tuple(id_ for id_ in before.ids if not is_shown(id_)))
    if frozen is None or named != frozen.token:
        return None
    return ConfirmedAbsence(token=frozen.token, ids=tuple(id_ for id_ in frozen.ids if id_ in missing))


def _freeze(
    status: ModelProviderStatus, view: AccountView, confirmed: ConfirmedAbsence | None, now: datetime
) -> Missing | None:
    """The missing ids under one token, as long as there are none besides."""
    before, missing = status.missing, view.missing - set(confirmed.ids if confirmed is not None else ())
    if view.reason is not None or view.error is not None or view.mode is Mode.SUSPEND:
        return before  # nothing is known
    if not missing:
        return None
    is_used = before is not None and confirmed is not None and confirmed.token == before.token
    if before is not None and not is_used and len(missing) <= before.count and _names(before, missing):
        return before
    ids = sorted(missing)
    token = hashlib.sha256("\n".join([now.isoformat(), *ids]).encode()).hexdigest()[:12]
    return Missing(token=token, ids=tuple(ids[:_MOST_IDS]), count=len(ids))


def _names(before: Missing, missing: frozenset[str]) -> bool:
    """Whether nothing is missing besides; of more than it can name, the number has to do."""
    return before.count > len(before.ids) or missing <= set(before.ids)


def _ready(resource: ModelProvider, view: AccountView) -> tuple[Verdict, bool]:
    """Ready, and whether only a person can help."""
    if resource.metadata.is_terminating:
        return Verdict(False, Reason.IN_USE, _in_use(view)), True
    if view.mode is Mode.SUSPEND:
        return Verdict(None, Reason.SUSPENDED, _SUSPENDED), False
    if view.reason is not None:
        return Verdict(False, view.reason, view.message), True
    if view.error is not None:
        secret = f'Secret "{resource.spec.credentials.secret_ref.name}" (apiKey)'
        said = advised(view.error.reason, str(view.error), secret)
        return Verdict(False, view.error.reason, said), retry_for(view.error).needs_person
    if view.is_mismatch:
        message = (
            "Known deployments are missing from this account. Store the right key in the Secret. If the deployments"
            " in status.missing are really gone, annotate this object with modeloperator.dev/confirm-absence:"
            " <status.missing.token>."
        )
        return Verdict(False, Reason.ACCOUNT_MISMATCH, message), True
    if not view.has_answered and not _was_ready(resource):
        return Verdict(None, Reason.PENDING, "The provider has not answered yet."), False
    observing = _OBSERVING if view.mode is Mode.OBSERVE else ""
    return Verdict(True, Reason.AVAILABLE, f"The provider accepts the credentials.{observing}"), False


def _was_ready(resource: ModelProvider) -> bool:
    """The last word about this generation: it stands until the provider answers, since a restart is no news."""
    before = resource.status.condition(ConditionType.READY)
    if before is None or before.observed_generation != resource.metadata.generation:
        return False
    return before.is_true


def _in_use(view: AccountView) -> str:
    users = {"ModelDeployments": view.dependents, "CanaryEndpoints": view.canaries}
    kinds = " and ".join(kind for kind, names in users.items() if names)
    names = sorted(view.dependents) + sorted(view.canaries)
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return f"This object is kept until the {kinds} that use it are gone: {shown}. Delete them first."


def _since(status: ModelProviderStatus, ready: Verdict, now: datetime) -> timedelta:
    """How long Ready has been what it is now."""
    before = status.condition(ConditionType.READY)
    if before is None or before.status != ("Unknown" if ready.is_true is None else str(ready.is_true)):
        return timedelta()
    return now - before.last_transition_time
