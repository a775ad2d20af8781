"""A plan beside what is sent afterwards."""

import asyncio
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from model_operator.domain import DEPLOYMENT, Key
from support.engine_world import SIM, World
from support.planned import TEAM, Sent, apply, foreseen, last_request, named, plan, sent_since

A_WHILE = 200


def as_foreseen(shown: Mapping[str, Any], sent: Sequence[Sent]) -> list[Sent]:
    """What was sent; without what nobody can foresee in a PUT that sends back what the provider shows by then."""
    changes = {
        (request["method"], request["url"].removeprefix(SIM)): {
            c["field"]: c["to"] for c in request["changes"]
        }
        for one in shown["objects"]
        for request in one.get("requests", ())
        if "body" not in request and "changes" in request
    }
    return [
        one._replace(body="") if changes.get(one[:2]) == _part(one, changes.get(one[:2], ())) else one
        for one in sent
    ]


def _part(one: Sent, names: Collection[str]) -> Mapping[str, Any]:
    body = json.loads(one.body or "{}")
    return {name: body[name] for name in names if name in body}


async def same_afterwards(
    world: World, *bodies: Mapping[str, Any], new: Sequence[Key] = (), wait: float = A_WHILE
) -> Mapping[str, Any]:
    """Plan, apply, wait, compare. What the plan shows."""
    _, shown = await plan(world, *bodies)
    before = await last_request(world)
    apply(world, *bodies)
    await asyncio.sleep(wait)
    sent = named(world, await sent_since(world, before), new)
    sent = as_foreseen(shown, sent)
    # Those of one object in their order; several objects go on beside each other.
    if len(bodies) == 1:
        assert foreseen(shown) == sent
    else:
        assert sorted(foreseen(shown)) == sorted(sent)
    return shown


def key(name: str, kind: str = DEPLOYMENT) -> Key:
    return Key(kind, TEAM, name)


def targets(**percents: int) -> list[dict[str, Any]]:
    return [
        {"name": name, "deploymentRef": {"name": name}, "percent": percent}
        for name, percent in percents.items()
    ]
