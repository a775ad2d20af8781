"""What a record of a rollout consists of, before it is written down as a page or as Markdown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

Split = Mapping[str, int]
"""Percents by label of the target."""


class Tone(StrEnum):
    """How an outcome is shown. Never by colour alone."""

    GOOD = "good"
    BAD = "bad"
    WAIT = "wait"
    """A person is asked."""
    MOVE = "move"


class Role(StrEnum):
    """What a target is to the rollout."""

    CANARY = "canary"
    BASELINE = "baseline"
    KEPT = "unchanged"


class Place(StrEnum):
    """Where a step lies, as seen from where the rollout is."""

    PASSED = "passed"
    HERE = "here"
    SENDING = "being sent"
    AHEAD = "ahead"
    TAKEN_BACK = "taken back"
    NOT_REACHED = "not reached"


class Who(StrEnum):
    """Who acted."""

    SPEC = "spec"
    PERSON = "person"
    OPERATOR = "operator"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One target with its share: before the rollout, now, and at the destination."""

    label: str
    deployment: str
    role: Role
    before: int
    now: int
    to: int
    is_serving: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """The split between two moments."""

    start: datetime
    end: datetime
    split: Split
    until: Split | None = None
    """At the end, where it changed meanwhile and nobody knows how."""
    is_known: bool = True
    """False: it was so, and the moments at which it began and ended are not kept."""
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    number: int
    percent: int
    split: str
    hold: str
    is_gated: bool
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRow:
    """One metric: the figures, what they were held against, and what came of it."""

    name: str
    metric: str
    unit: str
    limits: tuple[str, ...]
    """As the spec has them."""
    only_warns: bool
    verdict: str
    message: str = ""
    canary: str = ""
    bound: str = ""
    """What the canary's figure is at least, with 95 % confidence."""
    baseline: str = ""
    limit: str = ""
    """The one that decided, as a figure."""
    requests: int | None = None
    needed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Something that happened."""

    at: datetime
    who: Who
    what: str
    detail: str = ""
    is_bad: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A rollout that is over."""

    id: str
    before: str
    to: str
    result: str
    reason: str
    peak: int
    started: datetime
    finished: datetime
    splits: tuple[Split, Split, Split]
    """Before it, at its farthest, and when it ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionRow:
    type: str
    status: str
    reason: str
    message: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Everything that is shown, in this order."""

    name: str
    namespace: str
    now: datetime
    version: str
    phase: str
    tone: Tone
    message: str
    facts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    """What a reader has to know to read the rest rightly."""
    targets: tuple[Target, ...]
    legs: tuple[Leg, ...]
    steps: tuple[StepRow, ...]
    judgement: str
    """How verdicts lead to moves, in one sentence."""
    verdict: str
    checks: tuple[CheckRow, ...]
    moves: tuple[Move, ...]
    history: tuple[Past, ...]
    """Newest first."""
    conditions: tuple[ConditionRow, ...]
