"""Knobs of how replies are written, and what a probe sees of each."""

import math

from support.knobs.probes import DEPLOYMENTS, created_at


async def raw_tags(sim):
    return (await sim.create_parasail())["tags"]


async def temperature(sim):
    made = await sim.create_paitient(model_config={"default_temperature": 0.7})
    return (await sim.get_paitient(made["id"]))["model_config"]["default_temperature"]


async def spelled_id(sim):
    return type((await sim.create_parasail())["id"])


async def updated_later(sim):
    made = await sim.create_paitient()
    await sim.advance(100)
    return (await sim.get_paitient(made["id"]))["updated_at"]


async def holds_a_nan(sim):
    return math.isnan((await sim.create_parasail()).get("estimatedTps", 0))


async def begins_with_a_mark(sim):
    return (await sim.paitient("GET", "/v1/deployments")).text.startswith("\ufeff")


async def bad_create(sim):
    answer = await sim.parasail("POST", DEPLOYMENTS, {"deploymentName": "a"})
    return answer.status, "error" in answer.body


async def early_patch(sim):
    made = await sim.create_paitient()
    return (await sim.paitient("PATCH", f"/v1/deployments/{made['id']}", {"max_replicas": 2})).status


SPELLING = [
    ("spelling.empty_lists", "null", raw_tags, [], None),
    ("spelling.floats", "single", temperature, 0.7, 0.699999988079071),
    ("spelling.ids", "text", spelled_id, int, str),
    ("spelling.ids", "decimal", spelled_id, int, float),
    ("spelling.times", "naive", created_at, "2026-01-01T12:00:00Z", "2026-01-01T12:00:00"),
    ("spelling.times", "milliseconds", created_at, "2026-01-01T12:00:00Z", 1767268800000),
    ("spelling.heartbeat", True, updated_later, "2026-01-01T12:00:06Z", "2026-01-01T12:01:40Z"),
    ("spelling.not_a_number", True, holds_a_nan, False, True),
    ("spelling.byte_order_mark", True, begins_with_a_mark, False, True),
    ("spelling.refusals", "success", bad_create, (400, False), (200, True)),
    ("spelling.not_now_status", 423, early_patch, 409, 423),
]
