"""`make matrix`: what goes wrong at each point of each act, made from tables, judged by the oracle.

A case is an act and up to three blows: a fault of HTTP, a refusal of the API server, and the end of the process.
Its name says all of it, and `--case NAME` repeats it.
"""

import argparse
import hashlib
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from random import Random
from typing import Any

import click

from explorer.acts import ACTS, Act, Point, points_of
from explorer.history import Outcome, Step, run

_ONCE: dict[str, dict[str, Any]] = {
    "lost-request": {"kind": "reset"},
    "lost-reply": {"kind": "commit_then_reset"},
    "timeout": {"kind": "timeout"},
    "timeout-after": {"kind": "commit_then_timeout"},
    "commit-2s-late": {"kind": "late_commit", "seconds": 2},
    "commit-20s-late": {"kind": "late_commit", "seconds": 20},
    "500": {"kind": "error", "status": 500},
    "500-after": {"kind": "error", "status": 500, "commit": True},
    "502-html": {"kind": "error", "status": 502, "body": "html"},
    "503": {"kind": "error", "status": 503},
    "429": {"kind": "error", "status": 429, "retry_after": 5},
    "401": {"kind": "error", "status": 401},
    "403": {"kind": "error", "status": 403},
    "409": {"kind": "error", "status": 409},
    "404-html": {"kind": "error", "status": 404, "body": "html"},
    "truncated": {"kind": "truncate"},
    "garbage": {"kind": "invalid_json"},
    "slow": {"kind": "latency", "seconds": 20},
}
"""One request that goes wrong, by the simulator's rules."""
_FOR_A_WHILE: dict[str, dict[str, Any]] = {
    "404-for-all": {"status": 404, "body": "html"},
    "503-for-all": {"status": 503, "body": "html"},
    "401-for-all": {"status": 401, "body": "text"},
}
_UNDER_200 = {"empty-200": "empty_reply", "refused-200": "refuse_under_200"}
FAULTS = (*_ONCE, *_FOR_A_WHILE, *_UNDER_200)

_IN_PAIRS = frozenset(
    {
        "lost-request",
        "lost-reply",
        "timeout-after",
        "commit-20s-late",
        "500-after",
        "429",
        "401",
        "404-for-all",
        "truncated",
        "slow",
    }
)
"""One of each sort: the others go the same ways."""
_ALIKE = ("scale", "orphan")
"""Acts that are like others where two things go wrong."""

REFUSALS: dict[str, dict[str, Any]] = {
    "refused-403": {"effect": "refuse", "status": 403, "left": 3},
    "refused-409": {"effect": "refuse", "status": 409, "left": 1},
    "refused-422": {"effect": "refuse", "status": 422, "left": 3},
    "refused-500": {"effect": "refuse", "status": 500, "left": 3},
    "unanswered": {"effect": "hang", "left": 1},
    "reply-lost": {"effect": "lose", "left": 1},
    "late": {"effect": "late", "seconds": 15.0, "left": 1},
}
"""Of one write to the API server, or of three."""

ENDS: dict[str, tuple[str, dict[str, Any]]] = {
    "kill": ("kill", {"seconds": 1.0}),
    "kill-for-100s": ("kill", {"seconds": 100.0}),
    "lease-lost": ("change_leader", {"seconds": 0.5}),
}


@dataclass(frozen=True, order=True)
class Blow:
    point: Point
    what: str

    def __str__(self) -> str:
        return f"{self.point}={self.what}"

    def step(self, act: Act) -> Step:
        move, arguments = self._move(act)
        return Step(move, arguments, at=self.point.name, nth=self.point.nth)

    def _move(self, act: Act) -> tuple[str, dict[str, Any]]:
        operation = self.point.what
        if self.what in ENDS:
            return ENDS[self.what]
        if self.what in REFUSALS:
            kind, _, verb = operation.partition(".")
            return "api_trouble", {**REFUSALS[self.what], "verb": verb, "kind": kind}
        if self.what in _FOR_A_WHILE:
            return "outage", {**_FOR_A_WHILE[self.what], "vendor": act.vendor, "seconds": 90.0}
        if self.what in _UNDER_200:
            more = {"times": 1} if self.what == "refused-200" else {}
            return _UNDER_200[self.what], {"vendor": act.vendor, "operation": operation, **more}
        named = act.name if operation == "power" else operation
        rule = {**_ONCE[self.what], "vendor": act.vendor, "operation": named, "count": 1}
        return "fault", {"rule": rule, "seconds": 60.0}


