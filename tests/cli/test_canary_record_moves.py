"""Who moved what and when, as a rollout's record tells it."""

import pytest

from model_operator.cli.record.gathering import record_of
from support.canary_recorded import NOW, body, rollout

FAILURE = {"reason": "MetricBreached", "message": "errors: 6.1, limit 2", "at": "2026-11-28T14:30:00Z"}
BACK = [{"name": "v1", "deploymentRef": "triage-v1", "percent": 100}]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        pytest.param(
            {"rollout": rollout(state="RollingBack", failure=FAILURE, ackedAt=None)},
            [
                ("13:31:00", "spec", "Rollout f6fe35 began"),
                ("14:19:33", "person", "Asked for advance, accepted"),
                ("14:19:45", "provider", "Confirmed v1=50 v2=50"),
                ("14:30:00", "operator", "Decided to go back (MetricBreached)"),
                ("14:32:00", "operator", "Verdict Pass by metrics up to then"),
            ],
            id="metrics sent it back",
        ),
        pytest.param(
            {"rollout": rollout(failure=FAILURE, isPaused=True, analysis=None), "lastAction": None},
            [
                ("13:31:00", "spec", "Rollout f6fe35 began"),
                ("14:19:45", "provider", "Confirmed v1=50 v2=50"),
                ("14:30:00", "operator", "Paused (MetricBreached)"),
            ],
            id="metrics paused it",
        ),
        pytest.param(
            {
                "rollout": rollout(
                    state="RolledBack",
                    failure={**FAILURE, "reason": "Aborted"},
                    ackedAt="2026-11-28T14:30:00Z",
                    analysis=None,
                ),
                "traffic": BACK,
                "trafficAckedAt": "2026-11-28T14:30:00Z",
                "lastAction": {"token": "abort:f6fe35", "result": "Accepted", "at": "2026-11-28T14:30:00Z"},
                "history": [
                    {
                        "id": "f6fe35",
                        "result": "Aborted",
                        "startedAt": "2026-11-28T13:31:00Z",
                        "finishedAt": "2026-11-28T14:30:00Z",
                    }
                ],
            },
            [
                ("13:31:00", "spec", "Rollout f6fe35 began"),
                ("14:30:00", "person", "Asked for abort, accepted"),
                ("14:30:00", "person", "Decided to go back (Aborted)"),
                ("14:30:00", "provider", "Confirmed v1=100"),
                ("14:30:00", "operator", "Aborted and rolled back"),
            ],
            id="a person took it back; of one moment, causes first",
        ),
        pytest.param(
            {
                "rollout": rollout(analysis=None, unreadySince="2026-11-28T14:31:00Z"),
                "lastAction": {
                    "token": "retry:f6fe35",
                    "result": "Accepted",
                    "at": "2026-11-28T13:31:00Z",
                },
            },
            [
                ("13:31:00", "person", "Rollout f6fe35 began"),
                ("13:31:00", "person", "Asked for retry, accepted"),
                ("14:19:45", "provider", "Confirmed v1=50 v2=50"),
                ("14:31:00", "provider", "A canary is not serving"),
            ],
            id="a person tried it again, and a canary is ill",
        ),
    ],
)
def test_it_says_who_did_what_and_when(status, expected):
    moves = record_of(body(**status), NOW).moves
    assert [(f"{move.at:%H:%M:%S}", str(move.who), move.what) for move in moves] == expected


@pytest.mark.parametrize(
    ("state", "places"),
    [
        pytest.param("Applying", ["passed", "passed", "being sent", "ahead"], id="a step is sent"),
        pytest.param("Holding", ["passed", "passed", "here", "ahead"], id="a step is held"),
        pytest.param("RollingBack", ["taken back", "taken back", "taken back", "not reached"], id="back"),
        pytest.param("Completed", ["passed", "passed", "passed", "ahead"], id="over"),
    ],
)
def test_it_says_where_each_step_is(state, places):
    steps = record_of(body(rollout=rollout(state=state)), NOW).steps
    assert [str(step.place) for step in steps] == places


def test_targets_of_one_name_are_told_apart_by_their_deployments():
    origin = [{"name": "live", "deploymentRef": "triage-v1", "percent": 100}]
    to = [{"name": "live", "deploymentRef": "triage-v2", "percent": 100}]
    record = record_of(body(traffic=origin, rollout=rollout(**{"from": origin, "to": to})), NOW)
    assert [target.label for target in record.targets] == ["live (triage-v1)", "live (triage-v2)"]
