"""Operators of releases that may do less than everything: each in its own namespaces, with its own Secrets."""

import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from model_operator_demo.controlplane_access import Access
from model_operator_demo.processes import Processes
from support import manifests
from support.deadlines import eventually
from support.namespace import Namespace, condition
from support.release import Installed, unique
from support.simulator_process import SimulatorProcess


@pytest.fixture
def other_namespace(cluster: Access) -> Iterator[Namespace]:
    """A second one, of another team."""
    created = Namespace.create(cluster, unique("other-team"))
    yield created
    created.remove()


def apply_llama(namespace: Namespace, simulator: SimulatorProcess) -> None:
    """One deployment with its account."""
    namespace.apply(
        manifests.parasail_secret(),
        manifests.parasail_provider(simulator.url),
        manifests.parasail_deployment("llama"),
    )


@pytest.mark.long
def test_two_releases_work_in_two_namespaces_each_in_its_own(
    installed: Installed,
    namespace: Namespace,
    other_namespace: Namespace,
    simulator: SimulatorProcess,
    processes: Processes,
    tmp_path: Path,
) -> None:
    ours, theirs = installed(namespace.name), installed(other_namespace.name)
    for team in (namespace, other_namespace):
        apply_llama(team, simulator)

    operator = ours.operator(processes, tmp_path / "ours")
    operator.start()
    operator.wait_ready()
    namespace.wait_for_condition("ModelDeployment", "llama", "Ready=True Available")
    untouched = other_namespace.get("ModelDeployment", "llama")
    assert untouched["status"]["observedGeneration"] == -1
    assert "finalizers" not in untouched["metadata"]

    other = theirs.operator(processes, tmp_path / "theirs")
    other.start()
    other.wait_ready()
    other_namespace.wait_for_condition("ModelDeployment", "llama", "Ready=True Available")
    assert simulator.counters("parasail")["live"] == 2
    for process in (operator, other):
        process.terminate()
        assert process.complaints() == []


@pytest.mark.long
def test_of_two_replicas_one_works_and_the_other_takes_over_with_the_releases_own_rights(
    installed: Installed,
    namespace: Namespace,
    simulator: SimulatorProcess,
    processes: Processes,
    tmp_path: Path,
) -> None:
    release = installed(namespace.name, replicaCount=2)
    first, second = (release.operator(processes, tmp_path / name) for name in ("first", "second"))
    for replica in (first, second):
        replica.start()
        replica.wait_ready()
    assert [replica.metric("leader_election_master_status") for replica in (first, second)] == [1, 0]
    first.terminate()
    apply_llama(namespace, simulator)
    namespace.wait_for_condition("ModelDeployment", "llama", "Ready=True Available")
    second.terminate()
    assert first.complaints() + second.complaints() == []


def test_a_release_has_rights_in_the_namespaces_that_it_watches_and_nowhere_else(
    installed: Installed, namespace: Namespace, other_namespace: Namespace
) -> None:
    release = installed(namespace.name)
    asked = (("list", "modeldeployments.modeloperator.dev"), ("get", "secrets"), ("create", "events"))
    assert not release.can("create", "configmaps", namespace.name)
    assert all(release.can(verb, resource, namespace.name) for verb, resource in asked)
    assert not any(release.can(verb, resource, other_namespace.name) for verb, resource in asked)
    assert not any(release.can(verb, resource, release.namespace) for verb, resource in asked)


def test_a_secret_that_is_not_on_the_list_is_not_read_and_the_status_says_so(
    installed: Installed,
    namespace: Namespace,
    simulator: SimulatorProcess,
    processes: Processes,
    tmp_path: Path,
) -> None:
    release = installed(namespace.name, rbac={"secretNames": ["another"]})
    operator = release.operator(processes, tmp_path)
    operator.start()
    operator.wait_ready()
    apply_llama(namespace, simulator)
    live = namespace.wait_for_condition("ModelProvider", "parasail", "Ready=False")
    ready = condition(live, "Ready")
    operator.terminate()
    assert ready is not None
    assert ready["reason"] == "CredentialsMissing"
    assert 'cannot get resource "secrets"' in ready["message"]


@pytest.mark.long
def test_a_config_map_that_the_server_refuses_hides_nothing_of_the_deployment(
    installed: Installed,
    namespace: Namespace,
    simulator: SimulatorProcess,
    processes: Processes,
    tmp_path: Path,
) -> None:
    release = installed(namespace.name)
    operator = release.operator(processes, tmp_path)
    operator.start()
    operator.wait_ready()
    llama = manifests.parasail_deployment("llama", connection={"configMapName": "llama"})
    namespace.apply(manifests.parasail_secret(), manifests.parasail_provider(simulator.url), llama)
    live = namespace.wait_for_condition("ModelDeployment", "llama", "Stalled=True ConnectionNotWritten")
    ready = condition(live, "Ready")
    assert ready is not None
    assert 'cannot get resource "configmaps"' in ready["message"]
    assert "rbac.connections" in ready["message"]
    live = namespace.wait_for_condition("ModelDeployment", "llama", "Serving=True Serving")
    assert live["status"]["externalID"]
    assert live["status"]["externalAlias"]

    release.upgrade("--reuse-values", values={"rbac": {"connections": [namespace.name]}})
    namespace.edit("ModelDeployment", "llama", {"spec": {"replicas": 2}})
    namespace.wait_for_condition("ModelDeployment", "llama", "Ready=True Available")
    assert namespace.get("ConfigMap", "llama")["data"]["model"] == live["status"]["externalAlias"]
    assert release.can("patch", "configmaps", namespace.name)
    assert not release.can("patch", "configmaps", "kube-system")
    operator.terminate()


