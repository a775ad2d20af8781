"""How many replicas are billed, by what a provider shows, and what one costs."""

from decimal import Decimal

import pytest

from model_operator.billing.accrual import Usage
from model_operator.billing.money import Price
from model_operator.billing.prices import price_of
from model_operator.billing.usage import usage_of
from model_operator.conditions import Reason
from model_operator.domain import Remote, RunState
from model_operator.models.prices import PriceRow
from model_operator.providers.registry import PROVIDERS

FIXED, RANGE = {"replicas": 4}, {"replicas": {"minReplicas": 2, "maxReplicas": 6}}
ROWS = [
    PriceRow(match="g5.xlarge", per_replica_hour=Decimal("1.01"), currency="EUR"),
    PriceRow(match="*", per_replica_hour=Decimal(9), currency="EUR"),
]


def shown(state, fields=FIXED, **more):
    return Remote(id="1", name="a", state=state, word="", fields=fields, machine="g5", **more)


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        pytest.param(shown(RunState.SERVING), (4, 0), id="serving with what was asked"),
        pytest.param(shown(RunState.SERVING, replicas=4), (4, 0), id="and they run"),
        pytest.param(shown(RunState.UPDATING, replicas=4), (4, 0), id="the old version serves"),
        pytest.param(shown(RunState.SERVING, replicas=3), (4, 1), id="one is starting"),
        pytest.param(
            shown(RunState.SERVING, replicas=3, message="Insufficient quota"),
            (3, 1),
            id="one waits for a quota",
        ),
        pytest.param(shown(RunState.SERVING, replicas=5), (4, 1), id="one is stopping"),
        pytest.param(shown(RunState.SERVING, RANGE, replicas=3), (3, 3), id="scaled by the provider"),
        pytest.param(shown(RunState.SERVING, RANGE), (2, 4), id="scaled, and nothing says to how many"),
        pytest.param(shown(RunState.STARTING, replicas=0), (4, 4), id="starting"),
        pytest.param(
            shown(RunState.STARTING, shortage=Reason.QUOTA_EXCEEDED), (0, 4), id="waits for a machine"
        ),
        pytest.param(shown(RunState.STOPPING), (4, 4), id="stopping"),
        pytest.param(shown(RunState.DELETING), (4, 4), id="being deleted"),
        pytest.param(shown(RunState.STOPPED), (0, 0), id="stopped"),
        pytest.param(shown(RunState.GONE), (0, 0), id="gone"),
        pytest.param(shown(RunState.FAILED), (0, 4), id="failed"),
        pytest.param(shown(RunState.UNKNOWN), (4, 4), id="a state that no document names"),
    ],
)
def test_replicas_that_are_billed_and_how_far_nobody_can_tell(remote, expected):
    likely, doubt = map(Decimal, expected)
    assert usage_of(remote, PROVIDERS["paitient"].capabilities.bills, None) == Usage("g5", likely, doubt)


def test_what_was_last_sent_stands_where_a_reply_shows_no_replicas():
    remote = shown(RunState.SERVING, {})
    assert usage_of(remote, frozenset(), FIXED) == Usage("g5", Decimal(4))
    assert usage_of(remote, frozenset(), None) is None


@pytest.mark.parametrize(
    ("machine", "offered", "expected"),
    [
        pytest.param("g5.xlarge", None, Price(Decimal("1.01"), "EUR"), id="by the list"),
        pytest.param(
            "g5.xlarge", Decimal(3), Price(Decimal(3), "USD"), id="the provider's own price comes first"
        ),
        pytest.param("p4d", None, Price(Decimal(9), "EUR"), id="any other"),
        pytest.param(None, None, Price(Decimal(9), "EUR"), id="a machine that is not shown"),
    ],
)
def test_the_price_of_a_replica(machine, offered, expected):
    assert price_of(machine, offered, ROWS) == expected


def test_no_price_is_no_price():
    assert price_of("p4d", None, ROWS[:1]) is None
