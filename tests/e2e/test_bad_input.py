"""What users get wrong, on the real server: each mistake has its words, and mending it needs no restart."""

import base64
import time
from typing import Any

import pytest

from model_operator_demo.controlplane_access import Access
from support import manifests
from support.fault_stage import VENDORS, FaultStage
from support.kube_api import Object
from support.namespace import Namespace, condition, conditions
from support.rows import ROWS
from support.simulator_process import Vendor

pytest_plugins = ("support.fault_fixtures",)
pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(
    ("manifest", "field"),
    [
        pytest.param(manifests.parasail_deployment("a", replicas="two"), "spec.replicas", id="replicas"),
        pytest.param(manifests.parasail_deployment("a", replicas=1.5), "spec.replicas", id="half a replica"),
        pytest.param(manifests.parasail_deployment("a", paused="yes"), "spec.paused", id="paused"),
        pytest.param(manifests.parasail_deployment("a", model=["x"]), "spec.model", id="model"),
        pytest.param(
            manifests.parasail_deployment("a", contextLength="4k"), "spec.contextLength", id="length"
        ),
        pytest.param(
            manifests.parasail_deployment("a", providerRef="x"), "spec.providerRef", id="providerRef"
        ),
        pytest.param(
            manifests.paitient_deployment("a", paitient={"tags": {"team": 7}}),
            "spec.paitient.tags.team",
            id="tag",
        ),
        pytest.param(
            manifests.parasail_provider("http://x", credentials={"secretRef": "key"}),
            "spec.credentials.secretRef",
            id="secretRef",
        ),
        pytest.param(manifests.parasail_provider("http://x", type="openai"), "spec.type", id="vendor"),
    ],
)
def test_the_server_refuses_a_wrong_type_and_names_the_field(
    namespace: Namespace, manifest: Object, field: str
) -> None:
    refusal = namespace.refusal(manifest)
    assert field in refusal, refusal
    assert namespace.objects(manifest["kind"]) == []


def put_secret(stage: FaultStage, vendor: Vendor, **keys: str) -> None:
    """The vendor's Secret with exactly these keys, whatever it had."""
    data = {key: base64.b64encode(value.encode()).decode() for key, value in keys.items()}
    if stage.namespace.find("Secret", vendor) is None:
        stage.namespace.apply(manifests.secret(vendor, **keys))
    else:
        gone = dict.fromkeys(stage.namespace.get("Secret", vendor).get("data") or {})
        stage.namespace.edit("Secret", vendor, {"data": {**gone, **data}})


def mend_secret(stage: FaultStage, vendor: Vendor) -> None:
    stage.namespace.apply(stage.secret(vendor))


def apply_both(stage: FaultStage, vendor: Vendor, **spec: Any) -> None:
    stage.namespace.apply(stage.provider(vendor, **spec), manifests.deployment(vendor, "a"))


@pytest.mark.long
@pytest.mark.parametrize(
    ("vendor", "keys", "says"),
    [
        pytest.param("parasail", None, 'Secret "parasail" does not exist', id="no Secret"),
        pytest.param("paitient", None, 'Secret "paitient" does not exist', id="no Secret, paitient"),
        pytest.param("parasail", {}, "apiKey", id="an empty Secret"),
        pytest.param("parasail", {"apikey": "x"}, "apiKey", id="a key that is spelt wrong"),
        pytest.param("parasail", {"apiKey": ""}, "apiKey", id="an empty key"),
        pytest.param("parasail", {"apiKey": "released"}, "16 to 4,096", id="a word that is no key"),
        pytest.param("paitient", {"apiKey": "sim-paitient-key"}, "clientID", id="half of the keys"),
    ],
)
def test_credentials_that_come_later_are_picked_up(
    stage: FaultStage, vendor: Vendor, keys: dict[str, str] | None, says: str
) -> None:
    if keys is not None:
        put_secret(stage, vendor, **keys)
    apply_both(stage, vendor)
    provider = stage.provider_until(vendor, "Ready=False CredentialsMissing")
    assert says in condition(provider, "Ready")["message"]  # type: ignore[index]
    live = stage.until("a", "Accepted=False CredentialsMissing")
    assert says in condition(live, "Ready")["message"]  # type: ignore[index]
    assert conditions(live)["Reconciling"] == "True CredentialsMissing"
    stage.until("a", "Stalled=True CredentialsMissing")  # after the grace
    assert stage.simulator.requests() == []
    mend_secret(stage, vendor)
    stage.provider_until(vendor, "Ready=True Available")
    stage.until("a", "Ready=True Available")
    stage.assert_created_once(1)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_key_that_is_revoked_changes_nothing_until_it_is_replaced(
    stage: FaultStage, vendor: Vendor
) -> None:
    stage.apply_providers(vendor)
    stage.deploy(manifests.deployment(vendor, "a"))
    served = stage.until("a", "Ready=True Available")
    row = ROWS[vendor]
    stage.simulator.put_token(vendor, "the-next-right-key", client_id=row.secret.get("clientID"))
    stage.simulator.revoke(vendor, row.key)
    live = stage.until("a", "Ready=False CredentialsInvalid")
    assert conditions(live)["Serving"] == "Unknown Unknown"
    assert live["status"]["externalID"] == served["status"]["externalID"]
    stage.namespace.apply(stage.secret(vendor, apiKey="the-next-right-key"))
    live = stage.until("a", "Ready=True Available")
    assert live["status"]["externalID"] == served["status"]["externalID"]
    stage.assert_created_once(1)


