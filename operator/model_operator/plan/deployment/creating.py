"""From nothing to an id, at most once whatever dies when (README: how it stays safe).

Intent first, then the POST: the finalizer for a first create that carries our UID, `status.pending` for any other. A
POST whose answer was lost is followed by looking, never by another POST, until two complete LISTs one recovery window
apart have shown nothing.
"""

from dataclasses import replace
from datetime import timedelta

from model_operator.conditions import ConditionType, Phase, Reason
from model_operator.domain import Remote
from model_operator.models.deployment_status import Pending, StatusChange
from model_operator.plan.deployment import expiry
from model_operator.plan.deployment.absence import Standing, is_gone, next_look
from model_operator.plan.deployment.intents import intent, is_from_the_future, unknown_intent
from model_operator.plan.deployment.situation import Create, Decision, Presence, Situation
from model_operator.plan.deployment.taking import made_by_us, take
from model_operator.plan.deployment.words import (
    failed_step,
    looking_for,
    lost,
    moving,
    refusal,
    settled,
    stopped_on_purpose,
    stuck,
    why_stopped,
)
from model_operator.plan.verdict import Verdict

_AT_ONCE = timedelta()
_LOOK_EVERY = timedelta(seconds=5)


def say_what_may_exist(s: Situation) -> Decision | None:
    """A create may have been sent, and the status says nothing of it: that comes before anything else is said."""
    if not s.may_have_made:
        return None
    made = made_by_us(s) if s.desired.external_id is None else None
    if made is not None:
        return take(made, s)
    pending = unknown_intent(s)
    looking = moving(Reason.OUTCOME_UNKNOWN, looking_for(pending), Phase.CREATING)
    return replace(looking, change=StatusChange(pending=pending), look_again=_AT_ONCE)


def settle_pending_create(s: Situation) -> Decision | None:
    """A create was announced: send it, or find out what became of it."""
    pending = s.status.pending
    if pending is None or s.desired.external_id is not None:
        return None
    made = made_by_us(s)
    if s.observed.presence is Presence.PRESENT:
        return _drop_recreate(s, pending, made)
    if made is not None:
        return take(made, s)
    if not s.holds_nothing:
        return None  # the rule of the first look waits
    if s.intent_unsent:
        return _send(s, pending)
    if not s.observed.can_list:
        # Nobody can look. Where names are unique the same name may be sent again; elsewhere it is the user's word.
        if not s.capabilities.names_are_unique:
            return _ask(s)
        return _wait_for_deadline(s, pending) or _announce(s)
    return wait_for_absence(s, pending) or _announce(s)


def _drop_recreate(s: Situation, pending: Pending, made: Remote | None) -> Decision | None:
    """What was taken for gone is back. None: there is nothing to be dropped."""
    id_ = s.status.external_id
    if made is not None:
        return stuck(
            Reason.OUTCOME_UNKNOWN,
            f"Deployment {id_} was gone, was replaced by the new deployment {made.id}, and has reappeared. Delete"
            " one of the two at the provider.",
            Phase.CREATING,
        )
    waiting = None if s.intent_unsent or not s.observed.can_list else wait_for_absence(s, pending)
    if waiting is not None:
        return waiting
    back = moving(Reason.UPDATING, f"Deployment {id_} has reappeared at the provider.", None)
    return replace(back, change=StatusChange(pending=None), look_again=_AT_ONCE)


def _send(s: Situation, pending: Pending) -> Decision:
    """The intent is written and nothing was sent; the user may have thought better of it meanwhile."""
    is_late = expiry.is_expired(s) or s.now > pending.deadline - s.timing.request_deadline / 2
    if s.desired.paused or is_late or pending.sent != dict(s.desired.fields):
        return _announce(s)  # what is left would not do for the request, or it would say something else
    return replace(_start(s), action=Create())


def _wait_for_deadline(s: Situation, pending: Pending) -> Decision | None:
    """Until the lost request is certainly over; without this, a provider that fails would be asked without a pause."""
    if s.now >= pending.deadline or s.failure is not None:
        return None  # with a failure on record, the last answer was not lost
    message = (
        f"{lost(pending)} The operator sends it again under the same name, which the provider accepts only"
        " once."
    )
    waiting = moving(Reason.OUTCOME_UNKNOWN, message, Phase.CREATING)
    if is_from_the_future(s, pending):
        return _date_anew(s, pending, waiting)
    return replace(waiting, look_again=pending.deadline - s.now)


def _date_anew(s: Situation, pending: Pending, waiting: Decision) -> Decision:
    """Its deadline would come in years. Without what was sent: nobody is to take it for an intent of theirs."""
    dated = unknown_intent(s).with_(operation=pending.operation, absent_before=pending.absent_before)
    return replace(waiting, change=StatusChange(pending=dated), look_again=_AT_ONCE)


def wait_for_absence(s: Situation, pending: Pending) -> Decision | None:
    """Two complete LISTs without a trace, a recovery window apart, both after the deadline. None: that is proven."""
    waiting = moving(Reason.OUTCOME_UNKNOWN, looking_for(pending), Phase.CREATING)
    if is_from_the_future(s, pending):
        return _date_anew(s, pending, waiting)
    if s.now < pending.deadline:
        return replace(waiting, look_again=min(_LOOK_EVERY, pending.deadline - s.now))
    standing = Standing(window=s.timing.recovery_window, is_credible=True)  # else there is an error instead
    looks, listed_at = s.creation.looks, s.observed.listed_at
    if looks.proofs.last is None or listed_at is None or listed_at <= pending.deadline:
        return replace(waiting, look_again=s.timing.transition_poll)
    if is_gone(looks, standing):
        return None
    return replace(waiting, look_again=min(_LOOK_EVERY, next_look(looks, standing, listed_at)))


