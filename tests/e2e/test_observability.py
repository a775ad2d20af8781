"""The process as its keepers see it: probes, metrics, logs, its end after SIGTERM, and why it did not start."""

import json
import signal
from collections.abc import Callable
from typing import Any

import pytest

from e2e.conftest import QUICK, World
from support import manifests
from support.apiproxy import ApiProxy
from support.deadlines import eventually
from support.kube_api import path_of
from support.namespace import Namespace
from support.operator_process import SECRETS, OperatorProcess
from support.proxy_rules import Answer, Phase, status_error
from support.simulator_process import SimulatorProcess, Vendor

pytest_plugins = ("support.shared_world",)
pytestmark = pytest.mark.e2e

Start = Callable[..., OperatorProcess]
VENDORS: tuple[Vendor, ...] = ("parasail", "paitient")


def apply_ten(world: World, prefix: str) -> list[str]:
    """Five ModelDeployments of each vendor; their names."""
    names = [f"{prefix}-{n}" for n in range(10)]
    world.namespace.apply(
        *map(manifests.parasail_deployment, names[:5]), *map(manifests.paitient_deployment, names[5:])
    )
    return names


def test_probes_metrics_and_logs_of_a_working_operator(shared: World) -> None:
    begin = len(shared.operator.log.read_text())
    shared.serve(manifests.parasail_deployment("llama"), manifests.paitient_deployment("triage"))
    shared.namespace.apply(manifests.parasail_deployment("asleep", paused=True))
    shared.until("asleep", "Ready=True Paused")
    assert shared.operator.get("/healthz") == (200, "ok")
    assert shared.operator.get("/readyz") == (200, "ok")
    assert "[+]engine ok" in shared.operator.get("/healthz?verbose")[1]

    metric = shared.operator.metric
    assert metric("controller_runtime_reconcile_total", controller="modeldeployment", result="success")
    assert metric("controller_runtime_reconcile_time_seconds_count", controller="modelprovider")
    assert metric("controller_runtime_max_concurrent_reconciles", controller="modeldeployment") == 50
    assert metric("workqueue_adds_total", controller="modeldeployment")
    assert 'workqueue_depth{controller="modeldeployment",name="modeldeployment"} 0.0' in _scrape(shared)
    for vendor in ("parasail", "paitient"):
        labels = {"provider": vendor, "operation": "create", "code": "200"}
        assert metric("model_operator_provider_requests_total", **labels) >= 1
        assert metric("model_operator_provider_request_duration_seconds_count", provider=vendor) >= 2
    resources = "model_operator_resources"
    assert metric(resources, kind="ModelDeployment", phase="Ready") == 2
    assert metric(resources, kind="ModelDeployment", phase="Paused") == 1
    assert metric(resources, kind="ModelProvider") == 2
    # Conditions name objects, and what there is of ModelProviders and namespaces; all other labels have few values, and none
    # has an id or a key.
    about = {"kind": "ModelDeployment", "condition": "Ready", "status": "true"}
    assert metric("model_operator_condition", **about, namespace=shared.namespace.name, name="llama") == 1
    assert metric("model_operator_condition", **about) == 3
    lines = _scrape(shared).splitlines()
    named = ("model_operator_condition{", "model_operator_provider_mode{", "model_operator_cost_")
    page = "\n".join(line for line in lines if not line.startswith(named))
    assert not [name for name in ("llama", "triage", "asleep", shared.namespace.name) if name in page]
    assert not [secret for secret in SECRETS if secret in "\n".join(lines)]

    for name in ("llama", "triage"):
        shared.namespace.delete("ModelDeployment", name)
        shared.namespace.wait_gone("ModelDeployment", name)
    lines = [json.loads(line) for line in shared.operator.log.read_text()[begin:].splitlines()]
    assert all({"timestamp", "level", "logger", "message"} <= set(line) for line in lines)
    about = [line for line in lines if line.get("name") == "llama"]
    assert about
    assert {(line["controller"], line["namespace"]) for line in about} == {
        ("modeldeployment", shared.namespace.name)
    }
    assert not any(secret in json.dumps(lines) for secret in SECRETS)


