"""`kubectl models report`: a bundle for a bug report, without keys."""

import io
import sys
import tarfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import click

from model_operator.cli.flags import cluster_flags
from model_operator.cli.showing import say

EPILOG = """\b
Examples:
  model-operator report                             model-operator-report-20260131-120000.tar.gz
  model-operator report -A --operator-namespace model-operator
  model-operator report --to report/                a folder, to read and edit before you send it
  model-operator report --to - > report.tar.gz      standard output, for example with `docker run`

\b
Nothing is changed or sent. The report contains no Secrets; the values of the Secrets that objects name are masked
everywhere, and so is anything that looks like a key. Read it before you send it: it contains names, models and hosts.
"""


@click.command("report", epilog=EPILOG)
@cluster_flags
@click.option(
    "-A", "--all-namespaces", "is_everywhere", is_flag=True, help="Include objects of all namespaces."
)
@click.option(
    "--operator-namespace",
    metavar="NAME",
    help="Namespace of the operator. Default: search all namespaces.",
)
@click.option(
    "--operator-name",
    metavar="NAME",
    default="model-operator",
    show_default=True,
    help="Label app.kubernetes.io/name of the operator.",
)
@click.option(
    "--tail", type=click.IntRange(min=1), default=5000, show_default=True, help="Number of lines of each log."
)
@click.option(
    "--to", "target", metavar="PATH", help="Output: a .tar.gz file, a folder, or - for standard output."
)
def report_bug(  # noqa: PLR0913  the flags of a command
    *,
    namespace: str | None,
    kubeconfig: Path | None,
    context: str | None,
    is_everywhere: bool,
    operator_namespace: str | None,
    operator_name: str,
    tail: int,
    target: str | None,
) -> None:
    """Bundle what a bug report needs, without keys.

    Objects with their conditions and Events, versions, the check, and the operator's settings and logs, as far as your
    rights let you read them.
    """
    from model_operator.cli.bundle import files  # noqa: PLC0415
    from model_operator.cli.bundling import Scope, gather, utc_now  # noqa: PLC0415  it brings the clients
    from model_operator.cli.connecting import Place  # noqa: PLC0415

    now = utc_now()
    place = Place(namespace=namespace, kubeconfig=kubeconfig, context=context, is_everywhere=is_everywhere)
    scope = Scope(place=place, operator_namespace=operator_namespace, name=operator_name, tail=tail)
    gathered = gather(scope, now)
    stem = f"model-operator-report-{now:%Y%m%d-%H%M%S}"
    where = target or f"{stem}.tar.gz"
    try:
        _write(where, stem, files(gathered), now)
    except OSError as error:
        raise click.ClickException(f"cannot write to {where}: {error.strerror}") from error
    for line in gathered.missing:
        say(click.style(f"missing: {line}", fg="yellow"), err=True)
    say("read the report before you send it", err=True)
    if where != "-":
        click.echo(where)


def _write(where: str, stem: str, found: Mapping[str, str], now: datetime) -> None:
    """For this user's eyes alone."""
    if where == "-":
        sys.stdout.buffer.write(packed(stem, found, now))
    elif where.endswith((".tar.gz", ".tgz")):
        path = Path(where)
        path.touch(mode=0o600)
        path.write_bytes(packed(stem, found, now))
    else:
        for name, text in found.items():
            path = Path(where, name)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def packed(stem: str, found: Mapping[str, str], now: datetime) -> bytes:
    """A .tar.gz with one folder."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz") as archive:
        for name, text in found.items():
            data = text.encode("utf-8", "replace")
            member = tarfile.TarInfo(f"{stem}/{name}")
            member.size, member.mtime, member.mode = len(data), int(now.timestamp()), 0o600
            archive.addfile(member, io.BytesIO(data))
    return whole.getvalue()
