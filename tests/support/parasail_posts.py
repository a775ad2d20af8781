"""The live shape of Parasail's deployments, and what was posted of it."""

L40S, H100 = {"device": "L40S", "count": 1}, {"device": "H100SXM", "count": 2}


NOPE = {"device": "NOPE", "count": 3}


def by(*devices, **more):
    return {"parasail": {"devices": list(devices), **more}}


async def posted(world):
    return [request["body"] for request in await world.requests(operation="create")]


def selected(configs):
    return [(row["device"], row["count"]) for row in configs if row["selected"]]