def _ask(s: Situation) -> Decision:
    return stuck(
        Reason.OUTCOME_UNKNOWN,
        f"{lost(s.status.pending)} The provider cannot list its deployments. Check the provider's console for"
        f' "{s.desired.deployment_name}", and set spec.externalID to its id.',
        Phase.CREATING,
    )


def wait_while_paused(s: Situation) -> Decision | None:
    """Created paused, or expired: nothing is paid for until that ends. What is there is taken, and paused or deleted."""
    is_paused = s.desired.paused and s.desired.external_id is None
    is_over = expiry.is_expired(s) and (s.desired.external_id is None or s.status.pending is None)
    if not s.holds_nothing or not (is_paused or is_over):
        return None
    made = made_by_us(s)
    if made is not None:
        return take(made, s)
    if is_over:
        return expiry.stand_down(s)
    text, reason = f"Nothing is created at the provider while {why_stopped(s)}.", stopped_on_purpose(s).reason
    decision = settled(Phase.PAUSED, Verdict(False, reason, text))
    if s.status.external_id is not None:
        text = f"Deployment {s.status.external_id} no longer exists at the provider. {text}"
        gone = Verdict(False, reason, text)
        decision = replace(decision, synced=Verdict(True, Reason.SYNCED, text), serving=gone)
    return replace(decision, change=StatusChange(pending=None))


def start_create(s: Situation) -> Decision | None:
    """Nothing is recorded and nothing is to be seen: announce the create."""
    if s.status.external_id is not None or s.desired.external_id is not None:
        return None
    made = made_by_us(s)  # answered, or listed, and its intent was taken from the status meanwhile
    if made is not None:
        return take(made, s)
    failure = s.failure  # before the rest: that a refused create is tried again is no news
    if failure is not None and failure.generation == s.desired.generation and s.now < failure.until:
        return _begin(s)  # held back, with the failure as its reason
    if not s.observed.can_list and not s.capabilities.names_are_unique:
        return refusal(
            s,
            Reason.UNSUPPORTED,
            "The provider cannot list its deployments, so the operator does not create one: it could exist already."
            " Check spec.baseURL of the ModelProvider, or set spec.externalID to adopt an existing deployment.",
        )
    if s.observed.can_list and s.observed.listed_at is None:
        # What the LIST shows decides what there is to say, and each write counts.
        return replace(_start(s), needs_list=True, keeps_status=True)
    return _begin(s)


def _begin(s: Situation) -> Decision:
    """A first create: the finalizer is intent enough where a restart would know the object by it, and find its deployment.

    That is where the deployment carries our UID, a LIST has shown that it is not there, and no pass has reported yet:
    what was said of an object before (refused, paused, held back) would be untrue meanwhile, and says that nothing is.
    """
    if s.has_default_name and s.status.is_untold and s.observed.can_list:
        return replace(_start(s), action=Create())
    return record_intent(s)


def _announce(s: Situation) -> Decision:
    """A create (again), unless it is to be paused."""
    return wait_while_paused(s) or record_intent(s)


def say_under_way(s: Situation) -> Decision:
    """A create whose intent is the finalizer takes its time: from here on the status tells of it, like any other."""
    return replace(_start(s), change=StatusChange(pending=intent(s)))


def record_intent(s: Situation) -> Decision:
    decision = _start(s)
    failure = s.failure
    if failure is not None and failure.generation == s.desired.generation:
        decision = failed_step(s, decision, failure.error, _AT_ONCE)  # that it is tried again is no news
    return replace(decision, change=StatusChange(pending=intent(s)), look_again=_AT_ONCE)


def recreate_when_gone(s: Situation) -> Decision | None:
    """Gone without our doing: once per generation it is created again, if we created it and may correct."""
    if s.status.external_id is None or s.observed.presence is not Presence.ABSENT:
        return None
    made = made_by_us(s)
    if made is not None:
        return take(made, s)  # another one with our mark
    if s.desired.external_id is not None:
        return stuck(
            Reason.EXTERNAL_RESOURCE_MISSING,
            f"Deployment {s.status.external_id} no longer exists at the provider. It was adopted by spec.externalID,"
            " so it is not created again. Delete this object, and apply it without externalID to create a new one.",
            Phase.MISSING,
        )
    if not _may_recreate(s):
        return stuck(
            Reason.EXTERNAL_RESOURCE_MISSING,
            f"Deployment {s.status.external_id} no longer exists at the provider. Edit the spec to create it again.",
            Phase.MISSING,
        )
    return record_intent(s)


def _may_recreate(s: Situation) -> bool:
    stalled = s.status.condition(ConditionType.STALLED)
    if stalled and stalled.is_true and stalled.reason == Reason.EXTERNAL_RESOURCE_MISSING:
        return stalled.observed_generation != s.desired.generation  # reported before: an edit is the answer
    return s.desired.corrects_drift and s.status.recreated_generation != s.desired.generation


def _start(s: Situation) -> Decision:
    message = f'Creating "{s.desired.deployment_name}" at the provider.'
    if s.status.external_id is not None:
        message = "The deployment no longer exists at the provider; creating it again."
    return moving(Reason.CREATING, message, Phase.CREATING)
