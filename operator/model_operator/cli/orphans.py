"""`kubectl models orphans`: deployments that this cluster created and no object manages. Lists, adopts, deletes."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from model_operator.cli.flags import where_flags
from model_operator.cli.showing import output_flag, say, show, table

if TYPE_CHECKING:  # they bring the clients
    from model_operator.cli.orphaned import Listed, Way

EPILOG = """\b
Examples:
  model-operator orphans -A                          all that the operator has found
  model-operator orphans --import > adopt.yaml       objects that adopt those of this namespace
  model-operator orphans --delete dep_4f2a           delete one at the provider, after a question

\b
A status names the first 20 of each ModelProvider. Once some of them are managed or deleted, the next ones follow.
Deployments that the operator cannot tell to be its own (unmarked, or of another cluster) are not shown: see
`model-operator import -o text`. Exit code 1 if an ID is not among the orphans, or is managed again.
"""


@click.command("orphans", epilog=EPILOG)
@click.argument("ids", metavar="[ID]...", nargs=-1)
@where_flags
@click.option("-A", "--all-namespaces", "is_everywhere", is_flag=True, help="Show all namespaces.")
@click.option("--import", "imports", is_flag=True, help="Print objects that adopt them instead.")
@click.option("--delete", "deletes", is_flag=True, help="Delete the deployment ID at the provider.")
@click.option("--yes", "is_sure", is_flag=True, help="Delete without asking.")
@output_flag("json", "yaml", "name")
def list_orphans(  # noqa: PLR0913  the flags of a command
    *,
    ids: tuple[str, ...],
    namespace: str | None,
    kubeconfig: Path | None,
    context: str | None,
    is_everywhere: bool,
    imports: bool,
    deletes: bool,
    is_sure: bool,
    output: str,
    **more: Any,
) -> None:
    """Show the deployments of this cluster that no object manages.

    ID is the provider's id of one. The list is that of the operator (status.orphans of the ModelProviders). To import or delete,
    the ModelProvider and its Secret are read with your own kubeconfig.
    """
    from model_operator.cli.connecting import Place  # noqa: PLC0415  it brings the clients
    from model_operator.cli.orphaned import Way, listed  # noqa: PLC0415

    if imports and deletes:
        raise click.UsageError("--import and --delete are mutually exclusive: use one of them")
    if deletes and len(ids) != 1:
        raise click.UsageError("--delete requires the ID of one deployment")
    if (imports or deletes) and is_everywhere:
        raise click.UsageError("--import and --delete are for one namespace: use --namespace")
    place = Place(namespace=namespace, kubeconfig=kubeconfig, context=context, is_everywhere=is_everywhere)
    found = listed(place, ids)
    way = Way(place=place, **more)
    if deletes:
        _delete(way, found[0], output, is_sure=is_sure)
    elif imports:
        _import(way, found, output)
    else:
        _show(found, output)


def _show(found: "list[Listed]", output: str) -> None:
    if not found and output == "text":
        say("no orphaned deployments", err=True)
        return
    head = ["NAMESPACE", "PROVIDER", "ID", "NAME", "CREATED FOR", "AGE", "PER HOUR"]
    rows = [[*one.cells(datetime.now(UTC))] for one in found]
    show(output, table([head, *rows]), [one.document() for one in found], [one.orphan.id for one in found])


def _import(way: "Way", found: "list[Listed]", output: str) -> None:
    from model_operator.cli.importing import show_objects  # noqa: PLC0415
    from model_operator.cli.orphaned import adopting  # noqa: PLC0415

    if not found:
        say("nothing to import: no orphaned deployments", err=True)
        return
    show_objects(adopting(way, found), "yaml" if output == "text" else output)


def _delete(way: "Way", one: "Listed", output: str, *, is_sure: bool) -> None:
    from model_operator.cli.orphaned import delete  # noqa: PLC0415

    orphan = one.orphan
    if not is_sure:
        click.confirm(
            f"Delete deployment {orphan.id} ({orphan.name}, created for {orphan.owner}) at ModelProvider {one.provider}?",
            abort=True,
            err=True,
        )
    delete(way, one)
    show(output, [f"{orphan.id}: deletion requested"], one.document(), [orphan.id])
