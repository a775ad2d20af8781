"""A rollout's record: from the object's status and spec to what a person reads. Pure."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from model_operator.cli.record.gathering import record_of
from model_operator.cli.record.markdown import markdown
from model_operator.cli.record.model import (
    CheckRow,
    ConditionRow,
    Leg,
    Move,
    Past,
    Place,
    Record,
    Role,
    StepRow,
    Target,
    Tone,
    Who,
)
from model_operator.cli.record.page import page
from model_operator.cli.record.times import passed, ticks
from support.canary_recorded import NOW, body, rollout


def at(text: str) -> datetime:
    """`28 14:43:20` of that November."""
    return datetime.strptime(f"2026-11-{text} +0000", "%Y-%m-%d %H:%M:%S %z")


WAY = "v1=100 → v2=100 (generation 7, last written by argocd-controller)"
RECORD = Record(
    name="triage",
    namespace="team-a",
    now=NOW,
    version="0.1.0",
    phase="Progressing",
    tone=Tone.MOVE,
    message="At v1=50 v2=50 (step 3/4), earliest advance 14:34:45Z",
    facts=(
        ("Provider", "paitient"),
        ("Endpoint", "triage"),
        ("Id at the provider", "cep_7"),
        ("URL", "https://api.example/canary/cep_7"),
        ("Rollout", "f6fe35"),
        ("Step", "3/4"),
        ("Split", "v1=50 v2=50"),
        ("Destination", "v2=100"),
        ("Next verdict", "28 Nov 2026 14:34:10"),
        ("A Pass counts until", "28 Nov 2026 14:36:00"),
        ("Last good split", "v1=100, since 20 Nov 2026 09:12:44"),
        ("Spec last written by", "argocd-controller"),
    ),
    notes=("540 requests are expected in this step, so error rates below 4 % cannot be detected.",),
    targets=(
        Target(
            label="v1", deployment="triage-v1", role=Role.BASELINE, before=100, now=50, to=0, is_serving=True
        ),
        Target(
            label="v2", deployment="triage-v2", role=Role.CANARY, before=0, now=50, to=100, is_serving=True
        ),
    ),
    legs=(
        Leg(start=at("28 13:26:00"), end=at("28 13:31:00"), split={"v1": 100}),
        Leg(start=at("28 13:31:00"), end=at("28 13:34:45"), split={"v1": 100}, is_known=False),
        Leg(
            start=at("28 13:34:45"),
            end=at("28 13:49:45"),
            split={"v1": 95, "v2": 5},
            is_known=False,
            label="5 %",
        ),
        Leg(
            start=at("28 13:49:45"),
            end=at("28 14:19:45"),
            split={"v1": 75, "v2": 25},
            is_known=False,
            label="25 %",
        ),
        Leg(start=at("28 14:19:45"), end=NOW, split={"v1": 50, "v2": 50}, label="step 3/4 · 50 %"),
    ),
    steps=(
        StepRow(number=1, percent=5, split="v1=95 v2=5", hold="15m", is_gated=False, place=Place.PASSED),
        StepRow(number=2, percent=25, split="v1=75 v2=25", hold="30m", is_gated=True, place=Place.PASSED),
        StepRow(number=3, percent=50, split="v1=50 v2=50", hold="15m", is_gated=False, place=Place.HERE),
        StepRow(number=4, percent=100, split="v2=100", hold="15m", is_gated=False, place=Place.AHEAD),
    ),
    judgement="A verdict every 1m. A step is left with a Pass; after 2 consecutive failed verdicts the traffic is"
    " rolled back.",
    verdict="Pass",
    checks=(
        CheckRow(
            name="errors",
            metric="ErrorRate",
            unit="%",
            limits=("at most 2 %", "at most 1 percentage point above the baseline"),
            only_warns=False,
            verdict="Pass",
            canary="1.31",
            bound="0.84",
            baseline="1.1",
            limit="2",
            requests=1482,
            needed=200,
        ),
        CheckRow(
            name="slow",
            metric="LatencyP95",
            unit="ms",
            limits=("at most 4000 ms",),
            only_warns=False,
            verdict="Inconclusive",
            message="the baseline exceeds the limit, too",
            canary="4120",
            baseline="4080",
            limit="4000",
            requests=1482,
            needed=200,
        ),
        CheckRow(
            name="wordy",
            metric="TokensPerRequest",
            unit="tokens",
            limits=("at most 30 % above the baseline",),
            only_warns=True,
            verdict="Not measured",
            needed=200,
        ),
    ),
    moves=(
        Move(at=at("28 13:31:00"), who=Who.SPEC, what="Rollout f6fe35 began", detail=WAY),
        Move(
            at=at("28 14:19:33"),
            who=Who.PERSON,
            what="Asked for advance, accepted",
            detail="advance:f6fe35/2 (annotation written by kubectl-models)",
        ),
        Move(at=at("28 14:19:45"), who=Who.PROVIDER, what="Confirmed v1=50 v2=50"),
        Move(at=at("28 14:32:00"), who=Who.OPERATOR, what="Verdict Pass by metrics up to then"),
    ),
    history=(
        Past(
            id="9c1d22",
            before="v1=100",
            to="v2=100",
            result="RolledBack",
            reason="MetricBreached",
            peak=25,
            started=at("27 10:00:00"),
            finished=at("27 10:41:20"),
            splits=({"v1": 100}, {"v1": 75, "v2": 25}, {"v1": 100}),
        ),
        Past(
            id="0bd9f1",
            before="v0=100",
            to="v1=100",
            result="Completed",
            reason="",
            peak=100,
            started=at("20 07:02:00"),
            finished=at("20 09:12:44"),
            splits=({"v0": 100}, {"v1": 100}, {"v1": 100}),
        ),
    ),
    conditions=(
        ConditionRow(
            type="Ready",
            status="True",
            reason="Available",
            message="The endpoint is serving with the confirmed split.",
            since=at("01 07:00:00"),
        ),
    ),
)


def test_a_record_has_all_that_the_object_says():
    assert record_of(body(), NOW) == RECORD


def test_the_same_as_markdown_for_a_ticket():
    assert (
        markdown(record_of(body(), NOW))
        == """\