def audited(log: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    return [{**line["audit"], "object": line["name"]} for line in lines if "audit" in line]


def test_every_change_at_a_provider_is_in_the_audit_trail_also_after_kill_9(
    namespace: Namespace, simulator: SimulatorProcess, operator: Start
) -> None:
    process = operator(**{**QUICK, "log_format": "json", "log_level": "error"})
    world = World(namespace, simulator, process)
    world.apply_providers()
    (live,) = world.serve(manifests.parasail_deployment("llama"))
    # Its id is in the status, so its create has been told; then nothing can be told any more.
    process.kill()
    entries = live["metadata"]["managedFields"]
    manager = next(entry["manager"] for entry in entries if "f:spec" in entry["fieldsV1"])
    created, *_ = audited(process.log.read_text())
    assert created == {
        "object": "llama",
        "uid": live["metadata"]["uid"],
        "generation": 1,
        "manager": manager,
        "provider": "parasail",
        "operation": "create",
        "remoteID": live["status"]["externalID"],
        "outcome": "accepted",
        "status": 200,
        "requestID": created["requestID"],
        "milliseconds": created["milliseconds"],
    }
    process.restart()
    namespace.kubectl("scale", "modeldeployment", "llama", "--replicas=2")
    eventually(lambda: simulator.requests(method="PUT"), what="the edit")
    namespace.delete("ModelDeployment", "llama")
    namespace.wait_gone("ModelDeployment", "llama")
    lines = audited(process.log.read_text())
    sent = [r for r in simulator.requests() if r["method"] != "GET"]
    assert [line["status"] for line in lines] == [request["status"] for request in sent]
    assert [(line["operation"], line["manager"]) for line in lines] == [
        ("create", manager),
        ("update", "kubectl"),
        ("delete", "kubectl"),
    ]


def _scrape(world: World) -> str:
    status, page = world.operator.get("/metrics")
    assert status == 200
    return page


@pytest.mark.long
def test_sigterm_lets_running_passes_finish_but_not_for_ever(
    namespace: Namespace, simulator: SimulatorProcess, operator: Start
) -> None:
    simulator.knobs(parasail={"gpu_quota": None})
    process = operator(**{**QUICK, "request_timeout": "20s", "shutdown_timeout": "5s"})
    world = World(namespace, simulator, process)
    world.apply_providers()
    fault = simulator.fault("hold", operation="create", when="after", seconds=60)
    names = apply_ten(world, "first")
    fault.wait(len(names))
    process.process.signal(signal.SIGTERM)
    eventually(lambda: "stopping: told to" in process.log.read_text(), what="it heard")
    fault.release()
    assert process.terminate() == 0
    # What was under way has been written down, by this very process.
    assert all("externalID" in live["status"] for live in namespace.objects("ModelDeployment"))

    fault = simulator.fault("hold", operation="create", when="after", seconds=60)
    process.restart()
    names += apply_ten(world, "second")
    fault.wait(10)
    assert process.terminate() == 0, "a provider that hangs does not keep it"
    simulator.clear_faults()
    process.start()
    for name in names:
        world.until(name, "Ready=True Available")
    for vendor in VENDORS:
        assert sorted(simulator.counters(vendor)["creates_by_name"].values()) == [1] * 10


@pytest.mark.parametrize(
    ("path", "answer", "said"),
    [
        pytest.param(
            "^/apis/modeloperator.dev/v1alpha1$",
            status_error(404, "NotFound"),
            ["modeldeployments", "modelproviders", "model-operator crds | kubectl apply"],
            id="no CRDs",
        ),
        pytest.param(
            "^/version", status_error(401, "Unauthorized"), ["refused the first request"], id="no token"
        ),
        pytest.param(
            "^/version",
            Answer(200, b'{"major": "1", "minor": "29+"}'),
            ["1.29", "at least 1.31 is required"],
            id="too old",
        ),
    ],
)
def test_a_cluster_that_is_not_ready_for_it_is_named_and_the_exit_code_is_1(
    operator: Start, api_proxy: ApiProxy, path: str, answer: object, said: list[str]
) -> None:
    api_proxy.rule("GET", path, then=answer)  # type: ignore[arg-type]
    _assert_one_message(operator(api_proxy=api_proxy, ready=False), said)


def test_a_missing_permission_is_named_and_the_exit_code_is_1(namespace: Namespace, operator: Start) -> None:
    process = operator(ready=False)
    process.kill()
    process.log.write_text("")
    namespace.api.call("DELETE", f"{path_of('RoleBinding', namespace.name)}/model-operator")
    process.start()
    _assert_one_message(process, ["modelproviders", "cannot list", namespace.name])


def _assert_one_message(process: OperatorProcess, said: list[str]) -> None:
    eventually(lambda: process.is_running, until=lambda running: not running, what="its end")
    assert process.process.returncode == 1
    errors = [line for line in process.log.read_text().splitlines() if " INFO " not in line]
    assert len(errors) == 1, errors
    assert "cannot start: " in errors[0]
    assert all(word in errors[0] for word in said), errors[0]


def test_a_reply_later_than_the_watch_does_not_revive_an_object(
    namespace: Namespace, simulator: SimulatorProcess, operator: Start, api_proxy: ApiProxy
) -> None:
    world = World(namespace, simulator, operator(api_proxy=api_proxy, **QUICK))
    world.apply_providers()
    world.serve(manifests.parasail_deployment("llama"))
    late = api_proxy.rule(
        "PATCH", "/modeldeployments/llama$", body="finalizers", phase=Phase.REPLY, hold=True
    )
    world.namespace.delete("ModelDeployment", "llama")
    late.wait()
    world.namespace.wait_gone("ModelDeployment", "llama")
    resources = {"kind": "ModelDeployment"}
    eventually(lambda: world.operator.metric("model_operator_resources", **resources), until=lambda n: n == 0)
    late.release()
    world.namespace.delete("ModelProvider", "parasail")
    world.namespace.wait_gone("ModelProvider", "parasail")
    assert world.operator.metric("model_operator_resources", **resources) == 0
