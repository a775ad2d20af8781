"""One ModelDeployment at Parasail's live profile: what its tests do to it, and what the provider has of it."""

import asyncio

from support.engine_world import LLAMA
from support.manifests import deployment

L40S, H100 = {"device": "L40S", "count": 1}, {"device": "H100SXM", "count": 2}


def llama(block=None, **spec):
    """Keywords are fields of spec; the block has nothing but what is given."""
    body = deployment("parasail", "llama", **spec)
    body["spec"]["parasail"] = {"devices": [L40S]} if block is None else block
    return body


async def begin(world, body, seconds=60, **knobs):
    await world.simulator.control("PATCH", "/knobs", {"parasail": {"profile": "extended", **knobs}})
    world.apply(body)
    await asyncio.sleep(seconds)


def edit(world, **spec):
    world.server.merge(LLAMA, {"spec": spec})


async def remote(world):
    (one,) = await world.shown()
    return one


def selected(one):
    return [(row["device"], row["count"]) for row in one["deviceConfigs"] if row["selected"]]


async def requests(world, operation):
    found = await world.simulator.control("GET", f"/requests?vendor=parasail&operation={operation}")
    return found["requests"]