def test_a_read_only_key_is_told_at_the_first_write(stage: FaultStage) -> None:
    stage.simulator.put_token("parasail", "the-read-only-key", read_only=True)
    stage.namespace.apply(stage.secret("parasail", apiKey="the-read-only-key"))
    apply_both(stage, "parasail")
    live = stage.until("a", "Ready=False PermissionDenied")
    assert "read-only" in condition(live, "Ready")["message"]  # type: ignore[index]
    assert conditions(live)["Stalled"] == "True PermissionDenied"
    assert stage.live() == 0
    mend_secret(stage, "parasail")
    stage.until("a", "Ready=True Available")
    stage.assert_created_once(1)


@pytest.mark.parametrize("vendor", VENDORS)
def test_who_has_begun_keeps_the_name_also_from_an_elder(stage: FaultStage, vendor: Vendor) -> None:
    """The elder could not be acted on until the younger's intent was on its way to the API server."""
    stage.apply_providers(vendor)
    stage.deploy(
        manifests.deployment(vendor, "elder", deploymentName="shared-name", providerRef={"name": "another"})
    )
    stage.until("elder", "Accepted=False ProviderNotFound")
    time.sleep(1.1)  # ages are counted in seconds
    intent = stage.proxy.rule("PATCH", "/modeldeployments/younger/status$", body='"pending"', hold=True)
    stage.deploy(manifests.deployment(vendor, "younger", deploymentName="shared-name"))
    intent.wait()
    stage.namespace.apply(manifests.provider(vendor, stage.simulator.url, name="another", secret=vendor))
    stage.until("elder", "Accepted=False NameTaken")
    intent.release()
    stage.until("younger", "Ready=True Available")
    assert stage.simulator.counters(vendor)["requests"]["create"] == 1


@pytest.mark.parametrize("vendor", VENDORS)
def test_things_may_be_applied_in_any_order(stage: FaultStage, vendor: Vendor) -> None:
    stage.deploy(manifests.deployment(vendor, "a"))
    live = stage.until("a", "Accepted=False ProviderNotFound")
    assert conditions(live)["Reconciling"] == "True ProviderNotFound"
    stage.namespace.apply(stage.provider(vendor))
    stage.until("a", "Accepted=False CredentialsMissing")
    stage.namespace.apply(stage.secret(vendor))
    stage.until("a", "Ready=True Available")
    stage.assert_created_once(1)


def test_what_cannot_be_accepted_can_be_deleted(stage: FaultStage, cluster: Access) -> None:
    stage.apply_providers("parasail")
    stage.deploy(
        manifests.parasail_deployment("no-provider", providerRef={"name": "nobody"}),
        manifests.paitient_deployment("wrong-block", providerRef={"name": "parasail"}),
    )
    stage.until("no-provider", "Accepted=False ProviderNotFound")
    stage.until("wrong-block", "Accepted=False ProviderMismatch")
    stage.delete_all()
    stage.all_gone()
