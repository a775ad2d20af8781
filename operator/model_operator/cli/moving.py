"""`kubectl models canary advance|promote|abort|pause|resume|retry`: a rollout moved by a person."""

from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import click

from model_operator.cli.flags import cluster_flags, duration
from model_operator.cli.showing import output_flag, say, show
from model_operator.cli.steering import Verb

HELP: Final = {
    Verb.ADVANCE: "Let a rollout leave the step that it is at.",
    Verb.PROMOTE: "Send a rollout to its destination at once.",
    Verb.ABORT: "Take a rollout back to the last good split.",
    Verb.PAUSE: "Freeze a rollout where it is.",
    Verb.RESUME: "Let a paused rollout go on.",
    Verb.RETRY: "Try a destination again that was rolled back.",
}


def move(verb: Verb) -> click.Command:
    """The command of a verb."""

    @click.command(
        str(verb),
        help=f"{HELP[verb]}\n\nNAME is a CanaryEndpoint. The rollout that is under way is found by itself.",
        epilog=f"""\b
Examples:
  model-operator canary {verb} triage
  model-operator canary {verb} triage --rollout f6fe35 --step 2   refused if it is another one by now

\b
Exit code 1 if the operator rejects it, or says nothing in time.
""",
    )
    @click.argument("name")
    @cluster_flags
    @click.option("--rollout", metavar="ID", help="Only if this is the rollout (status.rollout.id).")
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
            f"the action {acted.token} is written, and the operator has not answered it: check that it runs"
        )
    if said.result != "Accepted":
        raise click.ClickException(f"{acted.token} was rejected: {said.message}")
    show(output, [f"{acted.token} accepted"], document, [f"canaryendpoint.modeloperator.dev/{name}"])
    if output == "text":
        say(f"kubectl models status {name} -w follows it", err=True)


MOVES: Final = tuple(move(verb) for verb in Verb)
