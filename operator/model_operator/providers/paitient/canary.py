"""PaiTIENT's canary endpoints, and the figures by which a split is judged.

The vendor offers POST and PATCH and nothing else: what a reply echoes is all that can ever be known of a split.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from model_operator.domain import Canary, Split
from model_operator.errors import Unavailable
from model_operator.models.wire import format_time
from model_operator.providers.account import Account
from model_operator.providers.base import Call, Site
from model_operator.providers.reading import Malformed, identity, integer, mapping, moment, number, url
from model_operator.traffic import Bucket, Figure, Figures

T = TypeVar("T")

INTERVALS: Final = {
    timedelta(minutes=1): "1m",
    timedelta(minutes=5): "5m",
    timedelta(hours=1): "1h",
    timedelta(days=1): "1d",
}
"""The lengths of buckets that the vendor offers."""

_SERIES: Final[Mapping[Figure, tuple[str, str]]] = {
    Figure.ERRORS: ("error_rate", "percentage"),
    Figure.LATENCY_AVERAGE: ("latency", "average"),
    Figure.LATENCY_P50: ("latency", "p50"),
    Figure.LATENCY_P95: ("latency", "p95"),
    Figure.LATENCY_P99: ("latency", "p99"),
    Figure.TOKENS: ("token_usage", "total"),
    Figure.OUTPUT_TOKENS: ("token_usage", "output"),
}
_RATE: Final = ("throughput", "requests_per_second")
_METRICS: Final = ("latency", "throughput", "error_rate", "token_usage")


def create_call(name: str, split: Split) -> Call:
    return Call(
        operation="create_canary",
        method="POST",
        path="/v1/canary-endpoints",
        json={"name": name, "deployments": _targets(split)},
        about=f'"{name}"',
    )


def update_call(id: str, place: str, split: Split) -> Call:
    """The whole list: what the vendor makes of a part of it is not documented. `place` is the id in a path."""
    return Call(
        operation="update_canary",
        method="PATCH",
        path=f"/v1/canary-endpoints/{place}",
        json={"deployments": _targets(split)},
        about=id,
        id=id,
    )


def figures_call(path: str, id: str, start: datetime, end: datetime, length: timedelta) -> Call:
    """`path` is the deployment's; `start` and `end` are by the vendor's clock."""
    return Call(
        operation="metrics",
        method="GET",
        path=f"{path}/metrics",
        params=[
            ("start_time", format_time(start)),
            ("end_time", format_time(end)),
            ("interval", INTERVALS[length]),
            *(("metrics", name) for name in _METRICS),
        ],
        about=id,
        mutates=False,
    )


def longest_interval(within: timedelta) -> timedelta:
    """The longest bucket that is no longer than that, or the shortest there is."""
    return max((length for length in INTERVALS if length <= within), default=min(INTERVALS))


def _targets(split: Split) -> list[dict[str, Any]]:
    return [{"id": id, "traffic_percentage": percent} for id, percent in split.items()]


async def ask(account: Account, site: Site, call: Call, read: Callable[[Any, datetime | None], T]) -> T:
    """Like `Account.ask`, with the time at which the vendor's own clock stood."""
    reply = await account.send(site, call)
    try:
        return account.clean.keyless(read(reply.body, date_of(reply.headers)))
    except Malformed as error:
        problem = f"{call.title(site.provider)}: the answer was not understood: {error}"
    raise Unavailable(problem, status=reply.status, may_have_landed=call.mutates)


def date_of(headers: Mapping[str, str]) -> datetime | None:
    return moment(headers.get("date"))


def canary_of(body: Any, at: datetime | None) -> Canary:
    """Raises `Malformed` without an id. A list of targets that is missing or odd is unknown, not wrong."""
    body = mapping(body, "a canary endpoint")
    id = identity(body.get("id"))
    if id is None:
        raise Malformed("a canary endpoint without an id")
    return Canary(id=id, url=url(body.get("url")), split=_split(body.get("deployments")), at=at)


def updated(id: str) -> Callable[[Any, datetime | None], Canary]:
    """What the answer to a PATCH says. Accepted without a word (204, `{}`), it is what was sent."""
    return lambda body, at: canary_of(body, at) if body else Canary(id=id, at=at)


def _split(items: Any) -> Split | None:
    if not isinstance(items, list):
        return None
    split: dict[str, int] = {}
    for item in items:
        if not isinstance(item, dict):
            return None
        id = identity(item.get("id")) or identity(item.get("deployment_id"))
        percent = integer(item.get("traffic_percentage"))
        if id is None or percent is None or not 0 <= percent <= 100:
            return None
        split[id] = split.get(id, 0) + percent
    return split


def figures_of(body: Any, at: datetime | None, length: timedelta) -> Figures:
    """Buckets by their time: series may be short, late, of unequal length and full of holes.

    Raises `Malformed` where there are times or values and none of them can be read: that is not the same as none.
    """
    found = mapping(mapping(body, "the metrics").get("metrics") or {}, '"metrics"')
    seconds = length.total_seconds()
    buckets: dict[datetime, dict[Figure, float]] = {
        time: {Figure.REQUESTS: rate * seconds} for time, rate in _points(found, _RATE).items() if rate >= 0
    }
    for figure, where in _SERIES.items():
        for time, value in _points(found, where).items():
            if time in buckets and value >= 0:  # without a number of requests it weighs nothing
                buckets[time][figure] = value
    ordered: Sequence[datetime] = sorted(buckets)
    return Figures(buckets=tuple(Bucket(time, buckets[time]) for time in ordered), length=length, at=at)


def _points(found: Mapping[str, Any], where: tuple[str, str]) -> dict[datetime, float]:
    metric, name = where
    series = found.get(metric)
    if not isinstance(series, dict):
        return {}
    raw_times, raw_values = series.get("timestamps"), series.get(name)
    if not isinstance(raw_times, list) or not isinstance(raw_values, list):
        return {}
    times = [moment(raw) for raw in raw_times]
    values = [number(raw) for raw in raw_values]
    _check_legible(f"the times of {metric}", raw_times, times)
    _check_legible(f"{name} of {metric}", raw_values, values)
    pairs = zip(times, values, strict=False)
    return {time: value for time, value in pairs if time is not None and value is not None}


def _check_legible(what: str, raw: Sequence[Any], read: Sequence[object]) -> None:
    """Gaps are null or NaN; if all that is no gap cannot be read, it has a spelling that nobody knows."""
    is_said = any(value is not None and value == value for value in raw)  # noqa: PLR0124 - NaN is not itself
    if is_said and all(value is None for value in read):
        raise Malformed(f"{what} are in no form that is known")
