"""`model-operator metrics`: the performance figures that PaiTIENT keeps of a deployment."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import click

from model_operator.cli.flags import Span, Target, reading_flags
from model_operator.providers.paitient.client import PaitientProvider
from model_operator.providers.paitient.reports import ArrayStyle, Metrics, MetricsQuery, Series, read_metrics

EPILOG = """\b
Examples:
  model-operator metrics clinical-assistant --since 24h --interval 1h
  model-operator metrics clinical-assistant -n team-a -m latency -m error_rate
  model-operator metrics clinical-assistant -o json | jq .summary

\b
Latencies are in milliseconds, error rates in percent. The summary is the provider's own.
Exit code 1 if the deployment does not exist or the provider refuses.
"""


@click.command("metrics", epilog=EPILOG)
@reading_flags
@click.option(
    "-m",
    "--metric",
    "metrics",
    multiple=True,
    help="latency, throughput, error_rate or token_usage; may be repeated. Default: all.",
)
@click.option("--interval", help="Time between data points: 1m, 5m, 1h or 1d.")
@click.option(
    "--array-style",
    type=click.Choice([style.value for style in ArrayStyle]),
    default=ArrayStyle.REPEAT.value,
    show_default=True,
    help="How to request several metrics (not documented by the provider).",
)
def print_metrics(  # noqa: PLR0913  the flags of a command
    *,
    since: timedelta | None,
    start_time: datetime | None,
    end_time: datetime | None,
    output: str,
    metrics: tuple[str, ...],
    interval: str | None,
    array_style: str,
    **where: Any,
) -> None:
    """Print the performance metrics of a PaiTIENT deployment.

    NAME is a ModelDeployment. The command reads it, its ModelProvider and Secret with your kubeconfig, and gets the metrics from the provider.
    """
    span = Span.of(since, start_time, end_time)
    query = MetricsQuery(
        start=span.start,
        end=span.end,
        metrics=metrics,
        interval=interval,
        array_style=ArrayStyle(array_style),
    )
    from model_operator.cli.deployment import read_at_provider  # noqa: PLC0415  it brings the clients

    async def read(provider: PaitientProvider, id: str) -> None:
        found = await read_metrics(provider, id, query)
        if output == "json":
            click.echo(json.dumps(_document(found), indent=2))
        elif found.series:
            click.echo("\n".join(_text(found)))
        else:
            click.echo("no metrics", err=True)

    read_at_provider(Target(**where), read)


def _document(found: Metrics) -> dict[str, Any]:
    """In the shape of the vendor's reply."""
    series = {
        name: {**one.values, "timestamps": one.timestamps} for name, one in sorted(found.series.items())
    }
    summary = {name: dict(values) for name, values in found.summary.items()}
    return {"interval": found.interval, "metrics": series, "summary": summary}


def _text(found: Metrics) -> Iterator[str]:
    for position, (name, series) in enumerate(sorted(found.series.items())):
        if position:
            yield ""
        yield from _table([[name.upper(), *map(str.upper, series.values)], *_rows(series)])
        if summary := found.summary.get(name):
            yield "summary: " + ", ".join(f"{key} {_number(value)}" for key, value in summary.items())


def _rows(series: Series) -> Iterator[list[str]]:
    for point, time in enumerate(series.timestamps):
        yield [time, *(_number(values[point]) for values in series.values.values())]


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns as kubectl aligns them."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.10g}"
