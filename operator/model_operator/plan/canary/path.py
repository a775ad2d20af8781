"""The way that a spec asks for, with every default filled in: stations, patience, and how it is judged."""

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
from model_operator.plan.canary.split import Shares, blend, identity

DEFAULT_STEPS: Final = (5, 25, 50, 100)
DEFAULT_HOLD: Final = timedelta(minutes=10)
DEFAULT_RESYNC: Final = timedelta(minutes=10)

_LEAST_REQUESTS: Final = {MetricName.LATENCY_P95: 300, MetricName.LATENCY_P99: 1000}
_MOST_NEED: Final = 100


@dataclass(frozen=True, slots=True)
class Station:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    stations: tuple[Station, ...]
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

    def station(self, percent: int) -> Station:
        """The step at which a rollout is; of another path if that one was edited away."""
        known = (station for station in self.stations if station.percent == percent)
        return next(known, Station(percent, self.hold))

    def index(self, percent: int) -> int:
        """Position of the step for people: how many steps are not beyond it, less one."""
        return max(0, sum(station.percent <= percent for station in self.stations) - 1)

    def after(self, percent: int, origin: Shares, to: Shares) -> Station | None:
        """The next step that changes anything; None at the end."""
        here = identity(blend(origin, to, percent))
        further = (station for station in self.stations if station.percent > percent)
        return next(
            (s for s in further if s.percent == 100 or identity(blend(origin, to, s.percent)) != here), None
        )


def path_of(spec: CanaryEndpointSpec) -> Path:
    rollout = spec.rollout
    hold = timedelta() if rollout is None else _or(rollout.hold, DEFAULT_HOLD)
    unhealthy = OnTargetUnhealthy.NONE if rollout is None else OnTargetUnhealthy.ROLLBACK
    return Path(
        stations=_stations(rollout, hold),
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


def _stations(rollout: Rollout | None, hold: timedelta) -> tuple[Station, ...]:
    if rollout is None:
        return (Station(100, hold),)
    if rollout.steps is None:
        return tuple(Station(percent, hold) for percent in DEFAULT_STEPS)
    return tuple(Station(s.percent, _or(s.hold, hold), s.gate is Gate.MANUAL) for s in rollout.steps)


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
