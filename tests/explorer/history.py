"""A history: made of a seed, played from the first move to the rest after the last, and made shorter."""

import asyncio
import gc
import logging
import random as global_random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from explorer import (  # noqa: F401  they fill the table of moves
    bills,
    cluster,
    modes,
    people,
    purse_strings,
    rollouts,
    spent,
    unused,
    vendors,
)
from explorer.cluster import start
from explorer.judges import JUDGES
from explorer.looks import End, condition
from explorer.modes import leaves_on_purpose, manage_again
from explorer.moves import MOVES, play
from explorer.oracle import judge
from explorer.people import put_keys_back
from explorer.rollouts import thaw_figures
from explorer.turns import is_turning
from explorer.vendors import end_lag
from explorer.world import TEAM, World
from model_operator.domain import PROVIDER, Key
from support.own_tasks import own_tasks
from support.virtual_time import VirtualLoop

_WAITS = (0.0, 0.0, 0.05, 0.3, 1.0, 3.0, 12.0, 35.0, 70.0, 150.0)
_POINTS = (
    "create.sent",
    "create.done",
    "update.sent",
    "update.done",
    "delete.sent",
    "delete.done",
    "list.sent",
    "get.sent",
    "power.sent",
    "api.finalizer.sent",
    "api.finalizer.done",
    "api.status.sent",
    "api.status.done",
    "ConfigMap.create.sent",
)
_CANARY_POINTS = (
    "create_canary.sent",
    "create_canary.done",
    "update_canary.sent",
    "update_canary.done",
    "metrics.sent",
)
_LATENCIES = (0.02, 0.02, 0.02, 0.5, 4.0)  # seconds, each way
_REST = 52  # looks of half a minute each
_AFTERMATH = 15.0  # seconds from the last move to the end of all faults
_QUIET = 100.0  # seconds
_TURNS = 5  # times that long, at most, until what an edge or an end has begun has come to its own


@dataclass(frozen=True)
class Step:
    """A move, so many seconds after the one before, or (`at`) at the next, or the `nth`, moment of that kind."""

    move: str
    arguments: dict[str, Any]
    wait: float = 0.0
    at: str | None = None
    nth: int = 1

    def __str__(self) -> str:
        when = f", at={self.at!r}" if self.at else f", wait={self.wait}" if self.wait else ""
        when += f", nth={self.nth}" if self.nth > 1 else ""
        return f"Step({self.move!r}, {self.arguments!r}{when}),"


History = tuple[Step, ...]


_ALWAYS = frozenset({"apply", "edit", "delete", "nothing", "fault"})
_THEMES: tuple[frozenset[str], ...] = (
    frozenset(
        {"apply_canary", "shift_traffic", "misspell_target", "delete_canary", "misbehave", "freeze_figures"}
    ),
    frozenset(
        {"restore_from_backup", "delete_copies", "exchange_statuses", "lose_status", "squat_default_name"}
    ),
    frozenset(
        {"strip_and_delete", "replace", "delete_and_apply", "deaf_watch", "slow_watch", "edit_by_hand"}
    ),
    frozenset(
        {
            "lose_create",
            "colleague_creates",
            "adopt_stranger",
            "twin",
            "foreign_canary",
            "remove_by_hand",
            "kill",
        }
    ),
    frozenset({"set_budget", "drop_budget", "delete_and_apply", "remove_by_hand", "change_leader", "kill"}),
    frozenset({"let_run", "edit_by_hand", "remove_by_hand", "refuse_under_200", "change_leader", "kill"}),
    frozenset({"mind_idleness", "lose_users", "gain_users", "outage", "change_leader", "kill"}),
    frozenset({"outage", "forget", "lag", "confirm_absence", "change_key", "remove_by_hand", "kill"}),
    frozenset({"limit_requests", "orphan", "step_clock", "delete_and_apply", "change_leader", "kill"}),
    frozenset({"set_mode", "taken_over", "lose_create", "orphan", "delete_and_apply", "kill"}),
    frozenset({"change_prices", "label", "remove_by_hand", "edit_by_hand", "change_leader", "kill"}),
    frozenset(
        {"api_trouble", "api_away", "quota_on_config_maps", "newer_provider", "newer_word", "restore_etcd"}
    ),
    frozenset({"lose_etcd", "orphan", "delete_and_apply", "strip_and_delete", "lose_create", "kill"}),
)
"""Moves that meet seldom by chance: a history has one or two of these, or (rarely) all moves."""
THEMED = _ALWAYS.union(*_THEMES)
"""Any other is drawn by no history."""


