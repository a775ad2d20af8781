"""Before a first create: what an object of this namespace and name had in a former life, and nobody holds, is its own.

etcd lost and the objects applied again from Git: each has a new UID, and what the old one made runs on and is paid for. Its
owner mark names this object, so it is adopted instead of a second one made. Without a mark a name and a model are a hint
and no proof: a person says which it is, and nothing is made meanwhile.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from model_operator.conditions import Phase, Reason
from model_operator.domain import Remote
from model_operator.models.deployment_status import StatusChange
from model_operator.plan.deployment import expiry
from model_operator.plan.deployment.adopting import adopted
from model_operator.plan.deployment.creating import wait_for_absence
from model_operator.plan.deployment.situation import Decision, Presence, Situation
from model_operator.plan.deployment.taking import made_by_us
from model_operator.plan.deployment.words import stuck

_MOST_NAMED: Final = 5
_REMEDY: Final = (
    "Set spec.externalID to the id of the one that this object should manage, and spec.deletionPolicy; or delete it at"
    " the provider if nobody needs it."
)
_OWN_NAME: Final = "For a deployment beside it, delete this object and apply it with a spec.deploymentName."


def adopt_former(s: Situation) -> Decision | None:
    """A single one whose mark names this object, of its model, is taken over; anything else waits for a person."""
    if not _is_to_create(s):
        return None
    if len(s.observed.former) == 1 and s.observed.former[0].model in {None, s.desired.model}:
        return _adopt(s, s.observed.former[0])
    if expiry.is_expired(s):
        return None  # nothing is to be created: nobody has to say which it is
    if s.observed.former:
        return _wait(s, f"with an owner mark that names this object: {_named(s.observed.former)}.", _REMEDY)
    if s.observed.namesakes:
        what = f"with this object's name and model that no object manages: {_named(s.observed.namesakes)}."
        return _wait(s, what, f"{_REMEDY} {_OWN_NAME}")
    return None


def _is_to_create(s: Situation) -> bool:
    """Nothing is recorded or named, nothing of its own is to be seen, and what was sent has provably made nothing."""
    if s.status.external_id is not None or s.desired.external_id is not None or s.rival is not None:
        return False
    if made_by_us(s) is not None:
        return False
    pending = s.status.pending
    if pending is None or s.intent_unsent:
        return True
    return s.observed.can_list and wait_for_absence(s, pending) is None


def _adopt(s: Situation, remote: Remote) -> Decision:
    seen = replace(s, observed=replace(s.observed, presence=Presence.PRESENT, remote=remote))
    return adopted(seen, remote, f"Adopted deployment {remote.id}, whose owner mark names this object.")


def _wait(s: Situation, what: str, remedy: str) -> Decision:
    message = f"Nothing is created, because the provider has a deployment {what} {remedy}"
    waiting = stuck(Reason.ORPHAN_FOUND, message, Phase.PENDING)
    # What was announced is not sent, or has provably made nothing.
    return replace(waiting, change=StatusChange(pending=None), look_again=s.timing.poll_interval)


def _named(remotes: Iterable[Remote]) -> str:
    """`dep_1 (llama-k3x7pq2a, model org/llama)` and so on."""
    each = [f"{r.id} ({r.name}, model {r.model or 'unknown'})" for r in remotes]
    return ", ".join(each[:_MOST_NAMED]) + (" and more" if len(each) > _MOST_NAMED else "")
