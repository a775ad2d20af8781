"""Of a newer CRD any field may have another form: that is told as such, and reading an object never fails otherwise."""

from typing import Any

import pytest

from model_operator.domain import CANARY, DEPLOYMENT, PROVIDER
from model_operator.models import CanaryEndpoint, ModelDeployment, ModelProvider
from model_operator.models.parse import InvalidResource
from support.manifests import deployment, provider
from support.memory_schema import Object
from support.one_word_newer import differences, place_of, places, put_into

ENDPOINT = {
    "providerRef": {"name": "p"},
    "traffic": [{"name": "a", "deploymentRef": {"name": "a"}, "percent": 100}],
}
KINDS = [
    pytest.param(PROVIDER, ModelProvider, provider("parasail", "http://sim"), id=PROVIDER),
    pytest.param(DEPLOYMENT, ModelDeployment, deployment("parasail", "a"), id=f"{DEPLOYMENT}, parasail"),
    pytest.param(DEPLOYMENT, ModelDeployment, deployment("paitient", "a"), id=f"{DEPLOYMENT}, paitient"),
    pytest.param(CANARY, CanaryEndpoint, {"metadata": {"name": "a"}, "spec": ENDPOINT}, id=CANARY),
]
OTHERS: dict[str, list[Any]] = {
    "object": ["x", 7, True, ["x"]],
    "array": ["x", 7, True],
    "string": [{"x": 1}, ["x"]],
    "integer": [{"x": 1}, ["x"], "x"],
    "number": [{"x": 1}, ["x"], "x"],
    "boolean": [{"x": 1}, ["x"], "x"],
}


@pytest.mark.parametrize(("kind", "model", "body"), KINDS)
def test_another_form_of_any_field_is_told_by_its_name(kind: str, model: Any, body: Object) -> None:
    for path, schema in places(kind):
        for value in OTHERS[schema["type"]]:
            with pytest.raises(InvalidResource) as caught:
                model.parse(put_into(kind, path, body, value))
            assert place_of(path) in str(caught.value), (path, value)


@pytest.mark.parametrize(("kind", "model", "body"), KINDS)
def test_a_condition_that_is_not_understood_is_left_out_of_a_status(
    kind: str, model: Any, body: Object
) -> None:
    ready = {
        "type": "Ready",
        "status": "True",
        "reason": "Fine",
        "message": "",
        "lastTransitionTime": "2026-01-02T03:04:05Z",
    }
    status = {"observedGeneration": 4, "conditions": [dict(ready), ready]}
    for newer in differences(kind, "status"):
        found = model.parse(newer.put_into({**body, "status": status})).status
        assert (found.observed_generation, len(found.conditions)) == (4, 1), newer
