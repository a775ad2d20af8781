"""Where the traffic is to go: a new destination begins a rollout, a failed one is not tried again by itself.

Every rollout leaves from the last good split, whatever was in force when it began.
"""

from model_operator.conditions import CanaryPhase, Reason
from model_operator.models.canary_status import LastGood, RolloutStatus, Share
from model_operator.plan.canary import transitions
from model_operator.plan.canary.situation import AT_ONCE, Decision, Scene, State
from model_operator.plan.canary.split import Shares, describe, identity, is_whole
from model_operator.plan.canary.words import at, notice, under_way


def mend_state(scene: Scene) -> Decision | None:
    """A rollout in the status that makes no sense: hold at what was acknowledged, until a person has looked."""
    rollout = scene.status.rollout
    if rollout is None or is_consistent(rollout):
        return None
    acked = tuple(
        Share(**share.model_dump(include=set(Share.model_fields))) for share in scene.status.traffic
    )
    if not is_whole(acked):
        return _begun(_begin(scene.with_status(rollout=None), _origin(scene)), "StateInconsistent")
    good = scene.status.last_good or LastGood(traffic=acked, since=scene.now)
    held = transitions.begin(
        scene.with_status(rollout=None, last_good=good), scene.wish.spec.destination, acked, is_direct=False
    ).with_rollout(is_paused=True, step_percent=0)
    message = f"The state of the rollout made no sense; it holds at {describe(acked)} until it is resumed."
    return Decision(
        status=held.status,
        outlook=under_way(CanaryPhase.PAUSED, Reason.STATE_INCONSISTENT, message),
        notices=(notice("StateInconsistent", message, is_warning=True),),
        look_again=AT_ONCE,
    )


def is_consistent(rollout: RolloutStatus) -> bool:
    """Whether a status, which anybody may have edited, can be gone by."""
    return (
        rollout.state in set(State)
        and is_whole(rollout.to)
        and (not rollout.origin or is_whole(rollout.origin))
        and 0 <= rollout.step_percent <= 100
        and (bool(rollout.origin) or rollout.state not in {State.ROLLING_BACK, State.ROLLED_BACK})
    )


def follow_destination(scene: Scene) -> Decision | None:
    """Begin a rollout where the spec wants another split than the one that is under way or was reached."""
    rollout = scene.status.rollout
    if rollout is None:
        return _begun(_begin(scene, _origin(scene)), "RolloutStarted")
    wanted = identity(scene.wish.spec.destination)
    if wanted == identity(rollout.to):
        return _retried(scene, rollout)
    if rollout.state in {State.COMPLETED, State.ROLLED_BACK}:
        return _begun(_begin(scene, _origin(scene)), "RolloutStarted")
    return _begun(_begin(scene, _origin(scene)), "RolloutSuperseded")


def _retried(scene: Scene, rollout: RolloutStatus) -> Decision | None:
    """A changed spec.rollout.retry lets a destination be tried again that was rolled back."""
    if rollout.state != State.ROLLED_BACK or scene.path.retry == rollout.retry:
        return None
    return _begun(_begin(scene, _origin(scene)), "RolloutStarted")


def _origin(scene: Scene) -> Shares:
    return scene.status.last_good.traffic if scene.status.last_good else ()


def _begin(scene: Scene, origin: Shares) -> Scene:
    """Without steps: a first split, a static one, and the way back to the last good one."""
    to = scene.wish.spec.destination
    is_back = bool(origin) and identity(origin) == identity(to)
    origin = origin if not origin or is_whole(origin) else ()
    return transitions.begin(scene, to, origin, is_direct=scene.path.is_static or not origin or is_back)


def _begun(after: Scene, reason: str) -> Decision:
    rollout = after.rollout
    message = f"Rollout {rollout.id} from {describe(rollout.origin) or 'nothing'} to {describe(rollout.to)}."
    return Decision(
        status=after.status,
        outlook=under_way(CanaryPhase.APPLYING, Reason.PROGRESSING, f"Going to {at(after)}."),
        notices=(notice(reason, message),) if rollout.origin else (),
        look_again=AT_ONCE,
    )
