"""`model-operator canary plan FILE`: what a CanaryEndpoint would do, worked out from its YAML alone."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import yaml

from model_operator.cli.moving import MOVES
from model_operator.cli.status import print_canary

EPILOG = """\b
Examples:
  model-operator canary plan canary.yaml
  model-operator canary plan canary.yaml --from v1=100 --rps 0.5
  kubectl get canep triage -o yaml | model-operator canary plan -

\b
No provider or cluster is contacted. Without --from, the last good split is the one in the object's status; without either, the first
split is created at once. Times are the earliest: metrics, manual steps and limits can delay them.
"""


@click.group(
    "canary",
    epilog="""\b
Examples:
  model-operator canary plan canary.yaml --from v1=100
  model-operator canary status triage
  model-operator canary advance triage
""",
)
def canary() -> None:
    """Preview, watch and control the rollouts of CanaryEndpoints."""


for _move in MOVES:
    canary.add_command(_move)
canary.add_command(print_canary)


@canary.command("plan", epilog=EPILOG)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--from", "origin", help="Last good split by target names, e.g. v1=100 or v1=90,v2=10.")
@click.option(
    "--rps",
    type=click.FloatRange(min=0),
    help="Expected requests per second to the endpoint, to show what can be detected.",
)
def print_plan(file: Path, origin: str | None, rps: float | None) -> None:
    """Preview the rollout of every CanaryEndpoint in a file.

    Shows its steps, checks and earliest times. FILE is YAML; - is standard input.
    """
    text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    try:
        found = [body for body in yaml.safe_load_all(text) if isinstance(body, dict)]
    except yaml.YAMLError as error:
        raise click.ClickException(f"{file} is not YAML: {error}") from error
    wanted = [body for body in found if body.get("kind") == "CanaryEndpoint"]
    if not wanted:
        raise click.ClickException(f"{file} contains no CanaryEndpoint")
    for body in wanted:
        click.echo("\n".join(_plan(body, origin, rps)))


def _plan(body: dict[str, Any], given: str | None, rps: float | None) -> Iterator[str]:
    from model_operator.models import CanaryEndpoint, InvalidResource  # noqa: PLC0415  they bring pydantic
    from model_operator.plan.canary.course import course_of  # noqa: PLC0415
    from model_operator.plan.canary.preview import preview  # noqa: PLC0415

    metadata = body.get("metadata") or {}
    try:
        parsed = CanaryEndpoint.parse({**body, "metadata": {"name": "canary", **metadata}})
    except InvalidResource as error:
        raise click.ClickException(str(error)) from error
    good = parsed.status.last_good.traffic if parsed.status.last_good else ()
    origin = _split(given, parsed) if given is not None else good
    yield f"CanaryEndpoint {parsed.metadata.name}"
    yield from preview(course_of(parsed.spec), origin, parsed.spec.destination, rps)


def _split(given: str, parsed: Any) -> tuple[Any, ...]:
    """`v1=90,v2=10` as shares; a name that the spec has not stands for a ModelDeployment of that name."""
    from model_operator.models.canary_status import Share  # noqa: PLC0415
    from model_operator.plan.canary.course import is_whole  # noqa: PLC0415

    known = {share.name: share for share in parsed.spec.destination}
    shares = []
    for part in given.split(","):
        name, _, percent = part.strip().partition("=")
        if not percent.isdecimal():
            raise click.ClickException(f"--from {given}: write it as v1=90,v2=10")
        share = known.get(name, Share(name=name, deployment_ref=name))
        shares.append(share.with_(percent=int(percent)))
    if not is_whole(tuple(shares)):
        raise click.ClickException(f"--from {given}: the percents must sum to 100")
    return tuple(shares)
