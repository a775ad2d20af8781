"""A CanaryEndpoint in the middle of a judged rollout, as the API server shows it, for records of it."""

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import yaml

NOW = datetime(2026, 11, 28, 14, 33, 30, tzinfo=UTC)

_BODY = yaml.safe_load("""
apiVersion: modeloperator.dev/v1alpha1
kind: CanaryEndpoint
metadata:
  name: triage
  namespace: team-a
  generation: 7
  annotations: {modeloperator.dev/action: "advance:f6fe35/2"}
  managedFields:
  - {manager: argocd-controller, time: "2026-11-28T13:31:00Z", fieldsV1: {"f:spec": {"f:traffic": {}}}}
  - manager: kubectl-models
    time: "2026-11-28T14:19:33Z"
    fieldsV1: {"f:metadata": {"f:annotations": {"f:modeloperator.dev/action": {}}}}
spec:
  providerRef: {name: paitient}
  traffic:
  - {name: v2, deploymentRef: {name: triage-v2}, percent: 100}
  rollout:
    hold: 15m
    steps: [{percent: 5}, {percent: 25, hold: 30m, gate: Manual}, {percent: 50}, {percent: 100}]
    analysis:
      minRequests: 200
      metrics:
      - {name: errors, type: Provider, provider: {metric: ErrorRate, maxPercent: "2", maxIncreasePercentagePoints: "1"}}
      - {name: slow, type: Provider, provider: {metric: LatencyP95, maxMilliseconds: "4000"}}
      - {name: wordy, type: Provider, action: Warn, provider: {metric: TokensPerRequest, maxIncreasePercent: "30"}}
status:
  observedGeneration: 7
  phase: Progressing
  message: "At v1=50 v2=50 (step 3/4), earliest advance 14:34:45Z"
  split: v1=50 v2=50
  step: 3/4
  verdict: Pass
  externalID: cep_7
  endpointURL: https://api.example/canary/cep_7
  traffic:
  - {name: v1, deploymentRef: triage-v1, deploymentID: dep_a, percent: 50, desiredPercent: 0, serving: true}
  - {name: v2, deploymentRef: triage-v2, deploymentID: dep_b, percent: 50, desiredPercent: 100, serving: true}
  trafficAckedAt: "2026-11-28T14:19:45Z"
  lastGood:
    traffic: [{name: v1, deploymentRef: triage-v1, deploymentID: dep_a, percent: 100}]
    since: "2026-11-20T09:12:44Z"
  rollout:
    id: f6fe35
    generation: 7
    startedAt: "2026-11-28T13:31:00Z"
    from: [{name: v1, deploymentRef: triage-v1, deploymentID: dep_a, percent: 100}]
    to: [{name: v2, deploymentRef: triage-v2, deploymentID: dep_b, percent: 100}]
    state: Holding
    isBegun: true
    stepIndex: 2
    stepPercent: 50
    peakPercent: 50
    ackedAt: "2026-11-28T14:19:45Z"
    nextEvaluationAt: "2026-11-28T14:34:10Z"
    analysis:
      verdict: Pass
      judgedUntil: "2026-11-28T14:32:00Z"
      validUntil: "2026-11-28T14:36:00Z"
      detectability: "540 requests are expected in this step, so error rates below 4 % cannot be detected"
      metrics:
      - name: errors
        verdict: Pass
        canary: "1.31"
        lowerBound: "0.84"
        baseline: "1.1"
        limit: "2"
        requests: 1482
        needed: 200
      - name: slow
        verdict: Inconclusive
        message: the baseline exceeds the limit, too
        canary: "4120"
        baseline: "4080"
        limit: "4000"
        requests: 1482
        needed: 200
  history:
  - id: 9c1d22
    from: v1=100
    to: v2=100
    result: RolledBack
    reason: MetricBreached
    peakPercent: 25
    startedAt: "2026-11-27T10:00:00Z"
    finishedAt: "2026-11-27T10:41:20Z"
  - id: 0bd9f1
    from: v0=100
    to: v1=100
    result: Completed
    peakPercent: 100
    startedAt: "2026-11-20T07:02:00Z"
    finishedAt: "2026-11-20T09:12:44Z"
  lastAction: {token: "advance:f6fe35/2", result: Accepted, at: "2026-11-28T14:19:33Z"}
  conditions:
  - type: Ready
    status: "True"
    observedGeneration: 7
    lastTransitionTime: "2026-11-01T07:00:00Z"
    reason: Available
    message: The endpoint is serving with the confirmed split.
""")


def body(**status: Any) -> dict[str, Any]:
    """With these fields of the status instead."""
    found = deepcopy(_BODY)
    found["status"] |= status
    return found


def rollout(**fields: Any) -> dict[str, Any]:
    """Its status.rollout, with these fields instead."""
    return {**deepcopy(_BODY["status"]["rollout"]), **fields}
