"""What an object costs while it counts in budgets: one share for each, kept beside its cost's checkpoint. Pure.

A share is open while its budget counts the object, and closed once it does not. What a checkpoint is moved on by is added
to the open ones; readers go on from it by the rate, as with the cost itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from model_operator.billing.money import ZERO, Rate, Span, Sum, rounded, total
from model_operator.billing.periods import SLIP
from model_operator.models.cost import Cost, Share

Counted = Mapping[str, datetime]
"""The budgets that count an object, by name, with the start of the present period of each."""


def renewed(shares: Iterable[Share], counted: Counted) -> tuple[Share, ...]:
    """Without what was of a former period. Has to come before anything is added."""
    return tuple(_renewed(share, counted.get(share.budget)) for share in shares)


def _renewed(share: Share, start: datetime | None) -> Share:
    if start is None or share.since >= start:
        return share
    return share.with_(since=start, accrued=ZERO, uncertain=ZERO)


def with_spans(shares: Iterable[Share], spans: Sequence[Span]) -> tuple[Share, ...]:
    """The open ones, each with what the spans come to since it began."""
    return tuple(_with_spans(share, spans) for share in shares)


def _with_spans(share: Share, spans: Sequence[Span]) -> Share:
    if share.until is not None or not spans:
        return share
    accrued, uncertain = rounded(Sum(share.accrued, share.uncertain) + total(spans, share.since))
    return share.with_(accrued=accrued, uncertain=uncertain)


def emptied(shares: Iterable[Share]) -> tuple[Share, ...]:
    """For a cost that begins anew, in another currency."""
    return tuple(share.with_(accrued=ZERO, uncertain=ZERO) for share in shares)


def is_recounted(shares: Iterable[Share], counted: Counted) -> bool:
    """Whether other budgets count the object than those with an open share."""
    return {share.budget for share in shares if share.until is None} != counted.keys()


def recounted(
    shares: Iterable[Share], counted: Counted, known: frozenset[str], at: datetime
) -> tuple[Share, ...]:
    """From `at` on, which is the checkpoint's time, these budgets count it. `known` are all that there are: of another
    one nothing is kept.
    """
    before = {share.budget: share for share in shares if share.budget in known}
    kept = [_moved(share, at, is_counted=share.budget in counted) for share in before.values()]
    new = [
        Share(budget=name, since=max(start, at), accrued=ZERO, uncertain=ZERO)
        for name, start in counted.items()
        if name not in before
    ]
    return tuple(sorted((*kept, *new), key=lambda share: share.budget))


def _moved(share: Share, at: datetime, *, is_counted: bool) -> Share:
    if is_counted:
        return share if share.until is None else share.with_(until=None)
    return share if share.until is not None else share.with_(until=at)


def dated(shares: Iterable[Share], now: datetime) -> tuple[Share, ...]:
    """None from a future that a clock has seen which was ahead: until then nothing would be counted."""
    return tuple(share.with_(since=now) if _is_from_the_future(share, now) else share for share in shares)


def _is_from_the_future(share: Share, now: datetime) -> bool:
    return share.since > now + SLIP


def share_at(cost: Cost, budget: str, start: datetime, now: datetime) -> Sum:
    """What it has cost until `now` while it counted in that budget, in the period that began at `start`."""
    share = next((share for share in cost.parts if share.budget == budget), None)
    if share is None:
        return Sum()
    known = Sum(share.accrued, share.uncertain) if share.since >= start else Sum()
    if share.until is not None:
        return known
    rate = Rate(cost.per_hour, cost.uncertain_per_hour or ZERO)
    since = start if _is_from_the_future(share, now) else max(start, share.since)
    return known + Span(cost.at, now, rate).since(since)
