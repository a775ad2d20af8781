"""`kubectl models refresh`: have the operator look at an object now."""

from datetime import UTC, datetime
from pathlib import Path

import click

from model_operator.cli.flags import cluster_flags
from model_operator.cli.showing import output_flag, say, show

EPILOG = """\b
Examples:
  model-operator refresh llama          a ModelDeployment, with its ModelProvider
  model-operator refresh parasail       a ModelProvider; its Secret is read again

\b
The ModelProvider is asked, too, if you may patch it; the ClusterRole model-operator-admin allows it, -edit does not.
The spec is not changed. The account's deployments are listed at its next poll, which is soon while a change is in
progress.
"""


@click.command("refresh", epilog=EPILOG)
@click.argument("name")
@cluster_flags
@output_flag("json", "yaml", "name")
def refresh_object(
    *, name: str, namespace: str | None, kubeconfig: Path | None, context: str | None, output: str
) -> None:
    """Ask the operator to process an object now.

    NAME is a ModelProvider, ModelDeployment, CanaryEndpoint or ModelBudget. The object and, if you may patch it, its
    ModelProvider get the annotation modeloperator.dev/refresh with the current time, and the operator reacts to it.
    """
    from model_operator.cli.connecting import Place  # noqa: PLC0415  it brings the clients
    from model_operator.cli.looking import refresh  # noqa: PLC0415

    place = Place.of(namespace, kubeconfig, context)
    done = refresh(place, name, datetime.now(UTC))
    names = [one.full_name for one in done.asked]
    show(output, (f"{one}: the operator was asked to look" for one in names), names, names)
    for one in done.refused:
        say(
            f"note: ModelProvider {one.key.name} was not asked to look again, because you may not patch it; who has the"
            " ClusterRole model-operator-admin can: kubectl models refresh " + one.key.name,
            err=True,
        )
    if output == "text":
        say("to see the result: kubectl models status", err=True)
