"""The way of a rollout in words, before anything is done: splits, checks, earliest times, and what can be seen.

The same arithmetic as the real thing; only traffic and verdicts are not known yet.
"""

from collections.abc import Iterator
from datetime import timedelta

from model_operator.durations import format_duration
from model_operator.plan.canary.course import (
    Check,
    Course,
    Judgement,
    Shares,
    Step,
    blend,
    canaries,
    describe,
    identity,
)
from model_operator.plan.canary.judging import warning


def preview(course: Course, origin: Shares, to: Shares, rps: float | None) -> Iterator[str]:
    """One line per step and check; `rps` is the traffic of the whole endpoint, if it is known."""
    if not origin:
        yield f"  create with {describe(to)} once all targets are serving (a first split has no steps)"
        return
    if identity(origin) == identity(to):
        yield f"  {describe(to)}: this is the last good split, so it is sent at once, without steps"
        return
    if course.is_static:
        yield f"  {describe(origin)} -> {describe(to)} at once (there is no spec.rollout)"
        return
    yield f"  from {describe(origin)} to {describe(to)}" + (
        ", paused by the spec" if course.is_paused else ""
    )
    yield from _steps(course, origin, to, rps)


def _steps(course: Course, origin: Shares, to: Shares, rps: float | None) -> Iterator[str]:
    percent, number, start = 0, 0, timedelta()
    while (step := course.after(percent, origin, to)) is not None:
        if step.percent > course.limit:
            yield f"  stop: the next step is {step.percent} %, and spec.rollout.limit is {course.limit}"
            return
        number += 1
        split = blend(origin, to, step.percent)
        stay = _stay(course, step)
        yield f"  {number}. +{format_duration(start)}  {describe(split)}  ({step.percent} % of the change)"
        yield from (f"       {line}" for line in _conditions(course, step, stay))
        yield from (f"       {line}" for line in _seen(course, step, _share(split, origin, to), rps))
        percent, start = step.percent, start + stay
    yield f"  +{format_duration(start)}  completed, at the earliest"


def _stay(course: Course, step: Step) -> timedelta:
    """The hold, or until there can be a first verdict."""
    judgement = course.judgement
    if judgement is None or not judgement.enforces:
        return step.hold
    return max(step.hold, judgement.first_verdict)


def _conditions(course: Course, step: Step, stay: timedelta) -> Iterator[str]:
    yield f"for at least {format_duration(stay)} after the provider's acknowledgement"
    if course.judgement is not None:
        verb = "must pass" if course.judgement.enforces else "is observed"
        for check in course.judgement.checks:
            yield f"{check.name} {'only warns' if check.only_warns else verb}: {_limits(check)}"
        if course.judgement.enforces:
            then = "it pauses" if course.judgement.pauses else "it goes back"
            yield f"after {course.judgement.fail_after} consecutive failed verdicts {then}"
    if step.is_gated:
        yield "manual approval is needed to leave this step"


def _limits(check: Check) -> str:
    figure = check.figure
    parts = [
        (figure.max_percent, "at most {} %"),
        (figure.max_increase_percentage_points, "at most {} percentage points above the baseline"),
        (figure.max_milliseconds, "at most {} ms"),
        (figure.max_tokens, "at most {} tokens"),
        (figure.max_increase_percent, "at most {} % above the baseline"),
    ]
    words = ", ".join(text.format(value) for value, text in parts if value is not None)
    return f"{figure.metric} {words}, of at least {check.needed} requests"


def _share(split: Shares, origin: Shares, to: Shares) -> float:
    """The smallest canary's part of the traffic."""
    rising = canaries(origin, to)
    return min((s.percent for s in split if s.reference in rising and s.percent), default=0) / 100


def _seen(course: Course, step: Step, share: float, rps: float | None) -> Iterator[str]:
    judgement = course.judgement
    if rps is None or judgement is None:
        return
    requests = round(rps * share * _stay(course, step).total_seconds())
    needed = max(check.needed for check in judgement.checks)
    if requests < needed and rps * share > 0:
        late = timedelta(seconds=round(needed / (rps * share)))
        yield (
            f"warning: {requests} requests in that time, but {needed} are needed: the step takes"
            f" {format_duration(late)}"
        )
    elif requests < needed:
        yield "warning: no requests are expected, so there is no verdict"
    limit = _strictest(judgement)
    thin = warning(requests, limit) if limit is not None else None
    if thin is not None:
        yield f"warning: {thin}"


def _strictest(judgement: Judgement) -> float | None:
    limits = [float(c.figure.max_percent) for c in judgement.checks if c.figure.max_percent is not None]
    return min(limits, default=None)
