"""What to do next about one ModelDeployment: the first rule that speaks decides.

wanted    a create that no status tells of?       say_what_may_exist
          no id      pending?         settle_pending_create   look, adopt, prove absence, or POST
                     paused           wait_while_paused
                     a former life's  adopt_former            adopt by the owner mark, or wait for a person
                     spec.externalID  adopt
                     else             start_create            finalizer or `pending`, then POST
          id, gone   recreate_when_gone                       once per generation
          id, there  take_mark_over → refuse_lost → wait_for_sweep → put_mark → power → fields → failure → start → proof → serve
unwanted  let_go → release_when_* → wait_while_suspended → wait_while_in_use → delete → wait_for_proof

The rule that speaks is not the last word. After it, in this order:
    updating.say_what_differs        a step that has nothing to say of the fields says which of them differ and stay so
    serving.say_what_else_is_ours    one that says "synced" names other deployments with our UID
    stopped.say_what_is_stopped      one that only waits says which budget has stopped the deployment
    expiry.stay                      what would let the object go says that it has expired instead
    expiry.note                      that it has expired is written before anything is deleted for it
    only_observe                     in mode Observe, a step says what it would do, and does nothing
    note_hours                       what a person allows for once is written before it is acted on
    wait_for_key                     a create or update whose access key cannot be read waits for it
    hold_back                        a step that failed waits for its retry, any step while the account must rest
    act (reconcile/deployment)       what the provider answers to the action, above all `_refused`
    publish (…/connection.py)        a ConfigMap that is somebody else's
    _serving (status/deployment.py)  the Serving condition from the vendor's state, where the decision leaves it open
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from model_operator.conditions import ConditionType, Phase, Reason
from model_operator.errors import NotAccepted, ProviderError, RateLimited, delay_after, retry_for
from model_operator.models.deployment_status import UNCHANGED, PendingEndpoint
from model_operator.plan.deployment import (
    adopting,
    creating,
    deleting,
    expiry,
    former,
    marks,
    modes,
    power,
    serving,
    spending,
    stopped,
    taking,
    updating,
)
from model_operator.plan.deployment.acceptance import REFUSALS
from model_operator.plan.deployment.situation import (
    Create,
    Decision,
    Presence,
    Release,
    RunProbe,
    Situation,
    Update,
)
from model_operator.plan.deployment.words import (
    failed_step,
    in_full,
    lost,
    moving,
    refusal,
    unseen,
    unsynced,
    wait_for_look,
)
from model_operator.plan.verdict import Progress, Verdict

Rule = Callable[[Situation], Decision | None]

_KEY_RETRY = timedelta(minutes=1)


def stay_when_blind(s: Situation) -> Decision | None:
    """The provider cannot be asked: nothing is changed, and nothing is concluded from silence."""
    error = s.observed.error
    if error is None or (s.observed.presence is not Presence.UNKNOWN and s.remote is not None):
        return None
    if isinstance(error, NotAccepted) and s.wanted:
        return replace(refusal(s, error.reason, str(error)), serving=unseen(s, str(error)))
    again = delay_after(error, max(0, s.observed.failures - 1))
    phase = None if s.wanted else Phase.DELETING
    decision = failed_step(s, moving(error.reason, "", phase), error, again)
    if s.status.external_id is None and s.status.pending is not None and not s.intent_unsent:
        return _keep_looking(s, decision, error)
    if s.status.external_id is None or retry_for(error).needs_person or not s.wanted:
        return replace(decision, serving=unseen(s, str(error)))
    unknown = Verdict(None, error.reason, in_full(s, error))
    return replace(
        decision,
        look_again=max(again, s.timing.poll_interval),
        synced=unknown,
        serving=unseen(s, str(error)),
        progress=Progress.MOVING if is_under_way(s) else Progress.SETTLED,
        phase=None,
    )


def is_under_way(s: Situation) -> bool:
    """What had begun before the outage goes on after it, and its deadline with it."""
    reconciling = s.status.condition(ConditionType.RECONCILING)
    stalled = s.status.condition(ConditionType.STALLED)
    is_late = stalled is not None and stalled.reason == Reason.PROGRESS_DEADLINE_EXCEEDED
    return is_late or (reconciling is not None and reconciling.is_true)


def _keep_looking(s: Situation, decision: Decision, error: ProviderError) -> Decision:
    """A create may have been carried out: that goes on being the news while nobody answers."""
    phase = Phase.CREATING if s.wanted else Phase.DELETING
    if retry_for(error).needs_person:
        return replace(decision, phase=phase)
    message = f"{lost(s.status.pending)} Now the provider cannot be asked. {in_full(s, error)}"
    return replace(decision, synced=unsynced(Reason.OUTCOME_UNKNOWN, message), phase=phase)


def wait_for_first_look(s: Situation) -> Decision | None:
    """An id is recorded and nothing has been seen of it since this process started."""
    if s.remote is not None or s.observed.presence is Presence.ABSENT:
        return None
    if s.status.external_id is None and s.desired.external_id is None:
        return None
    waiting = moving(Reason.UPDATING, "Waiting for the provider to show the deployment.", None)
    is_known = s.status.external_id is not None and s.status.condition(ConditionType.SYNCED) is not None
    is_quiet = is_known and s.observed.next_look is not None and not is_under_way(s)
    progress = Progress.SETTLED if is_quiet else waiting.progress
    return wait_for_look(s, replace(waiting, keeps_status=is_known, progress=progress))


WANTED: tuple[Rule, ...] = (
    creating.say_what_may_exist,
    modes.rest_while_suspended,
    stay_when_blind,
    taking.take_back_own,
    former.adopt_former,
    *REFUSALS,
    marks.take_mark_over,
    marks.refuse_lost,
    creating.settle_pending_create,
    creating.wait_while_paused,
    creating.recreate_when_gone,
    adopting.adopt,
    creating.start_create,
    wait_for_first_look,
    updating.wait_for_sweep,
    updating.put_mark,
    power.keep_paused,
    power.keep_running,
    updating.update_fields,
    updating.retag,
    serving.report_failure,
    serving.wait_for_start,
    serving.wait_for_replicas,
    serving.prove_serving,
    serving.create_endpoint,
    serving.serve,
)

UNWANTED: tuple[Rule, ...] = (
    deleting.let_go,
    deleting.take_what_is_marked,
    deleting.say_what_may_exist,
    deleting.release_when_anothers,
    marks.release_when_lost,
    deleting.release_when_never_created,
    modes.wait_while_suspended,
    deleting.release_when_gone,
    deleting.wait_while_in_use,
    stay_when_blind,
    deleting.look_for_lost_create,
    deleting.keep_off_a_stranger,
    deleting.delete,
    deleting.wait_for_proof,
)


def decide(s: Situation) -> Decision:
    """The next step for a ModelDeployment. Pure."""
    rules, within = WANTED if s.wanted else UNWANTED, spending.without_growth(s)
    step = expiry.stay(within, next(step for rule in rules if (step := rule(within)) is not None))
    told = serving.say_what_else_is_ours(s, updating.say_what_differs(within, step))
    told = stopped.say_what_is_stopped(s, told)
    kept = spending.keep_to_budget(s, wait_for_key(within, modes.only_observe(within, told)))
    return hold_back(s, expiry.note(s, note_hours(s, kept)))


def sends_keys(s: Situation, step: Decision) -> bool:
    """Whether the step is one that says the deployment's access keys, or announces one."""
    return isinstance(step.action, Create | Update) or spending.begins(s, step)


