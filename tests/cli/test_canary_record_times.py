"""Lengths and axes of a rollout's record."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from model_operator.cli.record.times import passed, ticks
from support.expected_record import at


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (timedelta(seconds=-5), "0s"),
        (timedelta(seconds=75), "1m 15s"),
        (timedelta(hours=3), "3h"),
        (timedelta(days=2, hours=5, minutes=9), "2d 5h"),
        (timedelta(days=10), "10d"),
    ],
)
def test_a_length_has_its_two_greatest_units(length, expected):
    assert passed(length) == expected


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [
        ("28 13:26:00", timedelta(minutes=67), ["28 Nov 13:30", "13:45", "14:00", "14:15", "14:30"]),
        ("28 23:50:00", timedelta(minutes=20), ["28 Nov 23:50", "23:55", "29 Nov 00:00", "00:05", "00:10"]),
        ("28 13:00:01", timedelta(seconds=8), ["28 Nov 13:00:02", "13:00:04", "13:00:06", "13:00:08"]),
        ("01 13:00:00", timedelta(days=9), ["3 Nov", "5 Nov", "7 Nov", "9 Nov"]),
    ],
)
def test_an_axis_has_round_moments(start, length, expected):
    begin = at(start)
    assert [word for _, word in ticks(begin, begin + length, 7)] == expected


@settings(max_examples=40)
@given(st.datetimes(timezones=st.just(UTC)), st.timedeltas(min_value=timedelta(seconds=1)))
@example(datetime(2000, 1, 1, tzinfo=UTC), timedelta(days=2548000))
def test_an_axis_never_has_too_many(start, length):
    try:
        end = start + length
    except OverflowError:
        end = datetime.max.replace(tzinfo=UTC)
    assert len(list(ticks(start, end, 7))) <= 7
