"""What a ModelBudget's status says, and which Events that is worth. Pure.

Its figures are written when a threshold is reached or a period begins, else once an hour at most: a budget in which money
is spent all the time would otherwise be written all the time.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from model_operator.billing.budgets import (
    Figures,
    exhausts_at,
    forecast,
    in_period,
    reached,
    settled_with,
)
from model_operator.billing.money import Sum, rounded
from model_operator.billing.periods import Bounds
from model_operator.billing.stopping import STEP, Found, is_noticed, next_to_stop, runs_on, stopped_after
from model_operator.conditions import ConditionType, Reason
from model_operator.models.budget import ModelBudget, ModelBudgetStatus, Running, StopMeans, Stopped
from model_operator.models.cost import amount
from model_operator.models.wire import format_time
from model_operator.plan.verdict import Verdict
from model_operator.status.conditions import merge
from model_operator.status.events import Event, of_transition

AT_MOST_EVERY: Final = timedelta(hours=1)
_RECHECK: Final = timedelta(minutes=1)
"""What runs on now may be stopped then: a canary's traffic goes elsewhere, a ModelProvider's mode changes."""
_FULL: Final = 100
_NAMES: Final = 5
_IDLE = Verdict(False, Reason.IDLE, "No change is in progress.")
_NOT_STALLED = Verdict(False, Reason.NOT_STALLED, "The object is not stalled.")


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetView:
    """What a pass over a ModelBudget has found."""

    bounds: Bounds
    figures: Figures
    finals: Mapping[str, Sum]
    """Final costs by UID that are to be settled, in this budget and period."""
    gone: frozenset[str]
    """UIDs that are settled and of which no object is left."""
    found: Found = field(default_factory=Found)
    """What it may stop."""


def summarize(budget: ModelBudget, view: BudgetView, now: datetime) -> ModelBudgetStatus:
    """The whole status after this pass; the same one where there is no news."""
    before, generation = budget.status, budget.metadata.generation
    status = settled_with(in_period(before, view.bounds), view.finals, frozenset())
    thresholds = _thresholds(budget, status, view.figures.spent.accrued)
    is_exceeded = _FULL in thresholds
    stopped, running = _stops(budget, view, now, is_exceeded=is_exceeded)
    verdicts = _verdicts(budget, view, running, is_exceeded=is_exceeded)
    status = status.with_(
        observed_generation=generation,
        thresholds=thresholds,
        stopped=stopped,
        running=running,
        conditions=merge(before.conditions, verdicts, generation, now),
    )
    if status == before and not _is_due(before, view, now):
        return before
    return _with_figures(budget, settled_with(status, {}, view.gone), view, now)


def _stops(
    budget: ModelBudget, view: BudgetView, now: datetime, *, is_exceeded: bool
) -> tuple[tuple[Stopped, ...], tuple[Running, ...]]:
    """What it keeps stopped from here on, and what runs on. Nothing if it does not stop."""
    before = budget.status.stopped
    if not (is_exceeded and budget.spec.stops):
        return (), ()
    stopped = before
    if view.figures.spent.accrued >= budget.spec.limit and is_noticed(_exceeded_since(budget), now):
        stopped = stopped_after(before, view.found, now)
    stopped = tuple(one for one in stopped if one.uid in view.found.counted)
    return stopped, runs_on(stopped, view.found)


def _exceeded_since(budget: ModelBudget) -> datetime | None:
    within = budget.status.condition(ConditionType.WITHIN_LIMIT)
    return None if within is None or within.is_true else within.last_transition_time


def stops_again(budget: ModelBudget, status: ModelBudgetStatus, found: Found) -> timedelta | None:
    """When to look again for the next one to stop, or whether what runs on still does."""
    if status.running or status.stopped or _FULL in status.thresholds:
        is_left = budget.spec.stops and next_to_stop(status.stopped, found) is not None
        return STEP if is_left else _RECHECK if status.running else None
    return None


def _thresholds(budget: ModelBudget, status: ModelBudgetStatus, spent: Decimal) -> tuple[int, ...]:
    """What was reached stays so, until a period or the limit ends."""
    now = reached(budget.spec.limit, spent)
    if status.observed_generation != budget.metadata.generation:
        return now
    return tuple(sorted({*status.thresholds, *now}))


def _is_due(before: ModelBudgetStatus, view: BudgetView, now: datetime) -> bool:
    if before.at is None or now < before.at - AT_MOST_EVERY:
        return True  # nothing was told yet, or by a clock that was ahead
    if now - before.at < AT_MOST_EVERY:
        return False
    figures = view.figures
    told = (before.spent, before.per_hour, before.deployments, before.unpriced)
    spent, _ = rounded(figures.spent)
    return told != (spent, amount(figures.per_hour), figures.deployments, figures.unpriced)


def _with_figures(
    budget: ModelBudget, status: ModelBudgetStatus, view: BudgetView, now: datetime
) -> ModelBudgetStatus:
    figures, limit = view.figures, budget.spec.limit
    spent, uncertain = rounded(figures.spent)
    return status.with_(
        spent=spent,
        uncertain=uncertain,
        per_hour=amount(figures.per_hour),
        forecast=amount(forecast(figures, view.bounds, now)),
        exhausts_at=exhausts_at(limit, figures, view.bounds, now),
        at=now,
        deployments=figures.deployments,
        unpriced=figures.unpriced,
    )


def _verdicts(
    budget: ModelBudget, view: BudgetView, running: tuple[Running, ...], *, is_exceeded: bool
) -> dict[ConditionType, Verdict]:
    accepted = _accepted(budget, view.figures.others)
    return {
        ConditionType.READY: accepted,
        ConditionType.ACCEPTED: accepted,
        ConditionType.WITHIN_LIMIT: _within(budget, view.bounds, running, is_exceeded=is_exceeded),
        ConditionType.RECONCILING: _IDLE,
        ConditionType.STALLED: _NOT_STALLED if accepted.is_true else _as_stalled(accepted),
    }


def _as_stalled(accepted: Verdict) -> Verdict:
    return Verdict(True, accepted.reason, accepted.message)


def _accepted(budget: ModelBudget, others: tuple[str, ...]) -> Verdict:
    if not others:
        return Verdict(True, Reason.ACCEPTED, "The spec is valid and can be applied.")
    shown = _some_of(others)
    message = (
        f"The budget is in {budget.spec.currency}, but these ModelDeployments cost another currency and are not"
        f" counted: {shown}. All others are counted, and held or stopped by what they cost. Leave these out with spec.selector, or change"
        " spec.prices of their ModelProvider."
    )
    return Verdict(False, Reason.CURRENCY_MISMATCH, message)


def _some_of(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMES]) + (f" and {len(names) - _NAMES} more" if len(names) > _NAMES else "")


def limit_of(budget: ModelBudget) -> str:
    """`the limit of 1500 USD`, as all messages have it."""
    return f"the limit of {budget.spec.limit:f} {budget.spec.currency}"


def _within(
    budget: ModelBudget, bounds: Bounds, running: tuple[Running, ...], *, is_exceeded: bool
) -> Verdict:
    period = budget.spec.period.lower()
    if not is_exceeded:
        return Verdict(
            True, Reason.WITHIN_LIMIT, f"Less than {limit_of(budget)} for this {period} has been spent."
        )
    what = _what_follows(budget, running)
    said = f"{limit_of(budget).capitalize().replace(budget.spec.currency.lower(), budget.spec.currency)}"
    message = (
        f"{said} for this {period} has been spent. {what}. The next period begins at {format_time(bounds.end)}."
        " Raise spec.limit to allow more."
    )
    return Verdict(False, Reason.BUDGET_EXCEEDED, message)


def _what_follows(budget: ModelBudget, running: tuple[Running, ...]) -> str:
    if not budget.spec.blocks:
        return "Nothing is held, because onExceeded is Warn"
    held = "New deployments, resumes, scale-ups and dearer machines are held"
    if not budget.spec.stops:
        return held
    stops = f"{held}, and what runs is stopped, the youngest first (status.stopped)"
    left = _some_of([f"{one.name} ({one.reason})" for one in running])
    return f"{stops}. These keep costing money: {left}" if running else stops


def of_budget(before: ModelBudgetStatus, budget: ModelBudget, after: ModelBudgetStatus) -> tuple[Event, ...]:
    """The highest threshold that was reached, and what of_transition says."""
    known = before.thresholds if before.period_start == after.period_start else ()
    new = set(after.thresholds) - set(known)
    told = (_threshold(budget, max(new)),) if new else ()
    return (*told, *_of_stops(budget, before, after), *of_transition(before, after))


def _of_stops(budget: ModelBudget, before: ModelBudgetStatus, after: ModelBudgetStatus) -> Iterator[Event]:
    """Each stop, and what is let go at once, since that may be many."""
    known, kept = {one.uid for one in before.stopped}, {one.uid for one in after.stopped}
    for one in after.stopped:
        if one.uid not in known:
            how = "is paused" if one.how is StopMeans.PAUSE else "is taken to its fewest replicas"
            text = f'ModelDeployment "{one.name}" {how}, because {limit_of(budget)} has been spent.'
            yield Event("Warning", Reason.BUDGET_EXCEEDED, text)
    names = [one.name for one in before.stopped if one.uid not in kept]
    if names:
        reason = Reason.BUDGET_EXCEEDED if _FULL in after.thresholds else Reason.WITHIN_LIMIT
        yield Event("Normal", reason, f"No longer stopped by this budget: {_some_of(names)}.")


def _threshold(budget: ModelBudget, percent: int) -> Event:
    text = f"{percent} % of {limit_of(budget)} for this {budget.spec.period.lower()} has been spent."
    if percent < _FULL:
        return Event("Normal" if percent == 50 else "Warning", Reason.THRESHOLD_REACHED, text)
    return Event("Warning", Reason.BUDGET_EXCEEDED, text)