def draw(seed: int) -> History:
    """Some of the moves, weighted, in a world that is quick or slow."""
    random = Random(seed)
    kinds = random.choice((("parasail",), ("paitient",), ("paitient",), ("parasail", "paitient")))
    themes = random.sample(_THEMES, random.choice((1, 1, 2, 2, 2, len(_THEMES))))
    names = _ALWAYS.union(*themes)
    table = [k for k in MOVES.values() if k.weight and k.name in names and k.vendor in (None, *kinds)]
    weights = [k.weight * random.choice((0.5, 1.0, 2.0)) / (3 if k.name in _ALWAYS else 1) for k in table]
    steps = [
        Step("open_accounts", {"vendors": list(kinds)}),
        Step("latency", {"provider": random.choice(_LATENCIES), "cluster": random.choice(_LATENCIES)}),
    ]
    if "apply_canary" in names and len(themes) < len(_THEMES) and "paitient" in kinds:
        steps.append(Step("apply_canary", MOVES["apply_canary"].draw(random, kinds)))
    for number in range(random.choice((4, 6, 8, 12))):
        kind = MOVES["apply"] if number == 0 else random.choices(table, weights)[0]
        points = _CANARY_POINTS if kind.vendor else _POINTS
        at = random.choice(points) if number and random.random() < 0.35 else None
        steps.append(Step(kind.name, kind.draw(random, kinds), random.choice(_WAITS), at))
    if random.random() < 0.25:
        steps.append(Step("delete_all", {}, random.choice(_WAITS)))
    steps.append(Step("nothing", {"seconds": random.choice((10.0, 30.0, 100.0))}))
    return tuple(steps)


@dataclass(frozen=True)
class Outcome:
    problems: tuple[tuple[str, str], ...]
    log: str
    objects: tuple[Any, ...]
    points: tuple[tuple[float, str], ...] = ()
    """When which moment came that a step could have waited for."""

    @property
    def rules(self) -> set[str]:
        return {rule for rule, _ in self.problems}


def run(history: History, seed: int = 0) -> Outcome:
    """Play it to the end and judge it. The same history and seed give the same outcome."""
    global_random.seed(seed)
    log = logging.getLogger("model_operator")
    before = log.level, log.propagate
    log.setLevel(logging.INFO)
    log.propagate = False
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            return runner.run(_play(history, seed))
    finally:
        log.setLevel(before[0])
        log.propagate = before[1]
        if was_collecting:
            gc.enable()


async def _play(history: History, seed: int) -> Outcome:
    loop = asyncio.get_running_loop()
    own_tasks(loop)
    world = World(seed, has_devices=seed % 2 == 1)
    world.judges = list(JUDGES)
    world.ends_on_purpose = leaves_on_purpose
    await world.open()
    await asyncio.sleep(1)
    for step in history:
        await asyncio.sleep(step.wait)
        if step.move == "nothing":
            await asyncio.sleep(step.arguments["seconds"])
        elif step.at is None:
            play(world, step.move, step.arguments)
        else:
            world.trap(step.at, lambda step=step: play(world, step.move, step.arguments), step.nth)
    points = tuple(world.points)
    await asyncio.sleep(_AFTERMATH)
    await calm(world)
    end = await come_to_rest(world)
    problems = tuple(dict.fromkeys(judge(end)))
    objects = tuple(body for key, body in world.server.objects.items() if key.kind not in ("Secret", "Event"))
    if world.process is not None:
        world.process.kill()
    return Outcome(problems, world.log.getvalue(), objects, points)


