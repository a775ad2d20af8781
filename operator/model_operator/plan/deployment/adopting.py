"""To take an existing deployment over that `spec.externalID` names."""

from dataclasses import replace
from typing import Any

from model_operator.conditions import Phase, Reason
from model_operator.domain import Remote
from model_operator.plan.deployment.acceptance import is_ours
from model_operator.plan.deployment.creating import wait_for_absence
from model_operator.plan.deployment.difference import differences
from model_operator.plan.deployment.power import power_difference
from model_operator.plan.deployment.situation import Decision, Presence, Situation
from model_operator.plan.deployment.taking import made_by_us, take
from model_operator.plan.deployment.words import stuck, unsynced

_UNKNOWN = object()


def adopt(s: Situation) -> Decision | None:
    """`spec.externalID`: the first pass adopts it and publishes the drift, corrections start a sweep later."""
    if s.desired.external_id is None or s.status.external_id is not None:
        return None
    if s.observed.presence is Presence.ABSENT:
        return stuck(
            Reason.EXTERNAL_RESOURCE_MISSING,
            f"The provider has no deployment {s.desired.external_id}. Check spec.externalID, or delete this object"
            " and apply it without externalID to create one.",
            Phase.MISSING,
        )
    if s.remote is None:
        return None
    first = _settle_own_create(s, s.remote)
    if first is not None:
        return first
    return adopted(s, s.remote, f"Adopted deployment {s.remote.id}.")


def adopted(s: Situation, remote: Remote, said: str) -> Decision:
    """What a GET shows of it is published before anything of it is changed."""
    taken = take(remote, s)
    return replace(
        taken,
        synced=unsynced(Reason.UPDATING, said),
        drift=(*power_difference(s), *differences(s.desired, remote, dict(s.desired.fields))),
        change=taken.change
        if s.desired.corrects_drift
        else replace(taken.change, last_applied=_reported(s, remote)),
    )


def _reported(s: Situation, remote: Remote) -> dict[str, Any]:
    """Under driftPolicy Report, what is shown otherwise than the spec has it is drift, and no edit to be sent."""
    known = {name: remote.value(name, _UNKNOWN) for name in s.desired.fields}
    return {name: s.desired.fields[name] for name, value in known.items() if value is not _UNKNOWN}


def _settle_own_create(s: Situation, wanted: Remote) -> Decision | None:
    """An earlier create of ours may have made another deployment than the one to adopt: nobody would pay for two."""
    pending = s.status.pending
    if pending is None or s.intent_unsent or not s.observed.can_list or is_ours(s, wanted):
        return None
    made = made_by_us(s)
    if made is None:
        return wait_for_absence(s, pending)
    return stuck(
        Reason.OUTCOME_UNKNOWN,
        f"This object created deployment {made.id} earlier, but spec.externalID names {wanted.id}. Delete {made.id}"
        f" at the provider, or delete this object (which deletes {made.id}) and apply it again.",
        Phase.CREATING,
    )
