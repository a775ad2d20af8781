"""The record of the rollout in canary_recorded."""

from datetime import datetime

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
from support.canary_recorded import NOW


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