async def calm(world: World) -> None:
    """All faults end: what has gone wrong stays gone wrong, and nothing more does."""
    world.traps.clear()
    world.troubles[:] = [t for t in world.troubles if t.left is None and t.status == 403]
    world.forgotten.clear()
    world.lies.clear()
    world.empties.clear()
    thaw_figures(world)
    put_keys_back(world)
    manage_again(world)
    await world.simulator.control("DELETE", "/faults")
    await end_lag(world)
    await world.note_strangers()
    for vendor in ("parasail", "paitient"):
        world.edit(Key(PROVIDER, TEAM, vendor), {"spec": {"requestsPerMinute": None}})
    start(world)
    world.watch_delay, world.provider_latency, world.cluster_latency = 0.01, 0.02, 0.0
    process = world.process
    if process is not None and process.watch.is_deaf:
        process.watch.hear_again(anew=False)


async def come_to_rest(world: World) -> End:
    """As soon as nothing is wrong any more, or after half an hour.

    A rollout may hold for ten minutes, and a deletion follows it.
    """
    for look in range(_REST):
        await asyncio.sleep(30)
        manage_again(world)  # a restore may have brought a mode back
        is_calm = bool(look) and not is_rolling(world) and have_answered(world)
        if is_calm and not judge(End(world, await world.ledger(), 0, Counter(), await world.bill())):
            break
    end = await _watch(world, _QUIET)
    if end.writes or set(end.requests) - {"list"}:  # something slow may just have come to its end
        end = await _watch(world, 2 * _QUIET)
    for _ in range(_TURNS):
        if not is_turning(world):
            break
        end = await _watch(world, _QUIET)
    return end


def have_answered(world: World) -> bool:
    """Every ModelProvider is as it will stay: one whose key was refused is asked again only after minutes."""
    providers = (body for key, body in world.server.objects.items() if key.kind == PROVIDER)
    return all(condition(body, "Ready")["status"] == "True" for body in providers)


def is_rolling(world: World) -> bool:
    """A rollout is under way, and goes on by itself."""
    states = [(body.get("status", {}).get("rollout") or {}).get("state") for _, body in world.canaries()]
    return any(state in ("Applying", "Holding", "RollingBack") for state in states)


async def _watch(world: World, seconds: float) -> End:
    writes, sent = world.server.writes, len(world.sent)
    await asyncio.sleep(seconds)
    requests = Counter(s.operation for s in world.sent[sent:])
    return End(world, await world.ledger(), world.server.writes - writes, requests, await world.bill())


def shorten(history: History, fails: Callable[[History], bool]) -> History:
    """The shortest history that still fails, as far as taking steps out and waits off finds it."""
    size = max(1, len(history) // 2)
    while size:
        history, is_shorter = _without_parts(history, size, fails)
        size = size if is_shorter and size > 1 else size // 2
    for place, step in enumerate(history):
        for simpler in _simpler(step):
            candidate = (*history[:place], simpler, *history[place + 1 :])
            if fails(candidate):
                history = candidate
                break
    return history


def _without_parts(history: History, size: int, fails: Callable[[History], bool]) -> tuple[History, bool]:
    found = False
    place = 0
    while place < len(history):
        candidate = history[:place] + history[place + size :]
        if candidate and fails(candidate):
            history, found = candidate, True
        else:
            place += size
    return history, found


def _simpler(step: Step) -> Iterator[Step]:
    if step.wait:
        yield replace(step, wait=0.0)
    if step.wait > 10:
        yield replace(step, wait=10.0)
    if step.at:
        yield replace(step, at=None)
