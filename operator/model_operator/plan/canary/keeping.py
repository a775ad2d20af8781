"""Ends of a rollout: on the way back, back, and at the destination; each kept in force by sending it again.

The vendor's API shows no split, so a repeated PATCH is the only way to undo what somebody changed there.
"""

from dataclasses import replace
from datetime import timedelta

from model_operator.conditions import CanaryPhase, Reason
from model_operator.plan.canary.situation import (
    AT_ONCE,
    Decision,
    Health,
    Outlook,
    Scene,
    State,
    UpdateCanary,
)
from model_operator.plan.canary.split import describe, without_zeros
from model_operator.plan.canary.words import blocked, under_way, verdict
from model_operator.plan.verdict import Progress

_DEAD = frozenset({Health.FAILED, Health.UNREADY})


def roll_back(scene: Scene) -> Decision | None:
    """Sent until it is acknowledged, and never towards a target that does not serve."""
    if scene.state is not State.ROLLING_BACK:
        return None
    why = scene.rollout.failure.message if scene.rollout.failure else ""
    message = f"Going back to {describe(scene.intended)}: {why}"
    going = under_way(CanaryPhase.ROLLING_BACK, Reason.ROLLING_BACK, message)
    dead = _dead(scene)
    call = call_of(scene)
    if dead is not None or call is None:
        words = f"Not going back to {describe(scene.intended)} yet: {dead or 'a target is not found'}."
        ill = verdict(Reason.BASELINE_UNHEALTHY, words)
        outlook = replace(going, message=words, targets=ill, complete=ill, phase=CanaryPhase.BLOCKED)
        return Decision(status=scene.status, outlook=replace(outlook, progress=Progress.STUCK))
    return Decision(status=scene.status, outlook=replace(going, progress=Progress.MOVING), call=call)


def _dead(scene: Scene) -> str | None:
    """A target to which the way back would move traffic although it does not serve."""
    acked = {share.reference: share.percent for share in scene.status.traffic}
    for share in scene.intended:
        target = scene.target(share)
        if share.percent > acked.get(share.reference, 0) and target.health in _DEAD:
            return f"{share.name}: {target.message}"
    return None


def keep(scene: Scene) -> Decision:
    """At the destination, or back: nothing to do but to keep it so."""
    outlook = _rolled_back(scene) if scene.state is State.ROLLED_BACK else _completed(scene)
    call = call_of(scene)
    if call is None or without_zeros(call.split) == scene.acknowledged:
        return Decision(status=scene.status, outlook=outlook)
    return Decision(status=scene.status, outlook=outlook, call=call)


def call_of(scene: Scene) -> UpdateCanary | None:
    """The intended split, as it is sent; None while a target has no id."""
    split = scene.ids(scene.intended)
    return None if split is None else UpdateCanary(scene.status.external_id or "", split)


def until_resync(scene: Scene) -> timedelta:
    """How long until the split is sent again."""
    since = scene.seen.synced_at or scene.status.traffic_acked_at
    return AT_ONCE if since is None else since + scene.path.resync - scene.now


def _completed(scene: Scene) -> Outlook:
    message = f"All traffic as specified: {describe(scene.intended)}."
    return Outlook(
        phase=CanaryPhase.COMPLETED,
        message=message,
        complete=verdict(Reason.COMPLETED, message, is_true=True),
    )


def _rolled_back(scene: Scene) -> Outlook:
    rollout = scene.rollout
    failure = rollout.failure
    why = f"{failure.reason}: {failure.message.rstrip('.')}" if failure else ""
    message = (
        f"Back at {describe(rollout.origin)} after {why}. Change spec.traffic or spec.rollout.retry, or annotate"
        f" with modeloperator.dev/action: retry:{rollout.id}."
    )
    return replace(blocked(Reason.ROLLED_BACK, message), phase=CanaryPhase.ROLLED_BACK)
