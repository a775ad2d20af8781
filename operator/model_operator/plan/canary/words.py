"""What several rules say alike: where a rollout is, for the message, the phase and the conditions.

Sentences are stable: they change with steps and verdicts, never with the time of a look.
"""

from model_operator.conditions import CanaryPhase, Reason
from model_operator.plan.canary.situation import Notice, Outlook, Scene
from model_operator.plan.canary.split import describe
from model_operator.plan.verdict import Progress, Verdict


def at(scene: Scene) -> str:
    """`v1=75 v2=25 (step 2/4)`."""
    return f"{describe(scene.intended)} (step {step_of(scene)})"


def step_of(scene: Scene) -> str:
    """`2/4`, by the path as it is now."""
    path = scene.path
    return f"{path.index(scene.rollout.step_percent) + 1}/{len(path.stations)}"


def verdict(reason: Reason | str, message: str, *, is_true: bool | None = False) -> Verdict:
    return Verdict(is_true, reason, message)


def under_way(phase: CanaryPhase, reason: Reason | str, message: str) -> Outlook:
    """A rollout that is fine and not at its end."""
    return Outlook(phase=phase, message=message, complete=verdict(reason, message))


def blocked(reason: Reason, message: str, **more: Verdict) -> Outlook:
    """Only a person can help."""
    return Outlook(
        phase=CanaryPhase.BLOCKED,
        message=message,
        complete=verdict(reason, message),
        progress=Progress.STUCK,
        **more,
    )


def notice(reason: str, message: str, *, is_warning: bool = False) -> Notice:
    return Notice(reason, message[:1024], is_warning)
