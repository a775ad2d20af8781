"""Where spec and provider differ, whose doing that is, and how it is told to people."""

import struct

import pytest

from model_operator.domain import is_same
from model_operator.plan.deployment.difference import describe, differences, removed_fields, render
from model_operator.plan.deployment.remembered import SentUpdate
from model_operator.plan.verdict import Difference
from support.situations import NOW, desired, remote

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


def float32(value):
    return struct.unpack("f", struct.pack("f", value))[0]


@pytest.mark.parametrize("wanted", [0.7, 0.95, 1.0, 0.0, 1e-4, 123_456_789])
def test_a_number_that_went_through_float32_is_no_difference(wanted):
    shown = float32(wanted) if isinstance(wanted, float) else int(float32(wanted))
    fields = {"x": wanted}
    assert found(fields, {"x": shown}, fields) == []
    assert removed_fields(desired(fields={}), remote(fields={"x": shown}), fields) == {"x"}
    update = SentUpdate(fields, NOW, removed={"x": wanted})
    assert not update.shows_in(remote(fields={"x": shown}))
    assert SentUpdate(fields, NOW).shows_in(remote(fields={"x": shown}))


@pytest.mark.parametrize(
    ("shown", "wanted"),
    [(0.7, 0.70001), (0.0, 1e-4), (2, 3), (1_000_000, 1_000_001), (None, 0.0), ("0.7", 0.7), (1, None)],
)
def test_another_number_is_a_difference(shown, wanted):
    assert not is_same(shown, wanted)


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
        (("a", "b"), "a, b"),
        (tuple("x" * 300 for _ in range(100_000)), "x" * 255 + "…"),
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
