"""Whether a deployment is to run, by its spec, its hours and its budgets: the stricter wins, and one of them says why."""

from datetime import UTC, datetime
from typing import Any

import pytest

from model_operator.active_hours import OffHours
from model_operator.domain import BudgetStop
from model_operator.models.deployment import ModelDeployment, ModelDeploymentSpec
from model_operator.reconcile.deployment.hours import Scheduled
from model_operator.reconcile.deployment.rest import Rest, at_fewest, paused, rest_of
from support import bodies

NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
OFF = OffHours(NOON, None)
STOP, FEWER = BudgetStop("team", NOON, pauses=True), BudgetStop("team", NOON, pauses=False)
SCALING = {"replicas": None, "autoscaling": {"minReplicas": 1, "maxReplicas": 4}}


def spec_of(**spec: Any) -> ModelDeploymentSpec:
    return ModelDeployment.parse(bodies.deployment("llama", **spec)).spec


def hours(outside: str) -> dict[str, Any]:
    return {"schedule": {"timeZone": "UTC", "active": ["Mon 08:00-09:00"], "outside": outside}}


@pytest.mark.parametrize(
    ("spec", "off", "stop", "rest", "is_paused"),
    [
        pytest.param({}, None, None, Rest(), False, id="nothing keeps it"),
        pytest.param({}, None, STOP, Rest(None, STOP, pauses=True), True, id="a budget pauses it"),
        pytest.param({"paused": True}, None, STOP, Rest(), True, id="paused by its spec, whatever a budget says"),
        pytest.param(hours("Pause"), OFF, STOP, Rest(OFF, STOP, pauses=True), True, id="hours and a budget pause it"),
        pytest.param(hours("Pause"), OFF, FEWER, Rest(OFF, pauses=True), True, id="hours are stricter"),
        pytest.param(hours("Pause"), None, STOP, Rest(None, STOP, pauses=True), True, id="in its hours"),
        pytest.param({**SCALING, **hours("MinReplicas")}, OFF, STOP, Rest(None, STOP, pauses=True), True, id="a budget is stricter"),
        pytest.param({**SCALING, **hours("MinReplicas")}, OFF, FEWER, Rest(OFF, FEWER), False, id="both leave its fewest"),
        pytest.param(SCALING, None, FEWER, Rest(None, FEWER), False, id="a budget leaves its fewest"),
        pytest.param({"externalID": "7", "deletionPolicy": "Delete"}, None, None, Rest(), None, id="adopted, and not ours to switch"),
        pytest.param({"externalID": "7", "deletionPolicy": "Delete"}, None, STOP, Rest(None, STOP, pauses=True), True, id="adopted, and a budget's to pause"),
    ],
)  # fmt: skip
def test_the_stricter_of_spec_hours_and_budgets_wins(
    spec: dict[str, Any], off: OffHours | None, stop: BudgetStop | None, rest: Rest, is_paused: bool | None
) -> None:
    parsed = spec_of(**spec)
    found = rest_of(parsed, Scheduled(off), stop)
    assert (found, paused(parsed, found)) == (rest, is_paused)
    scaling = at_fewest(parsed, found).autoscaling
    if scaling is not None and not is_paused:
        assert (scaling.min_replicas, scaling.max_replicas) == (1, 1)
