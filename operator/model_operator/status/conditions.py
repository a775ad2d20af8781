"""Conditions as Kubernetes wants them: one per type, and a transition time that moves with `status` alone.

Source: Kubernetes API conventions, "Typical status properties".
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from model_operator.conditions import ConditionType
from model_operator.models.status import Condition, condition
from model_operator.plan.verdict import Verdict

_MESSAGE_LIMIT = 1024


def text_of(is_true: bool | None) -> str:
    return "Unknown" if is_true is None else str(is_true)


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
        merged.append(condition(str(type_), status, str(verdict.reason), message, generation, since))
    return tuple(merged)
