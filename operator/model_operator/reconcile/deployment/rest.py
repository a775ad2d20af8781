"""Whether a ModelDeployment is to run as its spec asks, now: `paused`, its hours and its budgets together. Pure.

The stricter wins, and here is the only place where they meet: a pause before fewest replicas, those before what the spec has.
"""

from dataclasses import dataclass

from model_operator.active_hours import OffHours
from model_operator.domain import BudgetStop
from model_operator.models.deployment import Autoscaling, ModelDeploymentSpec
from model_operator.models.schedule import OutsideHours
from model_operator.reconcile.deployment.hours import Scheduled


@dataclass(frozen=True, slots=True)
class Rest:
    """What keeps it from running as its spec asks; `spec.paused` is not for the others to explain."""

    off: OffHours | None = None
    stop: BudgetStop | None = None
    pauses: bool = False
    is_unused: bool = False
    """It was found idle, and is to keep its fewest replicas."""

    @property
    def at_fewest(self) -> bool:
        return not self.pauses and (self.off is not None or self.stop is not None or self.is_unused)


def rest_of(
    spec: ModelDeploymentSpec, hours: Scheduled, stop: BudgetStop | None, *, is_unused: bool = False
) -> Rest:
    """Of hours and a budget both are named, unless only the budget pauses it."""
    if spec.paused:
        return Rest(hours.off, is_unused=is_unused)
    hours_pause = hours.off is not None and _outside(spec) is OutsideHours.PAUSE
    stop_pauses = stop is not None and stop.pauses
    off = None if stop_pauses and not hours_pause else hours.off
    if hours_pause and not stop_pauses:
        stop = None
    return Rest(off, stop, pauses=hours_pause or stop_pauses, is_unused=is_unused)


def paused(spec: ModelDeploymentSpec, rest: Rest) -> bool | None:
    """None where the power state is not ours: of an adopted deployment with neither `paused` nor hours."""
    if rest.pauses:
        return True
    if spec.schedule is None and spec.external_id is not None:
        return spec.paused
    return bool(spec.paused)


def at_fewest(spec: ModelDeploymentSpec, rest: Rest) -> ModelDeploymentSpec:
    """With no more replicas than its fewest, where it is to run with those."""
    if not rest.at_fewest or spec.autoscaling is None:
        return spec
    fewest = spec.autoscaling.min_replicas
    return spec.with_(autoscaling=Autoscaling(min_replicas=fewest, max_replicas=fewest))


def _outside(spec: ModelDeploymentSpec) -> OutsideHours | None:
    return spec.schedule.outside if spec.schedule is not None else None