def test_without_canaries_it_works_and_asks_for_no_right_to_them(
    installed: Installed,
    namespace: Namespace,
    simulator: SimulatorProcess,
    processes: Processes,
    tmp_path: Path,
) -> None:
    release = installed(namespace.name, canaryEndpoints={"enabled": False})
    assert not release.can("list", "canaryendpoints.modeloperator.dev", namespace.name)
    operator = release.operator(processes, tmp_path)
    operator.start()
    operator.wait_ready()
    apply_llama(namespace, simulator)
    namespace.wait_for_condition("ModelDeployment", "llama", "Ready=True Available")
    namespace.delete("ModelDeployment", "llama")
    namespace.wait_gone("ModelDeployment", "llama")
    operator.terminate()
    assert operator.complaints() == []


def test_guarded_metrics_are_for_whom_the_api_server_lets(
    installed: Installed,
    cluster: Access,
    namespace: Namespace,
    processes: Processes,
    tmp_path: Path,
) -> None:
    release = installed(namespace.name, metrics={"secure": {"enabled": True, "secretName": "metrics"}})
    assert cluster.ca is not None
    files = {"metrics_cert_file": str(cluster.ca), "metrics_key_file": str(cluster.ca.with_suffix(".key"))}
    operator = release.operator(processes, tmp_path, metrics_port=0, **files)
    operator.start()
    operator.wait_ready()
    reader = f"{release.fullname}-metrics-reader"
    for name in ("prometheus", "stranger"):
        namespace.kubectl("create", "serviceaccount", name)
    subject = f"--serviceaccount={namespace.name}:prometheus"
    cluster.kubectl("create", "clusterrolebinding", reader, f"--clusterrole={reader}", subject)
    url = json.loads((tmp_path / "ready.json").read_text())["metrics"]
    trust = ssl.create_default_context(cafile=str(cluster.ca))

    def status(name: str) -> int:
        token = namespace.kubectl("create", "token", name).stdout.strip() if name else ""
        request = Request(f"{url}/metrics", headers={"Authorization": f"Bearer {token}"})
        try:
            with urlopen(request, context=trust, timeout=10) as reply:
                return int(reply.status)
        except HTTPError as error:
            error.close()
            return error.code

    try:
        eventually(lambda: status("prometheus"), until=lambda code: code == 200)
        assert (status("stranger"), status("")) == (403, 401)
        assert operator.get("/metrics")[0] == 404
    finally:
        cluster.kubectl("delete", "clusterrolebinding", reader)
    operator.terminate()
    assert operator.complaints() == []


@pytest.mark.parametrize(
    ("election", "missing"),
    [
        pytest.param(True, 'cannot get resource "leases"', id="not even to the Lease"),
        pytest.param(False, 'cannot list resource "', id="to the objects"),
    ],
)
def test_without_its_rights_the_operator_ends_with_one_line_that_says_which_is_missing(
    installed: Installed,
    namespace: Namespace,
    processes: Processes,
    tmp_path: Path,
    election: bool,
    missing: str,
) -> None:
    release = installed(namespace.name, rbac={"create": False}, leaderElection={"enabled": election})
    operator = release.operator(processes, tmp_path, log_level="info")
    operator.start()
    assert operator.process.wait() == 1
    (line,) = [line for line in operator.log.read_text().splitlines() if '"error"' in line]
    assert "cannot start: a permission is missing" in line
    assert missing in line.replace('\\"', '"')
    assert operator.complaints() == []


@pytest.mark.parametrize(
    ("role", "may", "may_not"),
    [
        pytest.param(
            "view",
            [("list", "modeldeployments"), ("get", "modelproviders")],
            [("create", "modeldeployments"), ("update", "modeldeployments/scale")],
            id="view",
        ),
        pytest.param(
            "edit",
            [
                ("create", "modeldeployments"),
                ("delete", "canaryendpoints"),
                ("update", "modeldeployments/scale"),
            ],
            [("create", "modelproviders"), ("patch", "modeldeployments/status"), ("get", "secrets")],
            id="edit",
        ),
        pytest.param(
            "admin",
            [("create", "modelproviders"), ("delete", "modeldeployments")],
            [("patch", "modelproviders/status"), ("get", "secrets")],
            id="admin",
        ),
    ],
)
def test_what_people_may_with_the_shipped_roles(
    cluster: Access,
    namespace: Namespace,
    role: str,
    may: list[tuple[str, str]],
    may_not: list[tuple[str, str]],
) -> None:
    namespace.kubectl("create", "rolebinding", role, f"--clusterrole=model-operator-{role}", "--user=jane")

    def can(verb: str, resource: str) -> bool:
        kind, _, subresource = resource.partition("/")
        name = kind if kind == "secrets" else f"{kind}.modeloperator.dev"
        asked = namespace.kubectl(
            "auth", "can-i", verb, name, f"--subresource={subresource}", "--as=jane", check=False
        )
        return asked.stdout.strip() == "yes"

    assert [asked for asked in may if not can(*asked)] == []
    assert [asked for asked in may_not if can(*asked)] == []
