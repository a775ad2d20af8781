"""Fault rules: which requests go wrong, and how.

A rule matches requests by vendor, method, path and turn; its ``kind`` says what happens. Several rules may match one
request: waiting adds up, and the first rule that ends the request decides how it ends. `docs/simulator.md` has a
table of the kinds.
"""

import asyncio
import re
from collections.abc import Collection
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

Kind = Literal[
    "latency",
    "hold",
    "error",
    "reset",
    "timeout",
    "redirect",
    "commit_then_reset",
    "commit_then_timeout",
    "late_commit",
    "truncate",
    "cut",
    "invalid_json",
    "content_type",
    "oversize",
    "fields",
    "unknown_status",
    "list_lag",
    "stale_read",
    "stale_reply",
    "page_shift",
    "stuck",
    "fail_after",
]

# Kinds that end a request before the vendor's app sees it, and kinds that end it after.
ENDS_BEFORE = frozenset({"error", "reset", "timeout", "redirect", "late_commit"})
ENDS_AFTER = frozenset({"commit_then_reset", "commit_then_timeout", "truncate", "cut", "invalid_json"})

# What `seconds` is when a rule does not say it.
SECONDS = {"hold": 30.0, "timeout": 60.0, "commit_then_timeout": 60.0, "late_commit": 3.0, "latency": 1.0}
OTHER_SECONDS = 5.0


