"""A history: played from the first move to the rest after the last."""

import asyncio
import gc
import logging
import random as global_random
from collections import Counter
from dataclasses import dataclass
from typing import Any

from explorer import (  # noqa: F401  they fill the tables of moves and of rules
    accounts,
    backups,
    bills,
    cluster,
    holding,
    modes,
    people,
    purse_strings,
    rollouts,
    settling,
    spent,
    statuses,
    unused,
    vendors,
)
from explorer.accounts import put_keys_back
from explorer.bills import late_bills
from explorer.cluster import start
from explorer.judges import JUDGES
from explorer.looks import End, condition
from explorer.modes import leaves_on_purpose, manage_again
from explorer.moves import play
from explorer.objects import TEAM
from explorer.oracle import judge
from explorer.rollouts import thaw_figures
from explorer.turns import is_turning
from explorer.vendors import end_lag
from explorer.world import World
from model_operator.domain import PROVIDER, Key
from support.own_tasks import own_tasks
from support.virtual_time import VirtualLoop

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


@dataclass(frozen=True)
class Named:
    name: str
    rule: str
    """The one that it broke."""
    steps: History
    fault: str | None = None
    """What is wrong in the operator today; such a history must fail until that is mended."""
    also: tuple[str, ...] = ()
    """Other rules that the same fault breaks."""
    seed: int = 0


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
    writes, sent, before = world.server.writes, len(world.sent), dict(world.deployments())
    await asyncio.sleep(seconds)
    requests = Counter(s.operation for s in world.sent[sent:])
    written = world.server.writes - writes - late_bills(world, before)
    return End(world, await world.ledger(), written, requests, await world.bill())
