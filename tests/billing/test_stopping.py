"""Which deployments a budget stops, in which order, and what it says of the rest."""

from datetime import UTC, datetime, timedelta

import pytest

from model_operator.billing.stopping import (
    MOST,
    Found,
    Runner,
    Why,
    is_noticed,
    runs_on,
    stopped_after,
    was_meant,
)
from model_operator.models.budget import Running, StopMeans, Stopped

NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def runner(name: str, age: int, *, how: StopMeans | None = StopMeans.PAUSE, why: Why | None = None) -> Runner:
    return Runner(name=name, uid=f"uid-{name}", created=NOON - timedelta(days=age), how=how, why=why)


def stopped(name: str, at: datetime = NOON - timedelta(hours=1), how: StopMeans = StopMeans.PAUSE) -> Stopped:
    return Stopped(name=name, uid=f"uid-{name}", how=how, at=at)


def found(*runners: Runner, besides: tuple[str, ...] = ()) -> Found:
    return Found(frozenset([*(one.uid for one in runners), *(f"uid-{name}" for name in besides)]), runners)


OLD, YOUNG = runner("old", 9), runner("young", 1)
STUCK = runner("stuck", 0, how=None, why=Why.NO_PAUSE)


@pytest.mark.parametrize(
    ("before", "there", "names"),
    [
        pytest.param((), found(OLD, YOUNG), ["young"], id="the youngest first, one at a time"),
        pytest.param((stopped("young"),), found(OLD, YOUNG), ["young", "old"], id="then the next"),
        pytest.param((), found(runner("a", 1), runner("b", 1)), ["b"], id="of one age by name"),
        pytest.param((stopped("young", NOON - 9 * SECOND),), found(OLD, YOUNG), ["young"], id="not within ten seconds"),
        pytest.param((stopped("young", NOON - 10 * SECOND),), found(OLD, YOUNG), ["young", "old"], id="after ten seconds"),
        pytest.param((stopped("young", NOON + 99 * SECOND),), found(OLD, YOUNG), ["young", "old"], id="a clock that was ahead"),
        pytest.param((stopped("gone"),), found(), [], id="what is gone is forgotten"),
        pytest.param((stopped("old"),), found(besides=("old",)), ["old"], id="what costs nothing stays stopped"),
        pytest.param((), found(STUCK), [], id="what cannot be stopped is not"),
        pytest.param((), found(STUCK, OLD), ["old"], id="and keeps nothing else from it"),
    ],
)  # fmt: skip
def test_one_more_is_stopped_at_a_time_the_youngest_first(
    before: tuple[Stopped, ...], there: Found, names: list[str]
) -> None:
    assert [one.name for one in stopped_after(before, there, NOON)] == names


def test_what_is_recorded_is_how_and_when_to_the_second() -> None:
    scaled = runner("scaled", 1, how=StopMeans.MIN_REPLICAS)
    assert stopped_after((), found(scaled), NOON + 0.5 * SECOND) == (
        stopped("scaled", NOON, StopMeans.MIN_REPLICAS),
    )


def test_so_many_are_stopped_that_a_status_has_room_for_them_and_the_rest_is_named() -> None:
    before = tuple(stopped(f"n{number}") for number in range(MOST))
    there = found(OLD, STUCK, besides=tuple(one.name for one in before))
    after = stopped_after(before, there, NOON)
    assert after == before
    assert runs_on(after, there) == (
        Running(name="old", reason="TooMany"),
        Running(name="stuck", reason="NoPause"),
    )


def test_what_runs_on_is_named_and_what_is_only_waiting_for_its_turn_is_not() -> None:
    resumed = runner("resumed", 2, how=None, why=Why.RESUMED)
    there = found(OLD, STUCK, resumed)
    assert runs_on((stopped("resumed"),), there) == (
        Running(name="resumed", reason="Resumed"),
        Running(name="stuck", reason="NoPause"),
    )


@pytest.mark.parametrize(
    ("since", "wanted"),
    [
        pytest.param(None, False, id="it is not spent"),
        pytest.param(NOON, False, id="just now"),
        pytest.param(NOON - 59 * SECOND, False, id="not for a minute"),
        pytest.param(NOON - 60 * SECOND, True, id="for a minute"),
        pytest.param(NOON + timedelta(days=300), True, id="by a clock that was ahead"),
    ],
)
def test_a_limit_is_spent_for_a_minute_before_anything_is_stopped(
    since: datetime | None, wanted: bool
) -> None:
    assert is_noticed(since, NOON) is wanted


@pytest.mark.parametrize(
    ("stop", "paused_for", "is_meant"),
    [
        pytest.param(NOON - SECOND, NOON - SECOND, True, id="for this stop"),
        pytest.param(NOON - 9 * SECOND, NOON - SECOND, True, id="for a later one, which another budget had added"),
        pytest.param(NOON - SECOND, NOON - 9 * SECOND, False, id="for one before it"),
        pytest.param(NOON - SECOND, None, False, id="for none of a budget"),
        pytest.param(NOON - SECOND, NOON + SECOND, False, id="by a clock that was ahead"),
        pytest.param(NOON + SECOND, NOON + SECOND, True, id="the same, by that clock"),
    ],
)  # fmt: skip
def test_what_a_pause_was_for(stop: datetime, paused_for: datetime | None, is_meant: bool) -> None:
    assert was_meant(stop, paused_for, NOON) is is_meant
