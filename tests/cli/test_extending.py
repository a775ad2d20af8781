"""`extend`: the edit that it makes of its flags, and what it refuses."""

from datetime import UTC, datetime

import click
import pytest

from model_operator.cli.power import extending

NOW = datetime(2026, 3, 1, 12, 0, 0, 700_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("period", "until", "expires_at"),
    [
        ("24h", None, "2026-03-02T12:00:00Z"),
        ("90m", None, "2026-03-01T13:30:00Z"),
        (None, "2026-12-24T18:00:00Z", "2026-12-24T18:00:00Z"),
        (None, "2026-12-24T18:00:00+01:00", "2026-12-24T17:00:00Z"),
    ],
)
def test_the_new_time_takes_the_place_of_a_duration(period, until, expires_at):
    edit = extending(period, until, NOW)
    assert edit.spec == {"expiresAt": expires_at, "expiresAfter": None}
    assert edit.done == f"is to expire at {expires_at}"


@pytest.mark.parametrize(
    ("period", "until", "message"),
    [
        (None, None, "use either --for or --until"),
        ("24h", "2026-12-24T18:00:00Z", "use either --for or --until"),
        ("3d", None, "not a time"),
        (None, "tomorrow", "not a time: use one such as 2026-12-24T18:00:00Z instead of 'tomorrow'"),
        ("99999999h99999999h", None, "not a time"),
        ("0s", None, "that time has passed"),
        (None, "2026-03-01T11:00:00Z", "that time has passed"),
    ],
)
def test_what_is_no_time_to_come_is_refused(period, until, message):
    with pytest.raises(click.UsageError, match=message):
        extending(period, until, NOW)
