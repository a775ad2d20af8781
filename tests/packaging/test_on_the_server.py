"""What the chart makes is accepted by a real API server: strictly, and by Pod Security's `restricted`."""

import copy
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from model_operator_demo.controlplane_access import Access, KubectlFailed
from support.chart_cases import CASES
from support.helm import ROOT, Helm, of_kind
from support.kube_api import Object
from support.namespace import Namespace

# prometheus-operator's CRD and those of the Gateway API are not there, and values that are about objects of somebody
# else's namespace.
ELSEWHERE = ("monitored", "other names", "webhooks by a Gateway")
CASES_HERE = {name: values for name, values in CASES.items() if name not in ELSEWHERE}


@pytest.fixture(scope="module")
def restricted(cluster: Access) -> Iterator[Namespace]:
    """A namespace in which pods must be `restricted`."""
    namespace = Namespace.create(cluster, "restricted-for-the-chart")
    namespace.kubectl("label", "namespace", namespace.name, "pod-security.kubernetes.io/enforce=restricted")
    yield namespace
    namespace.remove()


def dry_run(namespace: Namespace, *objects: Object) -> str:
    """What the server says to them. Raises `KubectlFailed` for the first that it refuses."""
    return namespace.kubectl(
        "apply",
        "--server-side",
        "--dry-run=server",
        "--validate=strict",
        "--force-conflicts",
        "--filename=-",
        input=yaml.safe_dump_all(objects),
    ).stdout


@pytest.mark.parametrize("values", [pytest.param(values, id=name) for name, values in CASES_HERE.items()])
def test_every_object_is_accepted_strictly(helm: Helm, restricted: Namespace, values: Object) -> None:
    made = helm.template(values, namespace=restricted.name)
    for obj in made:
        # A dry run makes no namespace for the next object: its Roles are tried in this one.
        if obj["kind"] in ("Role", "RoleBinding"):
            obj["metadata"]["namespace"] = restricted.name
    said = dry_run(restricted, *made)
    assert len(said.splitlines()) == len(made)


def test_a_misspelt_field_would_be_refused(helm: Helm, restricted: Namespace) -> None:
    made = of_kind(helm.template(namespace=restricted.name), "Deployment")
    made[0]["spec"]["replica"] = 1
    with pytest.raises(KubectlFailed, match="field not declared in schema"):
        dry_run(restricted, *made)


@pytest.mark.parametrize("values", [pytest.param(values, id=name) for name, values in CASES_HERE.items()])
def test_its_pod_is_let_into_a_restricted_namespace(
    helm: Helm, restricted: Namespace, values: Object
) -> None:
    dry_run(restricted, pod(helm.template(values), restricted))


@pytest.mark.parametrize(
    ("values", "violation"),
    [
        pytest.param({"podSecurityContext": {"runAsNonRoot": False}}, "runAsNonRoot != true", id="root"),
        pytest.param({"podSecurityContext": {"seccompProfile": None}}, "seccompProfile", id="no seccomp"),
        pytest.param(
            {"securityContext": {"capabilities": None}}, "unrestricted capabilities", id="capabilities"
        ),
    ],
)
def test_a_weaker_pod_would_be_kept_out(
    helm: Helm, restricted: Namespace, values: Object, violation: str
) -> None:
    with pytest.raises(KubectlFailed, match=violation):
        dry_run(restricted, pod(helm.template(values), restricted))


def test_no_user_id_is_fixed_that_openshift_would_refuse(helm: Helm) -> None:
    for values in CASES_HERE.values():
        text = yaml.safe_dump(of_kind(helm.template(values), "Deployment"))
        assert "runAsUser" not in text
        assert "fsGroup" not in text


@pytest.mark.parametrize("path", ["manifests/install.yaml", "manifests/rbac.yaml"])
def test_the_plain_manifests_are_accepted_as_they_are(cluster: Access, path: str) -> None:
    objects = list(yaml.safe_load_all(Path(ROOT, path).read_text()))
    said = cluster.kubectl(
        "apply",
        "--server-side",
        "--force-conflicts",
        "--dry-run=server",
        "--validate=strict",
        f"--filename={ROOT / path}",
    ).stdout
    assert len(said.splitlines()) == len(objects)


def test_the_plain_manifests_hold_nothing_of_helm(cluster: Access) -> None:
    for path in ("manifests/install.yaml", "manifests/rbac.yaml"):
        text = (ROOT / path).read_text()
        assert "helm.sh" not in text
        assert "Helm\n" not in text


def pod(made: list[Object], namespace: Namespace) -> Object:
    """The pod that the Deployment would make."""
    (deployment,) = of_kind(made, "Deployment")
    template = copy.deepcopy(deployment["spec"]["template"])
    template["metadata"]["name"] = "operator"
    template["spec"].pop("priorityClassName", None)  # its class has a namespace of its own
    return {"apiVersion": "v1", "kind": "Pod", **template}
