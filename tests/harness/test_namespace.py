"""The fixtures that end-to-end tests stand on, on the real API server."""

import stat
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from model_operator_demo.controlplane_access import Access, KubectlFailed
from support import manifests
from support.deadlines import NotYet, eventually
from support.kube_api import KubeApi, path_of
from support.namespace import Namespace, conditions
from support.recorder import Recorder

SHORT = timedelta(seconds=0.3)
SEEN: list[str] = []


def config_map(name: str, **data: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def test_the_server_is_a_real_one_of_the_pinned_minor_version(cluster: Access) -> None:
    with closing(KubeApi(cluster)) as api:
        assert api.call("GET", "/version")["gitVersion"].startswith("v1.36.")


@pytest.mark.parametrize("turn", ["first", "second"])
def test_each_test_has_an_empty_namespace_of_its_own(namespace: Namespace, turn: str) -> None:
    assert namespace.name not in SEEN
    assert namespace.find("ConfigMap", "mine") is None
    namespace.apply(config_map("mine"))
    SEEN.append(namespace.name)


def test_kubectl_applies_built_objects_and_yaml_alike(namespace: Namespace) -> None:
    said = namespace.apply(
        config_map("built"), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: written}\ndata: {a: b}\n"
    )
    assert said.splitlines() == ["configmap/built serverside-applied", "configmap/written serverside-applied"]
    assert namespace.get("ConfigMap", "written")["data"] == {"a": "b"}


def test_what_the_server_refuses_is_said_in_its_words(namespace: Namespace) -> None:
    broken = {**config_map("broken"), "data": {"not a key!": "x"}}
    assert 'data[not a key!]: Invalid value: "not a key!"' in namespace.refusal(broken)
    with pytest.raises(KubectlFailed, match="not a key!"):
        namespace.apply(broken)
    with pytest.raises(AssertionError, match="accepted"):
        namespace.refusal(config_map("fine"))


def test_waiting_ends_with_what_was_seen_instead(namespace: Namespace) -> None:
    namespace.apply(config_map("a", colour="red"))
    with pytest.raises(NotYet, match="'colour': 'red'"):
        namespace.wait("ConfigMap", "a", lambda obj: obj["data"]["colour"] == "blue", within=SHORT)


def test_a_recorder_has_every_version_in_order(namespace: Namespace) -> None:
    with Recorder(namespace.access, namespace.name, "ConfigMap") as recorder:
        for colour in ("red", "green", "blue"):
            namespace.apply(config_map("a", colour=colour))
        namespace.delete("ConfigMap", "a")
        eventually(lambda: len(recorder.of("a")), until=lambda count: count == 4, what="four versions")
    assert [obj["data"]["colour"] for obj in recorder.of("a")] == ["red", "green", "blue", "blue"]


def test_a_namespace_goes_with_what_is_in_it(controllers: Access, cluster: Access) -> None:
    namespace = Namespace.create(cluster, "goes-with-what-is-in-it")
    namespace.apply(config_map("a"))
    namespace.remove()
    with closing(KubeApi(cluster)) as api:
        eventually(
            lambda: api.find(f"/api/v1/namespaces/{namespace.name}"),
            until=lambda found: found is None,
            what="the namespace to be gone",
        )


@pytest.fixture
def judged(namespace: Namespace) -> Namespace:
    """Holds a ModelProvider `a` that is Ready=False CredentialsMissing, said of its present generation."""
    namespace.apply(manifests.parasail_provider("https://example.com", name="a"))
    created = namespace.get("ModelProvider", "a")
    said = {
        "type": "Ready",
        "status": "False",
        "reason": "CredentialsMissing",
        "message": "no Secret",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
        "observedGeneration": created["metadata"]["generation"],
    }
    namespace.api.merge(
        path_of("ModelProvider", namespace.name, "a", "status"), {"status": {"conditions": [said]}}
    )
    return namespace


@pytest.mark.parametrize(
    ("wanted", "holds"),
    [
        pytest.param("Ready=False CredentialsMissing", True, id="status and reason"),
        pytest.param("Ready=False", True, id="any reason"),
        pytest.param("Ready=False Pending", False, id="another reason"),
        pytest.param("Ready=True", False, id="another status"),
        pytest.param("Stalled=False", False, id="no such condition"),
    ],
)
def test_a_condition_is_waited_for_by_status_and_reason(judged: Namespace, wanted: str, holds: bool) -> None:
    if holds:
        assert judged.wait_for_condition("ModelProvider", "a", wanted)["metadata"]["name"] == "a"
    else:
        with pytest.raises(NotYet, match=f"ModelProvider a {wanted}: not within"):
            judged.wait_for_condition("ModelProvider", "a", wanted, within=SHORT)


def test_a_condition_of_an_older_generation_does_not_count(judged: Namespace) -> None:
    judged.edit("ModelProvider", "a", {"spec": {"requestsPerMinute": 7}})
    with pytest.raises(NotYet):
        judged.wait_for_condition("ModelProvider", "a", "Ready=False", within=SHORT)


def test_all_conditions_at_one_look(judged: Namespace) -> None:
    assert conditions(judged.get("ModelProvider", "a")) == {"Ready": "False CredentialsMissing"}
    assert conditions(None) == {}


def test_a_namespace_goes_although_a_finalizer_holds_what_is_in_it(
    controllers: Access, cluster: Access
) -> None:
    namespace = Namespace.create(cluster, "goes-in-spite-of-finalizers")
    namespace.apply(manifests.parasail_provider("https://example.com", name="a"))
    namespace.edit("ModelProvider", "a", {"metadata": {"finalizers": ["modeloperator.dev/finalizer"]}})
    namespace.remove()
    with closing(KubeApi(cluster)) as api:
        eventually(
            lambda: api.find(f"/api/v1/namespaces/{namespace.name}"),
            until=lambda found: found is None,
            what="the namespace to be gone",
        )


def test_the_operators_account_may_do_what_the_shipped_role_says_there_and_nowhere_else(
    namespace: Namespace, tmp_path: Path
) -> None:
    kubeconfig = namespace.operator_kubeconfig(tmp_path / "kubeconfig")
    assert stat.S_IMODE(kubeconfig.stat().st_mode) == 0o600
    as_operator = replace(namespace.access, kubeconfig=kubeconfig)

    def may(verb: str, resource: str, where: str = namespace.name) -> bool:
        return (
            as_operator.kubectl("--namespace", where, "auth", "can-i", verb, resource, check=False).returncode
            == 0
        )

    assert may("watch", "modeldeployments.modeloperator.dev")
    assert may("get", "secrets")
    assert not may("list", "secrets")
    assert not may("update", "modeldeployments.modeloperator.dev")
    assert not may("watch", "modeldeployments.modeloperator.dev", "default")
    assert not may("list", "namespaces")
