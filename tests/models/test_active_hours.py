"""Active hours: every edge where people of that zone would expect it, also on the nights on which clocks are set."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_operator.active_hours import DAYS, ActiveHours, Window

BERLIN = "Europe/Berlin"
OFFICE = ActiveHours.parse(BERLIN, ("Mon-Fri 08:00-20:00",))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "is_active", "since", "until"),
    [
        pytest.param(
            "2026-11-25T12:00", True, "2026-11-25T07:00", "2026-11-25T19:00", id="in the week, in winter"
        ),
        pytest.param(
            "2026-07-22T12:00", True, "2026-07-22T06:00", "2026-07-22T18:00", id="in the week, in summer"
        ),
        pytest.param("2026-11-25T19:00", False, "2026-11-25T19:00", "2026-11-26T07:00", id="the edge itself"),
        pytest.param("2026-11-27T23:00", False, "2026-11-27T19:00", "2026-11-30T07:00", id="a weekend"),
    ],
)
def test_a_moment_is_active_or_not_between_two_edges(now, is_active, since, until):
    hours = OFFICE.at(utc(now))
    assert (hours.is_active, hours.since, hours.until) == (is_active, utc(since), utc(until))


@pytest.mark.parametrize(
    ("window", "begin", "end"),
    [
        pytest.param(
            "Sun 02:30-06:00", "2026-03-29T01:00", "2026-03-29T04:00", id="begins in a skipped hour"
        ),
        pytest.param("Sun 00:00-02:30", "2026-03-28T23:00", "2026-03-29T01:00", id="ends in a skipped hour"),
        pytest.param(
            "Sun 02:30-06:00", "2026-10-25T00:30", "2026-10-25T05:00", id="begins with the first of two"
        ),
        pytest.param(
            "Sun 00:00-02:30", "2026-10-24T22:00", "2026-10-25T01:30", id="ends with the second of two"
        ),
        pytest.param("Sat 22:00-04:00", "2026-03-28T21:00", "2026-03-29T02:00", id="the short night"),
        pytest.param("Sat 22:00-04:00", "2026-10-24T20:00", "2026-10-25T03:00", id="the long night"),
        pytest.param("Sat-Sun 00:00-24:00", "2026-03-27T23:00", "2026-03-29T22:00", id="two days are one"),
    ],
)
def test_nights_on_which_clocks_are_set(window, begin, end):
    hours = ActiveHours.parse(BERLIN, (window,))
    within = hours.at(utc(begin))
    assert (within.is_active, within.since, within.until) == (True, utc(begin), utc(end))
    assert not hours.at(utc(begin) - timedelta(minutes=1)).is_active
    assert not hours.at(utc(end)).is_active


def test_a_gap_of_half_an_hour_is_no_whole_hour():
    hours = ActiveHours.parse("Australia/Lord_Howe", ("Sun 02:15-03:00",))
    assert hours.at(utc("2026-10-03T15:30")).since == utc("2026-10-03T15:30")


def test_windows_that_touch_or_overlap_are_one_and_a_gap_is_left():
    hours = ActiveHours.parse(
        "UTC", ("Mon 08:00-12:00", "Mon 12:00-16:00", "Mon 15:00-18:00", "Mon 20:00-21:00")
    )
    noon = hours.at(utc("2026-11-30T12:00"))
    assert (noon.is_active, noon.until) == (True, utc("2026-11-30T18:00"))
    assert hours.at(noon.until).until == utc("2026-11-30T20:00")


def test_windows_without_a_gap_have_no_edge():
    hours = ActiveHours.parse("America/New_York", ("Mon-Sun 00:00-24:00",)).at(utc("2026-03-08T07:00"))
    assert (hours.is_active, hours.since, hours.until) == (True, None, None)


def test_the_lead_time_is_before_the_window():
    hours = ActiveHours.parse("UTC", ("Mon 08:00-12:00",), timedelta(minutes=20))
    assert hours.at(utc("2026-11-30T07:00")).until == utc("2026-11-30T07:40")
    assert hours.at(utc("2026-11-30T07:40")).is_active


@pytest.mark.parametrize(
    "text", ["Mon 8:00-20:00", "Mon-Fri 08:00-24:01", "Mo 08:00-20:00", "Mon-Fri", "Mon 08:00-08:00", ""]
)
def test_what_is_no_window_is_named(text):
    with pytest.raises(ValueError, match=r"window|ends when it begins"):
        Window.parse(text)


@pytest.mark.parametrize("zone", ["Europe/Atlantis", "", "..", "/etc/passwd", "Europe", "a\0b", "CEST+9"])
def test_what_is_no_zone_is_named(zone):
    with pytest.raises(ValueError, match="not a time zone of the IANA database"):
        ActiveHours.parse(zone, ("Mon 08:00-20:00",))


WINDOWS = st.builds(
    lambda first, last, begin, end: (
        f"{first}-{last} {begin // 4:02}:{begin % 4 * 15:02}-{end // 4:02}:{end % 4 * 15:02}"
    ),
    st.sampled_from(DAYS),
    st.sampled_from(DAYS),
    st.integers(0, 95),
    st.integers(0, 95),
).filter(lambda text: text[-11:-6] != text[-5:])


@given(
    zone=st.sampled_from([BERLIN, "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"]),
    windows=st.lists(WINDOWS, min_size=1, max_size=4).map(tuple),
    minute=st.integers(0, 2 * 366 * 24 * 60),
)
def test_between_two_edges_nothing_changes_and_at_each_edge_something_does(zone, windows, minute):
    hours = ActiveHours.parse(zone, windows)
    now = datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC")) + timedelta(minutes=minute)
    seen = hours.at(now)
    if seen.until is None or seen.since is None:
        assert seen.is_active
        return
    assert seen.since <= now < seen.until
    for moment in (seen.since, seen.since + (seen.until - seen.since) / 2, seen.until - timedelta(seconds=1)):
        assert hours.at(moment) == seen
    assert hours.at(seen.until).is_active is not seen.is_active
    assert hours.at(seen.since - timedelta(seconds=1)).is_active is not seen.is_active
