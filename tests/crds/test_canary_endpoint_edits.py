"""What nobody may change of a CanaryEndpoint that is there."""

from uuid import uuid4

import pytest

from support.least_manifests import CANARY, edited


def made(api, **spec):
    return api.create(edited(CANARY, spec, name=f"a-{uuid4().hex[:8]}"))


def edit(api, live, **spec):
    return api.edit("CanaryEndpoint", live["metadata"]["name"], {"spec": spec})


@pytest.mark.parametrize(
    ("before", "patch", "field"),
    [
        pytest.param({}, {"providerRef": {"name": "q"}}, "providerRef.name", id="another provider"),
        pytest.param({"endpointName": "a"}, {"endpointName": "b"}, "endpointName", id="another name"),
        pytest.param({"endpointName": "a"}, {"endpointName": None}, "endpointName", id="no name any more"),
        pytest.param({}, {"endpointName": "b"}, "endpointName", id="a name from now on"),
        pytest.param({"externalID": "cep_1"}, {"externalID": "cep_2"}, "externalID", id="another id"),
        pytest.param({"externalID": "cep_1"}, {"externalID": None}, "externalID", id="no id any more"),
    ],
)
def test_what_identifies_the_endpoint_stays(api, before, patch, field):
    refusal = edit(api, made(api, **before), **patch)
    assert refusal.names(f"spec.{field}", "immutable"), refusal.causes


def test_an_id_is_added_later_only_as_it_is(api):
    live = made(api)
    api.report("CanaryEndpoint", live["metadata"]["name"], {"externalID": "cep_1"})
    assert edit(api, live, externalID="cep_2").names("spec.externalID", "with the value of status.externalID")
    assert edit(api, live, externalID="cep_1")["spec"]["externalID"] == "cep_1"


def test_an_id_can_answer_where_none_is_known(api):
    assert edit(api, made(api), externalID="cep_1")["spec"]["externalID"] == "cep_1"