## Canary rollout team-a/triage

**Progressing**: At v1=50 v2=50 (step 3/4), earliest advance 14:34:45Z

- Provider: paitient
- Endpoint: triage
- Id at the provider: cep\\_7
- URL: https\\://api.example/canary/cep\\_7
- Rollout: f6fe35
- Step: 3/4
- Split: v1=50 v2=50
- Destination: v2=100
- Next verdict: 28 Nov 2026 14:34:10
- A Pass counts until: 28 Nov 2026 14:36:00
- Last good split: v1=100, since 20 Nov 2026 09:12:44
- Spec last written by: argocd-controller

> 540 requests are expected in this step, so error rates below 4 % cannot be detected.

### Split

| Target | Deployment | Before | Now | Destination |
|---|---|---:|---|---:|
| v1 | triage-v1 (baseline) | 100 % | ██████████░░░░░░░░░░ 50 % | 0 % |
| v2 | triage-v2 (canary) | 0 % | ██████████░░░░░░░░░░ 50 % | 100 % |

### Steps

| Step | Of the way | Split | Held for at least | Gate | Where it is |
|---|---:|---|---|---|---|
| 1/4 | 5 % | v1=95 v2=5 | 15m | – | ✓ passed |
| 2/4 | 25 % | v1=75 v2=25 | 30m | a person | ✓ passed |
| 3/4 | 50 % | v1=50 v2=50 | 15m | – | ▶ here |
| 4/4 | 100 % | v2=100 | 15m | – | ahead |

### Metrics and verdicts: ✅ Pass

A verdict every 1m. A step is left with a Pass; after 2 consecutive failed verdicts the traffic is rolled back.

| Check | Verdict | Canary | At least | Baseline | Limit | Requests (of those needed) |
|---|---|---:|---:|---:|---:|---:|
| errors ErrorRate: at most 2 %, at most 1 percentage point above the baseline | ✅ Pass | 1.31 % | 0.84 % | 1.1 % | 2 % | 1,482 of 200 |
| slow LatencyP95: at most 4000 ms | ❔ Inconclusive: the baseline exceeds the limit, too | 4120 ms | – | 4080 ms | 4000 ms | 1,482 of 200 |
| wordy TokensPerRequest: at most 30 % above the baseline (only warns) | Not measured | – | – | – | – | – |

### Who did what, and when

