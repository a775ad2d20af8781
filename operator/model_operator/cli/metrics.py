"""`model-operator metrics`: the performance figures that PaiTIENT keeps of a deployment."""

from datetime import datetime, timedelta
from typing import Any

import click

from model_operator.cli.figures import document, summary_documents, summary_lines, tables
from model_operator.cli.flags import Span, Target, reading_flags
from model_operator.cli.showing import show
from model_operator.providers.paitient.client import PaitientProvider
from model_operator.providers.paitient.reports import ArrayStyle, MetricsQuery, read_metrics

EPILOG = """\b
Examples:
  model-operator metrics clinical-assistant --since 24h --interval 1h
  model-operator metrics clinical-assistant --since 1h --summary      one line for each series
  model-operator metrics clinical-assistant -n team-a -m latency -m error_rate
  model-operator metrics clinical-assistant -o json | jq .summary

\b
Latencies are in milliseconds, error rates in percent. The summary under a table is the provider's own; --summary is worked out
of the points, whatever traffic is behind each.
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
@click.option("--summary", "is_summary", is_flag=True, help="One line for each series instead of each point.")
def print_metrics(  # noqa: PLR0913  the flags of a command
    *,
    since: timedelta | None,
    start_time: datetime | None,
    end_time: datetime | None,
    output: str,
    metrics: tuple[str, ...],
    interval: str | None,
    array_style: str,
    is_summary: bool,
    **where: Any,
) -> None:
    """Print the performance metrics of a PaiTIENT deployment.

    NAME is a ModelDeployment. The command reads it, its ModelProvider and Secret with your kubeconfig, and gets the
    metrics from the provider.
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
        if output == "text" and not found.series:
            click.echo("no metrics", err=True)
        elif is_summary:
            show(output, summary_lines(found), summary_documents(found), ())
        else:
            show(output, tables(found), document(found), ())

    read_at_provider(Target(**where), read)
