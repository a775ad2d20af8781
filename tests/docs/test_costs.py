"""What docs/costs.md promises of the API server: its quota and its policy, as they stand there, hold."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import yaml

from model_operator.active_hours import ActiveHours
from model_operator.billing.money import ZERO, Rate
from support.deadlines import eventually
from support.kube_api import ApiError, Object, path_of
from support.least_manifests import PARASAIL
from support.markdown import ROOT, blocks
from support.namespace import Namespace

YAML = [
    document
    for block in blocks(ROOT / "docs" / "costs.md")
    if block.info[:1] == ("yaml",)
    for document in yaml.safe_load_all(block.body)
]
POLICIES = "/apis/admissionregistration.k8s.io/v1"


def shown(kind: str) -> Object:
    (found,) = [document for document in YAML if document.get("kind") == kind]
    return dict(found)


def deployment(name: str, **spec: Any) -> Object:
    return {**PARASAIL, "metadata": {"name": name}, "spec": {**PARASAIL["spec"], **spec}}


def test_the_worked_month_is_what_its_hours_and_price_come_to() -> None:
    page = (ROOT / "docs" / "costs.md").read_text()
    start, end = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
    hours = ActiveHours.parse("Europe/Berlin", ("Mon-Fri 08:00-20:00",), timedelta(minutes=15))
    active, at, days = timedelta(), start, 0
    while at < end:
        now = hours.at(at)
        following = min(now.until or end, end)
        active += (following - at) * now.is_active
        days += now.is_active
        at = following
    rate = Rate(2 * Decimal("5.80"))
    doubt = Rate(ZERO, rate.likely).for_(timedelta(minutes=6) * days).uncertain
    cost, all_month = rate.for_(active).accrued, rate.for_(end - start).accrued
    assert (active / timedelta(hours=1), days, doubt) == (257.25, 21, Decimal("24.36"))
    for line in (
        f"| always on | 720 | {all_month:,.2f} |",
        f"`leadTime: 15m` | 257.25 | {cost:,.2f} |",
        f"| the same with `replicas: 1` | 257.25 | {cost / 2:,.2f} |",
        f"`uncertain` is {doubt:.2f} at the end",
        f"{cost - doubt:,.2f} and {cost + doubt:,.2f}.",
    ):
        assert line in page


def test_the_quota_refuses_the_third_deployment(namespace: Namespace) -> None:
    """The control plane of the tests has no controller for quotas, whose part is the first count. We do that for it."""
    quota = shown("ResourceQuota")
    hard = quota["spec"]["hard"]
    namespace.apply(quota)
    status = f"/api/v1/namespaces/{namespace.name}/resourcequotas/{quota['metadata']['name']}/status"

    def create(name: str, *flags: str) -> str:
        """The server's refusal; empty where it took it."""
        given = yaml.safe_dump(deployment(name))
        return namespace.kubectl("create", "--filename=-", *flags, input=given, check=False).stderr

    # Full at first, so that we see when the server knows of it, and then empty.
    namespace.api.merge(status, {"status": {"hard": hard, "used": hard}})
    eventually(lambda: create("early", "--dry-run=server"), what="the quota is in force")
    namespace.api.merge(status, {"status": {"used": dict.fromkeys(hard, "0")}})
    eventually(lambda: create("first"), until=lambda refusal: not refusal, what="room for the first")

    assert create("second") == ""
    refusal = create("third")
    assert "exceeded quota: models, requested: count/modeldeployments.modeloperator.dev=1" in refusal
    assert "used: count/modeldeployments.modeloperator.dev=2" in refusal
    assert len(namespace.objects("ModelDeployment")) == 2


@pytest.fixture
def few_replicas(namespace: Namespace) -> Iterator[None]:
    """The policy of the page, bound to this test's namespace instead of team-a."""
    policy, binding = shown("ValidatingAdmissionPolicy"), shown("ValidatingAdmissionPolicyBinding")
    policy["metadata"] = binding["metadata"] = {"name": namespace.name}
    binding["spec"]["policyName"] = namespace.name
    binding["spec"]["matchResources"]["namespaceSelector"]["matchLabels"] = {
        "kubernetes.io/metadata.name": namespace.name
    }
    namespace.apply(policy, binding)
    yield
    namespace.api.call("DELETE", f"{POLICIES}/validatingadmissionpolicybindings/{namespace.name}")
    namespace.api.call("DELETE", f"{POLICIES}/validatingadmissionpolicies/{namespace.name}")


def test_the_policy_limits_replicas_however_they_are_set(namespace: Namespace, few_replicas: None) -> None:
    namespace.apply(deployment("llama", replicas=4))
    path = path_of("ModelDeployment", namespace.name, "llama")

    def patched(suffix: str) -> str:
        try:
            namespace.api.merge(f"{path}{suffix}?dryRun=All", {"spec": {"replicas": 5}})
        except ApiError as error:
            return str(error)
        return ""

    # The server takes a moment to learn of a new policy.
    for suffix in ("", "/scale"):
        assert "at most 4 replicas" in eventually(lambda at=suffix: patched(at), what=f"a refusal{suffix}")
    assert "at most 4 replicas" in namespace.refusal(deployment("many", replicas=5))
    namespace.kubectl("scale", "modeldeployment", "llama", "--replicas=3")
    assert namespace.get("ModelDeployment", "llama")["spec"]["replicas"] == 3
