"""`kubectl models status`: all objects with state, reason and remedy."""

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from model_operator.cli.flags import cluster_flags
from model_operator.cli.showing import output_flag, say, show

if TYPE_CHECKING:  # it brings the clients
    from model_operator.cli.looking import Look

_BETWEEN: Final = 2.0
"""Seconds between two looks."""

EPILOG = """\b
Examples:
  model-operator status                 all objects in this namespace
  model-operator status llama           one object, with its provider and the canaries that use it
  model-operator status -A -w           all namespaces, updated until ^C
  model-operator status -o json | jq '.[] | select(.reason == "QuotaExceeded")'

\b
Exit code 1 if NAME does not exist.
"""


_CANARY_EPILOG = """\b
Examples:
  model-operator canary status triage -w    its provider, deployments and rollout, updated live
"""


@click.command("status", epilog=_CANARY_EPILOG)
@click.argument("name")
@cluster_flags
@click.option("-w", "--watch", "is_followed", is_flag=True, help="Watch, and print changes.")
@output_flag("json", "yaml", "name")
def print_canary(**flags: Any) -> None:
    """Show a CanaryEndpoint with its provider and its deployments.

    NAME is a CanaryEndpoint.
    """
    _follow(**flags, is_everywhere=False)


@click.command("status", epilog=EPILOG)
@click.argument("name", required=False)
@cluster_flags
@click.option("-A", "--all-namespaces", "is_everywhere", is_flag=True, help="Show all namespaces.")
@click.option("-w", "--watch", "is_followed", is_flag=True, help="Watch, and print changes.")
@output_flag("json", "yaml", "name")
def print_status(**flags: Any) -> None:
    """Show providers, deployments, canaries and budgets as a tree.

    For each object it shows the state, the reason, the age and, if something is wrong, what happened and what to do;
    of a provider also its orphaned deployments, and of a budget what is spent, the limit and the forecast.
    """
    _follow(**flags)


def _follow(  # noqa: PLR0913  the flags of a command
    *,
    name: str | None,
    namespace: str | None,
    kubeconfig: Path | None,
    context: str | None,
    is_everywhere: bool,
    is_followed: bool,
    output: str,
) -> None:
    from model_operator.cli.connecting import Place  # noqa: PLC0415  it brings the clients
    from model_operator.cli.looking import look  # noqa: PLC0415

    place = Place(namespace=namespace, kubeconfig=kubeconfig, context=context, is_everywhere=is_everywhere)
    before: Look | None = None
    while True:
        found = look(place, name)
        if before is None or found.rows_without_age != before.rows_without_age:
            _show(found, output, is_everywhere=is_everywhere, is_redrawn=before is not None)
        if not is_followed:
            return
        before = found
        time.sleep(_BETWEEN)


def _show(found: "Look", output: str, *, is_everywhere: bool, is_redrawn: bool) -> None:
    from model_operator.cli.tree import lines  # noqa: PLC0415

    width = shutil.get_terminal_size((100, 24)).columns
    if is_redrawn and output == "text":
        click.clear()
    if not found.rows and output == "text":
        say("nothing found", err=True)
        return
    show(
        output,
        lines(found.rows, width, with_namespace=is_everywhere) if found.rows else (),
        [row.document() for row in found.rows],
        [row.full_name for row in found.rows],
    )
