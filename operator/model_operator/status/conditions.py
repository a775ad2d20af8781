"""Conditions as Kubernetes wants them: one per type, and a transition time that moves with `status` alone.

Source: Kubernetes API conventions, "Typical status properties".
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from model_operator.conditions import ConditionType, Reason
from model_operator.models.status import Condition, condition
from model_operator.plan.verdict import Verdict

_MESSAGE_LIMIT = 1024


def text_of(is_true: bool | None) -> str:
    return "Unknown" if is_true is None else str(is_true)


_CHANGES_EACH_TIME = re.compile(r"[0-9a-f-]*\d[0-9a-f-]{4,}", re.IGNORECASE)
"""A request id, a time, a counter in a provider's words."""
_OUTAGES = frozenset({Reason.PROVIDER_UNAVAILABLE, Reason.RATE_LIMITED})
"""Written once, however often and in whatever words a provider fails."""
_REFUSALS = frozenset(
    {
        Reason.OUTCOME_UNKNOWN,
        Reason.CREDENTIALS_INVALID,
        Reason.PERMISSION_DENIED,
        Reason.QUOTA_EXCEEDED,
        Reason.INSUFFICIENT_CAPACITY,
        Reason.INVALID_REQUEST,
        Reason.DELETION_REFUSED,
        Reason.WRITE_REFUSED,
        Reason.CONNECTION_NOT_WRITTEN,
    }
)
"""Written again where more than the numbers in the words of the provider, or of the API server, has changed."""


def without_numbers(message: str) -> str:
    """What is the same in two refusals of one thing."""
    return _CHANGES_EACH_TIME.sub("#", message)


def _says_the_same(old: Condition, reason: str, message: str, generation: int) -> bool:
    if old.reason != reason or old.observed_generation != generation:
        return False
    if reason in _OUTAGES:
        return True
    return reason in _REFUSALS and without_numbers(old.message) == without_numbers(message)


def merge(
    prior: Iterable[Condition], verdicts: Mapping[ConditionType, Verdict], generation: int, now: datetime
) -> tuple[Condition, ...]:
    """The new list, in the order of `verdicts`; types of `prior` that nobody spoke of are dropped."""
    before = {one.type: one for one in prior}
    merged = []
    for type_, verdict in verdicts.items():
        old, status = before.get(type_), text_of(verdict.is_true)
        has_flipped = old is None or old.status != status
        since = now.replace(microsecond=0) if has_flipped or old is None else old.last_transition_time
        message = verdict.message[:_MESSAGE_LIMIT]
        if old is not None and not has_flipped and _says_the_same(old, verdict.reason, message, generation):
            message = old.message
        merged.append(condition(str(type_), status, str(verdict.reason), message, generation, since))
    return tuple(merged)
