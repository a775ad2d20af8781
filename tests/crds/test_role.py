"""The shipped role lets the operator do its work, and nothing beside it."""

from pathlib import Path

import pytest

MANIFEST = Path(__file__).parents[2] / "manifests" / "rbac.yaml"
OPERATOR = "system:serviceaccount:model-operator-system:model-operator"
KINDS = ("modelproviders", "modeldeployments", "canaryendpoints", "modelbudgets")

MAY = [
    *[(verb, "modeloperator.dev", kind) for kind in KINDS for verb in ("get", "list", "watch", "patch")],
    *[("patch", "modeloperator.dev", f"{kind}/status") for kind in KINDS],
    *[("update", "modeloperator.dev", f"{kind}/finalizers") for kind in KINDS],
    ("get", "", "secrets"),
    *[(verb, group, "events") for group in ("", "events.k8s.io") for verb in ("create", "patch")],
]
ALL_VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
RESOURCES = [
    *[
        ("modeloperator.dev", f"{kind}{part}")
        for kind in KINDS
        for part in ("", "/status", "/finalizers", "/scale")
    ],
    *[
        ("", kind)
        for kind in ("secrets", "configmaps", "events", "namespaces", "pods", "serviceaccounts", "nodes")
    ],
    ("events.k8s.io", "events"),
    ("apps", "deployments"),
    ("coordination.k8s.io", "leases"),
    ("apiextensions.k8s.io", "customresourcedefinitions"),
    ("rbac.authorization.k8s.io", "clusterroles"),
    ("admissionregistration.k8s.io", "validatingwebhookconfigurations"),
]


@pytest.fixture(scope="module")
def allowed(cluster, api):
    """Asks the server whether the operator's ServiceAccount may do something in any namespace."""
    cluster.kubectl("apply", "--server-side", f"--filename={MANIFEST}")

    def ask(verb, group, resource, named=""):
        name, _, subresource = resource.partition("/")
        attributes = {
            "namespace": "somewhere",
            "verb": verb,
            "group": group,
            "resource": name,
            "subresource": subresource,
            "name": named,
        }
        review = {"spec": {"user": OPERATOR, "resourceAttributes": attributes}}
        answer = api.kube.call("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review)
        return answer["status"]["allowed"]

    return ask


@pytest.mark.parametrize(("group", "resource"), RESOURCES, ids="/".join)
def test_the_operator_may_do_exactly_what_it_needs(allowed, group, resource):
    may = {verb for verb in ALL_VERBS if allowed(verb, group, resource)}
    assert may == {verb for verb, *rest in MAY if rest == [group, resource]}


def test_nothing_of_the_list_is_missing_above():
    assert {tuple(rest) for _, *rest in MAY} <= set(RESOURCES)


def test_of_all_namespaces_one_may_be_read_whose_uid_names_the_cluster(allowed):
    names = ("kube-system", "default", "team-a")
    assert [name for name in names if allowed("get", "", "namespaces", name)] == ["kube-system"]
    assert not any(allowed(verb, "", "namespaces", "kube-system") for verb in ALL_VERBS if verb != "get")