@dataclass(frozen=True, order=True)
class Case:
    act: str
    blows: tuple[Blow, ...]

    def __str__(self) -> str:
        return ",".join((self.act, *map(str, self.blows)))

    @classmethod
    def named(cls, name: str) -> "Case":
        act, *rest = name.split(",")
        blows = []
        for one in rest:
            point, _, what = one.partition("=")
            kind, _, nth = point.partition(":")
            blows.append(Blow(Point(kind, int(nth)), what))
        return cls(act, tuple(blows))

    def play(self) -> Outcome:
        act = ACTS[self.act]
        return run(act.played_with(*(blow.step(act) for blow in self.blows)))


def _blows(points: Iterable[Point], what: Iterable[str]) -> list[Blow]:
    return [Blow(point, one) for point, one in product(points, what)]


@dataclass(frozen=True)
class Axes:
    """All that can go wrong in one act."""

    faults: list[Blow]
    refusals: list[Blow]
    ends: list[Blow]

    @classmethod
    def of(cls, name: str) -> "Axes":
        points = points_of(ACTS[name])
        asked = [p for p in points if p.is_sent and (p.is_change or p.is_read)]
        return cls(
            faults=[b for b in _blows(asked, FAULTS) if b.point.is_change or b.what not in _UNDER_200],
            refusals=_blows([p for p in points if p.is_sent and p.is_write], REFUSALS),
            ends=_blows([p for p in points if p.is_change or p.is_write], ENDS),
        )


def every_one() -> Iterator[Case]:
    """Each point with each blow that can fall there."""
    for name in ACTS:
        axes = Axes.of(name)
        yield from (Case(name, (blow,)) for blow in (*axes.faults, *axes.refusals, *axes.ends))


def every_pair() -> Iterator[Case]:
    """In each act each sort of fault with each refusal and with each end, and each refusal with each end.

    Where in the act is drawn by the pair's name.
    """
    for name in (name for name, act in ACTS.items() if act.name not in _ALIKE):
        axes = Axes.of(name)
        faults = [blow for blow in axes.faults if blow.what in _IN_PAIRS]
        for left, right in ((faults, axes.refusals), (faults, axes.ends), (axes.refusals, axes.ends)):
            for one, other in product(_words(left), _words(right)):
                random = Random(int(hashlib.sha256(f"{name} {one} {other}".encode()).hexdigest(), 16))
                chosen = (_any(left, one, random), _any(right, other, random))
                yield Case(name, chosen)


def drawn(seed: int) -> Iterator[Case]:
    """For ever: three blows at once, or two, anywhere."""
    random = Random(seed)
    while True:
        name = random.choice(list(ACTS))
        axes = Axes.of(name)
        parts = [part for part in (axes.faults, axes.refusals, axes.ends) if part]
        count = min(len(parts), random.choice((2, 3, 3)))
        yield Case(name, tuple(random.choice(part) for part in random.sample(parts, count)))


def _words(blows: Sequence[Blow]) -> list[str]:
    return list(dict.fromkeys(blow.what for blow in blows))


def _any(blows: Sequence[Blow], what: str, random: Random) -> Blow:
    return random.choice([blow for blow in blows if blow.what == what])


def main() -> int:
    options = _options()
    began, failed, done = time.monotonic(), 0, 0
    for case in _cases(options):
        if options.seconds is not None and time.monotonic() - began > options.seconds:
            break
        outcome, done = case.play(), done + 1
        if outcome.problems:
            failed += 1
            click.echo(f"make matrix ARGS='--case {case}'")
            for rule, text in outcome.problems:
                click.echo(f"  {rule}: {text}")
    minutes = (time.monotonic() - began) / 60
    click.echo(
        f"{done} cases, {failed} failed, {minutes:.1f} minutes, {time.process_time() / 60:.1f} of a core"
    )
    return 1 if failed else 0


def _cases(options: argparse.Namespace) -> Iterable[Case]:
    if options.case:
        return [Case.named(options.case)]
    if options.whole:
        part, _, parts = options.whole.partition("/")
        return [c for n, c in enumerate((*every_one(), *every_pair())) if n % int(parts) == int(part) - 1]
    seed = options.seed if options.seed is not None else int(datetime.now(UTC).strftime("%y%m%d"))
    click.echo(f"seed {seed}; again with: make matrix ARGS='--seed {seed} --seconds 60'")
    return drawn(seed)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m explorer.matrix", description=__doc__)
    parser.add_argument("--case", help="this one only, by its name")
    parser.add_argument("--whole", metavar="1/4", help="that part of all single blows and all pairs")
    parser.add_argument("--seed", type=int, help="of the drawn cases; today's date without it")
    parser.add_argument("--seconds", type=float, help="no case begins later; without it, until it is stopped")
    return parser.parse_args()


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":  # sets of strings come in the order of this seed
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "explorer.matrix", *sys.argv[1:]])
    sys.exit(main())
