"""`model-operator plan`: what the operator would do with these objects, before anything is applied or paid for."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from typing_extensions import override

from model_operator.cli.files import documents
from model_operator.cli.flags import where_flags
from model_operator.cli.showing import output_flag, show
from model_operator.domain import GROUP
from model_operator.hosts import HostRule

EPILOG = """\b
Examples:
  model-operator plan -f llama.yaml                    uses your kubeconfig, and the key in the provider's Secret
  kustomize build . | model-operator plan -f -
  model-operator plan -f models/ -R --offline          no cluster and no account: uses an empty simulator
  model-operator plan -f models/ --provider-url http://127.0.0.1:8700    uses your own simulator
  model-operator plan -f models/ --detailed-exitcode   for CI: 2 if anything would change

\b
Nothing is changed: the API server is asked with a dry run, the provider with GETs, and every request that would change
something is intercepted. `<uid>` stands for a part of the UID of an object that does not exist
yet, `<id of …>` for an id that only the provider can assign. Keys are never shown.

\b
Exit code: 0 all changes are possible; 1 something is refused or cannot be determined, or the command is wrong;
2, only with --detailed-exitcode, all changes are possible and something would change.
"""


class _WrongUse(click.UsageError):
    """Exit code 2 means changes here."""

    exit_code = 1


class _Planning(click.Command):
    @override
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            raise _WrongUse(error.format_message(), ctx) from error


@click.command("plan", cls=_Planning, epilog=EPILOG)
@click.option(
    "-f",
    "--filename",
    "paths",
    multiple=True,
    required=True,
    type=click.Path(exists=True, allow_dash=True),
    metavar="FILE",
    help="YAML or JSON file, or folder, with ModelProviders, ModelDeployments, CanaryEndpoints and ModelBudgets; - is"
    " standard input; may be repeated.",
)
@click.option("-R", "--recursive", "is_recursive", is_flag=True, help="Read folders recursively.")
@where_flags
@click.option(
    "--installation",
    metavar="NAME",
    help="The operator's name for this cluster, as for `run`. Default: the UID of the namespace kube-system.",
)
@click.option(
    "--offline",
    is_flag=True,
    help="Use neither a cluster nor a provider: every object counts as new, and an empty simulator answers.",
)
@click.option(
    "--provider-url",
    metavar="URL",
    help="Use no cluster, and this simulator (model-operator simulator) instead of the providers.",
)
@output_flag("json", "yaml", "name")
@click.option("--detailed-exitcode", is_flag=True, help="Exit code 2 if anything would change.")
def print_plan(  # noqa: PLR0913  the flags of a command
    *,
    paths: tuple[str, ...],
    is_recursive: bool,
    namespace: str | None,
    kubeconfig: Path | None,
    context: str | None,
    allowed_hosts: tuple[HostRule, ...],
    provider_ca_file: Path | None,
    installation: str | None,
    offline: bool,
    provider_url: str | None,
    output: str,
    detailed_exitcode: bool,
) -> None:
    """Show what the providers would be sent if files were applied.

    For each object it shows the exact requests in order, the old and new value of each change, what the API server
    or the provider would refuse (as far as known without trying), and which fields are immutable. It uses the
    operator's own decisions and the current state at the provider.
    """
    is_offline = offline or provider_url is not None
    if is_offline and (kubeconfig or context):
        raise _WrongUse("--offline and --provider-url use no cluster: remove --kubeconfig and --context")
    from model_operator.cli.planning import Question, answer  # noqa: PLC0415  it brings the clients
    from model_operator.rehearsal.text import lines  # noqa: PLC0415

    question = Question(
        documents=tuple(documents(paths, is_recursive=is_recursive)),
        namespace=namespace,
        kubeconfig=kubeconfig,
        context=context,
        allowed_hosts=allowed_hosts,
        provider_ca_file=provider_ca_file,
        installation=installation,
        is_offline=is_offline,
        provider_url=provider_url,
    )
    found = answer(question)
    show(output, lines(found.document), found.document, _changed(found.document))
    if found.is_refused:
        raise SystemExit(1)
    raise SystemExit(2 if detailed_exitcode and found.has_changes else 0)


def _changed(document: Mapping[str, Any]) -> Iterator[str]:
    """Names of the objects of which anything would change."""
    for one in document["objects"]:
        if one["outcome"] == "Changes":
            yield f"{str(one['kind']).lower()}.{GROUP}/{one['name']}"
