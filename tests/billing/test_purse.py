"""What budgets leave for one object: the next hour of everything has to fit, and two starts do not take the same money."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from model_operator.billing.budgets import Figures
from model_operator.billing.money import Price, Sum
from model_operator.billing.periods import Bounds
from model_operator.billing.purse import Purse, Reservations, allowance
from model_operator.models.budget import ModelBudget

NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
MONTH = Bounds(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))


def named(name: str, limit: str) -> ModelBudget:
    spec = {"period": "Month", "limit": limit, "currency": "USD", "onExceeded": "BlockNew"}
    return ModelBudget.parse({"metadata": {"name": name}, "spec": spec})


def refuses(
    *,
    limit: str,
    spent: str,
    per_hour: str = "0",
    reserved: str = "0",
    price: str | None,
    currency: str = "USD",
    now: datetime = NOON,
) -> bool:
    figures = Figures(spent=Sum(Decimal(spent)), per_hour=Decimal(per_hour))
    left = allowance(named("team", limit), MONTH, figures, Decimal(reserved), now)
    return Purse((left,), None if price is None else Price(Decimal(price), currency)).refuses(2) is not None


@pytest.mark.parametrize(
    ("case", "wanted"),
    [
        pytest.param({"limit": "10", "spent": "0", "price": "5"}, False, id="an hour fits exactly"),
        pytest.param({"limit": "10", "spent": "0.01", "price": "5"}, True, id="a cent too much"),
        pytest.param({"limit": "10", "spent": "0", "per_hour": "1", "price": "5"}, True, id="beside what runs"),
        pytest.param({"limit": "10", "spent": "0", "reserved": "1", "price": "5"}, True, id="beside what is begun"),
        pytest.param({"limit": "10", "spent": "9.99", "price": None}, False, id="nobody knows the price"),
        pytest.param({"limit": "10", "spent": "10", "price": None}, True, id="nothing is left"),
        pytest.param({"limit": "10", "spent": "9.99", "price": "5", "currency": "EUR"}, False, id="in another currency"),
        pytest.param({"limit": "10", "spent": "10", "price": "5", "currency": "EUR"}, True, id="in another currency, nothing is left"),
        pytest.param(
            {"limit": "10", "spent": "5", "price": "5", "now": MONTH.end.replace(day=1, hour=0) - (NOON - NOON.replace(hour=11, minute=30))},
            False,
            id="half an hour before the month's end",
        ),
    ],
)  # fmt: skip
def test_the_next_hour_of_everything_has_to_fit(case: dict[str, object], wanted: bool) -> None:
    assert refuses(**case) is wanted  # type: ignore[arg-type]


def test_of_two_budgets_the_stricter_is_named() -> None:
    figures = Figures(spent=Sum(), per_hour=Decimal(0))
    both = tuple(
        allowance(named(n, limit), MONTH, figures, Decimal(0), NOON) for n, limit in (("a", "3"), ("b", "1"))
    )
    refused = Purse(both, Price(Decimal(5), "USD")).refuses(1)
    assert refused is not None
    assert refused.budget.metadata.name == "b"


def test_what_was_let_through_counts_until_it_shows() -> None:
    taken = Reservations()
    taken.take("a", "USD", Decimal(5), Decimal(1))
    assert taken.beside("a", "USD", [("a", Decimal(1))]) == 0, "not beside itself"
    assert taken.beside("b", "USD", [("a", Decimal(1)), ("b", Decimal(7))]) == 5
    assert taken.beside("b", "USD", [("a", Decimal(4))]) == 2, "some of it shows"
    assert taken.beside("b", "USD", [("a", Decimal(6))]) == 0
    assert taken.beside("b", "EUR", [("a", Decimal(0))]) == 0, "and not where that is other money"
    taken.give_back("a")
    assert taken.beside("b", "USD", [("a", Decimal(1))]) == 0
