"""When a budget's month, week or day begins and ends: time zones, and days on which clocks are set."""

from datetime import UTC, datetime, timedelta

import pytest

from model_operator.billing.periods import Bounds, bounds_at
from model_operator.models.budget import Period

MONTH, WEEK, DAY = Period


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("period", "zone", "now", "start", "end"),
    [
        pytest.param(
            MONTH, "UTC", "2026-11-28T13:00", "2026-11-01T00:00", "2026-12-01T00:00", id="a month in UTC"
        ),
        pytest.param(MONTH, "UTC", "2026-12-31T23:59", "2026-12-01T00:00", "2027-01-01T00:00", id="December"),
        pytest.param(
            MONTH, "UTC", "2028-02-29T12:00", "2028-02-01T00:00", "2028-03-01T00:00", id="a leap year's February"
        ),
        pytest.param(
            MONTH, "Europe/Berlin", "2026-10-31T23:30", "2026-10-31T23:00", "2026-11-30T23:00", id="already November there"
        ),
        pytest.param(
            MONTH, "Europe/Berlin", "2026-10-15T00:00", "2026-09-30T22:00", "2026-10-31T23:00", id="745 hours of October"
        ),
        pytest.param(
            MONTH, "America/New_York", "2026-11-01T03:59", "2026-10-01T04:00", "2026-11-01T04:00", id="still October there"
        ),
        pytest.param(
            WEEK, "UTC", "2026-11-30T00:00", "2026-11-30T00:00", "2026-12-07T00:00", id="a Monday begins its week"
        ),
        pytest.param(
            WEEK, "UTC", "2026-11-29T23:59", "2026-11-23T00:00", "2026-11-30T00:00", id="a Sunday ends it"
        ),
        pytest.param(
            WEEK, "Europe/Berlin", "2026-03-29T12:00", "2026-03-22T23:00", "2026-03-29T22:00", id="a week of 167 hours"
        ),
        pytest.param(
            DAY, "Europe/Berlin", "2026-03-29T12:00", "2026-03-28T23:00", "2026-03-29T22:00", id="a day of 23 hours"
        ),
        pytest.param(
            DAY, "Europe/Berlin", "2026-10-25T12:00", "2026-10-24T22:00", "2026-10-25T23:00", id="a day of 25 hours"
        ),
        pytest.param(
            DAY, "Asia/Beirut", "2026-03-29T12:00", "2026-03-28T22:00", "2026-03-29T21:00", id="midnight is skipped"
        ),
        pytest.param(
            DAY, "America/Havana", "2026-11-01T04:30", "2026-11-01T04:00", "2026-11-02T05:00", id="midnight comes twice, the first"
        ),
        pytest.param(
            DAY, "America/Havana", "2026-11-01T05:30", "2026-11-01T04:00", "2026-11-02T05:00", id="midnight comes twice, the second"
        ),
        pytest.param(
            DAY, "Pacific/Apia", "2011-12-30T09:00", "2011-12-29T10:00", "2011-12-30T10:00", id="the day before one that there is not"
        ),
        pytest.param(
            DAY, "Pacific/Apia", "2011-12-30T11:00", "2011-12-30T10:00", "2011-12-31T10:00", id="the day after it"
        ),
    ],
)  # fmt: skip
def test_a_period_lies_from_midnight_to_midnight(
    period: Period, zone: str, now: str, start: str, end: str
) -> None:
    assert bounds_at(period, zone, at(now)) == Bounds(at(start), at(end))


@pytest.mark.parametrize(
    "zone", ["UTC", "Europe/Berlin", "America/Havana", "Asia/Beirut", "Australia/Lord_Howe"]
)
@pytest.mark.parametrize("period", list(Period))
def test_periods_of_a_year_follow_each_other_without_a_gap(period: Period, zone: str) -> None:
    bounds = bounds_at(period, zone, at("2026-01-01T12:00"))
    while bounds.end < at("2027-01-02T00:00"):
        following = bounds_at(period, zone, bounds.end)
        assert following.start == bounds.end
        assert bounds_at(period, zone, bounds.end - timedelta(microseconds=1)) == bounds
        bounds = following


def test_a_zone_that_there_is_not_is_named() -> None:
    with pytest.raises(ValueError, match='"Europe/Atlantis" is not a time zone'):
        bounds_at(Period.DAY, "Europe/Atlantis", at("2026-01-01T00:00"))
