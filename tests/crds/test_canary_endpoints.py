"""Which CanaryEndpoints the API server takes, and which it refuses."""

import pytest

from support.least_manifests import CANARY, edited
from support.refusals import expect_refusal


def target(name="v1", percent=100, **reference):
    return {"name": name, "percent": percent, **(reference or {"deploymentRef": {"name": f"m-{name}"}})}


def metric(name="errors", **provider):
    return {
        "name": name,
        "type": "Provider",
        "provider": {"metric": "ErrorRate", "maxPercent": "2", **provider},
    }


def judged(*metrics, **analysis):
    return {"rollout": {"analysis": {"metrics": list(metrics or (metric(),)), **analysis}}}


def steps(*percents):
    return {"rollout": {"steps": [{"percent": percent} for percent in percents]}}


EVERYTHING = {
    "endpointName": "production",
    "traffic": [target("v1", 0), target("v2", 100, deploymentID="dep_12345abcde")],
    "rollout": {
        "steps": [{"percent": 5}, {"percent": 50, "hold": "30m", "gate": "Manual"}, {"percent": 100}],
        "hold": "10m",
        "limit": 50,
        "paused": False,
        "retry": "again",
        "unreadyTimeout": "5m",
        "analysis": {
            "interval": "1m",
            "warmup": "2m",
            "delay": "1m",
            "minRequests": 100,
            "failAfter": 2,
            "inconclusiveTimeout": "2h",
            "onFail": "Pause",
            "allowSharedTargets": True,
            "mode": "Observe",
            "metrics": [
                metric("errors", maxIncreasePercentagePoints="1.5"),
                {
                    "name": "slow",
                    "type": "Provider",
                    "action": "Warn",
                    "minRequests": 300,
                    "provider": {
                        "metric": "LatencyP95",
                        "maxMilliseconds": "4000",
                        "maxIncreasePercent": "20",
                    },
                },
                {
                    "name": "wordy",
                    "type": "Provider",
                    "provider": {"metric": "TokensPerRequest", "maxTokens": "800"},
                },
            ],
        },
    },
    "onTargetUnhealthy": "Hold",
    "resync": "10m",
    "externalID": "cep_12345abcde",
}


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({}, id="the least"),
        pytest.param(EVERYTHING, id="everything"),
        pytest.param({"traffic": [target()]}, id="one target"),
        pytest.param(
            {"traffic": [target(f"v{n}", 12) for n in range(7)] + [target("rest", 16, deploymentID="dep_1")]},
            id="eight targets",
        ),
        pytest.param({"rollout": {}}, id="a rollout of defaults"),
        pytest.param(steps(100), id="one step"),
    ],
)
def test_the_server_takes_it_as_it_is(api, spec):
    body = edited(CANARY, spec)
    assert api.try_create(body)["spec"] == body["spec"]


