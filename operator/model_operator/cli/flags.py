"""The flags that `logs`, `metrics` and `plan` have in common, and what they mean.

Nothing here connects to anything, so that help and wrong use cost nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from model_operator.cli.showing import output_flag
from model_operator.durations import parse_duration
from model_operator.hosts import HostRule

Command = Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Which ModelDeployment, and how to get there."""

    name: str
    namespace: str | None
    kubeconfig: Path | None
    context: str | None
    allowed_hosts: tuple[HostRule, ...]
    provider_ca_file: Path | None


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when; open where None."""

    start: datetime | None
    end: datetime | None

    @classmethod
    def of(cls, since: timedelta | None, start: datetime | None, end: datetime | None) -> "Span":
        """Raises `click.UsageError` on flags that contradict each other."""
        if since is not None and start is not None:
            raise click.UsageError("--since and --start-time are mutually exclusive: use one of them")
        if since is not None:
            start = (end or datetime.now(UTC)) - since
        if start is not None and end is not None and start >= end:
            raise click.UsageError("--end-time must be after the start time")
        return cls(start, end)


def duration(text: str) -> timedelta:
    """A flag's value. Raises `click.BadParameter`."""
    try:
        return parse_duration(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _time(text: str) -> datetime:
    """UTC where it names no zone."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not a time such as 2026-01-31T12:00:00Z") from error
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _host(text: str) -> HostRule:
    try:
        return HostRule.parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


_CLUSTER = (
    click.option("-n", "--namespace", help="Namespace; without it the one of the kubeconfig's context."),
    click.option(
        "--kubeconfig",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Kubeconfig file. Default: $KUBECONFIG or ~/.kube/config.",
    ),
    click.option("--context", help="Context of the kubeconfig. Default: the current context."),
)
_WHERE = (
    *_CLUSTER,
    click.option(
        "--allowed-provider-host",
        "allowed_hosts",
        type=_host,
        multiple=True,
        metavar="HOST",
        help="Additional host that the key may be sent to, as for `run`; may be repeated.",
    ),
    click.option(
        "--provider-ca-file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="PEM file with additional certificate authorities to trust, as for `run`.",
    ),
)
_FLAGS = (
    click.argument("name"),
    *_WHERE,
    click.option(
        "--since", type=duration, metavar="DURATION", help="Start this long before now, or before --end-time."
    ),
    click.option("--start-time", type=_time, metavar="TIME", help="Start time, e.g. 2026-01-31T12:00:00Z."),
    click.option("--end-time", type=_time, metavar="TIME", help="End time."),
    output_flag("json", "yaml"),
)


def reading_flags(command: Command) -> Command:
    """The flags that both commands have."""
    return _with(_FLAGS, command)


def cluster_flags(command: Command) -> Command:
    """Which cluster and which namespace."""
    return _with(_CLUSTER, command)


def where_flags(command: Command) -> Command:
    """Which cluster, which namespace, and where keys may be sent."""
    return _with(_WHERE, command)


def _with(flags: Sequence[Callable[[Command], Command]], command: Command) -> Command:
    for flag in reversed(flags):
        command = flag(command)
    return command
