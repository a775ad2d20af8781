"""`metrics`: from PaiTIENT's series to lines for people. Pure.

Units are those of the vendor's document: milliseconds, requests per second, percent and tokens.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from model_operator.cli.showing import table
from model_operator.providers.paitient.reports import Metrics, Series

UNITS: Final[Mapping[str, str]] = {
    "latency": "ms",
    "throughput": "requests/s",
    "error_rate": "%",
    "token_usage": "tokens",
}
_BARS: Final = "▁▂▃▄▅▆▇█"
_WIDTH: Final = 32
"""Of a course, in characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One series in one line."""

    metric: str
    series: str
    unit: str
    points: int
    least: float | None
    average: float | None
    """Of the points, whatever traffic is behind each."""
    most: float | None
    last: float | None
    course: str
    """From the first point to the last: bars between the least and the most, blanks where there is none."""


def document(found: Metrics) -> dict[str, Any]:
    """In the shape of the vendor's reply."""
    series = {
        name: {**one.values, "timestamps": one.timestamps} for name, one in sorted(found.series.items())
    }
    summary = {name: dict(values) for name, values in found.summary.items()}
    return {"interval": found.interval, "metrics": series, "summary": summary}


def tables(found: Metrics) -> Iterator[str]:
    """A table of all points for each metric, and under it the vendor's own summary."""
    for position, (name, series) in enumerate(sorted(found.series.items())):
        if position:
            yield ""
        yield from table([[_headline(name), *map(str.upper, series.values)], *_rows(series)])
        if summary := found.summary.get(name):
            said = ", ".join(f"{key} {_number(value)}" for key, value in summary.items())
            yield f"summary: {said}" + (f" ({UNITS[name]})" if name in UNITS else "")


def _headline(name: str) -> str:
    return f"{name.upper()} ({UNITS[name]})" if name in UNITS else name.upper()


def _rows(series: Series) -> Iterator[list[str]]:
    for point, time in enumerate(series.timestamps):
        yield [time, *(_number(values[point]) for values in series.values.values())]


def summaries(found: Metrics) -> Iterator[Summary]:
    """Of each series of each metric, in the order of their names."""
    for metric, series in sorted(found.series.items()):
        for name, values in series.values.items():
            known = [value for value in values if value is not None]
            yield Summary(
                metric=metric,
                series=name,
                unit=UNITS.get(metric, ""),
                points=len(known),
                least=min(known, default=None),
                average=sum(known) / len(known) if known else None,
                most=max(known, default=None),
                last=known[-1] if known else None,
                course=course(values),
            )


def summary_documents(found: Metrics) -> list[dict[str, Any]]:
    return [asdict(one) for one in summaries(found)]


def summary_lines(found: Metrics) -> Iterator[str]:
    head = ["METRIC", "SERIES", "UNIT", "POINTS", "LEAST", "AVERAGE", "MOST", "LAST", "COURSE"]
    yield from table([head, *(_cells(one) for one in summaries(found))])


def _cells(one: Summary) -> list[str]:
    figures = [_short(value) for value in (one.least, one.average, one.most, one.last)]
    return [one.metric, one.series, one.unit, str(one.points), *figures, one.course]


def course(values: Sequence[float | None], width: int = _WIDTH) -> str:
    """`▁▁▃█ ▂`: at most `width` characters, each the average of the points that it stands for."""
    size = -(-len(values) // width) or 1
    parts = [values[at : at + size] for at in range(0, len(values), size)]
    means = [_mean([value for value in part if value is not None]) for part in parts]
    known = [mean for mean in means if mean is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    return "".join(" " if mean is None else _bar(mean, low, high) for mean in means)


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _bar(value: float, low: float, high: float) -> str:
    place = 0.0 if high <= low else (value - low) / (high - low)
    return _BARS[round(place * (len(_BARS) - 1))]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.10g}"


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}" if abs(value) < 10_000 else f"{value:.0f}"
