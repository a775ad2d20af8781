"""`kubectl models pause|resume|scale|extend`: edits of a ModelDeployment's spec, and what to tell Git about them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from model_operator.cli.flags import cluster_flags
from model_operator.cli.showing import as_yaml, named, output_flag, say, show
from model_operator.durations import parse_duration

Command = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a spec, and what to say of it."""

    spec: Mapping[str, Any]
    field: str
    """That decides, for who manages it."""
    done: str
    """`paused`, behind the object's name."""


def _edit_flags(command: Command) -> Command:
    flags = (
        click.argument("name"),
        cluster_flags,
        click.option(
            "--dry-run", "is_dry", is_flag=True, help="Print the YAML for Git instead of changing the object."
        ),
        output_flag("json", "yaml", "name"),
    )
    for flag in reversed(flags):
        command = flag(command)
    return command


@click.command(
    "pause",
    epilog="""\b
Examples:
  model-operator pause llama            stops the deployment and its costs
  model-operator pause llama --dry-run  prints the YAML for Git instead
""",
)
@_edit_flags
def pause_deployment(**flags: Any) -> None:
    """Stop a ModelDeployment at its provider.

    NAME is a ModelDeployment. Only Parasail can pause. At PaiTIENT, delete the object, or lower its autoscaling.
    """
    _carry_out(Edit({"paused": True}, "paused", "is to be paused"), **flags)


@click.command(
    "resume",
    epilog="""\b
Examples:
  model-operator resume llama -n team-a
""",
)
@_edit_flags
def resume_deployment(**flags: Any) -> None:
    """Start a paused ModelDeployment again.

    NAME is a ModelDeployment.
    """
    _carry_out(Edit({"paused": False}, "paused", "is to be resumed"), **flags)


@click.command(
    "scale",
    epilog="""\b
Examples:
  model-operator scale llama --replicas 3
  model-operator scale llama --min 1 --max 4    the provider scales between them
""",
)
@click.option("--replicas", type=click.IntRange(min=0), help="Fixed number of replicas.")
@click.option(
    "--min",
    "least",
    type=click.IntRange(min=1),
    help="Minimum number of replicas, for the provider's autoscaling.",
)
@click.option(
    "--max",
    "most",
    type=click.IntRange(min=1),
    help="Maximum number of replicas, for the provider's autoscaling.",
)
@_edit_flags
def scale_deployment(*, replicas: int | None, least: int | None, most: int | None, **flags: Any) -> None:
    """Set how many replicas a ModelDeployment has.

    NAME is a ModelDeployment. A fixed number of replicas and bounds for autoscaling are mutually exclusive; the given
    one replaces the other.
    """
    _carry_out(scaling(replicas, least, most), **flags)


def scaling(replicas: int | None, least: int | None, most: int | None) -> Edit:
    """Raises `click.UsageError` on flags that make no whole."""
    if (replicas is None) == (least is None and most is None):
        raise click.UsageError("use either --replicas, or --min and --max")
    if replicas == 0:
        raise click.UsageError(
            "a deployment cannot have 0 replicas: at Parasail, stop it with `pause`; at PaiTIENT, delete the object"
        )
    if replicas is not None:
        return Edit(
            {"replicas": replicas, "autoscaling": None}, "replicas", f"is to have {replicas} replicas"
        )
    if least is None or most is None or least > most:
        raise click.UsageError("use --min and --max together; --min must not be more than --max")
    bounds = {"minReplicas": least, "maxReplicas": most}
    done = f"is to have {least} to {most} replicas"
    return Edit({"autoscaling": bounds, "replicas": None}, "autoscaling", done)


@click.command(
    "extend",
    epilog="""\b
Examples:
  model-operator extend llama --for 24h                   from now on
  model-operator extend llama --until 2026-12-24T18:00:00Z
""",
)
@click.option("--for", "period", metavar="DURATION", help="How long from now, for example 24h.")
@click.option("--until", metavar="TIME", help="The new time of expiry, for example 2026-12-24T18:00:00Z.")
@_edit_flags
def extend_deployment(*, period: str | None, until: str | None, **flags: Any) -> None:
    """Set when a ModelDeployment expires.

    NAME is a ModelDeployment. Sets spec.expiresAt and removes spec.expiresAfter. If the deployment has expired already,
    by a date or because nobody used it (spec.idle), a new one is created.
    """
    _carry_out(extending(period, until, datetime.now(UTC)), **flags)


def extending(period: str | None, until: str | None, now: datetime) -> Edit:
    """Raises `click.UsageError` on times that are none, or that have passed."""
    from model_operator.models.wire import format_time  # noqa: PLC0415  it brings pydantic

    if (period is None) == (until is None):
        raise click.UsageError("use either --for or --until")
    try:
        given = now + parse_duration(period) if period else datetime.fromisoformat(until or "")
    except (ValueError, OverflowError) as error:
        why = error if period else f"use one such as 2026-12-24T18:00:00Z instead of {until!r}"
        raise click.UsageError(f"not a time: {why}") from error
    end = given.astimezone(UTC).replace(microsecond=0)
    if end <= now:
        raise click.UsageError("that time has passed; to end a deployment now, delete the object")
    text = format_time(end)
    return Edit({"expiresAt": text, "expiresAfter": None}, "expiresAt", f"is to expire at {text}")


def _carry_out(  # noqa: PLR0913  the flags of a command
    edit: Edit,
    *,
    name: str,
    namespace: str | None,
    kubeconfig: Path | None,
    context: str | None,
    is_dry: bool,
    output: str,
) -> None:
    from model_operator.cli.connecting import Place  # noqa: PLC0415  it brings the clients
    from model_operator.cli.editing import edited  # noqa: PLC0415
    from model_operator.cli.owners import for_git, owner_of, warning  # noqa: PLC0415

    before, after = edited(Place.of(namespace, kubeconfig, context), name, edit.spec, is_dry=is_dry)
    git = for_git(before, {key: value for key, value in edit.spec.items() if value is not None})
    owner = owner_of(before, edit.field)
    if owner is not None:
        say(click.style(f"warning: {warning(owner, before, edit.field)}", fg="yellow"), err=True)
    if output == "text" and not is_dry:
        say(f"{named(after)} {edit.done}")
        text = as_yaml(git).splitlines() if owner is not None else ()
    else:
        text = as_yaml(git).splitlines()
    show(output, text, git if is_dry else _whole(after), [named(after)])


def _whole(body: Mapping[str, Any]) -> dict[str, Any]:
    """Without the server's own book-keeping, as kubectl shows it."""
    metadata = {key: value for key, value in body["metadata"].items() if key != "managedFields"}
    return {**body, "metadata": metadata}
