"""What probes of several vendors look at."""

DEPLOYMENTS = "/api/v1/dedicated/deployments"
FIVE_REPLICAS = {"deploymentName": "big", "modelName": "org/m", "serviceTierName": "low-cost", "replicas": 5}


async def create_parasail(sim, **body):
    return await sim.parasail("POST", DEPLOYMENTS, FIVE_REPLICAS | {"replicas": 1} | body)


def created(**body):
    async def status(sim):
        return (await create_parasail(sim, **body)).status

    return status


def parasail_after(*steps, **fields):
    """Create, wait until ONLINE, then seconds or actions; the status at the end."""

    async def status(sim):
        identifier = (await sim.create_parasail(**fields))["id"]
        await sim.advance(9)
        for step in steps:
            if isinstance(step, int):
                await sim.advance(step)
            else:
                method, _, action = step.partition(" ")
                await sim.parasail(method, f"{DEPLOYMENTS}/{identifier}{action}")
        return await sim.parasail_status(identifier)

    return status


def later(seconds, look, **fields):
    async def seen(sim):
        identifier = (await sim.create_parasail(**fields))["id"]
        await sim.advance(seconds)
        return look(await sim.get_parasail(identifier))

    return seen


def retry_after(vendor):
    async def form(sim):
        await sim.knobs({f"{vendor}.requests_per_minute": 0})
        path = DEPLOYMENTS if vendor == "parasail" else "/v1/deployments"
        value = (await getattr(sim, vendor)("GET", path)).headers.get("retry-after", "absent")
        return "date" if value.endswith("GMT") else value

    return form


async def created_at(sim):
    return (await sim.create_paitient())["created_at"]


def billed(vendor, name):
    """An hour of one replica, of which the first seconds are its start."""

    async def seen(sim):
        await (sim.create_parasail() if vendor == "parasail" else sim.create_paitient())
        await sim.advance(3600)
        (row,) = (await sim.control("GET", f"/ledger?vendor={vendor}"))["deployments"]
        return row[name]

    return seen


ONLINE, PAUSE, RESUME = "ONLINE", "POST /pause", "POST /resume"
