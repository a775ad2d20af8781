"""What metrics say of requests: only what they show counts, and only if it can change no more."""

from datetime import timedelta

import pytest

from model_operator.plan.deployment.requests import Evidence, Requests, Said, evidence_of, said_by, unusable
from model_operator.traffic import Bucket, Figure, Figures
from support.situations import NOW

MINUTE = timedelta(minutes=1)
QUIET = {Figure.REQUESTS: 0.0, Figure.TOKENS: 0.0}
BUSY = {Figure.REQUESTS: 3.0, Figure.TOKENS: 750.0}
UNREAD = {Figure.REQUESTS: 0.0}
GAP = None


def ago(minutes):
    return NOW - minutes * MINUTE


def figures(*values, ends=NOW, at=NOW):
    """A bucket a minute, the last of which ends then."""
    start = ends - len(values) * MINUTE
    buckets = [Bucket(start + n * MINUTE, value) for n, value in enumerate(values) if value is not None]
    return Figures(buckets=tuple(buckets), length=MINUTE, at=at)


@pytest.mark.parametrize(
    ("values", "evidence"),
    [
        ([QUIET] * 8, Evidence(ago(8), ago(2), None, ago(0))),
        ([BUSY, *[QUIET] * 7], Evidence(ago(7), ago(2), ago(7), ago(0))),
        ([*[QUIET] * 4, GAP, *[QUIET] * 3], Evidence(ago(3), ago(2), None, ago(0))),
        ([*[QUIET] * 4, UNREAD, *[QUIET] * 3], Evidence(ago(3), ago(2), None, ago(0))),
        ([*[QUIET] * 7, BUSY], Evidence(None, None, ago(0), ago(0))),
        ([*[QUIET] * 7, UNREAD], Evidence(ago(8), ago(2), None, ago(1))),
        ([UNREAD] * 8, Evidence()),
        ([], Evidence()),
    ],
    ids=[
        "no request",
        "the last one",
        "a bucket that is missing",
        "one without tokens",
        "a request a moment ago",
        "one that may still change",
        "nothing can be read",
        "nothing at all",
    ],
)
def test_the_time_without_requests_that_was_shown(values, evidence):
    assert evidence_of(figures(*values), NOW) == evidence


def test_the_newest_bucket_may_still_fill_however_old_it_is():
    shown = figures(*[QUIET] * 8, ends=ago(20))
    assert evidence_of(shown, NOW).quiet_until == ago(21)


def test_the_providers_clock_is_not_ours():
    ahead = timedelta(hours=3)
    shown = figures(*[QUIET] * 8, ends=NOW + ahead, at=NOW + ahead)
    assert evidence_of(shown, NOW) == Evidence(ago(8), ago(2), None, ago(0))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (QUIET, Said.NO_REQUEST),
        (BUSY, Said.REQUEST),
        ({**QUIET, Figure.TOKENS: 250.0}, Said.REQUEST),
        ({**QUIET, Figure.LATENCY_P99: 120.0}, Said.REQUEST),
        ({**QUIET, Figure.ERRORS: 100.0}, Said.REQUEST),
        ({**QUIET, Figure.LATENCY_P99: 0.0, Figure.ERRORS: 0.0}, Said.NO_REQUEST),
        ({Figure.REQUESTS: 0.1}, Said.REQUEST),
        ({Figure.REQUESTS: 0.0}, Said.NOTHING),
        ({Figure.TOKENS: 0.0}, Said.NOTHING),
    ],
    ids=[
        "zeros",
        "requests",
        "a rate that was rounded to zero",
        "an answer took its time",
        "a request failed",
        "no latency and no error",
        "requests without tokens",
        "no tokens shown",
        "no rate shown",
    ],
)
def test_any_trace_of_a_request_is_one_and_what_is_not_shown_proves_nothing(value, said):
    assert said_by(Bucket(NOW, value)) is said


@pytest.mark.parametrize(
    ("newest", "is_usable"), [(None, False), (ago(29), True), (ago(31), False), (NOW, True)]
)
def test_metrics_that_have_ended_say_nothing_of_now(newest, is_usable):
    assert (unusable(Evidence(newest=newest), NOW, MINUTE) == "") is is_usable


@pytest.mark.parametrize("year", [1, 9999])
def test_times_that_are_none_are_left_out(year):
    odd = NOW.replace(year=year, month=12, day=31, hour=23)
    shown = figures(*[QUIET] * 8, at=odd)
    buckets = (Bucket(odd, BUSY), *shown.buckets, Bucket(odd, BUSY))
    odd_figures = Figures(buckets=buckets, length=MINUTE, at=odd)
    assert evidence_of(odd_figures, NOW) == Evidence(ago(8), ago(2), None, ago(0))
    assert Requests().answered(odd_figures, NOW).problem == ""
