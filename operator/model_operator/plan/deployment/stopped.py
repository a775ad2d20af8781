"""What is said of a deployment that a ModelBudget has stopped: why, and what lets it run again.

The stop itself is in what the spec is taken to ask for (`Desired.stop`), like the hours of a schedule.
"""

from dataclasses import replace

from model_operator.conditions import Reason
from model_operator.domain import BudgetStop
from model_operator.models.wire import format_time
from model_operator.plan.deployment.situation import Decision, Situation
from model_operator.plan.deployment.words import HELD, unsynced
from model_operator.plan.verdict import Progress


def say_what_is_stopped(s: Situation, step: Decision) -> Decision:
    """Once there is nothing to do but wait. Outside of its hours it would not run anyway; and what somebody has resumed at
    the provider is as its spec asks."""
    stop = s.desired.stop
    if stop is None or not s.wanted or s.desired.off_hours is not None or step.accepted is not None:
        return step
    if step.progress is not Progress.SETTLED or step.keeps_status:
        return step
    is_stopped = step.serving is not None and step.serving.reason is Reason.BUDGET_EXCEEDED
    if stop.pauses and not is_stopped:
        return step
    more = "" if step.synced == HELD else f" {step.synced.message}"
    return replace(
        step,
        synced=unsynced(Reason.BUDGET_EXCEEDED, f"{_message(stop)}{more}"),
        progress=Progress.STUCK,
    )


def _message(stop: BudgetStop) -> str:
    what = (
        "the deployment is stopped (paused)"
        if stop.pauses
        else "the deployment runs with its fewest replicas (autoscaling)"
    )
    end = f", which begins at {format_time(stop.ends_at)}" if stop.ends_at is not None else ""
    return (
        f'ModelBudget "{stop.budget}" has spent its limit, so {what}. Raise spec.limit of the ModelBudget, or wait for'
        f" its next period{end}."
    )
