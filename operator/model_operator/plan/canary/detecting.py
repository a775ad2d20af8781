"""What the traffic of a step lets its checks find, before anything is done. Pure.

The same arithmetic as a verdict's; only the traffic is a guess of the user's.
"""

from dataclasses import dataclass
from datetime import timedelta

from model_operator.durations import format_duration
from model_operator.plan.canary.checks import text
from model_operator.plan.canary.course import Judgement
from model_operator.plan.canary.statistics import detectable


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What is found at one step. Rates are in percent."""

    requests: int | None
    """To the smallest canary while the step lasts; None where nobody says how much traffic there is."""
    needed: int
    """For a verdict on every check."""
    rate: float | None
    """The lowest error rate that those requests find; None where no check looks at errors, or a verdict is late."""
    takes: timedelta | None
    """How long the needed requests take; None where none come, or nobody says how many."""
    rps: float
    """Requests per second to the whole endpoint with which the needed ones come in time."""

    @property
    def is_late(self) -> bool:
        return self.requests is not None and self.requests < self.needed


def sight(judgement: Judgement, share: float, stay: timedelta, rps: float | None) -> Sight:
    """`share` is the smallest canary's part of the traffic, above zero; `rps` the requests per second to all."""
    needed, seconds = needed_for(judgement), stay.total_seconds()
    requests = None if rps is None else round(rps * share * seconds)
    return Sight(
        requests=requests,
        needed=needed,
        rate=None if requests is None or requests < needed else rate_found(judgement, requests),
        takes=timedelta(seconds=round(needed / (rps * share))) if rps else None,
        rps=needed / (share * seconds) if seconds else 0.0,
    )


def needed_for(judgement: Judgement) -> int:
    """Requests to a canary for a verdict on every check."""
    return max(check.needed for check in judgement.checks)


def rate_found(judgement: Judgement, requests: int) -> float | None:
    """The lowest error rate, in percent, that so many requests find; None where no check has a limit for it."""
    limit = _strictest(judgement)
    return None if limit is None else 100 * detectable(requests, limit / 100)


def _strictest(judgement: Judgement) -> float | None:
    limits = [float(c.figure.max_percent) for c in judgement.checks if c.figure.max_percent is not None]
    return min(limits, default=None)


def least(judgement: Judgement) -> str:
    """What holds for every step: `a verdict needs 200 requests, with which error rates from 6.48 % can be detected`."""
    needed = needed_for(judgement)
    rate = rate_found(judgement, needed)
    return f"a verdict needs {needed} requests" + (f", with which {_rates(rate)}" if rate is not None else "")


def found(one: Sight) -> str:
    """`225 requests, error rates from 5.77 % can be detected`."""
    if one.requests is None:
        return (
            f"{one.needed} requests in time need at least {text(one.rps)} requests per second to the endpoint"
        )
    if one.takes is None:
        return "warning: no requests are expected, so there is no verdict"
    if one.is_late:
        late = format_duration(one.takes)
        return f"warning: {one.requests} requests in that time, but {one.needed} are needed: the step takes {late}"
    return f"{one.requests} requests" + (f", {_rates(one.rate)}" if one.rate is not None else "")


def _rates(rate: float) -> str:
    return f"error rates from {text(rate)} % can be detected"