class FaultRule(BaseModel):
    """One rule, as POSTed to ``/__sim/faults``. Which requests (all conditions must hold), then what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    vendor: str | None = Field(None, description="one of the registry; null matches all")
    method: str | None = Field(None, description="GET, POST, ...; null matches all")
    path: str = Field("", description="regular expression, searched in the path below the provider's prefix")
    operation: str | None = Field(None, description="create, get, list, ... as the journal names it")
    account: str | None = Field(None, description="whose key the request carries; null matches all")
    nth: int | None = Field(None, ge=1, description="only the nth matching request, from 1")
    every: int | None = Field(None, ge=1, description="every so many matching requests")
    probability: float = Field(1.0, ge=0, le=1)
    count: int | None = Field(None, ge=1, description="at most so many hits")

    seconds: float | None = Field(None, ge=0, le=86_400, description="of the kinds that take a time")
    jitter: float = Field(0.0, ge=0, le=3600, description="latency: plus a uniform part of up to this")
    tail_probability: float = Field(0.0, ge=0, le=1, description="latency: chance of the tail")
    tail_seconds: float = Field(0.0, ge=0, le=3600, description="latency: what the tail adds")
    when: Literal["before", "after"] = Field("before", description="hold: before or after the commit")
    commit: bool = Field(False, description="error: whether the write is committed nevertheless")
    status: int = Field(500, ge=300, le=599, description="error, redirect: the status code")
    body: Literal["json", "html", "text", "empty"] = Field("json", description="error: form of the body")
    message: str = Field("", description="error, fail_after: the text")
    code: str = Field(
        "", description="error: the provider's code, where it has codes; empty takes one that fits the status"
    )
    retry_after: float | None = Field(None, ge=0, description="error: seconds; null leaves the header out")
    retry_after_form: Literal["seconds", "date"] = "seconds"
    connection: Literal["reset", "hang"] = Field("reset", description="late_commit: what the client sees")
    location: str = Field("/elsewhere", description="redirect: the target")
    value: str = Field("", description="content_type: the type; unknown_status: the status")
    size: int = Field(2_097_152, ge=0, le=67_108_864, description="oversize: bytes of the body")
    drop: list[str] = Field([], description="fields: keys to leave out; dotted for nested ones")
    null: list[str] = Field([], description="fields: keys to set to null")
    extra: dict[str, Any] = Field({}, description="fields: keys to add or replace")
    rename: dict[str, str] = Field({}, description="fields: old name to new name")
    shift: int = Field(1, ge=-1000, le=1000, description="page_shift: added to the page's offset")

    @property
    def duration(self) -> float:
        """Seconds of this rule: real ones for what is done to a connection, clock ones for what the vendor does."""
        return SECONDS.get(self.kind, OTHER_SECONDS) if self.seconds is None else self.seconds

    @field_validator("path")
    @classmethod
    def _is_pattern(cls, path: str) -> str:
        try:
            re.compile(path)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return path


@dataclass(frozen=True, slots=True)
class Asked:
    """What a rule looks at of a request. `account` is empty where its key is none."""

    vendor: str
    method: str
    path: str
    operation: str
    account: str


class Fault:
    """A rule at work: how often it matched and hit, and who waits at it."""

    def __init__(self, identifier: str, rule: FaultRule) -> None:
        self.id = identifier
        self.rule = rule
        self.matched = 0
        self.hits = 0
        self.reached = 0
        self.held = 0
        self.released = False
        self._path = re.compile(rule.path)
        self._changed = asyncio.Condition()
        self._release = asyncio.Event()

    def strikes(self, asked: "Asked", random: Random) -> bool:
        """Whether the rule applies to this request; counts it either way."""
        rule = self.rule
        if rule.vendor not in (None, asked.vendor) or rule.method not in (None, asked.method):
            return False
        if rule.operation not in (None, asked.operation) or rule.account not in (None, asked.account):
            return False
        if not self._path.search(asked.path):
            return False
        self.matched += 1
        if self.released or (rule.count is not None and self.hits >= rule.count):
            return False
        if rule.nth not in (None, self.matched) or (rule.every and self.matched % rule.every):
            return False
        if rule.probability < 1 and random.random() >= rule.probability:
            return False
        self.hits += 1
        return True

    async def arrive(self) -> None:
        """A request is where this rule does its work (a hold stands, a lost write is committed); wake who waits."""
        self.reached += 1
        async with self._changed:
            self._changed.notify_all()

    async def wait(self, reached: int, seconds: float) -> bool:
        """Wait until so many requests have arrived at the rule; ``False`` after so many real seconds."""
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(lambda: self.reached >= reached)
        except TimeoutError:
            return False
        return True

    async def hold(self, closing: asyncio.Event) -> None:
        """Stand still until :meth:`release`, the rule's deadline or the end of the simulator."""
        self.held += 1
        await self.arrive()
        waits = [asyncio.ensure_future(self._release.wait()), asyncio.ensure_future(closing.wait())]
        try:
            await asyncio.wait(waits, timeout=self.rule.duration, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.held -= 1
            for wait in waits:
                wait.cancel()

    def release(self) -> None:
        """Let everybody go who is held; the rule holds nobody any more."""
        self.released = True
        self._release.set()

    def report(self) -> dict[str, Any]:
        """The rule and its counts as JSON."""
        counts = {name: getattr(self, name) for name in ("matched", "hits", "reached", "held", "released")}
        return {"id": self.id, **counts, "rule": self.rule.model_dump()}


class Faults:
    """All rules in the order in which they were added.

    Args:
        random: decides where a rule has a probability.
        vendors: whose requests there are.
    """

    def __init__(self, random: Random, vendors: Collection[str]) -> None:
        self._random = random
        self._vendors = vendors
        self._faults: dict[str, Fault] = {}
        self._last = 0

    def add(self, rule: FaultRule) -> Fault:
        """Put a rule in force.

        Raises:
            ValueError: it is about a vendor that there is not.
        """
        if rule.vendor is not None and rule.vendor not in self._vendors:
            raise ValueError(f"`vendor` must be one of {', '.join(self._vendors)}")
        self._last += 1
        fault = Fault(f"fault-{self._last}", rule)
        self._faults[fault.id] = fault
        return fault

    def get(self, identifier: str) -> Fault | None:
        """A rule in force by its id."""
        return self._faults.get(identifier)

    def remove(self, identifier: str) -> bool:
        """Take one rule out of force and release whom it holds."""
        fault = self._faults.pop(identifier, None)
        if fault is not None:
            fault.release()
        return fault is not None

    def clear(self) -> None:
        """Take all rules out of force."""
        for identifier in list(self._faults):
            self.remove(identifier)

    def all(self) -> list[Fault]:
        """The rules in force."""
        return list(self._faults.values())

    def strike(self, asked: Asked) -> list[Fault]:
        """The rules that apply to a request, each counted."""
        return [fault for fault in self._faults.values() if fault.strikes(asked, self._random)]
