"""What would cost more than a ModelBudget leaves is not sent: creates, resumes, scale-ups and dearer machines, by whatever
way they come.

Pauses, deletions and scale-downs always go, and so does the rest of an edit.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from model_operator.billing.purse import Allowance
from model_operator.billing.usage import Asked
from model_operator.conditions import Phase, Reason
from model_operator.domain import Fields, Power, Value
from model_operator.models.deployment_status import UNCHANGED, Pending
from model_operator.models.wire import format_time
from model_operator.plan.deployment.difference import gap_between
from model_operator.plan.deployment.situation import Create, Decision, SetPower, Situation, Update
from model_operator.plan.deployment.words import refusal, unsynced
from model_operator.plan.verdict import Progress, Verdict

RECHECK: Final = timedelta(minutes=1)
"""What a budget leaves changes with what others spend; its limit and its period tell by themselves."""
_REPLICAS: Final = "replicas"


def replicas_added(s: Situation, step: Decision) -> int | None:
    """How many replicas more the step would pay for at least; None where it adds none."""
    is_announced = begins(s, step)
    if is_announced or (isinstance(step.action, Create) and s.status.pending is None):
        return fewest(s.desired.fields)
    if isinstance(step.action, SetPower) and step.action.power is Power.RESUME:
        return fewest(s.desired.fields)
    if isinstance(step.action, Update) and _REPLICAS in step.action.changes:
        return _grows_by(s, step.action.changes)
    return None


def begins(s: Situation, step: Decision) -> bool:
    """It announces a create that is to be sent. That one may have been sent is to be written down in any case."""
    pending = step.change.pending
    return isinstance(pending, Pending) and s.creation.is_to_send(pending)


def moves(s: Situation, step: Decision) -> int:
    """How many replicas the step would move to another machine at least; 0: none."""
    if not isinstance(step.action, Update) or not step.action.changes.keys() & s.capabilities.machine_fields:
        return 0
    there = Asked.of(_held_at(s))
    return (there.least if there is not None else 1) + (_grows_by(s, step.action.changes) or 0)


def without_growth(s: Situation) -> Situation:
    """As if the spec asked for what there is, where the budgets do not allow more: replicas, and what they run on."""
    if _held(s) is None or s.remote is None:
        return s
    kept, fields = _held_at(s), dict(s.desired.fields)
    if _grows_by(s) is not None:
        fields[_REPLICAS] = _lowered(fields[_REPLICAS], kept[_REPLICAS])
    if _dearer(s):
        for name in s.capabilities.machine_fields:
            fields.pop(name, None)
            value = s.remote.value(name, (s.status.last_applied or {}).get(name))
            if value is not None:
                fields[name] = value
    return replace(s, desired=replace(s.desired, fields=fields))


def keep_to_budget(s: Situation, step: Decision) -> Decision:
    """`s` is what the spec asks for, `step` a decision `without_growth`."""
    if s.purse is None or not s.wanted:
        return step
    added = replicas_added(s, step)
    if added is not None and (refused := s.purse.refuses(added)) is not None:
        return (
            _resume_held(step, refused)
            if isinstance(step.action, SetPower)
            else _create_held(s, step, refused)
        )
    held = _held(s)
    return step if held is None else _growth_held(s, step, held)


def _held(s: Situation) -> Allowance | None:
    """The budget that does not allow what the spec asks for beyond what there is; None: there is nothing to be held."""
    if s.purse is None or s.remote is None:
        return None
    more, is_dearer = _grows_by(s), bool(_dearer(s))
    if more is None and not is_dearer:
        return None
    there = Asked.of(_held_at(s))
    return s.purse.refuses(
        more or 0, (more or 0) + (there.least if there is not None else 1) if is_dearer else 0
    )


def _dearer(s: Situation) -> tuple[str, ...]:
    """The fields that choose a dearer machine than it runs on."""
    if s.purse is None or s.remote is None or not s.purse.dearer:
        return ()
    gap = gap_between(s.desired, s.remote, s.status.last_applied)
    names = [found.field for found in gap.differences]
    return tuple(sorted(s.capabilities.machine_fields.intersection(names)))


def _create_held(s: Situation, step: Decision, refused: Allowance) -> Decision:
    """No request: it does not exist, and is not made. What was announced before has provably made nothing by now, and
    must not hold others; but where nobody can look, that is no proof.
    """
    message = _message(refused, "the deployment")
    held = refusal(s, Reason.BUDGET_EXCEEDED, message)
    is_proven = s.status.pending is not None and s.observed.can_list
    change = replace(step.change, pending=None if is_proven else UNCHANGED)
    return replace(held, change=change, look_again=RECHECK)


def _resume_held(step: Decision, refused: Allowance) -> Decision:
    message = _message(refused, "the resume (paused)")
    return replace(
        step,
        action=None,
        synced=unsynced(Reason.BUDGET_EXCEEDED, message),
        serving=Verdict(
            False, Reason.BUDGET_EXCEEDED, "The deployment is stopped, and a ModelBudget holds its resume."
        ),
        progress=Progress.STUCK,
        phase=Phase.PAUSED,
        look_again=RECHECK,
    )


def _growth_held(s: Situation, step: Decision, refused: Allowance) -> Decision:
    """The rest of the edit goes on."""
    growth = [f"the scale-up ({_REPLICAS})"] if _grows_by(s) is not None else []
    machine = [f"the dearer machine ({', '.join(_dearer(s))})"] if _dearer(s) else []
    message = _message(refused, " and ".join((*growth, *machine)))
    is_settled = step.progress is Progress.SETTLED
    return replace(
        step,
        synced=unsynced(Reason.BUDGET_EXCEEDED, message) if step.accepted is None else step.synced,
        progress=Progress.STUCK if is_settled else step.progress,
        look_again=min(step.look_again, RECHECK) if step.look_again is not None else RECHECK,
    )


def _message(refused: Allowance, what: str) -> str:
    return refused.message(what, format_time(refused.ends_at))


def fewest(fields: Fields) -> int:
    """Replicas that these fields ask for at least."""
    asked = Asked.of(fields)
    return asked.least if asked is not None else 1


def _lowered(wanted: Value, there: Value) -> Value:
    """What of it lowers the bill: of an autoscaler's bounds each by itself, since pauses and scale-downs always go."""
    asked, held = Asked.of({_REPLICAS: wanted}), Asked.of({_REPLICAS: there})
    if not isinstance(wanted, Mapping) or asked is None or held is None:
        return there
    least, most = min(asked.least, held.least), min(asked.most, held.most)
    return there if (least, most) == (held.least, held.most) else {"minReplicas": least, "maxReplicas": most}


def _grows_by(s: Situation, fields: Fields | None = None) -> int | None:
    """By how many replicas the spec, or what of it is sent, asks for more than there are, at least; None where it does
    not.
    """
    wanted, there = Asked.of(s.desired.fields if fields is None else fields), Asked.of(_held_at(s))
    if wanted is None or there is None or (wanted.least <= there.least and wanted.most <= there.most):
        return None
    return max(wanted.least - there.least, 0)


def _held_at(s: Situation) -> Fields:
    """What the provider holds, as far as it shows it; else what was last sent."""
    shown = s.remote.fields if s.remote is not None else {}
    return shown if Asked.of(shown) is not None else s.status.last_applied or {}
