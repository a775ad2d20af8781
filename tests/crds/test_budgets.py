"""Which ModelBudgets the API server itself refuses, naming the field."""

import pytest

from support.least_manifests import BUDGET, edited
from support.refusals import expect_refusal

REFUSED = [
    pytest.param({"period": None}, "spec.period", "Required value", id="no period"),
    pytest.param({"period": "Year"}, "spec.period", "supported values", id="a period that there is not"),
    pytest.param({"limit": None}, "spec.limit", "Required value", id="no limit"),
    pytest.param({"limit": "0.00"}, "spec.limit", "limit must be more than 0", id="nothing"),
    pytest.param({"limit": "-1"}, "spec.limit", "should match", id="less than nothing"),
    pytest.param({"limit": 1500}, "spec.limit", "must be of type string", id="a number"),
    pytest.param({"currency": None}, "spec.currency", "Required value", id="no currency"),
    pytest.param({"currency": "usd"}, "spec.currency", "should match", id="lower case"),
    pytest.param({"onExceeded": "Delete"}, "spec.onExceeded", "supported values", id="a word that there is not"),
    pytest.param({"timeZone": "../etc"}, "spec.timeZone", "should match", id="a path"),
    pytest.param({"selector": {}}, "spec.selector.matchLabels", "Required value", id="a selector of nothing"),
    pytest.param(
        {"selector": {"matchLabels": {}}}, "spec.selector.matchLabels", "at least 1", id="a selector of no label"
    ),
    pytest.param(
        {"selector": {"matchLabels": {"a": "x" * 64}}}, "spec.selector.matchLabels.a", "may not be more than 63", id="no value"
    ),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "field", "message"), REFUSED)
def test_the_server_refuses_and_names_the_field(api, spec, field, message):
    expect_refusal(api, edited(BUDGET, spec), field, message)
