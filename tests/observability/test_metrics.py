"""The page that Prometheus reads: controller-runtime's names, true numbers, labels with few values."""

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from model_operator import __version__
from model_operator.observability.metrics import Metrics


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def metrics(clock):
    return Metrics(clock=clock)


def samples(metrics: Metrics) -> dict[str, float]:
    """`name{label="value",…}` → value, read back with Prometheus' own parser."""
    text, content_type = metrics.render()
    assert content_type.startswith("text/plain; version=")
    return {
        sample.name
        + "".join(f"{{{key}={value}}}" for key, value in sorted(sample.labels.items())): sample.value
        for family in parse_text(text.decode())
        for sample in family.samples
    }


CONTROLLER = "{controller=modeldeployment}"
QUEUE = "{controller=modeldeployment}{name=modeldeployment}"


def test_a_pass_is_counted_and_timed(metrics, clock):
    controller = metrics.controller("ModelDeployment")
    controller.set_workers(50)
    with controller.working():
        clock.now += 0.3
    controller.ended("requeue_after")
    found = samples(metrics)
    assert found["controller_runtime_reconcile_total{controller=modeldeployment}{result=requeue_after}"] == 1
    assert found["controller_runtime_reconcile_total{controller=modeldeployment}{result=error}"] == 0
    assert found[f"controller_runtime_reconcile_time_seconds_sum{CONTROLLER}"] == pytest.approx(0.3)
    assert found[f"workqueue_work_duration_seconds_count{QUEUE}"] == 1
    assert found[f"controller_runtime_max_concurrent_reconciles{CONTROLLER}"] == 50
    assert found[f"controller_runtime_active_workers{CONTROLLER}"] == 0


def test_a_pass_that_failed_is_an_error_also_when_it_raised(metrics):
    controller = metrics.controller("ModelDeployment")
    with pytest.raises(RuntimeError), controller.working():
        raise RuntimeError
    controller.ended("error")
    found = samples(metrics)
    assert found[f"controller_runtime_reconcile_errors_total{CONTROLLER}"] == 1
    assert found["controller_runtime_reconcile_total{controller=modeldeployment}{result=error}"] == 1
    assert found[f"controller_runtime_active_workers{CONTROLLER}"] == 0


def test_work_in_hand_shows_its_age(metrics, clock):
    controller = metrics.controller("ModelDeployment")
    with controller.working():
        clock.now += 10
        with controller.working():
            clock.now += 5
            found = samples(metrics)
    assert found[f"workqueue_unfinished_work_seconds{QUEUE}"] == 20
    assert found[f"workqueue_longest_running_processor_seconds{QUEUE}"] == 15
    assert found[f"controller_runtime_active_workers{CONTROLLER}"] == 2
    assert samples(metrics)[f"workqueue_longest_running_processor_seconds{QUEUE}"] == 0


def test_the_queue_shows_its_length_and_waits(metrics):
    controller = metrics.controller("ModelDeployment")
    controller.adds.inc()
    controller.depth.set(3)
    controller.retries.inc()
    controller.waited(0.02)
    found = samples(metrics)
    assert found[f"workqueue_adds_total{QUEUE}"] == 1
    assert found[f"workqueue_depth{QUEUE}"] == 3
    assert found[f"workqueue_retries_total{QUEUE}"] == 1
    assert found[f"workqueue_queue_duration_seconds_sum{QUEUE}"] == pytest.approx(0.02)


def test_one_kind_has_one_set_of_metrics(metrics):
    assert metrics.controller("ModelDeployment") is metrics.controller("ModelDeployment")
    assert metrics.controller("ModelDeployment") is not metrics.controller("ModelProvider")


def test_provider_requests_are_counted_by_operation_and_status(metrics):
    metrics.provider_request("parasail", "create", 200, 0.02)
    metrics.provider_request("parasail", "create", 200, 0.04)
    metrics.provider_request("parasail", "create", None, 30)
    found = samples(metrics)
    requests = "model_operator_provider_requests_total{code=%s}{operation=create}{provider=parasail}"
    seconds = "model_operator_provider_request_duration_seconds_%s{operation=create}{provider=parasail}"
    assert found[requests % "200"] == 2
    assert found[requests % "error"] == 1
    assert found[seconds % "count"] == 3
    assert found[seconds % "sum"] == pytest.approx(30.06)


def test_a_rest_after_a_429_counts_once_however_many_requests_met_it(metrics, clock):
    metrics.provider_throttled("parasail", "a", 60)
    clock.now += 10
    metrics.provider_throttled("parasail", "a", 30)
    metrics.provider_throttled("parasail", "a", 70)
    metrics.provider_throttled("parasail", "b", 5)
    found = samples(metrics)
    assert found["model_operator_provider_throttled_seconds_total{provider=parasail}"] == 60 + 20 + 5
    assert found["model_operator_provider_throttled{provider=parasail}"] == 2
    clock.now += 6
    assert samples(metrics)["model_operator_provider_throttled{provider=parasail}"] == 1
    clock.now += 100
    assert samples(metrics)["model_operator_provider_throttled{provider=parasail}"] == 0


def test_resources_are_counted_when_prometheus_asks(metrics):
    resources = {("ModelDeployment", "Ready"): 2}
    metrics.count_resources(lambda: resources)
    assert samples(metrics)["model_operator_resources{kind=ModelDeployment}{phase=Ready}"] == 2
    resources[("ModelDeployment", "Ready")] = 1
    resources[("ModelDeployment", "Paused")] = 1
    found = samples(metrics)
    assert found["model_operator_resources{kind=ModelDeployment}{phase=Ready}"] == 1
    assert found["model_operator_resources{kind=ModelDeployment}{phase=Paused}"] == 1


def test_the_build_the_process_and_orphans_are_shown(metrics):
    metrics.orphaned.inc()
    found = samples(metrics)
    (build,) = [name for name in found if name.startswith("model_operator_build_info")]
    assert f"{{version={__version__}}}" in build
    assert found["model_operator_orphaned_total"] == 1
    assert found["process_resident_memory_bytes"] > 0


def test_two_processes_worth_of_metrics_do_not_meet():
    Metrics().orphaned.inc()
    assert samples(Metrics())["model_operator_orphaned_total"] == 0


def test_prometheus_gets_openmetrics_where_it_asks_for_it(metrics):
    metrics.controller("ModelDeployment").ended("success")
    text, content_type = metrics.render("application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    assert any(family.name == "controller_runtime_reconcile" for family in parse_openmetrics(text.decode()))


def test_no_label_names_an_object(metrics):
    controller = metrics.controller("ModelDeployment")
    controller.ended("success")
    metrics.provider_request("parasail", "get", 404, 0.1)
    metrics.provider_throttled("parasail", "account-17", 1)
    metrics.count_resources(lambda: {("ModelDeployment", "Ready"): 1})
    labels = {
        key for name in samples(metrics) for key in (part.split("=")[0] for part in name.split("{")[1:])
    }
    assert labels == {
        *("controller", "result", "name", "le", "provider", "operation", "code", "kind", "phase"),
        *("version", "python_version"),
    }
    assert b"account-17" not in metrics.render()[0]
