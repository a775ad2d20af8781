"""The way of a rollout in words, before anything is done: splits, checks, earliest times, and what can be found.

The same arithmetic as the real thing; only traffic and verdicts are not known yet.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from model_operator.durations import format_duration
from model_operator.plan.canary.course import (
    Check,
    Course,
    Shares,
    Step,
    blend,
    canaries,
    describe,
    identity,
)
from model_operator.plan.canary.detecting import Sight, found, least, sight


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One step of the way."""

    percent: int
    split: Shares
    start: timedelta
    """After the first step's begin, at the earliest."""
    stay: timedelta
    is_gated: bool
    sight: Sight | None
    """None where nothing is judged at this step."""


def planned(course: Course, origin: Shares, to: Shares, rps: float | None) -> Iterator[Planned]:
    """All steps up to `spec.rollout.limit`; none where the split is sent at once."""
    if is_at_once(course, origin, to):
        return
    percent, start = 0, timedelta()
    while (step := course.after(percent, origin, to)) is not None and step.percent <= course.limit:
        split, stay = blend(origin, to, step.percent), _stay(course, step)
        share, judgement = _share(split, origin, to), course.judgement
        yield Planned(
            percent=step.percent,
            split=split,
            start=start,
            stay=stay,
            is_gated=step.is_gated,
            sight=sight(judgement, share, stay, rps) if judgement is not None and share else None,
        )
        percent, start = step.percent, start + stay


def is_at_once(course: Course, origin: Shares, to: Shares) -> bool:
    """A first split, one that is there already, or one without `spec.rollout`."""
    return not origin or identity(origin) == identity(to) or course.is_static


def preview(course: Course, origin: Shares, to: Shares, rps: float | None) -> Iterator[str]:
    """What all steps have in common, and a line per step; `rps` is the traffic of the whole endpoint, if it is known."""
    if not origin:
        yield f"  create with {describe(to)} once all targets are serving (a first split has no steps)"
        return
    if identity(origin) == identity(to):
        yield f"  {describe(to)}: this is the last good split, so it is sent at once, without steps"
        return
    if course.is_static:
        yield f"  {describe(origin)} -> {describe(to)} at once (there is no spec.rollout)"
        return
    paused = ", paused by the spec" if course.is_paused else ""
    yield f"  from {describe(origin)} to {describe(to)}{paused}"
    yield "  each step begins when the provider confirms its split"
    yield from (f"  {line}" for line in _judged(course))
    yield from _steps(course, origin, to, rps)


def _steps(course: Course, origin: Shares, to: Shares, rps: float | None) -> Iterator[str]:
    percent, end = 0, timedelta()
    for number, step in enumerate(planned(course, origin, to, rps), start=1):
        yield (
            f"  {number}. +{format_duration(step.start)}  {describe(step.split)}  ({step.percent} % of the change) "
            f" {_until(step)}"
        )
        if step.sight is not None:
            yield f"       {found(step.sight)}"
        percent, end = step.percent, step.start + step.stay
    further = course.after(percent, origin, to)
    if further is not None:
        yield f"  stop: the next step is {further.percent} %, and spec.rollout.limit is {course.limit}"
    else:
        yield f"  +{format_duration(end)}  completed, at the earliest"


def _until(step: Planned) -> str:
    gate = ", until it is approved manually" if step.is_gated else ""
    return f"for at least {format_duration(step.stay)}{gate}"


def _stay(course: Course, step: Step) -> timedelta:
    """The hold, or until there can be a first verdict."""
    judgement = course.judgement
    if judgement is None or not judgement.enforces:
        return step.hold
    return max(step.hold, judgement.first_verdict)


def _judged(course: Course) -> Iterator[str]:
    judgement = course.judgement
    if judgement is None:
        return
    verb = "must pass" if judgement.enforces else "is observed"
    for check in judgement.checks:
        yield f"{check.name} {'only warns' if check.only_warns else verb}: {_limits(check)}"
    yield least(judgement)
    if judgement.enforces:
        then = "it pauses" if judgement.pauses else "it rolls back"
        yield f"after {judgement.fail_after} consecutive failed verdicts {then}"


def _limits(check: Check) -> str:
    figure, points = check.figure, check.figure.max_increase_percentage_points
    parts = [
        (figure.max_percent, "at most {} %"),
        (points, f"at most {{}} percentage point{'' if points == 1 else 's'} above the baseline"),
        (figure.max_milliseconds, "at most {} ms"),
        (figure.max_tokens, "at most {} tokens"),
        (figure.max_increase_percent, "at most {} % above the baseline"),
    ]
    words = ", ".join(text.format(value) for value, text in parts if value is not None)
    return f"{figure.metric} {words}, of at least {check.needed} requests"


def _share(split: Shares, origin: Shares, to: Shares) -> float:
    """The smallest canary's part of the traffic; zero where none gets any."""
    rising = canaries(origin, to)
    return min((s.percent for s in split if s.reference in rising and s.percent), default=0) / 100


def document(course: Course, origin: Shares, to: Shares, rps: float | None) -> dict[str, Any]:
    """The same for programs; durations as in YAML, rates in percent."""
    return {
        "from": _split(origin),
        "to": _split(to),
        "atOnce": is_at_once(course, origin, to),
        "limit": course.limit,
        "steps": [_step(one) for one in planned(course, origin, to, rps)],
    }


def _split(shares: Shares) -> dict[str, int]:
    return {share.name: share.percent for share in shares if share.percent}


def _step(one: Planned) -> dict[str, Any]:
    seen = one.sight
    sight = {} if seen is None else {"requests": seen.requests, "needed": seen.needed, "errorRate": seen.rate}
    return {
        "percent": one.percent,
        "split": _split(one.split),
        "start": format_duration(one.start),
        "atLeast": format_duration(one.stay),
        "gated": one.is_gated,
        **{name: value for name, value in sight.items() if value is not None},
    }
