"""Whose mark a deployment carries, where the provider has tags: taken over with an epoch, and left alone if a newer one is on it.

Two clusters with the same objects cannot be kept apart at the provider: nobody refuses the other's request. What can be done
is that one of them notices. Whoever takes a mark over writes an epoch above the one that he found, into the status first; who
sees a newer epoch than his status has, or somebody else's UID under his own, has lost the deployment and changes nothing more.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from model_operator.conditions import ConditionType, Phase, Reason
from model_operator.domain import Remote
from model_operator.models.deployment_status import UNCHANGED, StatusChange
from model_operator.modes import Mode
from model_operator.plan.deployment.situation import Decision, Presence, Release, Situation
from model_operator.plan.deployment.words import HELD, is_going, moving, refusal
from model_operator.plan.verdict import Progress

_AT_ONCE: Final = timedelta()
_TAKEN_OVER: Final = "another cluster has taken it over"


def epoch_after(s: Situation, remote: Remote) -> int:
    """Above all that were seen: the time in milliseconds, so that two who cannot see each other do not pick the same."""
    now = round(s.now.timestamp() * 1000)
    return max(now, (remote.epoch or 0) + 1, (s.status.lost_to_epoch or 0) + 1, (s.status.epoch or 0) + 1)


def found(s: Situation, remote: Remote) -> StatusChange:
    """Of a deployment whose id is recorded now: the epoch of its mark, or a new one where that is somebody else's."""
    is_foreign = s.capabilities.has_tags and remote.owner_uid not in {None, s.desired.uid}
    epoch, lost = epoch_after(s, remote) if is_foreign else remote.epoch, s.status.lost_to_epoch
    return StatusChange(
        epoch=UNCHANGED if epoch == s.status.epoch else epoch,
        lost_to_epoch=UNCHANGED if lost is None else None,
    )


def is_lost(s: Situation) -> bool:
    """Another process manages the deployment that this object holds, by its mark as last shown or as known before."""
    mine = s.status.epoch or 0
    if s.status.external_id is None or (s.status.lost_to_epoch or 0) > mine:
        return s.status.external_id is not None
    remote = s.remote
    if remote is None or not s.capabilities.has_tags:
        return False
    shown = remote.epoch or 0
    if shown != mine:
        return shown > mine
    return remote.owner_uid not in {None, s.desired.uid} and not _is_former_self(s, remote)


def _is_former_self(s: Situation, remote: Remote) -> bool:
    """The mark of the same epoch names this object, or a person has named the deployment: a restore with statuses."""
    is_named = remote.owner is not None and remote.owner == s.desired.owner
    return is_named or s.desired.external_id == remote.id


def shows_mark(remote: Remote) -> bool:
    """A GET shows all tags there are; a LIST may, or leave them all out."""
    return remote.is_full or remote.owner_uid is not None


def take_mark_over(s: Situation) -> Decision | None:
    """The epoch is in the status before it is in the tags. Whoever comes from mode Observe takes over what it holds."""
    if s.status.external_id is None or not s.capabilities.has_tags:
        return None
    if _came_from_observe(s):
        return _take_back(s)
    remote = s.remote
    if remote is None or remote.owner_uid in {None, s.desired.uid}:
        return None
    is_of_equals = (remote.epoch or 0) == (s.status.epoch or 0) and not is_lost(s)
    return _taking(epoch_after(s, remote)) if is_of_equals else None


def _take_back(s: Situation) -> Decision | None:
    """Only what is seen with its tags; what is gone belongs to nobody."""
    if s.observed.presence is Presence.ABSENT:
        return _taking(None) if s.status.lost_to_epoch is not None else None
    if s.remote is None or not shows_mark(s.remote):
        looking = moving(Reason.UPDATING, "Looking at the deployment's mark.", None)
        return replace(looking, keeps_status=True, look_again=s.timing.transition_poll)
    return _taking(epoch_after(s, s.remote))


def _taking(epoch: int | None) -> Decision:
    taking = moving(Reason.UPDATING, "Taking over the deployment's mark.", None)
    return replace(taking, change=StatusChange(epoch=epoch, lost_to_epoch=None), look_again=_AT_ONCE)


def _came_from_observe(s: Situation) -> bool:
    """The last word on the object is that it was observed: a person has switched to Manage since."""
    synced = s.status.condition(ConditionType.SYNCED)
    return s.mode is Mode.MANAGE and synced is not None and synced.reason == Reason.OBSERVED


def why_left(s: Situation) -> str | None:
    """Why this process changes and deletes nothing there, in words; None: it does."""
    if s.mode is not Mode.MANAGE:
        return f'ModelProvider "{s.desired.provider}" is in mode {s.mode}'
    return _TAKEN_OVER if is_lost(s) else None


def refuse_lost(s: Situation) -> Decision | None:
    """Whoever has taken it over may have deleted it since: nothing is created for this object either."""
    if s.mode is not Mode.MANAGE or not is_lost(s):
        return None
    refused = refusal(
        s,
        Reason.EXTERNAL_ID_TAKEN,
        f"Something else has taken over deployment {s.status.external_id}: an object in another cluster, by the"
        " deployment's tags. This object changes nothing there and creates nothing. If this cluster is to manage it,"
        f' set spec.mode of ModelProvider "{s.desired.provider}" to Observe and then to Manage. If not, delete this'
        " object, which leaves the deployment.",
    )
    shown = s.remote.epoch if s.remote is not None else None
    known = max(shown or 0, s.status.lost_to_epoch or 0)
    is_news = known > (s.status.epoch or 0) and known != s.status.lost_to_epoch
    return replace(refused, change=StatusChange(lost_to_epoch=known)) if is_news else refused


def release_when_lost(s: Situation) -> Decision | None:
    """What somebody else manages is not deleted for this object's sake."""
    if s.status.pending is not None or not is_lost(s):
        return None
    return Decision(
        synced=HELD,
        progress=Progress.MOVING,
        phase=Phase.DELETING,
        action=Release(s.status.external_id, is_going(s), _TAKEN_OVER),
    )