def wait_for_key(s: Situation, step: Decision) -> Decision:
    """A create or an update without the access key would make, or leave, a model that cannot be loaded."""
    if s.missing_key is None or not sends_keys(s, step):
        return step
    waiting = refusal(s, Reason.CREDENTIALS_MISSING, s.missing_key)
    change = replace(step.change, pending=UNCHANGED)
    return replace(waiting, change=change, drift=step.drift, look_again=_KEY_RETRY)


def note_hours(s: Situation, step: Decision) -> Decision:
    """That a person lets it run until an edge is written down before it is acted on: a process that comes later, and
    after that edge, must not take the same annotation for the next one."""
    if s.desired.active_until == s.status.active_until or not s.wanted or step.action is None:
        return step
    change = replace(step.change, pending=UNCHANGED, pending_endpoint=UNCHANGED)
    return replace(step, action=None, change=change, look_again=timedelta())


def hold_back(s: Situation, step: Decision) -> Decision:
    """A step that just failed waits for its retry, and none is taken while the account must rest."""
    is_intent = spending.begins(s, step) or isinstance(step.change.pending_endpoint, PendingEndpoint)
    if isinstance(step.action, Release) or (step.action is None and not is_intent):
        return step
    held = replace(
        step, action=None, change=replace(step.change, pending=UNCHANGED, pending_endpoint=UNCHANGED)
    )
    failure = s.failure
    is_same = failure is not None and not isinstance(step.action, RunProbe)  # a failed probe is none of these
    if is_same and failure and failure.generation == s.desired.generation and s.now < failure.until:
        return failed_step(s, held, failure.error, failure.until - s.now)
    if s.paused_until is not None and s.now < s.paused_until:
        limited = RateLimited(
            "The provider's rate limit was reached. All requests of this account are paused until"
            " the provider's Retry-After has passed."
        )
        return failed_step(s, held, limited, s.paused_until - s.now)
    return step
