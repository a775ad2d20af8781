"""Logs and metrics of a PaiTIENT deployment, for people and for who judges traffic; no part of `Provider`.

The vendor's document names every parameter used here. What it leaves open is read tolerantly: gaps, short series,
and a page token that no parameter takes.
"""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from model_operator.errors import Unavailable
from model_operator.models.wire import format_time
from model_operator.providers.base import Call
from model_operator.providers.paitient.client import PaitientProvider, path_of
from model_operator.providers.reading import Clean, Malformed, mapping, number, text, words

MOST_LINES: Final = 1000
"""Log lines per request, the most that the vendor allows."""

_LINE_LIMIT: Final = 10_000


class Order(StrEnum):
    ASC = "asc"
    DESC = "desc"
    """Latest first; the vendor's default."""


class ArrayStyle(StrEnum):
    """How a list goes into a query; the document does not say."""

    REPEAT = "repeat"
    """`metrics=a&metrics=b`"""
    BRACKETS = "brackets"
    """`metrics[]=a&metrics[]=b`"""
    COMMA = "comma"
    """`metrics=a,b`"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogQuery:
    """Which lines. Times are aware; `filter` is the vendor's, e.g. `level=error`; `limit` counts lines in all."""

    start: datetime | None = None
    end: datetime | None = None
    limit: int = 100
    filter: str | None = None
    order: Order = Order.DESC


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line, each part fit for a terminal. `timestamp` is the vendor's, RFC 3339."""

    timestamp: str
    level: str
    message: str
    component: str
    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsQuery:
    """Which series. `metrics` of latency, throughput, error_rate, token_usage (none: all); `interval` 1m … 1d."""

    start: datetime | None = None
    end: datetime | None = None
    metrics: Sequence[str] = ()
    interval: str | None = None
    array_style: ArrayStyle = ArrayStyle.REPEAT


@dataclass(frozen=True, slots=True)
class Series:
    """Values by name, one for each timestamp; None where the vendor showed none. Latencies are in milliseconds."""

    timestamps: tuple[str, ...]
    values: Mapping[str, tuple[float | None, ...]]


@dataclass(frozen=True, slots=True)
class Metrics:
    """Series by metric, and the vendor's own summary, which need not agree with them."""

    interval: str
    series: Mapping[str, Series]
    summary: Mapping[str, Mapping[str, float]]


async def read_logs(provider: PaitientProvider, id: str, query: LogQuery) -> AsyncIterator[LogLine]:
    """Up to `query.limit` lines in the order asked for, over as many pages as it takes.

    Pages go by time: the next one begins at the last line's timestamp, and what was seen is left out. Raises
    `Unavailable` if one timestamp holds more lines than a page, since there is no way past it.
    """
    seen: Counter[LogLine] = Counter()
    cursor: str | None = None
    while (left := query.limit - seen.total()) > 0:
        limit = min(MOST_LINES, left + sum(count for line, count in seen.items() if line.timestamp == cursor))
        page, has_token = await _log_page(provider, id, query, cursor, limit)
        fresh = _unseen(page, seen)
        for line in fresh[:left]:
            yield line
        seen.update(fresh[:left])
        if not page or (len(page) < limit and not has_token):
            return
        if not fresh or not page[-1].timestamp:
            raise Unavailable(
                f"paitient: logs {id}: more lines at {cursor} than a page holds", may_have_landed=False
            )
        cursor = page[-1].timestamp


def _unseen(page: Sequence[LogLine], seen: Counter[LogLine]) -> list[LogLine]:
    """The page without what earlier pages held; a line that is there more often than before is new so often."""
    known = seen.copy()
    fresh = []
    for line in page:
        if known[line] > 0:
            known[line] -= 1
        else:
            fresh.append(line)
    return fresh


async def _log_page(
    provider: PaitientProvider, id: str, query: LogQuery, cursor: str | None, limit: int
) -> tuple[list[LogLine], bool]:
    """One page, and whether the vendor says that there is more."""
    start = cursor if cursor and query.order is Order.ASC else query.start and format_time(query.start)
    end = cursor if cursor and query.order is Order.DESC else query.end and format_time(query.end)
    params = {"start_time": start, "end_time": end, "filter": query.filter, "order": str(query.order)}
    call = Call(
        operation="logs",
        method="GET",
        path=path_of(id, "logs") + "/logs",
        params=[*((name, value) for name, value in params.items() if value), ("limit", str(limit))],
        about=id,
        mutates=False,
    )

    def read(body: Any) -> tuple[list[LogLine], bool]:
        body = mapping(body, "the logs")
        lines, pagination = body.get("logs"), body.get("pagination")
        if not isinstance(lines, list):
            raise Malformed('there is no array "logs"')
        has_token = isinstance(pagination, dict) and text(pagination.get("next_token")) is not None
        return [_line(provider, mapping(line, "a log line")) for line in lines], has_token

    return await provider.account.ask(provider.site, call, read)


def _line(provider: PaitientProvider, line: Mapping[str, Any]) -> LogLine:
    def part(name: str) -> str:
        return provider.account.clean(words(line.get(name)), limit=_LINE_LIMIT)

    return LogLine(part("timestamp"), part("level"), part("message"), part("component"), part("request_id"))


async def read_metrics(provider: PaitientProvider, id: str, query: MetricsQuery) -> Metrics:
    """One request. A metric that the reply leaves out is missing from `series`."""
    params = {
        "start_time": query.start and format_time(query.start),
        "end_time": query.end and format_time(query.end),
        "interval": query.interval,
    }
    call = Call(
        operation="metrics",
        method="GET",
        path=path_of(id, "metrics") + "/metrics",
        params=[*((name, value) for name, value in params.items() if value), *_array(query)],
        about=id,
        mutates=False,
    )
    return await provider.account.ask(
        provider.site, call, lambda body: _metrics(body, provider.account.clean)
    )


def _array(query: MetricsQuery) -> list[tuple[str, str]]:
    match query.array_style:
        case ArrayStyle.REPEAT:
            return [("metrics", name) for name in query.metrics]
        case ArrayStyle.BRACKETS:
            return [("metrics[]", name) for name in query.metrics]
        case ArrayStyle.COMMA:
            return [("metrics", ",".join(query.metrics))] if query.metrics else []


def _metrics(body: Any, clean: Clean) -> Metrics:
    """Names and times are the vendor's, and go to a terminal."""
    body = mapping(body, "the metrics")
    series = mapping(body.get("metrics") or {}, '"metrics"')
    summary = body.get("summary")
    return Metrics(
        clean(words(body.get("interval"))),
        {clean(name): _series(found, clean) for name, found in series.items() if isinstance(found, dict)},
        {
            clean(name): {
                clean(key): value for key, raw in found.items() if (value := number(raw)) is not None
            }
            for name, found in (summary.items() if isinstance(summary, dict) else ())
            if isinstance(found, dict)
        },
    )


def _series(found: Mapping[str, Any], clean: Clean) -> Series:
    raw = found.get("timestamps")
    timestamps = tuple(clean(words(time)) for time in raw) if isinstance(raw, list) else ()
    return Series(
        timestamps,
        {
            clean(name): tuple(number(points[n]) if n < len(points) else None for n in range(len(timestamps)))
            for name, points in found.items()
            if name != "timestamps" and isinstance(points, list)
        },
    )
