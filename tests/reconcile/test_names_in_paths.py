"""Names out of specs become parts of paths; what no object can be named leads nowhere."""

import pytest

from model_operator.kube import KubeError, NoSuchName, path_of

LONGEST = "a" * 253


@pytest.mark.parametrize(
    ("kind", "namespace", "name", "path"),
    [
        ("Secret", "team-a", "parasail", "/api/v1/namespaces/team-a/secrets/parasail"),
        ("ConfigMap", "team-a", "a.b-c.1", "/api/v1/namespaces/team-a/configmaps/a.b-c.1"),
        ("Secret", "team-a", LONGEST, f"/api/v1/namespaces/team-a/secrets/{LONGEST}"),
        (
            "ModelDeployment",
            "team-a",
            "llama",
            "/apis/modeloperator.dev/v1alpha1/namespaces/team-a/modeldeployments/llama",
        ),
        ("ModelProvider", None, "", "/apis/modeloperator.dev/v1alpha1/modelproviders"),
        ("Event", "team-a", "", "/api/v1/namespaces/team-a/events"),
    ],
)
def test_a_name_leads_to_its_object(kind, namespace, name, path):
    assert path_of(kind, namespace, name) == path


BAD = [
    ".",
    "..",
    "a/b",
    "../../victim/secrets/a",
    "..%2f",
    "%2e%2e",
    "a?x=1",
    "a#b",
    "A",
    "a_b",
    "a\n",
    "ü",
    "a..b",
]


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("place", ["name", "namespace"])
def test_what_no_object_can_be_named_is_refused_before_any_request(place, name):
    namespace, own = ("team-a", name) if place == "name" else (name, "parasail")
    with pytest.raises(NoSuchName) as caught:
        path_of("Secret", namespace, own)
    assert isinstance(caught.value, KubeError)
    assert str(caught.value).isprintable()
    assert str(caught.value).endswith(
        f"is not a name that a {'Secret' if place == 'name' else 'Namespace'} can have"
    )


def test_an_empty_namespace_is_no_cluster():
    with pytest.raises(NoSuchName):
        path_of("Secret", "", "parasail")
