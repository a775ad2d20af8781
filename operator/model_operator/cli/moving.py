"""`kubectl models canary advance|promote|abort|pause|resume|retry`: a rollout moved by a person."""

from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import click

from model_operator.cli.flags import cluster_flags, duration
from model_operator.cli.showing import output_flag, say, show
from model_operator.cli.steering import Verb

HELP: Final = {
    Verb.ADVANCE: "Let a rollout leave its current step.",
    Verb.PROMOTE: "Promote a rollout to its target split at once.",
    Verb.ABORT: "Roll a rollout back to the last good split.",
    Verb.PAUSE: "Pause a rollout at its current split.",
    Verb.RESUME: "Resume a paused rollout.",
    Verb.RETRY: "Retry a target split that was rolled back.",
}


def move(verb: Verb) -> click.Command:
    """The command of a verb."""

    @click.command(
        str(verb),
        help=f"{HELP[verb]}\n\nNAME is a CanaryEndpoint. The action applies to its current rollout.",
        epilog=f"""\b
Examples:
  model-operator canary {verb} triage
  model-operator canary {verb} triage --rollout f6fe35 --step 2   refused if the rollout has changed meanwhile

\b
Exit code 1 if the operator rejects the action, or does not answer in time.
""",
    )
    @click.argument("name")
    @cluster_flags
    @click.option("--rollout", metavar="ID", help="Only if this is the current rollout (status.rollout.id).")
    @click.option("--step", type=click.IntRange(min=1), help="Only if the rollout is at this step.")
    @click.option(
        "--timeout",
        type=duration,
        default="30s",
        show_default=True,
        metavar="DURATION",
        help="How long to wait for the operator's answer.",
    )
    @output_flag("json", "yaml", "name")
    def command(**flags: Any) -> None:
        _act(verb, **flags)

    return command


def _act(  # noqa: PLR0913  the flags of a command
    verb: Verb,
    *,
    name: str,
    namespace: str | None,
    kubeconfig: Path | None,
    context: str | None,
    rollout: str | None,
    step: int | None,
    timeout: timedelta,
    output: str,
) -> None:
    from model_operator.cli.acting import act  # noqa: PLC0415  it brings the clients
    from model_operator.cli.connecting import Place  # noqa: PLC0415
    from model_operator.cli.steering import Meant  # noqa: PLC0415

    acted = act(Place.of(namespace, kubeconfig, context), name, verb, Meant(rollout, step), timeout)
    said = acted.last
    document = {"action": acted.token, "result": said.result if said else "Unanswered"}
    if said is None:
        raise click.ClickException(
            f"the action {acted.token} was written, but the operator has not answered: check that the operator is"
            " running"
        )
    if said.result != "Accepted":
        raise click.ClickException(f"{acted.token} was rejected: {said.message}")
    show(output, [f"{acted.token} accepted"], document, [f"canaryendpoint.modeloperator.dev/{name}"])
    if output == "text":
        say(f"to follow it: kubectl models status {name} -w", err=True)


MOVES: Final = tuple(move(verb) for verb in Verb)
