"""A rollout's record: from the object's status and spec to what a person reads. Pure."""

from model_operator.cli.record.gathering import record_of
from model_operator.cli.record.markdown import markdown
from model_operator.cli.record.page import page
from support.canary_recorded import NOW, body, rollout
from support.expected_record import RECORD


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