| Time (UTC) | Who | What |
|---|---|---|
| 28 Nov 2026 13:31:00 | spec | Rollout f6fe35 began: v1=100 → v2=100 (generation 7, last written by argocd-controller) |
| 28 Nov 2026 14:19:33 | person | Asked for advance, accepted: advance:f6fe35/2 (annotation written by kubectl-models) |
| 28 Nov 2026 14:19:45 | provider | Confirmed v1=50 v2=50 |
| 28 Nov 2026 14:32:00 | operator | Verdict Pass by metrics up to then |

### The last rollouts

| Rollout | Result | From | To | Farthest | Began (UTC) | Took |
|---|---|---|---|---:|---|---|
| 9c1d22 | ↩ RolledBack: MetricBreached | v1=100 | v2=100 | 25 % | 27 Nov 2026 10:00:00 | 41m 20s |
| 0bd9f1 | ✓ Completed | v0=100 | v1=100 | 100 % | 20 Nov 2026 07:02:00 | 2h 10m |

### Conditions

| Condition | Status | Reason | Since (UTC) | Message |
|---|---|---|---|---|
| Ready | True | Available | 1 Nov 2026 07:00:00 | The endpoint is serving with the confirmed split. |

_As the object was at 28 Nov 2026 14:33:30 UTC; all times are UTC. kubectl models 0.1.0._
"""
    )


def test_nothing_is_invented_where_there_is_nothing():
    found = body()
    del found["status"]
    record = record_of(found, NOW)
    nothing = (record.legs, record.steps, record.moves, record.history, record.conditions, record.notes)
    assert nothing == ((), (), (), (), (), ())
    assert (record.phase, record.message) == ("Pending", "The operator has not processed it yet.")
    assert "There is no rollout yet." in page(record)


def test_a_spec_that_cannot_be_understood_costs_steps_and_limits_alone():
    found = body()
    found["spec"]["traffic"][0]["percent"] = 90
    record = record_of(found, NOW)
    assert (record.steps, record.judgement, record.moves) == ((), "", RECORD.moves)
    assert [(check.name, check.canary, check.limit, check.limits) for check in record.checks] == [
        ("errors", "1.31", "2", ()),
        ("slow", "4120", "4000", ()),
    ]
    assert record.notes[0] == (
        "The spec is not understood, so steps and limits are missing: spec: traffic must have percents that sum to"
        " 100"
    )


def test_an_edited_spec_is_said_and_its_times_are_not_taken_for_known():
    found = body(
        rollout=rollout(stepPercent=5, peakPercent=5, stepIndex=0), trafficAckedAt="2026-11-28T13:40:00Z"
    )
    found["metadata"]["generation"] = 8
    record = record_of(found, NOW)
    assert (
        record.notes[0]
        == "The spec was edited since the rollout began; steps and limits are the current ones."
    )
    assert [(leg.split, leg.is_known) for leg in record.legs] == [
        ({"v1": 100}, True),
        ({"v1": 100}, False),
        ({"v1": 50, "v2": 50}, True),
    ]


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


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (timedelta(seconds=-5), "0s"),
        (timedelta(seconds=75), "1m 15s"),
        (timedelta(hours=3), "3h"),
        (timedelta(days=2, hours=5, minutes=9), "2d 5h"),
        (timedelta(days=10), "10d"),
    ],
)
def test_a_length_has_its_two_greatest_units(length, expected):
    assert passed(length) == expected


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [
        ("28 13:26:00", timedelta(minutes=67), ["28 Nov 13:30", "13:45", "14:00", "14:15", "14:30"]),
        ("28 23:50:00", timedelta(minutes=20), ["28 Nov 23:50", "23:55", "29 Nov 00:00", "00:05", "00:10"]),
        ("28 13:00:01", timedelta(seconds=8), ["28 Nov 13:00:02", "13:00:04", "13:00:06", "13:00:08"]),
        ("01 13:00:00", timedelta(days=9), ["3 Nov", "5 Nov", "7 Nov", "9 Nov"]),
    ],
)
def test_an_axis_has_round_moments(start, length, expected):
    begin = at(start)
    assert [word for _, word in ticks(begin, begin + length, 7)] == expected


@settings(max_examples=40)
@given(st.datetimes(timezones=st.just(UTC)), st.timedeltas(min_value=timedelta(seconds=1)))
@example(datetime(2000, 1, 1, tzinfo=UTC), timedelta(days=2548000))
def test_an_axis_never_has_too_many(start, length):
    try:
        end = start + length
    except OverflowError:
        end = datetime.max.replace(tzinfo=UTC)
    assert len(list(ticks(start, end, 7))) <= 7
