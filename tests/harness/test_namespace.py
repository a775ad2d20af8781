"""The fixtures that end-to-end tests stand on, on the real API server."""

from contextlib import closing
from datetime import timedelta

import pytest

from model_operator.demo.controlplane_access import Access, KubectlFailed
from support.deadlines import NotYet, eventually
from support.kube_api import KubeApi
from support.namespace import Namespace
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


def test_a_namespace_goes_with_what_is_in_it(cluster: Access) -> None:
    namespace = Namespace.create(cluster, "goes-with-what-is-in-it")
    namespace.apply(config_map("a"))
    namespace.remove()
    with closing(KubeApi(cluster)) as api:
        eventually(
            lambda: api.find(f"/api/v1/namespaces/{namespace.name}"),
            until=lambda found: found is None,
            what="the namespace to be gone",
        )
