"""What one operator showed in one round, and what many rounds come to: medians, spreads and ratios. Pure.

Absolute figures are those of one machine in one hour. What travels is a ratio of two operators within one round, which
met the same machine: the ratio of a report is the median of the rounds' ratios.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

OURS: Final = "ours"
TARGETS_FOR: Final = 1000
SCALE_FOR: Final = 10_000

CREATED: Final = "all created"
READY: Final = "all Ready"
NOT_READY: Final = "not Ready in time"
OPERATOR_CPU: Final = "operator CPU per deployment"
SERVER_CPU: Final = "API server CPU per deployment"
SIMULATOR_CPU: Final = "simulator CPU per deployment"
MEMORY_NONE: Final = "operator memory, none"
MEMORY_ALL: Final = "operator memory, all"
STEADY_LISTS: Final = "steady: LISTs per minute"
STEADY_OTHERS: Final = "steady: other requests per minute"
STEADY_WRITES: Final = "steady: Kubernetes writes per minute"
STEADY_CPU: Final = "steady: operator CPU per minute"
EDIT_P50: Final = "spec edit → provider, p50"
EDIT_P99: Final = "spec edit → provider, p99"
RESTART: Final = "kill -9 → all reconciled"
RESTART_LISTS: Final = "kill -9: LISTs"
RESTART_OTHERS: Final = "kill -9: other requests"
RESTART_WRITES: Final = "kill -9: Kubernetes writes"
STORM_NOT_READY: Final = "storm: not Ready"
STORM_DUPLICATES: Final = "storm: duplicates"
STORM_ORPHANS: Final = "storm: orphans"
STORM_LEFT: Final = "storm: left after deletion"

TENTH_READY: Final = "all Ready, a tenth of them in one account"
TENTH_TIMES: Final = "all Ready, times that of a tenth"
SYNC_LISTS: Final = "LISTs until all Ready"
SYNC_EDIT_P50: Final = "spec edit → provider meanwhile, p50"
SYNC_EDIT_P99: Final = "spec edit → provider meanwhile, p99"
OUTAGE_TOLD: Final = "outage of an account → all its objects say so"
OUTAGE_WRITES: Final = "outage: Kubernetes writes per object of the account"
OUTAGE_EDIT_P99: Final = "outage: spec edit → provider in other accounts, p99"
OUTAGE_OVER: Final = "outage over → all Ready"

ALONE_CPU: Final = "one process: CPU until all Ready"
ALONE_MEMORY: Final = "one process: memory of the objects"
SHARD_CPU: Final = "shards: CPU of the busiest, of that of one process"
SHARD_MEMORY: Final = "shards: memory of the objects of the largest, of that of one process"
SHARDS_SERVER_CPU: Final = "shards: API server CPU, of that with one process"
SHARD_NAMESPACES: Final = "shards: namespaces of the largest"
SPARE_CPU: Final = "shards: CPU of the one that stands by, of that of one process"
SHARD_EDIT: Final = "a shard killed → a spec edit at the provider, longest"
SHARD_LOOKED: Final = "a shard killed → all its objects looked after"

UNITS: Final[Mapping[str, str]] = {
    CREATED: "s",
    READY: "s",
    NOT_READY: "",
    OPERATOR_CPU: "ms",
    SERVER_CPU: "ms",
    SIMULATOR_CPU: "ms",
    MEMORY_NONE: "MB",
    MEMORY_ALL: "MB",
    STEADY_LISTS: "",
    STEADY_OTHERS: "",
    STEADY_WRITES: "",
    STEADY_CPU: "ms",
    EDIT_P50: "ms",
    EDIT_P99: "ms",
    RESTART: "s",
    RESTART_LISTS: "",
    RESTART_OTHERS: "",
    RESTART_WRITES: "",
    STORM_NOT_READY: "",
    STORM_DUPLICATES: "",
    STORM_ORPHANS: "",
    STORM_LEFT: "",
    TENTH_READY: "s",
    TENTH_TIMES: "",
    SYNC_LISTS: "",
    SYNC_EDIT_P50: "ms",
    SYNC_EDIT_P99: "ms",
    OUTAGE_TOLD: "s",
    OUTAGE_WRITES: "",
    OUTAGE_EDIT_P99: "ms",
    OUTAGE_OVER: "s",
    ALONE_CPU: "s",
    ALONE_MEMORY: "MB",
    SHARD_CPU: "",
    SHARD_MEMORY: "",
    SHARDS_SERVER_CPU: "",
    SHARD_NAMESPACES: "",
    SPARE_CPU: "",
    SHARD_EDIT: "s",
    SHARD_LOOKED: "s",
}
"""All figures in the order of a table."""

PROMISES: Final[Mapping[str, float]] = {
    NOT_READY: 0,
    STEADY_OTHERS: 0,
    STEADY_WRITES: 0,
    RESTART_WRITES: 0,
    STORM_NOT_READY: 0,
    STORM_DUPLICATES: 0,
    STORM_ORPHANS: 0,
    STORM_LEFT: 0,
}
"""Upper bounds of ours at any number of deployments."""

SHARD_BOUNDS: Final[Mapping[str, float]] = {SHARD_EDIT: 17}
"""Upper bounds of ours with shards: a Lease's 15 s, and 2 s more."""

