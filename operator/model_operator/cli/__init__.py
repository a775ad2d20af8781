"""The command line: one module per command, each of which parses, calls one function and sets the exit code.

What a command runs is imported when it runs, so that `--help` and `crds` do not pay for the operator.
"""

import click

from model_operator import __version__
from model_operator.cli.bug_report import report_bug
from model_operator.cli.canary import canary
from model_operator.cli.check import check_cluster
from model_operator.cli.completion import print_completion
from model_operator.cli.crds import print_crds
from model_operator.cli.demo import show_demo
from model_operator.cli.explain import explain_reason
from model_operator.cli.importing import import_deployments
from model_operator.cli.logs import print_logs
from model_operator.cli.metrics import print_metrics
from model_operator.cli.orphans import list_orphans
from model_operator.cli.plan import print_plan
from model_operator.cli.power import extend_deployment, pause_deployment, resume_deployment, scale_deployment
from model_operator.cli.refresh import refresh_object
from model_operator.cli.run import run_operator
from model_operator.cli.simulator import run_simulator
from model_operator.cli.status import print_status

EPILOG = """\b
Examples:
  model-operator demo                     demonstration without a cluster or an account
  model-operator crds | kubectl apply --server-side -f -
  model-operator plan -f llama.yaml       the requests that would be sent
  model-operator run --namespace team-a   run the operator against your cluster
  model-operator COMMAND --help           help and examples of a command
"""


@click.group(
    epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(__version__, prog_name="model-operator")
def main() -> None:
    """Run models on remote inference providers from Kubernetes YAML."""


for command in (
    run_operator,
    print_crds,
    show_demo,
    run_simulator,
    print_status,
    explain_reason,
    pause_deployment,
    resume_deployment,
    scale_deployment,
    extend_deployment,
    refresh_object,
    import_deployments,
    list_orphans,
    check_cluster,
    report_bug,
    print_logs,
    print_metrics,
    print_plan,
    canary,
    print_completion,
):
    main.add_command(command)
