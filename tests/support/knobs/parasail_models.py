"""Knobs of what may be created at Parasail, and on which machines, and what a probe sees of each."""

from support.knobs.probes import ONLINE, billed, create_parasail, created, later, parasail_after

DEVICE = [{"device": "L40S", "count": 1, "selected": True}]


async def quota_of_five(sim):
    answer = await create_parasail(sim, replicas=5)
    return answer.body["status"]["statusMessage"] if answer.status == 200 else answer.status


async def same_name_twice(sim):
    await sim.create_parasail("twin")
    return (await create_parasail(sim, deploymentName="twin")).status


async def tier_missing(sim):
    return (await create_parasail(sim, serviceTierName=None, deviceConfigs=DEVICE)).status


def devices_with(query):
    async def found(sim):
        answer = await sim.parasail("GET", f"/api/v1/dedicated/devices?modelName=org%2Fmodel&{query}")
        return answer.status if answer.status != 200 else [item["device"] for item in answer.body]

    return found


async def support_says(sim):
    return (await sim.parasail("GET", "/api/v1/dedicated/support?modelName=org%2Fmodel")).body["supported"]


def by_device(look, after=0, **fields):
    """What is seen of a deployment on the device A so many seconds later, or the status of the refusal."""

    async def seen(sim):
        devices = [{"device": "A", "count": 1, "available": False}, {"device": "B", "count": 1}]
        await sim.knobs({"parasail.devices": devices})
        answer = await create_parasail(sim, serviceTierName=None, deviceConfigs=ONLY_A, **fields)
        if answer.status != 200:
            return answer.status
        await sim.advance(after)
        return look(await sim.get_parasail(answer.body["id"]))

    return seen


ONE_DEVICE = {"device": "B200", "count": 8, "cost": None, "available": True}
EVERY_DEVICE = ["RTX4090", "L40S", "A100_80GB", "H100SXM", "H100SXM"]


ONLY_A, NO_A = [{"device": "A", "count": 1, "selected": True}], "No capacity for 1x A"
SCALED = {"autoscaling": True, "minReplicas": 1, "maxReplicas": 3}
PARASAIL_MODELS = [
    ("parasail.create_status", 201, created(), 200, 201),
    ("parasail.quota_mode", "http", quota_of_five, "Insufficient quota", 403),
    ("parasail.gpu_quota", 5, quota_of_five, "Insufficient quota", None),
    ("parasail.gpu_quota", None, quota_of_five, "Insufficient quota", None),
    ("parasail.name_min", 5, created(deploymentName="abcd"), 200, 400),
    ("parasail.name_max", 40, created(deploymentName="a" * 40), 400, 200),
    ("parasail.duplicate_names", "allow", same_name_twice, 409, 200),
    ("parasail.duplicate_status", 400, same_name_twice, 409, 400),
    ("parasail.replicas_max", 1, created(replicas=2), 200, 400),
    ("parasail.service_tiers", ["premium"], created(), 200, 400),
    ("parasail.devices", [ONE_DEVICE], devices_with(""), EVERY_DEVICE, ["B200"]),
    ("parasail.device_query", "engine", devices_with("engineName=VLLM"), EVERY_DEVICE, 400),
    ("parasail.device_query", "engineName", devices_with("engine=VLLM"), EVERY_DEVICE, 400),
    ("parasail.catalogue", "404", devices_with(""), EVERY_DEVICE, 404),
    ("parasail.capacity_mode", "http", by_device(lambda b: b["status"]["statusMessage"], 60), NO_A, 400),
    ("parasail.unsupported_models", ["org/*"], support_says, True, False),
    ("parasail.unsupported_models", ["org/*"], created(), 200, 400),
    ("parasail.gated_models", ["org/*"], parasail_after(), ONLINE, "ERROR"),
    ("parasail.autoscale_s", 0, later(70, lambda b: b["replicas"], **SCALED), 2, 1),
    ("parasail.autoscale_shows", "instances", later(70, lambda b: b["replicas"], **SCALED), 2, 1),
    (
        "parasail.context_field",
        "contextLengthOverride",
        later(0, lambda b: b["contextLength"], contextLength=9),
        9,
        131072,
    ),
    ("parasail.device_choices", 24, later(0, lambda b: len(b["deviceConfigs"])), 0, 24),
    (
        "parasail.chat_template_bytes",
        9,
        later(0, lambda b: len(b["modelProperties"].get("chat_templates", ()))),
        0,
        2,
    ),
    ("parasail.profile", "documented", tier_missing, 200, 400),
    ("parasail.profile", "extended", created(), 200, 400),
    ("parasail.failing_models", ["org/*"], parasail_after(), ONLINE, "ERROR"),
    ("parasail.billed_states", ["STARTING"], billed("parasail", "billed_replica_seconds"), 3600, 8),
    ("parasail.prices", {"low-cost": 2}, billed("parasail", "cost"), 1.2, 2),
]
