"""What a provider's metrics say of whether anybody uses a deployment, and what a process remembers of reading them. Pure.

A bucket shows no request if it shows so: a rate of zero, which may be rounded, and no tokens, which are counted. One that
is missing, has no number, or a negative one, shows nothing, and ends the time without requests as a request does.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from model_operator.traffic import Bucket, Figure, Figures

SETTLE: Final = timedelta(minutes=2)
"""Until metrics are complete: what is younger may still change."""
CALM: Final = timedelta(minutes=5)
"""Between two reads, at least, and from one that failed to the next."""
WATCH: Final = timedelta(minutes=1)
"""Between reads of one that was found idle: its first request brings it back."""
_LONGEST_WAIT: Final = timedelta(days=1)
"""So that metrics that have stopped are noticed."""
_NO_CLOCK: Final = timedelta(days=3650)
"""A time that is further off is none, be it a provider's Date or a bucket's."""
_OLD: Final = timedelta(minutes=30)
"""Metrics that end before say nothing of now."""


class Said(Enum):
    """What one bucket says."""

    NO_REQUEST = "NoRequest"
    REQUEST = "Request"
    NOTHING = "Nothing"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one reading has shown, by the operator's clock."""

    quiet_since: datetime | None = None
    """From then on, and up to `quiet_until`, every bucket is there and shows no request."""
    quiet_until: datetime | None = None
    busy_until: datetime | None = None
    """End of the last bucket with a request."""
    newest: datetime | None = None
    """End of the last bucket that says anything."""


def evidence_of(figures: Figures, now: datetime) -> Evidence:
    """The last bucket may still fill, as those of the last minutes: no request there proves nothing, and a request does."""
    offset, length = offset_of(figures, now), figures.length
    complete = now + offset - SETTLE
    since = until = busy = newest = None
    for bucket in (b for b in figures.buckets if abs(b.start - complete) < _NO_CLOCK):
        end, said = bucket.start + length, said_by(bucket)
        is_complete = end <= complete and bucket is not figures.buckets[-1]
        if said is not Said.NOTHING:
            newest = end
        if said is Said.REQUEST:
            since, until, busy = None, None, end
        elif is_complete and said is Said.NOTHING:
            since, until = None, None
        elif is_complete:
            since = bucket.start if until is None or bucket.start > until else since
            until = end
    return Evidence(*(time and time - offset for time in (since, until, busy, newest)))


def offset_of(figures: Figures, now: datetime) -> timedelta:
    """The provider's clock less ours, where the reply tells."""
    offset = timedelta() if figures.at is None else figures.at - now
    return offset if abs(offset) < _NO_CLOCK else timedelta()


def said_by(bucket: Bucket) -> Said:
    """Any trace of a request is one: latencies and errors come from nothing else."""
    if any(value > 0 for value in bucket.figures.values()):
        return Said.REQUEST
    is_counted = {Figure.REQUESTS, Figure.TOKENS} <= bucket.figures.keys()
    return Said.NO_REQUEST if is_counted else Said.NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    """What this process has read of a deployment's requests. Lost with it: then it reads again."""

    read_at: datetime | None = None
    """When to read next."""
    has_read: bool = False
    evidence: Evidence | None = None
    """Of the reading of this pass; None: there was none, or it could not be read."""
    calm_at: datetime | None = None
    """When the last reading that showed no request was asked for, of what was found idle."""
    blind_since: datetime | None = None
    """Of readings in a row that could not be read, the first."""
    problem: str = ""
    offset: timedelta = timedelta()
    """The provider's clock less ours."""

    def rested(self) -> "Requests":
        """A pass that reads nothing."""
        return self if self.evidence is None else replace(self, evidence=None)

    def is_ahead(self, now: datetime) -> bool:
        """It was planned by a clock that was set back since."""
        return self.read_at is not None and self.read_at > now + _LONGEST_WAIT

    def due(self, at: datetime) -> "Requests":
        return replace(self, read_at=at)

    def failed(self, problem: str, now: datetime) -> "Requests":
        return replace(
            self,
            has_read=True,
            evidence=None,
            calm_at=None,
            problem=problem,
            blind_since=self.blind_since or now,
            read_at=now + CALM,
        )

    def answered(self, figures: Figures, now: datetime) -> "Requests":
        """Whether it can be used is another question: metrics may have ended, or never begun."""
        offset = offset_of(figures, now)
        if abs(offset - self.offset) > WATCH:  # it was asked for another time than meant
            return replace(self, offset=offset, evidence=None, calm_at=None, read_at=now + WATCH)
        evidence = evidence_of(figures, now)
        problem = unusable(evidence, now, figures.length)
        if problem:
            return replace(self.failed(problem, now), offset=offset)
        return replace(
            self, has_read=True, evidence=evidence, problem="", blind_since=None, offset=offset, read_at=None
        )

    def again(self, earliest: datetime, now: datetime) -> "Requests":
        """Nothing can come of another reading before that."""
        return self.due(min(max(earliest, now + CALM), now + _LONGEST_WAIT))

    def watched(self, now: datetime, every: timedelta, *, is_calm: bool) -> "Requests":
        """Of one that was found idle."""
        return replace(self, read_at=now + every, calm_at=now if is_calm else None)


def unusable(evidence: Evidence, now: datetime, length: timedelta) -> str:
    """Why it says nothing of now; empty where it does."""
    if evidence.newest is None:
        return "The metrics do not show both requests_per_second and token_usage"
    if now - evidence.newest > max(_OLD, 3 * length):
        return "The newest metrics are too old"
    return ""