REFUSED = [
    pytest.param({"traffic": None}, "spec.traffic", "Required value", id="no traffic"),
    pytest.param({"traffic": []}, "spec.traffic", "at least 1 items", id="no target"),
    pytest.param(
        {"traffic": [target(f"v{n}", 10) for n in range(10)]},
        "spec.traffic",
        "must have at most 8 items",
        id="ten targets",
    ),
    pytest.param({"traffic": [target(percent=99)]}, "spec.traffic", "sum to 100", id="a percent is missing"),
    pytest.param(
        {"traffic": [target("v1", 60), target("v2", 50)]}, "spec.traffic", "sum to 100", id="too much traffic"
    ),
    pytest.param(
        {"traffic": [target(percent=101)]}, "spec.traffic[0].percent", "less than or equal to 100", id="101 %"
    ),
    pytest.param(
        {"traffic": [target(percent=-1)]},
        "spec.traffic[0].percent",
        "greater than or equal to 0",
        id="negative",
    ),
    pytest.param(
        {"traffic": [target(percent=99.5)]},
        "spec.traffic[0].percent",
        "must be of type integer",
        id="a fraction",
    ),
    pytest.param(
        {"traffic": [{"name": "v1", "deploymentRef": {"name": "m"}}]},
        "spec.traffic[0].percent",
        "Required value",
        id="no percent",
    ),
    pytest.param(
        {"traffic": [target("v1", 50), target("v1", 50, deploymentID="dep_1")]},
        "spec.traffic[1]",
        "Duplicate value",
        id="one name twice",
    ),
    pytest.param(
        {
            "traffic": [
                target("v1", 50, deploymentRef={"name": "m"}),
                target("v2", 50, deploymentRef={"name": "m"}),
            ]
        },
        "spec.traffic",
        "must not name a deploymentRef twice",
        id="one ModelDeployment twice",
    ),
    pytest.param(
        {"traffic": [target("v1", 50, deploymentID="dep_1"), target("v2", 50, deploymentID="dep_1")]},
        "spec.traffic",
        "must not name a deploymentID twice",
        id="one id twice",
    ),
    pytest.param(
        {"traffic": [{"name": "v1", "percent": 100}]},
        "spec.traffic[0].deploymentRef",
        "exactly one of deploymentRef and deploymentID",
        id="no target named",
    ),
    *[
        pytest.param(
            {"traffic": [target(deploymentRef={"name": name})]},
            "spec.traffic[0].deploymentRef.name",
            "should match",
            id=f"a ModelDeployment named {name!r}",
        )
        for name in ("..", "a/b", "Not_A_Name")
    ],
    pytest.param(
        {"traffic": [target(deploymentRef={"name": "m"}, deploymentID="dep_1")]},
        "spec.traffic[0].deploymentRef",
        "exactly one of deploymentRef and deploymentID",
        id="both ways of naming",
    ),
    pytest.param(steps(5, 25), "spec.rollout.steps", "steps must end with percent 100", id="no end"),
    pytest.param(steps(25, 5, 100), "spec.rollout.steps", "steps must increase", id="steps that fall"),
    pytest.param(steps(5, 5, 100), "spec.rollout.steps", "steps must increase", id="a step twice"),
    pytest.param(
        steps(0, 100), "spec.rollout.steps[0].percent", "greater than or equal to 1", id="a step to nowhere"
    ),
    pytest.param(
        {"rollout": {"limit": 101}}, "spec.rollout.limit", "less than or equal to 100", id="no limit"
    ),
    pytest.param({"rollout": {"hold": "soon"}}, "spec.rollout.hold", "should match", id="a vague hold"),
    pytest.param(
        {"rollout": {"unreadyTimeout": "0s"}},
        "spec.rollout.unreadyTimeout",
        "must be longer than 0s",
        id="no patience",
    ),
    pytest.param(
        {"onTargetUnhealthy": "Rollback"},
        "spec.onTargetUnhealthy",
        "onTargetUnhealthy Rollback requires rollout",
        id="rollback of a static split",
    ),
    pytest.param({"resync": "0s"}, "spec.resync", "must be longer than 0s", id="resync for ever"),
    pytest.param({"externalID": "../x"}, "spec.externalID", "not a path", id="an id that is a path"),
    pytest.param(
        {"rollout": {"analysis": {}}}, "spec.rollout.analysis.metrics", "Required value", id="no metrics"
    ),
    pytest.param(
        judged(metric("a"), metric("a")),
        "spec.rollout.analysis.metrics[1]",
        "Duplicate value",
        id="a metric twice",
    ),
    pytest.param(
        judged({"name": "a", "type": "Provider"}),
        "spec.rollout.analysis.metrics[0].provider",
        "provider is required with type Provider",
        id="a metric without its source",
    ),
    pytest.param(
        judged({"name": "a", "type": "Prometheus"}),
        "spec.rollout.analysis.metrics[0].type",
        "Unsupported value",
        id="a source of tomorrow",
    ),
    pytest.param(
        judged({"name": "a", "type": "Provider", "provider": {"metric": "ErrorRate"}}),
        "spec.rollout.analysis.metrics[0].provider.metric",
        "set at least one of",
        id="no limit to a metric",
    ),
    pytest.param(
        judged(metric(metric="LatencyP95")),
        "spec.rollout.analysis.metrics[0].provider.maxPercent",
        "for metric ErrorRate only",
        id="percent of a latency",
    ),
    pytest.param(
        judged(metric(maxMilliseconds="5")),
        "spec.rollout.analysis.metrics[0].provider.maxMilliseconds",
        "for latencies only",
        id="milliseconds of errors",
    ),
    pytest.param(
        judged(metric(maxTokens="5")),
        "spec.rollout.analysis.metrics[0].provider.maxTokens",
        "for metric TokensPerRequest only",
        id="tokens of errors",
    ),
    pytest.param(
        judged(metric(maxIncreasePercent="5")),
        "spec.rollout.analysis.metrics[0].provider.maxIncreasePercent",
        "set maxIncreasePercentagePoints",
        id="percent of percent",
    ),
    pytest.param(
        judged(metric(maxPercent="101")),
        "spec.rollout.analysis.metrics[0].provider.maxPercent",
        "must be at most 100",
        id="over 100 %",
    ),
    pytest.param(
        judged(metric(maxPercent="two")),
        "spec.rollout.analysis.metrics[0].provider.maxPercent",
        "should match",
        id="in words",
    ),
]


@pytest.mark.parametrize(("spec", "field", "message"), REFUSED)
def test_the_server_refuses_and_names_the_field(api, spec, field, message):
    expect_refusal(api, edited(CANARY, spec), field, message)
