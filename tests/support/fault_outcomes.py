"""What a client of Parasail's sees of a fault, and what was made."""

import asyncio

import aiohttp

DEPLOYMENTS = "/api/v1/dedicated/deployments"


BODY = {"deploymentName": "model-a", "modelName": "org/model", "serviceTierName": "low-cost", "replicas": 1}


BROKEN = (aiohttp.ClientError, ConnectionError, TimeoutError)


async def parasail_outcome(sim, method="POST", path=DEPLOYMENTS, body=BODY):
    """The reply's status, or ``lost`` when the connection ended without a readable one."""
    try:
        return (await asyncio.wait_for(sim.parasail(method, path, body), 5)).status
    except BROKEN:
        return "lost"


async def created(sim):
    return (await sim.control("GET", "/counters"))["parasail"]["creates_by_name"].get("model-a", 0)
