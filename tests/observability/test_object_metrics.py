"""What each object shows to Prometheus: its conditions by namespace and name, of no more objects than is set."""

import logging

import pytest

from model_operator.domain import CANARY, DEPLOYMENT, PROVIDER, Key
from model_operator.observability.metrics import Metrics
from model_operator.reconcile.cache import Cache
from model_operator.reconcile.metrics import object_views
from support import manifests
from support.running import URL, deployment, on_virtual_time, running
from support.signals import Told


def says(type_, status="True", reason="Available"):
    return {
        "type": type_,
        "status": status,
        "reason": reason,
        "message": "",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }


def put(cache, kind, namespace, name, *conditions, **spec):
    body = manifests.deployment("parasail", name) if kind == DEPLOYMENT else {"spec": {}}
    body["metadata"] = {
        "name": name,
        "namespace": namespace,
        "resourceVersion": "1",
        "uid": f"{namespace}-{name}",
    }
    body["spec"] |= spec
    body["status"] = {"conditions": list(conditions)}
    assert cache.put(Key(kind, namespace, name), body)


def shown(cache, most=1000):
    """Label values of model_operator_condition, and how many are left out."""
    metrics = Metrics()
    metrics.show_objects(lambda: object_views(cache), most)
    return samples(metrics)


def samples(metrics):
    families = {family.name: family for family in metrics.registry.collect()}
    if "model_operator_condition" not in families:
        return [], None
    found = families["model_operator_condition"].samples
    assert {sample.value for sample in found} <= {1}
    (left_out,) = families["model_operator_condition_objects_left_out"].samples
    return [tuple(sample.labels.values()) for sample in found], left_out.value


def test_each_condition_of_each_kind_has_one_series():
    cache = Cache(Told())
    put(cache, DEPLOYMENT, "team", "llama", says("Ready", "False", "QuotaExceeded"), says("Stalled"))
    put(cache, PROVIDER, "team", "parasail", says("Ready", "Unknown", "ProviderUnavailable"))
    put(cache, CANARY, "team", "triage", says("RolloutComplete", "False", "Progressing"))
    assert shown(cache) == (
        [
            ("ModelDeployment", "team", "llama", "Ready", "false", "QuotaExceeded"),
            ("ModelDeployment", "team", "llama", "Stalled", "true", "Available"),
            ("ModelProvider", "team", "parasail", "Ready", "unknown", "ProviderUnavailable"),
            ("CanaryEndpoint", "team", "triage", "RolloutComplete", "false", "Progressing"),
        ],
        0,
    )


def test_a_spec_that_is_not_understood_shows_its_conditions_all_the_same():
    cache = Cache(Told())
    put(cache, DEPLOYMENT, "team", "llama", says("Ready", "False", "Unsupported"), providerRef=None)
    assert cache.entry(Key(DEPLOYMENT, "team", "llama")).invalid
    assert shown(cache)[0] == [("ModelDeployment", "team", "llama", "Ready", "false", "Unsupported")]


def test_a_status_that_somebody_wrote_brings_no_words_of_its_own():
    cache = Cache(Told())
    put(cache, DEPLOYMENT, "team", "llama", says("Ready", "True", "Mine"), says("Weather"))
    assert shown(cache)[0] == [("ModelDeployment", "team", "llama", "Ready", "true", "Other")]


@pytest.mark.parametrize("most", [0, 1, 3, 5, 6])
def test_no_more_objects_than_the_bound(most):
    cache = Cache(Told())
    for name in "abcdef":
        put(cache, DEPLOYMENT, "team", name, says("Ready"), says("Synced"))
    found, left_out = shown(cache, most)
    assert [labels[2] for labels in found[::2]] == list("abcdef"[:most])
    assert left_out == (None if most == 0 else 6 - most)


def test_at_the_bound_what_is_not_ready_comes_first_and_each_namespace_has_its_turn():
    cache = Cache(Told())
    for number in range(50):
        put(cache, DEPLOYMENT, "crowded", f"n{number:02}", says("Ready", "False", "Failed"))
    put(cache, DEPLOYMENT, "quiet", "fine", says("Ready"))
    put(cache, DEPLOYMENT, "quiet", "gone", says("Ready", "False", "Failed"))
    found, left_out = shown(cache, 4)
    assert [labels[1:3] for labels in found] == [
        ("crowded", "n00"),
        ("quiet", "gone"),
        ("crowded", "n01"),
        ("quiet", "fine"),
    ]
    assert left_out == 48


def test_the_log_says_once_that_the_bound_is_reached(caplog):
    cache, metrics = Cache(Told()), Metrics()
    metrics.show_objects(lambda: object_views(cache), 1)
    caplog.set_level(logging.WARNING)
    for name in "ab":
        put(cache, DEPLOYMENT, "team", name, says("Ready"))
    metrics.render()
    metrics.render()
    (line,) = caplog.messages
    assert "the conditions of 1 objects are not in /metrics" in line
    assert "--metrics-objects" in line
    cache.remove(Key(DEPLOYMENT, "team", "b"))
    metrics.render()
    put(cache, DEPLOYMENT, "team", "c", says("Ready"))
    metrics.render()
    assert len(caplog.messages) == 2, "reached again"


@on_virtual_time
async def test_the_operator_shows_what_it_has_and_forgets_what_is_gone():
    async with running(allowed_provider_hosts=(URL,)) as operator:
        await operator.serve(deployment("parasail", "llama"))
        about = [labels for labels in samples(operator.metrics)[0] if labels[2] == "llama"]
        assert ("ModelDeployment", "team", "llama", "Ready", "true", "Available") in about
        operator.delete("llama")
        await operator.until(lambda: operator.find("llama") is None)
        assert [labels for labels in samples(operator.metrics)[0] if labels[2] == "llama"] == []


@on_virtual_time
async def test_the_setting_bounds_them():
    async with running(metrics_objects=1) as operator:
        found, left_out = samples(operator.metrics)
        assert len({labels[1:3] for labels in found}) == 1
        assert left_out == 1


def test_each_modelprovider_shows_its_mode():
    cache = Cache(Told())
    spec = {"type": "parasail", "credentials": {"secretRef": {"name": "s"}}}
    put(cache, PROVIDER, "team", "managed", **spec)
    put(cache, PROVIDER, "team", "observed", **spec, mode="Observe")
    put(cache, PROVIDER, "team", "newer", **spec, mode="NotYetKnown")
    put(cache, DEPLOYMENT, "team", "llama")
    metrics = Metrics()
    metrics.show_objects(lambda: object_views(cache), 10)
    families = {family.name: family for family in metrics.registry.collect()}
    found = [tuple(s.labels.values()) for s in families["model_operator_provider_mode"].samples]
    assert sorted(found) == [
        ("team", "managed", "Manage"),
        ("team", "newer", "Suspend"),
        ("team", "observed", "Observe"),
    ]
