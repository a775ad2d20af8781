"""`model-operator canary plan FILE`: what a CanaryEndpoint would do, worked out from its YAML alone."""

from pathlib import Path

import click

from model_operator.cli.canary_report import print_report
from model_operator.cli.files import documents
from model_operator.cli.moving import MOVES
from model_operator.cli.showing import output_flag, say, show
from model_operator.cli.status import print_canary
from model_operator.domain import CANARY

EPILOG = """\b
Examples:
  model-operator canary plan canary.yaml
  model-operator canary plan canary.yaml --from v1=100 --rps 0.5
  kubectl get canep triage -o yaml | model-operator canary plan -

\b
No provider or cluster is contacted. Without --from, the last good split is the one in the object's status; without
either, the first split is created at once. Times are the earliest: metrics, manual steps and limits can delay them.
"""


@click.group(
    "canary",
    epilog="""\b
Examples:
  model-operator canary plan canary.yaml --from v1=100
  model-operator canary status triage
  model-operator canary advance triage
  model-operator canary report triage -o rollout.html
""",
)
def canary() -> None:
    """Preview, watch, move and record rollouts of CanaryEndpoints."""


for _move in MOVES:
    canary.add_command(_move)
canary.add_command(print_canary)
canary.add_command(print_report)


@canary.command("plan", epilog=EPILOG)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--from", "origin", help="Last good split by target names, e.g. v1=100 or v1=90,v2=10.")
@click.option(
    "--rps",
    type=click.FloatRange(min=0),
    help="Expected requests per second to the endpoint, to show what can be detected.",
)
@output_flag("json", "yaml", "name")
def print_plan(*, file: Path, origin: str | None, rps: float | None, output: str) -> None:
    """Preview the rollout of every CanaryEndpoint in a file.

    Its steps, checks, earliest times, and what its checks can find. FILE is YAML; - is the standard input.
    """
    from model_operator.cli.previewing import Way, way  # noqa: PLC0415  it brings pydantic

    found = [document.body for document in documents([str(file)], is_recursive=False)]
    wanted = [body for body in found if body.get("kind") == CANARY]
    if not wanted:
        raise click.ClickException(f"{file} contains no CanaryEndpoint")
    ways: list[Way] = []
    for body in wanted:
        one = way(body, found, origin)
        for note in one.notes:
            say(click.style(f"note: {note}", fg="yellow"), err=True)
        ways.append(one)
    show(
        output,
        (line for one in ways for line in one.lines(rps)),
        [one.document(rps) for one in ways],
        [one.full_name for one in ways],
    )
