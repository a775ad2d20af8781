"""`model-operator demo`: set the stage, tell the story in two acts, stay up for playing; one message if something is missing."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from model_operator_demo import canary_story, proof, shipped, story
from model_operator_demo.controlplane import ControlPlaneFailed
from model_operator_demo.controlplane_access import KubectlFailed
from model_operator_demo.controlplane_binaries import NoControlPlane
from model_operator_demo.processes import ProcessFailed
from model_operator_demo.programs import NotUp
from model_operator_demo.proof import NotShown
from model_operator_demo.screen import Screen
from model_operator_demo.stage import NotOnThisCluster, Stage, set_up

_EXPECTED = (
    ControlPlaneFailed,
    KubectlFailed,
    NoControlPlane,
    NotOnThisCluster,
    NotShown,
    NotUp,
    ProcessFailed,
    shipped.NoManifests,
    subprocess.TimeoutExpired,
)
_INTERRUPTED = 130


def run(*, once: bool, keep: bool, existing_cluster: bool) -> int:
    """The exit code: 0 if all was shown, 1 if not, 130 if it was interrupted before the end."""
    screen = Screen()
    is_told = False
    try:
        with _sigterm_is_interrupt(), set_up(screen, keep=keep, existing_cluster=existing_cluster) as stage:
            story.tell(stage)
            canary_story.tell(stage)
            is_told = True
            screen.summary(proof.tally(stage))
            if not once:
                _stay(stage)
            screen.say("\nTaking everything down.")
    except KeyboardInterrupt:
        screen.say("\nStopped; nothing is left running.")
        return 0 if is_told else _INTERRUPTED
    except _EXPECTED as error:
        screen.failed(error)
        return 1
    return 0


@contextlib.contextmanager
def _sigterm_is_interrupt() -> Iterator[None]:
    """So that `kill` cleans up as ^C does."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _stay(stage: Stage) -> None:
    """Until ^C, or until a part ends by itself, which raises `NotUp`."""
    stage.screen.step("Your turn: everything stays up until ^C. In another terminal:")
    kubectl = Path(stage.cluster.access.program)
    if shutil.which("kubectl") is None:
        stage.screen.outcome(f"export PATH={kubectl.parent}:$PATH")
    stage.screen.outcome(f"export KUBECONFIG={stage.cluster.kubeconfig}")
    example = os.path.join(shipped.as_typed(stage.examples), "parasail.yaml")  # noqa: PTH118  as it is typed
    canary = os.path.join(shipped.as_typed(stage.manifests), "demo", "triage.yaml")  # noqa: PTH118
    stage.screen.outcome(f"kubectl apply --filename {example}\nkubectl get modeldeployments --watch")
    stage.screen.outcome(f"kubectl apply --filename {canary}      # a canary: then edit spec.traffic of it")
    stage.screen.outcome(f"curl {stage.operator.url}/metrics      # for a Prometheus of yours")
    while True:
        stage.require_parts()
        time.sleep(0.5)
