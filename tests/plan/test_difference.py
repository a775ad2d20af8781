"""Where spec and provider differ, whose doing that is, and how it is told to people."""

import pytest

from model_operator.plan.deployment.difference import describe, differences, removed_fields, render
from model_operator.plan.verdict import Difference
from support.situations import desired, remote

TWO = {"replicas": 2}


def found(wanted, shown, applied, **changes) -> list[tuple[str, object, bool]]:
    asked = desired(fields=wanted, **changes)
    return [(d.field, d.observed, d.is_edit) for d in differences(asked, remote(fields=shown), applied)]


@pytest.mark.parametrize(
    ("wanted", "shown", "applied", "expected"),
    [
        pytest.param(TWO, TWO, TWO, [], id="as it should be"),
        pytest.param({"replicas": 3}, TWO, TWO, [("replicas", 2, True)], id="an edit"),
        pytest.param(TWO, {"replicas": 5}, TWO, [("replicas", 5, False)], id="a hand"),
        pytest.param(TWO, {}, TWO, [], id="not shown: as it was applied"),
        pytest.param(TWO, {}, {}, [("replicas", None, True)], id="not shown and never applied"),
        pytest.param(TWO, {"replicas": None}, TWO, [("replicas", None, False)], id="shown as unset"),
        pytest.param(TWO, TWO, {}, [], id="made at the provider before it was sent"),
        pytest.param({}, {"replicas": 5}, {}, [], id="not ours"),
        pytest.param(
            {"replicas": {"minReplicas": 1, "maxReplicas": 3}},
            {"replicas": 1},
            TWO,
            [("replicas", 1, True)],
            id="autoscaling instead of a number",
        ),
    ],
)
def test_differences_are_found_and_told_apart(wanted, shown, applied, expected):
    assert found(wanted, shown, applied) == expected


@pytest.mark.parametrize(
    ("shown", "applied", "is_difference"),
    [
        pytest.param(1, 2, False, id="fewer"),
        pytest.param(0, 2, False, id="none"),
        pytest.param(3, 2, True, id="more"),
        pytest.param(1, 1, True, id="fewer, after an edit"),
    ],
)
def test_fewer_replicas_are_no_drift_under_a_scale_down_policy(shown, applied, is_difference):
    assert bool(found(TWO, {"replicas": shown}, {"replicas": applied}, may_scale_down=True)) is is_difference


@pytest.mark.parametrize(
    ("wanted", "shown", "expected"),
    [
        pytest.param({}, {"contextLength": 4096}, {"contextLength"}, id="still there"),
        pytest.param({}, {}, {"contextLength"}, id="not shown: as it was applied"),
        pytest.param({}, {"contextLength": None}, set(), id="cleared"),
        pytest.param({}, {"contextLength": 512}, set(), id="a default has taken its place"),
        pytest.param({"contextLength": 1}, {"contextLength": 4096}, set(), id="changed, not removed"),
    ],
)
def test_a_removed_field_is_known_while_it_is_there(wanted, shown, expected):
    asked = desired(fields=wanted)
    assert removed_fields(asked, remote(fields=shown), {"contextLength": 4096}) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "unset"),
        (True, "true"),
        (False, "false"),
        (2, "2"),
        ("low-cost", "low-cost"),
        ({"minReplicas": 1, "maxReplicas": 3}, "1..3"),
    ],
)
def test_values_are_written_for_people(value, text):
    assert render(value) == text


def test_differences_are_one_line_however_many():
    def differs(name: str, observed: object) -> Difference:
        return Difference(name, desired=2, observed=observed, is_edit=True)

    assert (
        describe((differs("replicas", 1), differs("contextLength", None)))
        == "replicas 1 → 2, contextLength → 2"
    )
    assert describe((), frozenset({"b", "a"})) == "a → unset, b → unset"
    many = tuple(differs(f"tag{number}", 1) for number in range(20))
    assert describe(many).endswith("tag7 1 → 2 and 12 more")
