"""What a budget has spent, when it tells of it, and what a clock that steps does to its period."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from model_operator.billing.budgets import (
    Figures,
    Member,
    exhausts_at,
    figures_of,
    forecast,
    next_news,
    period_at,
    reached,
    settled_with,
)
from model_operator.billing.money import Sum
from model_operator.billing.periods import Bounds
from model_operator.models.budget import ModelBudget
from model_operator.models.cost import Cost

NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
MONTH = Bounds(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))


def budget(status: dict[str, Any] | None = None, **spec: Any) -> ModelBudget:
    default = {"period": "Month", "limit": "100", "currency": "USD"}
    return ModelBudget.parse(
        {"metadata": {"name": "team", "namespace": "a"}, "spec": {**default, **spec}, "status": status or {}}
    )


def cost(accrued: str, since: str = "2026-11-09T00:00:00Z", *, per_hour: str = "2", **more: Any) -> Cost:
    share = {"budget": "team", "since": since, "accrued": accrued, "uncertain": "0.5"}
    until = more.pop("until", None)
    whole = {"currency": "USD", "perHour": per_hour, "accrued": "999", "uncertain": "0"}
    whole |= {"at": "2026-11-10T10:00:00Z", "period": "2026-11", **more}
    return Cost.read({**whole, "shares": [share | ({"until": until} if until else {})]})


def member(found: Cost | None, name: str = "llama", **more: Any) -> Member:
    default = {"uid": f"uid-{name}", "is_counted": True, "is_unpriced": found is None}
    return Member(name=name, cost=found, **{**default, **more})


CASES = [
    pytest.param(member(cost("10")), ("14", "0.5", "2"), id="the share, and two hours since"),
    pytest.param(
        member(cost("10", "2026-10-09T00:00:00Z")), ("4", "0", "2"), id="of a former period nothing but the hours since"
    ),
    pytest.param(
        member(cost("10", until="2026-11-10T10:00:00Z"), is_counted=False), ("10", "0.5", "0"), id="it does not count any more"
    ),
    pytest.param(
        member(cost("10", "2027-01-01T00:00:00Z")), ("14", "0.5", "2"), id="dated by a clock that was ahead"
    ),
    pytest.param(member(cost("10", currency="EUR")), ("0", "0", "0"), id="another currency"),
    pytest.param(member(None), ("0", "0", "0"), id="no price"),
    pytest.param(member(cost("10"), uid="uid-gone"), ("7", "0.2", "0"), id="settled while it still goes"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "wanted"), CASES)
def test_what_an_object_adds(one: Member, wanted: tuple[str, str, str]) -> None:
    settled = [{"uid": "uid-gone", "accrued": "7", "uncertain": "0.2"}] if one.uid == "uid-gone" else []
    found = figures_of(
        budget({"periodStart": "2026-11-01T00:00:00Z", "settled": settled}), MONTH, [one], NOON
    )
    spent, uncertain, per_hour = map(Decimal, wanted)
    assert (found.spent, found.per_hour) == (Sum(spent, uncertain), per_hour)


def test_what_was_settled_in_a_former_period_is_over() -> None:
    status = {"periodStart": "2026-10-01T00:00:00Z", "removed": {"accrued": "50", "uncertain": "0"}}
    status |= {"settled": [{"uid": "u", "accrued": "7", "uncertain": "0.2"}]}
    assert figures_of(budget(status), MONTH, [], NOON).spent == Sum()


def test_final_costs_are_added_once_and_of_what_is_gone_the_sum_is_kept() -> None:
    status = settled_with(
        budget().status, {"a": Sum(Decimal(3), Decimal(1)), "b": Sum(Decimal(4))}, frozenset()
    )
    again = settled_with(status, {"a": Sum(Decimal(9))}, frozenset({"b"}))
    assert [(one.uid, one.accrued) for one in again.settled] == [("a", 3)]
    assert again.removed is not None
    assert again.removed.accrued == 4
    assert settled_with(again, {}, frozenset()) is again


@pytest.mark.parametrize(
    ("told", "now", "start"),
    [
        pytest.param(None, "2026-11-10", "2026-11-01", id="nothing was told"),
        pytest.param("2026-11-01", "2026-12-01", "2026-12-01", id="a new month"),
        pytest.param(
            "2026-12-01", "2026-11-30T23:30", "2026-12-01", id="a clock that went back over its beginning"
        ),
        pytest.param("2026-12-01", "2026-11-30T22:30", "2026-11-01", id="it went back by more than an hour"),
        pytest.param("2027-06-01", "2026-11-30", "2026-11-01", id="a clock that was wrong before"),
    ],
)
def test_the_present_period(told: str | None, now: str, start: str) -> None:
    status = {"periodStart": f"{told}T00:00:00Z"} if told else {}
    found = period_at(budget(status), datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert f"{found.start:%Y-%m-%d}" == start


@pytest.mark.parametrize(
    ("spent", "wanted"), [("0", ()), ("49.99", ()), ("50", (50,)), ("80", (50, 80)), ("250", (50, 80, 100))]
)
def test_thresholds(spent: str, wanted: tuple[int, ...]) -> None:
    assert reached(Decimal(100), Decimal(spent)) == wanted


def test_what_comes_next_if_everything_goes_on() -> None:
    figures = Figures(spent=Sum(Decimal(30)), per_hour=Decimal(2))
    assert next_news(Decimal(100), figures, MONTH, NOON) == timedelta(hours=10, seconds=1), "50 %"
    assert exhausts_at(Decimal(100), figures, MONTH, NOON) == NOON + timedelta(hours=35)
    assert exhausts_at(Decimal(9999), figures, MONTH, NOON) is None, "not in this month"
    assert exhausts_at(Decimal(10), figures, MONTH, NOON) is None, "it is over"
    assert forecast(figures, MONTH, NOON) == 30 + 2 * 20 * 24 + 24
    rest = Figures(spent=Sum(), per_hour=Decimal(0))
    assert next_news(Decimal(100), rest, MONTH, NOON) == MONTH.end - NOON + timedelta(seconds=1)
