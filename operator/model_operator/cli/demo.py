"""`model-operator demo`: a control plane, the simulator and the operator on this machine, from apply to delete."""

import click

EPILOG = """\b
Examples:
  model-operator demo            keeps running afterwards, and prints the KUBECONFIG to use
  model-operator demo --once     for scripts: the exit code tells whether everything succeeded
  KUBECONFIG=~/.kube/kind model-operator demo --existing-cluster
"""


@click.command("demo", epilog=EPILOG)
@click.option(
    "--once", is_flag=True, help="Stop and clean up at the end; the exit code is 0 only on success."
)
@click.option("--keep", is_flag=True, help="Keep the demo's files.")
@click.option(
    "--existing-cluster",
    is_flag=True,
    help="Use the cluster of KUBECONFIG, in a new namespace.",
)
def show_demo(*, once: bool, keep: bool, existing_cluster: bool) -> None:
    """Run a demonstration, without a cluster or an account.

    Starts a real kube-apiserver, a simulator of both providers and the operator, all on loopback ports; applies
    the examples, follows them until Ready, talks to a model, scales, pauses, resumes and deletes.
    """
    try:
        from model_operator_demo.main import run  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise click.ClickException(
            "The demo is an extra, and not part of the container image. Run it from a checkout (make demo), or install "
            "it: pipx install 'model-operator[demo]'"
        ) from error
    raise SystemExit(run(once=once, keep=keep, existing_cluster=existing_cluster))
