"""From a deployment that is there to one that serves, and the last word when nothing is left to do."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from model_operator.advice import advised
from model_operator.conditions import ConditionType, Phase, Reason
from model_operator.domain import RunState
from model_operator.models.deployment_status import NO_CHANGE, PendingEndpoint, RemoteEndpoint, StatusChange
from model_operator.plan.deployment.difference import removed_fields
from model_operator.plan.deployment.situation import CreateEndpoint, Decision, RunProbe, Situation
from model_operator.plan.deployment.words import HELD, moving, settled, stuck, unsynced
from model_operator.plan.verdict import Progress, Verdict

_SLOWLY = timedelta(minutes=5)
_AT_ONCE = timedelta()
_MOST_NAMED = 5


def report_failure(s: Situation) -> Decision | None:
    if s.state is not RunState.FAILED or s.remote is None:
        return None
    decision = settled(Phase.FAILED)
    return replace(decision, progress=Progress.STUCK, look_again=_SLOWLY)


def wait_for_start(s: Situation) -> Decision | None:
    """On its way: nothing to do but look."""
    match s.state:
        case RunState.STARTING:
            return Decision(synced=HELD, progress=Progress.MOVING, phase=Phase.STARTING)
        case RunState.UPDATING:
            return moving(Reason.UPDATING, "The provider is rolling out the change.", Phase.UPDATING)
        case RunState.DELETING:
            message = "The deployment is being deleted at the provider, outside the operator."
            return moving(Reason.DELETING, message, Phase.MISSING)
        case RunState.STOPPING | RunState.STOPPED | RunState.UNKNOWN:
            return Decision(synced=HELD, progress=Progress.MOVING, phase=None)
        case _:
            return None


def wait_for_replicas(s: Situation) -> Decision | None:
    """Up, but with fewer replicas than the provider itself means to run: not rolled out yet."""
    remote = s.remote
    if remote is None or remote.replicas is None or s.desired.may_scale_down:
        return None
    wanted = remote.fields.get("replicas", s.desired.fields.get("replicas"))
    least = wanted.get("minReplicas") if isinstance(wanted, Mapping) else wanted
    if not isinstance(least, int) or remote.replicas >= least:
        return None
    is_up = s.status.phase in {Phase.READY, Phase.UPDATING}
    phase = Phase.UPDATING if is_up else Phase.STARTING
    decision = moving(Reason.UPDATING, f"Fewer replicas are running than the {least} in the spec.", phase)
    return replace(decision, look_again=5 * s.timing.transition_poll)


def prove_serving(s: Situation) -> Decision | None:
    """An alias to address it by, and one real completion per transition to serving, repeated until it works."""
    unproven = unproven_serving(s)
    if unproven is None or s.remote is None:
        return None
    decision = Decision(synced=HELD, progress=Progress.MOVING, phase=Phase.STARTING, serving=unproven)
    probe, result = s.desired.probe, s.sent.probe
    if probe is None or not _has_alias(s):  # without a probe, only the alias can be missing
        return replace(decision, look_again=5 * s.timing.transition_poll)
    due = s.now if result is None else result.retry_at + (_SLOWLY if _is_late(s) else timedelta())
    if s.now < due:
        return replace(decision, look_again=due - s.now)
    return replace(decision, action=RunProbe(s.remote, probe))


def _is_late(s: Situation) -> bool:
    """The progress deadline has passed; an edit has a deadline of its own."""
    stalled = s.status.condition(ConditionType.STALLED)
    return (
        stalled is not None
        and stalled.reason == Reason.PROGRESS_DEADLINE_EXCEEDED
        and stalled.observed_generation == s.desired.generation
    )


def unproven_serving(s: Situation) -> Verdict | None:
    """Why a deployment that the vendor calls up does not count as serving; None: it does, or is not up."""
    if not s.capabilities.chats or s.state is not RunState.SERVING:
        return None
    if not _has_alias(s):
        # Nobody can address a model without its alias; vendors fill it in late.
        return Verdict(False, Reason.STARTING, "The provider has not assigned an alias yet.")
    result, serving = s.sent.probe, s.status.condition(ConditionType.SERVING)
    has_served = serving is not None and serving.is_true
    if s.desired.probe is None or has_served or (result is not None and result.passed):
        return None
    if result is None:
        return Verdict(
            False,
            Reason.STARTING,
            "The provider reports that the deployment runs; the probe has not been answered yet.",
        )
    return Verdict(False, Reason.PROBE_FAILED, advised(Reason.PROBE_FAILED, result.message, ""))


def _has_alias(s: Situation) -> bool:
    return bool(s.status.external_alias or (s.remote and s.remote.is_full and s.remote.alias))


def create_endpoint(s: Situation) -> Decision | None:
    """Once: an endpoint cannot be listed, looked up or deleted, so a lost answer waits for a person."""
    name, pending = s.desired.endpoint_name, s.status.pending_endpoint
    if name is None or not s.capabilities.has_endpoints or s.status.endpoint is not None:
        return None
    if s.desired.endpoint_id is not None:
        found = StatusChange(endpoint=RemoteEndpoint(id=s.desired.endpoint_id), pending_endpoint=None)
        return replace(_creating_endpoint(name), change=found, look_again=_AT_ONCE)
    if pending is not None and not s.sent.may_send_endpoint(pending.started_at):
        return stuck(
            Reason.OUTCOME_UNKNOWN,
            f'A create of endpoint "{pending.name}" was sent, but its reply was lost. Check the provider\'s'
            " console. If the endpoint exists, set spec.paitient.endpointID to its id. If not, delete this object"
            " and apply it again, or leave it without an endpoint.",
            None,
        )
    if s.remote is None or s.state is not RunState.SERVING:
        return None
    if pending is None:
        intent = StatusChange(pending_endpoint=PendingEndpoint(name=name, started_at=s.now))
        return replace(_creating_endpoint(name), change=intent, look_again=_AT_ONCE)
    return replace(_creating_endpoint(name), action=CreateEndpoint(name, s.remote.id))


def _creating_endpoint(name: str) -> Decision:
    return moving(Reason.UPDATING, f'Creating the endpoint "{name}".', Phase.UPDATING)


def serve(s: Situation) -> Decision | None:
    """Everything is as the spec says: applied, even where the answer to the update was lost.

    What was removed and cannot be cleared is still known, so that it goes on being said.
    """
    before = s.status.last_applied or {}
    removed = removed_fields(s.desired, s.remote, before) if s.remote else frozenset[str]()
    applied = {name: value for name, value in before.items() if name in removed} | dict(s.desired.fields)
    change = NO_CHANGE if before == applied else StatusChange(last_applied=applied)
    return replace(settled(Phase.READY), change=change)


def say_what_else_is_ours(s: Situation, step: Decision) -> Decision:
    """Another live deployment with our UID tag: nobody here made it on purpose, and somebody pays for it."""
    if not s.wanted or s.remote is None or not step.synced.is_true:
        return step
    others = sorted(
        c.id for c in s.observed.candidates if c.owner_uid == s.desired.uid and c.id != s.remote.id
    )
    if not others:
        return step
    named = ", ".join(others[:_MOST_NAMED]) + (" and more" if len(others) > _MOST_NAMED else "")
    message = (
        f"The provider also has {named} with the tag of this object, which uses {s.remote.id}. The operator does not"
        " change them. Delete those that nobody needs at the provider; deleting this object deletes all of them."
    )
    return replace(step, synced=unsynced(Reason.DUPLICATE_FOUND, message))
