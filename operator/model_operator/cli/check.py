"""`kubectl models check`: a preflight before and after an installation."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from model_operator.cli.checking import Finding, Outcome, findings
from model_operator.cli.flags import where_flags
from model_operator.cli.showing import output_flag, show, table

EPILOG = """\b
Examples:
  model-operator check
  model-operator check -n team-a --operator model-operator/model-operator
  model-operator check --allowed-provider-host https://gateway.example.com -o json

\b
Nothing is changed, and no provider is contacted. Exit code 1 if something is missing; warnings do not count.
"""

_COLOURS = {Outcome.OK: "green", Outcome.WARN: "yellow", Outcome.FAIL: "red"}


@click.command("check", epilog=EPILOG)
@where_flags
@click.option(
    "--operator",
    metavar="NAMESPACE/NAME",
    help="Check the permissions of this ServiceAccount instead of yours.",
)
@output_flag("json", "yaml", "name")
def check_cluster(  # noqa: PLR0913  the flags of a command
    *,
    namespace: str | None,
    kubeconfig: Path | None,
    context: str | None,
    allowed_hosts: tuple[Any, ...],
    provider_ca_file: Path | None,  # noqa: ARG001  no provider is asked; the flags are those of `logs`
    operator: str | None,
    output: str,
) -> None:
    """Check that a cluster is ready for the operator.

    Checks the version of Kubernetes, the CustomResourceDefinitions, permissions, whether the operator
    processes the objects, the hosts and keys of all ModelProviders in the namespace, and the clock.
    """
    if operator is not None and operator.count("/") != 1:
        raise click.UsageError("--operator must be NAMESPACE/NAME of a ServiceAccount")
    from model_operator.cli.connecting import Place  # noqa: PLC0415  it brings the clients
    from model_operator.cli.facts import gather  # noqa: PLC0415

    found = list(findings(gather(Place.of(namespace, kubeconfig, context), allowed_hosts, operator)))
    bad = [one.check for one in found if one.outcome is Outcome.FAIL]
    show(output, _text(found), [asdict(one) | {"outcome": str(one.outcome)} for one in found], bad)
    if bad:
        raise SystemExit(1)


def _text(found: list[Finding]) -> list[str]:
    return list(table([_cells(one) for one in found]))


def _cells(one: Finding) -> list[str]:
    mark = click.style(one.outcome.upper(), fg=_COLOURS[one.outcome])
    return [mark, one.check, f"{one.message}. {one.remedy}" if one.remedy else one.message]
