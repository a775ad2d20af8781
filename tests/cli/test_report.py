"""`kubectl models report` on a real API server: all that a bug report needs, and no key that stands anywhere there."""

import base64
import io
import json
import tarfile
from operator import itemgetter

import pytest
import yaml
from click.testing import CliRunner, Result

from model_operator.cli import main
from support import manifests
from support.kube_api import path_of
from support.proxy_rules import Answer, status_error

KEY = "pk-planted-0123456789abcdef"
ENCODED = base64.b64encode(KEY.encode()).decode()
LABELS = {"app.kubernetes.io/name": "model-operator"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def kubeconfig(namespace, api_proxy, tmp_path):
    """An administrator's, whose requests pass the proxy: a control plane without kubelets has no logs."""
    document = yaml.safe_load(namespace.access.kubeconfig.read_text())
    document["clusters"][0]["cluster"] = {"server": api_proxy.url}
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(document))
    return path


@pytest.fixture
def call(namespace, kubeconfig):
    def run(*arguments: str) -> Result:
        where = [
            f"--kubeconfig={kubeconfig}",
            f"--namespace={namespace.name}",
            f"--operator-namespace={namespace.name}",
        ]
        return CliRunner().invoke(main, ["report", *where, *arguments])

    return run


def plant(namespace, api_proxy) -> None:
    """The key wherever somebody or something may have left it."""
    named = manifests.parasail_deployment("llama")
    named["metadata"]["annotations"] = {"note": f"our key is {KEY}, keep it"}
    namespace.apply(
        manifests.secret("parasail", apiKey=KEY), manifests.provider("parasail", "http://127.0.0.1:9"), named
    )
    path = path_of("ModelDeployment", namespace.name, "llama", "status")
    ready = {
        "type": "Ready",
        "status": "False",
        "reason": "Failed",
        "lastTransitionTime": "2026-01-31T12:00:00Z",
    }
    refused = {**ready, "message": f"the provider refused {KEY}"}
    namespace.api.merge(path, {"status": {"phase": "Failed", "conditions": [refused]}})
    about = {
        "apiVersion": manifests.API_VERSION,
        "kind": "ModelDeployment",
        "name": "llama",
        "namespace": namespace.name,
    }
    event = {
        "metadata": {"name": "e1"},
        "involvedObject": about,
        "reason": "Failed",
        "message": f"{ENCODED} was refused",
    }
    namespace.api.call("POST", f"/api/v1/namespaces/{namespace.name}/events", event)
    other = {**about, "apiVersion": "v1", "kind": "Pod", "name": "stranger"}
    namespace.api.call("POST", f"/api/v1/namespaces/{namespace.name}/events", {**event, "metadata": {"name": "e2"}, "involvedObject": other})  # fmt: skip
    env = [{"name": "MODEL_OPERATOR_WORKERS", "value": "7"}, {"name": "NOTE", "value": KEY}]
    template = {
        "metadata": {"labels": LABELS},
        "spec": {"containers": [{"name": "operator", "image": "model-operator:1", "env": env}]},
    }
    spec = {"replicas": 0, "selector": {"matchLabels": LABELS}, "template": template}
    workload = {"metadata": {"name": "model-operator", "labels": LABELS}, "spec": spec}
    namespace.api.call("POST", f"/apis/apps/v1/namespaces/{namespace.name}/deployments", workload)
    status = {"containerStatuses": [{"name": "operator", "restartCount": 1}]}
    pod = {"metadata": {"name": "op-1", "namespace": namespace.name, "labels": LABELS}, "status": status}
    api_proxy.rule(
        "GET", r"/pods\?", then=Answer(200, json.dumps({"apiVersion": "v1", "items": [pod]}).encode(), JSON)
    )
    api_proxy.rule(
        "GET", "/op-1/log.*previous", then=status_error(400, "BadRequest", "previous container not found")
    )
    api_proxy.rule("GET", "/op-1/log", then=Answer(200, f"INFO sent {KEY}\nINFO done\n".encode()))


def test_the_bundle_has_what_helps_and_the_key_nowhere(call, namespace, api_proxy, kubeconfig, tmp_path):
    plant(namespace, api_proxy)
    token = yaml.safe_load(kubeconfig.read_text())["users"][0]["user"]["token"]
    done = call("--to", str(tmp_path / "report"))
    assert (done.exit_code, done.stdout) == (0, f"{tmp_path / 'report'}\n")
    assert done.stderr == (
        f"missing: the log of {namespace.name}_op-1_operator.previous: previous container not found\nread the report"
        " before you send it\n"
    )
    found = {
        str(p.relative_to(tmp_path / "report")): p.read_text() for p in (tmp_path / "report").rglob("*.*")
    }
    for name, text in found.items():
        assert [hidden for hidden in (KEY, ENCODED, token) if hidden in text] == [], name
    assert sorted(found) == sorted([
        "README.txt",
        "check.txt",
        "events.yaml",
        "missing.txt",
        "objects/canaryendpoints.yaml",
        "objects/modelbudgets.yaml",
        "objects/modeldeployments.yaml",
        "objects/modelproviders.yaml",
        "operator/deployments.yaml",
        f"operator/{namespace.name}_op-1_operator.log",
        "operator/pods.yaml",
        "status.txt",
        "versions.yaml",
    ])  # fmt: skip
    (one,) = yaml.safe_load(found["objects/modeldeployments.yaml"])["items"]
    assert one["metadata"]["annotations"] == {"note": "our key is ***, keep it"}
    assert [said["message"] for said in one["status"]["conditions"]] == ["the provider refused ***"]
    assert [event["message"] for event in yaml.safe_load(found["events.yaml"])["items"]] == [
        "*** was refused"
    ]
    assert found[f"operator/{namespace.name}_op-1_operator.log"] == "INFO sent ***\nINFO done\n"
    assert "MODEL_OPERATOR_WORKERS" in found["operator/deployments.yaml"]
    assert "the provider refused ***" in found["status.txt"]
    assert f"namespace {namespace.name}\n  OK   Kubernetes" in found["check.txt"]
    crds = sorted(yaml.safe_load(found["versions.yaml"])["crds"], key=itemgetter("name"))
    assert [(crd["name"].partition(".")[0], crd["served"]) for crd in crds] == [
        (plural, ["v1alpha1"])
        for plural in ("canaryendpoints", "modelbudgets", "modeldeployments", "modelproviders")
    ]


@pytest.mark.long
def test_what_may_not_be_read_is_said_and_the_rest_is_there(call, namespace, api_proxy):
    namespace.apply(manifests.parasail_secret(), manifests.provider("parasail", "http://127.0.0.1:9"))
    forbidden = status_error(403, "Forbidden", "you may not")
    for path in ("/secrets/", "/events", "/pods", "/deployments"):
        api_proxy.rule("GET", rf"{path}(?!.*modeloperator)", then=forbidden)
    done = call("--to", "-")
    assert done.exit_code == 0
    with tarfile.open(fileobj=io.BytesIO(done.stdout_bytes)) as archive:
        (missing,) = (name for name in archive.getnames() if name.endswith("/missing.txt"))
        said = archive.extractfile(missing).read().decode()
        objects = (
            archive.extractfile(missing.replace("missing.txt", "objects/modelproviders.yaml")).read().decode()
        )
    assert said.splitlines() == [
        "the operator's Deployments (--operator-namespace says where it runs): you may not",
        "the operator's Pods (--operator-namespace says where it runs): you may not",
        f"Events of {namespace.name}: you may not",
        f"Secret parasail of {namespace.name} (its keys are masked only where they look like keys): you may not",
    ]
    assert "name: parasail" in objects
