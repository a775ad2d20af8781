"""The CustomResourceDefinitions as YAML: what `model-operator crds` prints and `crds/` holds."""

from collections.abc import Iterable
from pathlib import Path

import click
import yaml

from model_operator.cli.showing import show
from model_operator.models.crd import KINDS, Kind, custom_resource_definition

EPILOG = """\b
Examples:
  model-operator crds | kubectl apply --server-side -f -
  model-operator crds --kind ModelProvider
  model-operator crds --output-dir crds/
  kubectl wait --for=condition=Established $(model-operator crds -o name)
"""

_RESOURCE = "customresourcedefinition.apiextensions.k8s.io"
_HEADER = "---\n# Made from the models by `make generate`; do not edit.\n"


@click.command("crds", epilog=EPILOG)
@click.option(
    "--kind",
    "names",
    multiple=True,
    type=click.Choice([kind.kind for kind in KINDS], case_sensitive=False),
    help="Print only this kind; may be repeated.",
)
@click.option(
    "--output-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write one file per kind into this folder (created if missing) instead of printing them.",
)
@click.option(
    "-o",
    "--output",
    type=click.Choice(["yaml", "json", "name"]),
    default="yaml",
    show_default=True,
    help="What is printed: documents, one List, or names.",
)
def print_crds(*, names: tuple[str, ...], output_dir: Path | None, output: str) -> None:
    """Print the CustomResourceDefinitions.

    They belong to this version of the operator: apply them again after each upgrade.
    """
    kinds = [kind for kind in KINDS if not names or kind.kind in names]
    if output_dir is None and output == "yaml":
        click.echo(render(kinds), nl=False)
        return
    if output_dir is None:
        whole = [custom_resource_definition(kind) for kind in kinds]
        names_there = (f"{_RESOURCE}/{kind.crd_name}" for kind in kinds)
        show(output, (), {"apiVersion": "v1", "kind": "List", "items": whole}, names_there)
        return
    try:
        output_dir.mkdir(parents=True, exist_ok=True)
        for name, text in files(kinds).items():
            (output_dir / name).write_text(text, encoding="utf-8")
            click.echo(output_dir / name)
    except OSError as error:
        raise click.ClickException(f"cannot write to {str(output_dir)!r}: {error.strerror}") from error


def render(kinds: Iterable[Kind] | None = None) -> str:
    """One YAML document per kind (default: all), each starting with `---`: the files of `crds/`, joined."""
    return "".join(files(kinds).values())


def files(kinds: Iterable[Kind] | None = None) -> dict[str, str]:
    """The content of `crds/` by file name."""
    return {f"{kind.crd_name}.yaml": _document(kind) for kind in (KINDS if kinds is None else kinds)}


def _document(kind: Kind) -> str:
    body = yaml.safe_dump(custom_resource_definition(kind), sort_keys=False, width=110, allow_unicode=True)
    return _HEADER + body
