"""What `status` says of costs and budgets: the checkpoint in an object's status, continued until now. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from pydantic import ValidationError

from model_operator.billing.accrual import extrapolated
from model_operator.models.budget import ModelBudgetStatus
from model_operator.models.cost import Cost, amount

_CENT: Final = Decimal("0.01")
HEAD: Final = ["COST/H", "MONTH"]


def cost_in(status: Mapping[str, Any]) -> Cost | None:
    """None where there is none, or somebody has spoilt it."""
    try:
        return Cost.read(status.get("cost"))
    except ValidationError:
        return None


def cells(cost: Cost | None, now: datetime) -> list[str]:
    """`6.40 USD` and `46.21 ±0.02`: of an hour, and of this month."""
    if cost is None:
        return ["", ""]
    known = extrapolated(cost, now)
    doubt = known.uncertain.quantize(_CENT, ROUND_CEILING)
    month = _cents(known.accrued) + (f" ±{doubt}" if doubt else "")
    return [f"{_cents(cost.per_hour)} {cost.currency[:3]}", month]


def document(cost: Cost, now: datetime) -> Mapping[str, str]:
    """For programs, as of now."""
    known = extrapolated(cost, now)
    accrued, uncertain = amount(known.accrued), amount(known.uncertain)
    at = cost.with_(at=now, accrued=accrued, uncertain=uncertain, period=f"{now:%Y-%m}")
    return dict(at.dump())


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a ModelBudget's status has counted."""

    limit: str
    currency: str
    spent: Decimal
    per_hour: Decimal
    at: datetime
    forecast: Decimal
    period_end: datetime

    def spent_at(self, now: datetime) -> Decimal:
        """If nothing has changed since; no further than its period."""
        passed = max(min(now, self.period_end) - self.at, timedelta())
        return self.spent + self.per_hour * Decimal(passed / timedelta(hours=1))


def budget_in(spec: Mapping[str, Any], status: ModelBudgetStatus) -> Budget | None:
    """None where nothing was counted yet, or somebody has spoilt it."""
    counted = (status.spent, status.per_hour, status.at, status.forecast, status.period_end)
    spent, per_hour, at, expected, end = counted
    if spent is None or per_hour is None or at is None or expected is None or end is None:
        return None
    limit, currency = str(spec.get("limit") or ""), str(spec.get("currency") or "")[:3]
    return Budget(
        limit=limit,
        currency=currency,
        spent=spent,
        per_hour=per_hour,
        at=at,
        forecast=expected,
        period_end=end,
    )


def of_limit(budget: Budget, now: datetime) -> str:
    """`812.40/1500.00 USD`."""
    return f"{_cents(budget.spent_at(now))}/{budget.limit} {budget.currency}"


def outlook(budget: Budget) -> str:
    """`Forecast: 1240.00 USD by 2026-02-01T00:00:00Z.`"""
    until = budget.period_end.astimezone(UTC)
    return f"Forecast: {_cents(budget.forecast)} {budget.currency} by {until:%Y-%m-%dT%H:%M:%SZ}."


def budget_document(budget: Budget, now: datetime) -> Mapping[str, str]:
    """For programs, as of now."""
    return {
        "spent": _cents(budget.spent_at(now)),
        "limit": budget.limit,
        "currency": budget.currency,
        "forecast": _cents(budget.forecast),
        "periodEnd": f"{budget.period_end.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
    }


def _cents(value: Decimal) -> str:
    return f"{value.quantize(_CENT, ROUND_HALF_EVEN)}"
