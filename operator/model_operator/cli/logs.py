"""`model-operator logs`: the log lines that PaiTIENT keeps of a deployment."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import click

from model_operator.cli.flags import Span, Target, reading_flags
from model_operator.cli.showing import as_yaml
from model_operator.providers.paitient.client import PaitientProvider
from model_operator.providers.paitient.reports import LogLine, LogQuery, Order, read_logs

EPILOG = """\b
Examples:
  model-operator logs clinical-assistant --since 1h
  model-operator logs clinical-assistant -n team-a --filter level=error --limit 1000
  model-operator logs clinical-assistant --order asc -o json | jq -r .message

\b
JSON is one object per line, YAML one document per line. Exit code 1 if the deployment does not exist or the provider
refuses.
"""


@click.command("logs", epilog=EPILOG)
@reading_flags
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    help="Maximum number of lines to print.",
)
@click.option("--filter", "expression", help="The provider's filter expression, e.g. level=error.")
@click.option(
    "--order",
    type=click.Choice([order.value for order in Order]),
    default=Order.DESC.value,
    show_default=True,
    help="Order of the lines; desc: latest first.",
)
def print_logs(  # noqa: PLR0913  the flags of a command
    *,
    since: timedelta | None,
    start_time: datetime | None,
    end_time: datetime | None,
    output: str,
    limit: int,
    expression: str | None,
    order: str,
    **where: Any,
) -> None:
    """Print the logs of a PaiTIENT deployment.

    NAME is a ModelDeployment. The command reads it, its ModelProvider and Secret with your kubeconfig, and gets the
    logs from the provider.
    """
    span = Span.of(since, start_time, end_time)
    query = LogQuery(start=span.start, end=span.end, limit=limit, filter=expression, order=Order(order))
    from model_operator.cli.deployment import read_at_provider  # noqa: PLC0415  it brings the clients

    async def read(provider: PaitientProvider, id: str) -> None:
        is_empty = True
        async for line in read_logs(provider, id, query):
            click.echo(_line(line, output))
            is_empty = False
        if is_empty:
            click.echo("no log lines", err=True)

    read_at_provider(Target(**where), read)


def _line(line: LogLine, output: str) -> str:
    match output:
        case "json":
            return json.dumps(_shown(line))
        case "yaml":
            return f"---\n{as_yaml(dict(_shown(line)))}".rstrip()
        case _:
            return _text(line)


def _shown(line: LogLine) -> Mapping[str, str]:
    return {name: value for name, value in asdict(line).items() if value}


def _text(line: LogLine) -> str:
    return " ".join(
        part for part in (line.timestamp, line.level.ljust(5), line.component, line.message) if part
    )
