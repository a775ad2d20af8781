"""`kubectl models import`: what runs at a provider and no object holds, as YAML that adopts it."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from model_operator.cli.flags import where_flags
from model_operator.cli.showing import as_yaml, say, show, table

if TYPE_CHECKING:  # they bring pydantic
    from model_operator.cli.imported import Imported
    from model_operator.cli.unheld import Found

EPILOG = """\b
Examples:
  model-operator import -o text                    a table of all unmanaged deployments
  model-operator import dep_4f2a > triage.yaml     one, by the provider's id
  model-operator import > all.yaml                 all deployments of all ModelProviders in the namespace
  model-operator import --provider parasail | kubectl apply --dry-run=server -f -

\b
Nothing is changed in the cluster or at a provider. Read the YAML, then apply it: the objects adopt the deployments
as they are. Exit code 1 if an id does not exist or is managed already.
"""


@click.command("import", epilog=EPILOG)
@click.argument("ids", metavar="[ID]...", nargs=-1)
@where_flags
@click.option("--provider", metavar="NAME", help="Use only this ModelProvider.")
@click.option(
    "--deletion-policy",
    type=click.Choice(["Orphan", "Delete"]),
    default="Orphan",
    show_default=True,
    help="deletionPolicy of the objects: Orphan keeps the deployment when its object is deleted, Delete deletes it,"
    " too.",
)
@click.option(
    "-o",
    "--output",
    type=click.Choice(["yaml", "json", "name", "text"]),
    default="yaml",
    show_default=True,
    help="Output format.",
)
def import_deployments(
    *, namespace: str | None, kubeconfig: Path | None, context: str | None, **more: Any
) -> None:
    """Print objects that adopt deployments which exist already.

    ID is the provider's id of a deployment; without one, all that no ModelDeployment of the cluster holds are printed.
    They are read, like their ModelProvider and its Secret, with your own kubeconfig.
    """
    from model_operator.cli.connecting import Place  # noqa: PLC0415  it brings the clients
    from model_operator.cli.unheld import Request, find  # noqa: PLC0415

    output = more.pop("output")
    found = find(Request(place=Place.of(namespace, kubeconfig, context), **more))
    for warning in found.warnings:
        say(click.style(f"warning: {warning}", fg="yellow"), err=True)
    if not found.objects:
        say("nothing to import: every deployment is managed by an object", err=True)
        return
    _print(found, output)


def _print(found: "Found", output: str) -> None:
    show_objects([one for _, _, one in found.objects], output, _table(found) if output == "text" else ())


def show_objects(bodies: Sequence["Imported"], output: str, text: Iterable[str] = ()) -> None:
    """As documents with comments, one List with the notes beside it, names, or `text`."""
    if output == "yaml":
        click.echo("\n".join(documents(bodies)))
        return
    if output == "json":
        for one in bodies:
            for note in _said(one):
                say(f"note: {one.body['metadata']['name']}: {note}", err=True)
    whole = {"apiVersion": "v1", "kind": "List", "items": [one.body for one in bodies]}
    show(output, text, whole, [one.full_name for one in bodies])


def _said(one: "Imported") -> Iterator[str]:
    if one.obstacle is not None:
        yield f"This object cannot be applied as it is: {one.obstacle}."
    yield from one.notes


def documents(objects: Iterable["Imported"]) -> Iterator[str]:
    """One document each; one that cannot be applied as it is stands as a comment."""
    yield (
        "# Fields that the provider does not show, such as access keys, and fields that are only sent on create"
        " are left out and stay as they are."
    )
    for one in objects:
        yield "---"
        yield from (f"# {note}" for note in _said(one))
        mark = "" if one.obstacle is None else "# "
        yield from (f"{mark}{line}" for line in as_yaml(one.body).splitlines())


def _table(found: "Found") -> list[str]:
    head = ["PROVIDER", "ID", "NAME", "MODEL", "STATE", "OBJECT"]
    rows = [
        [provider, remote.id, remote.name, remote.model or "", remote.word, one.body["metadata"]["name"]]
        for remote, provider, one in found.objects
    ]
    return list(table([head, *rows]))
