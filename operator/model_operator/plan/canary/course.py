"""The course of a rollout: the splits between two ends, and the steps between them that a spec asks for.

Targets are told apart by their reference; ids and names may change without a new split coming of it. Every default of
`spec.rollout` is filled in here.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from model_operator.models.canary import CanaryEndpointSpec, OnTargetUnhealthy
from model_operator.models.canary_analysis import (
    Analysis,
    MetricAction,
    MetricName,
    MetricSpec,
    Mode,
    OnFail,
    ProviderMetric,
)
from model_operator.models.canary_rollout import Gate, Rollout
from model_operator.models.canary_status import Share

Shares = tuple[Share, ...]

DEFAULT_STEPS: Final = (5, 25, 50, 100)
DEFAULT_HOLD: Final = timedelta(minutes=10)
DEFAULT_RESYNC: Final = timedelta(minutes=10)

_LEAST_REQUESTS: Final = {MetricName.LATENCY_P95: 300, MetricName.LATENCY_P99: 1000}
_MOST_NEED: Final = 100


def blend(origin: Shares, to: Shares, percent: int) -> Shares:
    """`percent` of the way from one split to the other, in whole percents that sum to 100 (largest remainder).

    Every share stays between its two ends. All of both splits' members are in it, except at the two ends.
    """
    if percent >= 100 or not origin:
        return to
    if percent <= 0:
        return origin
    members = _members(origin, to)
    before, after = percents(origin), percents(to)
    exact = [
        before.get(m.reference, 0) * (100 - percent) + after.get(m.reference, 0) * percent for m in members
    ]
    whole = [number // 100 for number in exact]
    by_remainder = sorted(range(len(exact)), key=lambda i: (-(exact[i] % 100), i))
    for i in by_remainder[: 100 - sum(whole)]:
        whole[i] += 1
    return tuple(m.with_(percent=share) for m, share in zip(members, whole, strict=True))


def _members(origin: Shares, to: Shares) -> Shares:
    """In the order of the origin, then the new ones; a name is the destination's where it has one."""
    names = {share.reference: share for share in to}
    known = {share.reference for share in origin}
    kept = tuple(names.get(share.reference, share) for share in origin)
    return kept + tuple(share for share in to if share.reference not in known)


def percents(shares: Iterable[Share]) -> Mapping[str, int]:
    return {share.reference: share.percent for share in shares}


def canaries(origin: Shares, to: Shares) -> frozenset[str]:
    """References whose percent rises on the way: what is judged."""
    before = percents(origin)
    return frozenset(s.reference for s in to if s.percent > before.get(s.reference, 0))


def baselines(origin: Shares, to: Shares) -> frozenset[str]:
    """References whose percent falls on the way: what it is compared with, and what a rollback goes back to."""
    after = percents(to)
    return frozenset(s.reference for s in origin if s.percent > after.get(s.reference, 0))


def identity(shares: Iterable[Share]) -> str:
    """The same for splits that send the same traffic to the same references."""
    return ",".join(sorted(f"{s.reference}={s.percent}" for s in shares if s.percent > 0))


def describe(shares: Iterable[Share]) -> str:
    """`v1=75 v2=25`, without those that get nothing."""
    return " ".join(f"{s.name}={s.percent}" for s in shares if s.percent > 0)


def is_whole(shares: Shares) -> bool:
    """Percents that are possible and sum to 100, of targets that differ."""
    references = {share.reference for share in shares}
    return (
        sum(share.percent for share in shares) == 100
        and all(0 <= share.percent <= 100 for share in shares)
        and len(references) == len(shares)
    )


def without_zeros(split: Mapping[str, int]) -> dict[str, int]:
    return {id: percent for id, percent in split.items() if percent}


