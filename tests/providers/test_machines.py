"""What a reply says of machine, price and last change: for the bill."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from model_operator.providers.paitient.wire import remote_of as of_paitient
from model_operator.providers.parasail.wire import remote_of as of_parasail


def parasail(**item):
    return of_parasail({"id": 1, **item}, chat_base_url=None, clean=str)


def device(**changes):
    return {"device": "H100SXM", "count": 2, "cost": 5.8, "selected": True, **changes}


@pytest.mark.parametrize(
    ("item", "machine", "price"),
    [
        pytest.param({"deviceConfigs": [device()]}, "2x H100SXM", Decimal("5.8"), id="the selected device"),
        pytest.param(
            {"deviceConfigs": [device(selected=False), device(device="L40S", count=1, cost=0.1)]},
            "1x L40S",
            Decimal("0.1"),
            id="and no other",
        ),
        pytest.param({"deviceConfigs": [device(cost="2.90")]}, "2x H100SXM", Decimal("2.9"), id="as a text"),
        *[
            pytest.param({"deviceConfigs": [device(cost=cost)]}, "2x H100SXM", None, id=f"no price: {cost}")
            for cost in (None, 0, -1, 1e9, float("inf"), True, [])
        ],
        pytest.param({"serviceTierName": "low-cost"}, "low-cost", None, id="a tier"),
        pytest.param({"serviceTierName": "low-cost", "deviceConfigs": []}, "low-cost", None, id="no device"),
        pytest.param({"deviceConfigs": [device(device=None)]}, None, None, id="a device without a name"),
        pytest.param({"deviceConfigs": "x"}, None, None, id="nothing"),
    ],
)
def test_parasail_s_machine_and_its_price(item, machine, price):
    found = parasail(**item)
    assert found.machine == machine
    if machine is not None:
        assert found.price == price


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        pytest.param({"status": {"statusLastUpdated": 1_767_268_800_000}}, 0, id="its state"),
        pytest.param(
            {"status": {"statusLastUpdated": 1_767_268_800_000}, "modifiedAt": 1_767_268_860_000},
            60,
            id="an edit",
        ),
        pytest.param({"status": "ONLINE"}, None, id="not said"),
    ],
)
def test_when_parasail_says_that_it_changed(item, expected):
    at = parasail(**item).changed_at
    start = datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert (None if at is None else (at - start).total_seconds()) == expected


def test_paitient_s_machine_and_when_it_changed():
    found = of_paitient(
        {"id": "dep_1", "instance_type": "g5.xlarge", "updated_at": "2026-01-01T12:00:00Z"}, clean=str
    )
    assert (found.machine, found.price) == ("g5.xlarge", None)
    assert found.changed_at == datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert of_paitient({"id": "dep_1"}, clean=str).machine is None


def test_neither_makes_a_reply_another_one():
    assert (
        parasail(serviceTierName="a", modifiedAt=1).version
        != parasail(serviceTierName="a", modifiedAt=2).version
    )
    one, other = parasail(deviceConfigs=[device()]), parasail(deviceConfigs=[device(cost=9)])
    assert one == other
