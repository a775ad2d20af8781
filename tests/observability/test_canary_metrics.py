"""What a CanaryEndpoint shows to Prometheus: its split, what its verdict was formed from, and a rollback that hangs."""

from datetime import timedelta

import pytest

from model_operator.domain import CANARY, Key
from model_operator.models.canary import CanaryEndpoint
from model_operator.observability.metrics import Metrics
from model_operator.reconcile.cache import Cache
from model_operator.reconcile.canary.metrics import views
from support.canary_driver import Driver
from support.canary_specs import judged, path, spec
from support.signals import Told
from support.virtual_time import START

KEY = Key(CANARY, "team", "triage")


def shown(driver):
    """The samples of a CanaryEndpoint with this driver's status."""
    body = {
        "metadata": {"name": "triage", "namespace": "team", "resourceVersion": "1"},
        "spec": driver.wanted,
        "status": driver.status.dump(),
    }
    assert CanaryEndpoint.parse(body).status == driver.status
    cache, metrics = Cache(Told()), Metrics()
    cache.put(KEY, body)
    metrics.show_canaries(lambda: views(cache, driver.now))
    lines = metrics.render()[0].decode().splitlines()
    found = [line for line in lines if line.startswith("model_operator_canary")]
    return {series: float(value) for series, _, value in (line.rpartition(" ") for line in found)}


def test_split_figures_limits_and_a_rollback_that_hangs():
    driver = Driver(spec(v1=100))
    driver.settle()
    driver.edit(spec(path(25, 100, analysis=judged()), v2=100))
    driver.errors = {"v2": 8.0}
    driver.run(timedelta(seconds=90))
    where = 'name="triage",namespace="team"'
    before = shown(driver)
    assert before[f'model_operator_canary_traffic_percent{{{where},target="v2"}}'] == 25
    assert before[f'model_operator_canary_metric{{arm="canary",metric="errors",{where}}}'] == 8
    assert before[f'model_operator_canary_metric_limit{{metric="errors",{where}}}'] == 2
    assert not any("rollback" in series for series in before)

    driver.now += timedelta(seconds=40)
    driver.step()
    driver.step("down")
    driver.now += timedelta(seconds=20)
    assert shown(driver)[f"model_operator_canary_rollback_pending_seconds{{{where}}}"] == 20


def crowd(cache, namespace, endpoints, targets=8, name="v{}"):
    """CanaryEndpoints of one tenant, whose status he may have written himself."""
    for number in range(endpoints):
        traffic = [{"name": name.format(n), "percent": 1} for n in range(targets)]
        body = {
            "metadata": {"name": f"c{number:04}", "namespace": namespace, "resourceVersion": "1"},
            "spec": spec(v1=100),
            "status": {"traffic": traffic},
        }
        cache.put(Key(CANARY, namespace, f"c{number:04}"), body)


def lines_of(cache):
    metrics = Metrics()
    metrics.show_canaries(lambda: views(cache, START))
    return metrics.render()[0].decode().splitlines()


@pytest.mark.parametrize(
    ("endpoints", "targets"),
    [pytest.param(500, 8, id="many endpoints"), pytest.param(3, 2000, id="a status of many targets")],
)
def test_one_namespace_cannot_fill_prometheus(endpoints, targets):
    cache = Cache(Told())
    crowd(cache, "crowded", endpoints, targets)
    crowd(cache, "quiet", 1)
    lines = lines_of(cache)
    of_the_crowd = [line for line in lines if 'namespace="crowded"' in line]
    assert len(of_the_crowd) <= 1000
    assert len([line for line in lines if 'namespace="quiet"' in line]) == 8
    left_out = endpoints - len({line.partition('name="')[2].partition('"')[0] for line in of_the_crowd})
    assert f"model_operator_canary_endpoints_left_out {left_out:.1f}" in lines


def test_a_name_that_no_spec_can_have_is_no_label():
    cache = Cache(Told())
    crowd(cache, "team", 1, name="x" * 5000 + "{}")
    assert max(map(len, lines_of(cache))) < 300


def test_rollouts_are_counted_by_result():
    metrics = Metrics()
    metrics.rollout_ended("RolledBack")
    assert 'model_operator_canary_rollouts_total{result="RolledBack"} 1.0' in metrics.render()[0].decode()
