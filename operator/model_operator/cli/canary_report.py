"""`kubectl models canary report`: a rollout's record as one page, or as Markdown for a ticket."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from model_operator.cli.flags import cluster_flags
from model_operator.cli.showing import as_yaml, say

if TYPE_CHECKING:  # it brings pydantic
    from model_operator.cli.record.model import Record

EPILOG = """\b
Examples:
  model-operator canary report triage                    Markdown for a ticket
  model-operator canary report triage -o rollout.html    one page for a browser, a mail or a printer
  model-operator canary report triage -o rollout.md
  model-operator canary report triage -o html | less     either on the standard output

\b
Built from what the object says of itself: its status keeps the present rollout and the last ten. The page has no scripts
and asks nobody for anything.
"""

_FORMATS: Final = {
    "html": "html",
    "htm": "html",
    "md": "markdown",
    "markdown": "markdown",
    "json": "json",
    "yaml": "yaml",
    "yml": "yaml",
    "name": "name",
}
"""By the word, or the end of a file's name."""


@click.command("report", epilog=EPILOG)
@click.argument("name")
@cluster_flags
@click.option(
    "-o",
    "--output",
    default="markdown",
    show_default=True,
    metavar="FILE|FORMAT",
    help="A file that ends in .html or .md; or html, markdown, json, yaml or name for the standard output.",
)
def print_report(
    name: str, namespace: str | None, kubeconfig: Path | None, context: str | None, output: str
) -> None:
    """Write down a rollout: who moved what, when and why.

    Split over time, steps, each metric of canary and baseline with its limit, verdicts, moves and the rollouts before.
    NAME is a CanaryEndpoint.
    """
    from model_operator.cli.connecting import Place, Session, in_cluster  # noqa: PLC0415  it brings the clients
    from model_operator.cli.record.gathering import record_of  # noqa: PLC0415
    from model_operator.domain import CANARY  # noqa: PLC0415

    form = _form(output)

    async def errand(session: Session) -> dict[str, Any]:
        return await session.get(CANARY, name)

    body = in_cluster(Place.of(namespace, kubeconfig, context), errand)
    _write(_written(record_of(body, datetime.now(UTC)), form), output)


def _form(output: str) -> str:
    """Raises `click.BadParameter`."""
    suffix = output if output in _FORMATS else Path(output).suffix.removeprefix(".").lower()
    if suffix not in _FORMATS:
        raise click.BadParameter(f"{output}: name a file that ends in .html or .md", param_hint="-o")
    return _FORMATS[suffix]


def _written(record: "Record", form: str) -> str:
    from pydantic_core import to_jsonable_python  # noqa: PLC0415

    from model_operator.cli.record.markdown import markdown  # noqa: PLC0415
    from model_operator.cli.record.page import page  # noqa: PLC0415

    match form:
        case "html":
            return page(record)
        case "markdown":
            return markdown(record)
        case "name":
            return f"canaryendpoint.modeloperator.dev/{record.name}\n"
        case "json":
            return json.dumps(to_jsonable_python(record), indent=2, ensure_ascii=False) + "\n"
        case _:
            return as_yaml(to_jsonable_python(record))


def _write(text: str, output: str) -> None:
    if output in _FORMATS:
        click.echo(text, nl=False)
        return
    try:
        Path(output).write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"cannot write {output}: {error.strerror or error}") from error
    say(f"written to {output}", err=True)
