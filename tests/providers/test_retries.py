"""The one retry table: what fails again and again is tried more slowly, and never more slowly than its row says."""

from datetime import timedelta

import pytest

from model_operator.errors import RETRIES, RateLimited, Unavailable, delay_after


@pytest.mark.parametrize("kind", RETRIES, ids=lambda kind: kind.__name__)
def test_the_first_delay_doubles_up_to_the_cap(kind):
    row = RETRIES[kind]
    delays = [row.after(failures) for failures in (0, 1, 5, 1000)]
    assert delays == [min(row.first * factor, row.cap) for factor in (1, 2, 32, 65536)]
    assert delays[-1] == row.cap


def test_what_the_provider_said_comes_first():
    said = timedelta(seconds=7)
    assert delay_after(RateLimited("slower", retry_after=said), 9) == said
    assert delay_after(RateLimited("slower"), 0) == RETRIES[RateLimited].first


def test_what_has_no_row_goes_by_its_kind():
    class Odd(Unavailable):
        pass

    assert delay_after(Odd("?"), 1) == RETRIES[Unavailable].after(1)
