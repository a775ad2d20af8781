"""What people ask by annotation: `promote|advance|abort|pause|resume|retry:<rolloutID>[/<step>]`.

Compare-and-set: a token counts once, for the rollout and step that it names, and is refused with a reason otherwise.
"""

from collections.abc import Callable
from typing import Final

from model_operator.models.canary_status import Failure, LastAction
from model_operator.plan.canary import transitions
from model_operator.plan.canary.situation import Notice, Scene, State
from model_operator.plan.canary.split import identity
from model_operator.plan.canary.words import notice, step_of

_UNDER_WAY: Final = frozenset({State.APPLYING, State.HOLDING})
_TOKEN_LIMIT: Final = 253


class _Refused(Exception):
    """`str()` says why."""


def answer(scene: Scene) -> tuple[Scene, tuple[Notice, ...]]:
    """The scene after the annotation's action, if it is a new one."""
    token = scene.wish.action[:_TOKEN_LIMIT]
    last = scene.status.last_action
    if not token or (last is not None and last.token == token):
        return scene, ()
    try:
        after, message = _carry_out(scene, token), ""
    except _Refused as refused:
        after, message = scene, str(refused)
    result = "Rejected" if message else "Accepted"
    handled = LastAction(token=token, result=result, message=message, at=scene.now)
    said = f"{token}: {message}" if message else f"{token} at {step_of(scene)}"
    return after.with_status(last_action=handled), (
        notice(f"Action{result}", said, is_warning=bool(message)),
    )


def _carry_out(scene: Scene, token: str) -> Scene:
    verb, _, rest = token.partition(":")
    id, _, step = rest.partition("/")
    if verb not in _VERBS:
        raise _Refused(f"{verb!r} is none of {', '.join(_VERBS)}")
    if id != scene.rollout.id:
        raise _Refused(f"the present rollout is {scene.rollout.id}; write {verb}:{scene.rollout.id}")
    here = step_of(scene).partition("/")[0]
    if step and step != here:
        raise _Refused(f"the rollout is at step {here}, not {step}")
    return _VERBS[verb](scene)


def _promote(scene: Scene) -> Scene:
    _need(scene, _UNDER_WAY)
    _need_freedom(scene)
    if scene.path.limit < 100:
        raise _Refused(f"spec.rollout.limit is {scene.path.limit}")
    return transitions.go_to(scene, 100).with_rollout(is_promoted=True, failure=None)


def _advance(scene: Scene) -> Scene:
    _need(scene, {State.HOLDING})
    _need_freedom(scene)
    following = scene.path.after(scene.rollout.step_percent, scene.rollout.origin, scene.rollout.to)
    if following is not None and following.percent > scene.path.limit:
        raise _Refused(f"spec.rollout.limit is {scene.path.limit}")
    return scene.with_rollout(approved_percent=scene.rollout.step_percent)


def _abort(scene: Scene) -> Scene:
    _need(scene, _UNDER_WAY)
    if not scene.rollout.origin:
        raise _Refused("there is no last good split to go back to")
    failure = Failure(reason="Aborted", message="A person aborted the rollout.", at=scene.now)
    return transitions.roll_back(scene, failure)


def _pause(scene: Scene) -> Scene:
    _need(scene, _UNDER_WAY)
    return scene.with_rollout(is_paused=True)


def _resume(scene: Scene) -> Scene:
    _need(scene, _UNDER_WAY)
    if not scene.rollout.is_paused:
        raise _Refused("it is not paused by an action")
    analysis = scene.rollout.analysis
    fresh = analysis.model_copy(update={"consecutive_fails": 0}) if analysis else None
    return scene.with_rollout(is_paused=False, failure=None, analysis=fresh)


def _retry(scene: Scene) -> Scene:
    _need(scene, {State.ROLLED_BACK})
    destination = scene.wish.spec.destination
    if scene.status.failed_destination != identity(destination):
        raise _Refused("the destination is another one by now")
    return transitions.begin(scene, destination, scene.rollout.origin, is_direct=scene.path.is_static)


def _need(scene: Scene, states: frozenset[State] | set[State]) -> None:
    if scene.state not in states:
        raise _Refused(f"the rollout is {scene.state}")


def _need_freedom(scene: Scene) -> None:
    if scene.path.is_paused:
        raise _Refused("spec.rollout.paused is true")
    if scene.rollout.is_paused:
        raise _Refused(f"it is paused; write resume:{scene.rollout.id} first")


_VERBS: Final[dict[str, Callable[[Scene], Scene]]] = {
    "promote": _promote,
    "advance": _advance,
    "abort": _abort,
    "pause": _pause,
    "resume": _resume,
    "retry": _retry,
}