BOUNDS: Final[Mapping[str, float]] = {STEADY_LISTS: 20, EDIT_P50: 10, RESTART_LISTS: 10}
"""Upper bounds of ours with 1,000."""

SCALE_BOUNDS: Final[Mapping[str, float]] = {TENTH_TIMES: 11, MEMORY_ALL: 300, SYNC_EDIT_P99: 250}
"""Upper bounds of ours with 10,000 in ten accounts."""

RATIOS: Final[Mapping[str, float]] = {
    READY: 1.05,
    OPERATOR_CPU: 1.2,
    SERVER_CPU: 1.0,
    MEMORY_ALL: 1.25,
    EDIT_P99: 1.0,
    RESTART: 2.0,
}
"""Upper bounds of ours divided by the yardstick's, with 1,000."""

COMPARED: Final = (*RATIOS, EDIT_P50, MEMORY_NONE, STEADY_CPU)

Figures = Mapping[str, float]
"""What was measured of one operator in one round, by name; what was not measured is left out."""

Round = Mapping[str, Figures]
"""By the operator's name."""


@dataclass(frozen=True)
class Spread:
    """The median of some rounds, with the lowest and the highest."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread | None":
        """None of nothing."""
        return cls(statistics.median(values), min(values), max(values)) if values else None


@dataclass(frozen=True)
class Row:
    """One figure of one operator, or a ratio of two; `at_most` is its target, None where there is none."""

    name: str
    unit: str
    spread: Spread
    at_most: float | None = None

    @property
    def is_met(self) -> bool | None:
        """Whether the target is reached; None without one."""
        return None if self.at_most is None else self.spread.median <= self.at_most


def rows_of(rounds: Sequence[Round], operators: Sequence[str], count: int) -> list[Row]:
    """Ours first, then the others under their names, then ours divided by each of the others."""
    rows = []
    for operator in operators:
        for name, unit in UNITS.items():
            spread = Spread.of(_values(rounds, operator, name))
            if spread is not None:
                target = bound(name, count) if operator == OURS else None
                rows.append(Row(name_of(operator, name), unit, spread, target))
    yardstick = next((name for name in operators if name != OURS), None)
    for other in operators:
        if other == OURS:
            continue
        for name in COMPARED:
            spread = Spread.of(_ratios(rounds, name, other))
            if spread is not None:
                target = RATIOS.get(name) if other == yardstick and count == TARGETS_FOR else None
                rows.append(Row(ratio_name(name, other), "", spread, target))
    return rows


def bound(name: str, count: int) -> float | None:
    """The target of ours: what is promised of any number, and what is meant for 1,000 or 10,000."""
    bounds = {TARGETS_FOR: BOUNDS, SCALE_FOR: SCALE_BOUNDS}.get(count, {})
    return {**PROMISES, **SHARD_BOUNDS}.get(name, bounds.get(name))


def name_of(operator: str, name: str) -> str:
    """Of a row of that operator's."""
    return name if operator == OURS else f"{operator}: {name}"


def ratio_name(name: str, other: str) -> str:
    """Of the row that divides ours by another's."""
    return f"{name}, ours / {other}"


def percentile(values: Sequence[float], percent: int) -> float:
    """Nearest rank."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def rotated(names: Sequence[str], by: int) -> list[str]:
    """Each operator is the first in one round: who comes later meets a server that has more to hold."""
    by %= len(names)
    return [*names[by:], *names[:by]]


def _values(rounds: Sequence[Round], operator: str, name: str) -> list[float]:
    return [each[operator][name] for each in rounds if name in each.get(operator, {})]


def _ratios(rounds: Sequence[Round], name: str, other: str) -> list[float]:
    """Of the rounds that have both; a yardstick of nothing is none."""
    return [
        each[OURS][name] / each[other][name]
        for each in rounds
        if name in each.get(OURS, {}) and each.get(other, {}).get(name, 0) > 0
    ]
