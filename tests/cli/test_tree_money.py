"""What `status` says of money: costs, budgets, and deployments that no object manages."""

from datetime import UTC, datetime, timedelta

import pytest

from model_operator.cli.looking import Look
from model_operator.cli.objects import seen
from model_operator.cli.tree import lines, rows
from support.seen_objects import NOW, READY, body, provider


def test_costs_are_continued_until_now_and_shown_where_there_are_any():
    cost = {
        "currency": "USD",
        "perHour": "6.4",
        "accrued": "10",
        "uncertain": "0.012",
        "at": "2025-12-31T23:00:00Z",
        "period": "2025-12",
    }
    llama = seen(
        "ModelDeployment",
        body("llama", READY, spec={"providerRef": {"name": "paitient"}}, phase="Ready", cost=cost),
    )
    at = datetime(2025, 12, 31, 23, 30, tzinfo=UTC)
    found = list(rows([provider("paitient", READY), llama], at))
    assert [row.cost for row in found] == [("", ""), ("6.40 USD", "13.20 ±0.02")]
    assert found[1].document()["cost"] == cost | {"accrued": "13.2", "at": "2025-12-31T23:30:00Z"}
    head, _, line = lines(found, 100)
    assert head.split() == ["NAME", "STATE", "REASON", "AGE", "COST/H", "MONTH"]
    assert line.endswith("6.40 USD   13.20 ±0.02")
    assert "COST/H" not in next(lines(list(rows([provider("paitient", READY)], at)), 100))


BUDGET = {
    "periodStart": "2026-01-01T00:00:00Z",
    "periodEnd": "2026-02-01T00:00:00Z",
    "spent": "800",
    "uncertain": "0",
    "perHour": "12.4",
    "forecast": "1240.005",
    "at": "2026-01-01T23:00:00Z",
}


LIMIT = {"period": "Month", "limit": "1500.00", "currency": "USD"}


def test_a_budget_shows_what_is_spent_of_its_limit_and_the_forecast():
    within = ("WithinLimit", "True", "WithinLimit", "Less than the limit has been spent.")
    ready = ("Ready", "True", "Accepted", "The spec is valid.")
    (row,) = rows([seen("ModelBudget", body("team", ready, within, spec=LIMIT, **BUDGET))], NOW)
    assert (row.state, row.spent, row.is_good) == ("WithinLimit", "812.40/1500.00 USD", True)
    assert "WithinLimit 812.40/1500.00 USD" in "\n".join(lines([row], 100))
    assert row.message == "Forecast: 1240.00 USD by 2026-02-01T00:00:00Z."
    assert row.document()["budget"] == {
        "spent": "812.40",
        "limit": "1500.00",
        "currency": "USD",
        "forecast": "1240.00",
        "periodEnd": "2026-02-01T00:00:00Z",
    }
    exceeded = ("WithinLimit", "False", "BudgetExceeded", "The limit has been spent.")
    (row,) = rows([seen("ModelBudget", body("team", ready, exceeded, spec=LIMIT, **BUDGET))], NOW)
    assert (row.state, row.spent, row.is_good) == ("Exceeded", "812.40/1500.00 USD", False)
    assert row.message == "The limit has been spent. Forecast: 1240.00 USD by 2026-02-01T00:00:00Z."


@pytest.mark.parametrize(
    ("at", "spent"),
    [
        pytest.param(datetime(2026, 1, 1, 22, tzinfo=UTC), "800.00", id="by a clock that is behind"),
        pytest.param(datetime(2026, 3, 1, tzinfo=UTC), "9740.40", id="no further than its period"),
    ],
)
def test_what_is_spent_is_continued_until_now(at, spent):
    (row,) = rows([seen("ModelBudget", body("team", spec=LIMIT, **BUDGET))], at)
    assert (row.state, row.spent) == ("Unknown", f"{spent}/1500.00 USD")


def test_a_budget_that_nothing_was_counted_of_shows_no_figures():
    for spoilt in ({}, {**BUDGET, "spent": "much"}):
        (row,) = rows([seen("ModelBudget", body("team", spec=LIMIT, **spoilt))], NOW)
        assert (row.state, row.message, "budget" in row.document()) == ("Unknown", "", False)


def test_a_provider_shows_how_many_deployments_no_object_manages():
    orphans = {"count": 2, "items": [{"id": "a"}, {"id": "b"}]}
    (row,) = rows([seen("ModelProvider", body("paitient", READY, orphans=orphans, mode="Observe"))], NOW)
    assert (row.state, row.reason, row.is_good) == ("Ready Observe 2 orphaned", "Available", False)
    assert row.message == (
        "No object manages 2 deployments that this cluster created. Until adopted or deleted, they cost money."
    )
    assert row.remedy == "Adopt or delete them: kubectl models orphans."
    assert row.document()["orphans"] == 2
    (row,) = rows([provider("paitient", READY)], NOW)
    assert (row.state, row.is_good, "orphans" in row.document()) == ("Ready", True, False)


def test_a_cost_that_somebody_has_spoilt_is_none():
    spoilt = seen("ModelDeployment", body("llama", READY, cost={"currency": 1}))
    assert spoilt.cost is None


def test_a_cost_that_somebody_has_made_absurd_stops_no_table():
    absurd = {"currency": "USD", "perHour": "999999999999999", "accrued": "1", "uncertain": "0"}
    cost = absurd | {"at": "2026-01-01T00:00:00Z", "period": "2026-01"}
    spec = {"providerRef": {"name": "paitient"}}
    llama = seen("ModelDeployment", body("llama", READY, spec=spec, phase="Ready", cost=cost))
    _, row = rows([provider("paitient", READY), llama], NOW)
    assert row.document()["cost"]["accrued"] == "1000000000000000"


def test_that_money_is_spent_is_no_change_that_a_watch_prints():
    ready = ("Ready", "True", "Accepted", "The spec is valid.")
    team = seen("ModelBudget", body("team", ready, spec=LIMIT, **BUDGET))
    first, later = (Look(tuple(rows([team], at))) for at in (NOW, NOW + timedelta(minutes=1)))
    assert first.rows != later.rows
    assert first.rows_without_age == later.rows_without_age
