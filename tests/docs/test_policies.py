"""The example policies, as they are shipped, on the real API server."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
import yaml

from support.deadlines import eventually
from support.kube_api import Object
from support.least_manifests import CANARY, PARASAIL, PROVIDER, edited
from support.markdown import ROOT
from support.namespace import Namespace

POLICIES = ROOT / "manifests" / "policies"
PATH = "/apis/admissionregistration.k8s.io/v1"
PLURALS = {
    "ValidatingAdmissionPolicyBinding": "validatingadmissionpolicybindings",
    "ValidatingAdmissionPolicy": "validatingadmissionpolicies",
}
ADOPTED = {"externalID": "33665", "deletionPolicy": "Orphan"}
BY_ID = {"traffic": [{"name": "v1", "deploymentID": "dep_1", "percent": 100}]}


def _shipped() -> list[Object]:
    return [doc for path in sorted(POLICIES.glob("*.yaml")) for doc in yaml.safe_load_all(path.read_text())]


@pytest.fixture
def guarded(namespace: Namespace) -> Iterator[Namespace]:
    """All of them, bound to this test's namespace instead of team-a, under names of its own."""
    made = deepcopy(_shipped())
    for body in made:
        body["metadata"]["name"] += f"-{namespace.name[-20:]}"
        if body["kind"].endswith("Binding"):
            body["spec"]["policyName"] += f"-{namespace.name[-20:]}"
            labels = body["spec"]["matchResources"]["namespaceSelector"]["matchLabels"]
            assert labels == {"kubernetes.io/metadata.name": "team-a"}
            labels["kubernetes.io/metadata.name"] = namespace.name
    namespace.apply(*made)
    for body in (
        edited(PROVIDER, {"credentials": {"secretRef": {"name": "tls"}}}),
        edited(PARASAIL, ADOPTED),
        edited(CANARY, BY_ID),
    ):
        eventually(lambda b=body: refusal(namespace, b), what="the policy is in force")
    yield namespace
    for body in sorted(made, key=lambda b: b["kind"], reverse=True):
        namespace.api.call("DELETE", f"{PATH}/{PLURALS[body['kind']]}/{body['metadata']['name']}")


def refusal(namespace: Namespace, body: Object, *flags: str) -> str:
    """Of a user with the role for people who connect accounts; empty where the server took it (not stored)."""
    given = yaml.safe_dump(body)
    said: Any = namespace.kubectl(
        "apply",
        "--server-side",
        "--filename=-",
        "--dry-run=server",
        "--as=jane",
        *flags,
        input=given,
        check=False,
    )
    return str(said.stderr)


@pytest.fixture
def jane(namespace: Namespace) -> None:
    namespace.kubectl("create", "rolebinding", "jane", "--clusterrole=model-operator-admin", "--user=jane")


@pytest.mark.usefixtures("jane")
def test_the_policies_refuse_what_they_say_and_nothing_else(guarded: Namespace) -> None:
    stranger = edited(PROVIDER, {"credentials": {"secretRef": {"name": "tls"}}})
    assert "tls is no Secret for models" in refusal(guarded, stranger)
    assert refusal(guarded, edited(PROVIDER, {"credentials": {"secretRef": {"name": "models-a"}}})) == ""

    assert "you need the verb adopt" in refusal(guarded, edited(PARASAIL, ADOPTED))
    assert refusal(guarded, PARASAIL) == ""
    assert "use deploymentRef" in refusal(guarded, edited(CANARY, BY_ID))
    assert refusal(guarded, CANARY) == ""

    guarded.kubectl(
        "create", "role", "adopter", "--verb=adopt", "--resource=modeldeployments.modeloperator.dev"
    )
    guarded.kubectl("create", "rolebinding", "adopter", "--role=adopter", "--user=jane")
    eventually(
        lambda: refusal(guarded, edited(PARASAIL, ADOPTED)),
        until=lambda said: not said,
        what="jane may adopt",
    )
    assert refusal(guarded, edited(CANARY, BY_ID)) == ""


@pytest.mark.usefixtures("jane")
def test_what_was_there_before_may_be_edited_and_finished(guarded: Namespace) -> None:
    """By the operator, for one: its finalizer comes and goes."""
    stranger = edited(PROVIDER, {"credentials": {"secretRef": {"name": "tls"}}})
    adopted, by_id = edited(PARASAIL, ADOPTED), edited(CANARY, BY_ID)
    guarded.apply(adopted, by_id)  # as an administrator, who has every verb
    for body in (adopted, by_id):
        labelled = deepcopy(body)
        labelled["metadata"]["labels"] = {"a": "b"}
        assert refusal(guarded, labelled, "--force-conflicts") == ""
    assert "no Secret for models" in refusal(guarded, stranger)