@dataclass(frozen=True, slots=True)
class Step:
    """One step: how far, how long at least, and whether a person must let it go on."""

    percent: int
    hold: timedelta
    is_gated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One metric with its limits and the requests that it needs."""

    name: str
    figure: ProviderMetric
    needed: int
    only_warns: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """`spec.rollout.analysis` with its defaults."""

    interval: timedelta
    warmup: timedelta
    delay: timedelta
    fail_after: int
    inconclusive_timeout: timedelta
    pauses: bool
    """On failure: hold instead of going back."""
    allows_shared: bool
    enforces: bool
    checks: tuple[Check, ...]

    @property
    def first_verdict(self) -> timedelta:
        """How long after a step's acknowledgement there can be figures of it."""
        return self.warmup + self.delay + self.interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    steps: tuple[Step, ...]
    hold: timedelta
    limit: int
    is_paused: bool
    retry: str
    unready_timeout: timedelta
    on_unhealthy: OnTargetUnhealthy
    resync: timedelta
    judgement: Judgement | None
    is_static: bool
    """No `spec.rollout`: straight to the destination."""

    def step(self, percent: int) -> Step:
        """The step at which a rollout is; of another course if that one was edited away."""
        known = (step for step in self.steps if step.percent == percent)
        return next(known, Step(percent, self.hold))

    def index(self, percent: int) -> int:
        """Position of the step for people: how many steps are not beyond it, less one."""
        return max(0, sum(step.percent <= percent for step in self.steps) - 1)

    def after(self, percent: int, origin: Shares, to: Shares) -> Step | None:
        """The next step that changes anything; None at the end."""
        here = identity(blend(origin, to, percent))
        further = (step for step in self.steps if step.percent > percent)
        return next(
            (s for s in further if s.percent == 100 or identity(blend(origin, to, s.percent)) != here), None
        )


_PATH: Final = ("rollout", "onTargetUnhealthy", "resync")


def path_of(spec: CanaryEndpointSpec) -> str:
    """What a course is made of, as a status remembers it."""
    body = spec.dump()
    return json.dumps({name: body[name] for name in _PATH if name in body}, sort_keys=True)


def remembered_course(path: str | None, spec: CanaryEndpointSpec) -> Course | None:
    """The course of that path; None if there is none, or none that this version understands."""
    try:
        body = {name: value for name, value in spec.dump().items() if name not in _PATH}
        return course_of(spec.read({**body, **json.loads(path or "")}))
    except (ValueError, TypeError, RecursionError):
        return None


def course_of(spec: CanaryEndpointSpec) -> Course:
    rollout = spec.rollout
    hold = timedelta() if rollout is None else _or(rollout.hold, DEFAULT_HOLD)
    unhealthy = OnTargetUnhealthy.NONE if rollout is None else OnTargetUnhealthy.ROLLBACK
    return Course(
        steps=_steps(rollout, hold),
        hold=hold,
        limit=100 if rollout is None or rollout.limit is None else rollout.limit,
        is_paused=bool(rollout and rollout.paused),
        retry=(rollout.retry if rollout else None) or "",
        unready_timeout=_or(rollout.unready_timeout if rollout else None, timedelta(minutes=5)),
        on_unhealthy=spec.on_target_unhealthy or unhealthy,
        resync=_or(spec.resync, DEFAULT_RESYNC),
        judgement=_judgement(rollout.analysis) if rollout and rollout.analysis else None,
        is_static=rollout is None,
    )


def _steps(rollout: Rollout | None, hold: timedelta) -> tuple[Step, ...]:
    if rollout is None:
        return (Step(100, hold),)
    if rollout.steps is None:
        return tuple(Step(percent, hold) for percent in DEFAULT_STEPS)
    return tuple(Step(s.percent, _or(s.hold, hold), s.gate is Gate.MANUAL) for s in rollout.steps)


def _judgement(analysis: Analysis) -> Judgement:
    return Judgement(
        interval=_or(analysis.interval, timedelta(minutes=1)),
        warmup=_or(analysis.warmup, timedelta(minutes=2)),
        delay=_or(analysis.delay, timedelta(minutes=1)),
        fail_after=analysis.fail_after or 2,
        inconclusive_timeout=_or(analysis.inconclusive_timeout, timedelta(hours=2)),
        pauses=analysis.on_fail is OnFail.PAUSE,
        allows_shared=bool(analysis.allow_shared_targets),
        enforces=analysis.mode is not Mode.OBSERVE,
        checks=tuple(
            _check(metric, metric.provider, analysis) for metric in analysis.metrics if metric.provider
        ),
    )


def _check(metric: MetricSpec, figure: ProviderMetric, analysis: Analysis) -> Check:
    needed = metric.min_requests or analysis.min_requests or _LEAST_REQUESTS.get(figure.metric, _MOST_NEED)
    return Check(
        name=metric.name, figure=figure, needed=needed, only_warns=metric.action is MetricAction.WARN
    )


def _or(value: timedelta | None, default: timedelta) -> timedelta:
    return default if value is None else value
