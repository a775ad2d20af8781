"""Knobs of Parasail's deployments, from start to end, and what a probe sees of each."""

from support.knobs.probes import DEPLOYMENTS, ONLINE, PAUSE, created, later, parasail_after, retry_after


def reply_to(method, action=""):
    async def look(sim):
        identifier = (await sim.create_parasail())["id"]
        await sim.advance(9)
        answer = await sim.parasail(method, f"{DEPLOYMENTS}/{identifier}{action}")
        return answer.status, answer.text.replace(str(identifier), "ID")

    return look


async def second_pause(sim):
    identifier = (await sim.create_parasail())["id"]
    await sim.parasail("POST", f"{DEPLOYMENTS}/{identifier}/pause")
    return (await sim.parasail("POST", f"{DEPLOYMENTS}/{identifier}/pause")).status


def after_put(change, look):
    """Create, wait, PUT the GET's body with a change (a ``None`` leaves the key out), and look at the next GET."""

    async def seen(sim):
        identifier = (await sim.create_parasail(contextLength=4096))["id"]
        await sim.advance(9)
        body = await sim.get_parasail(identifier) | change
        body = {name: value for name, value in body.items() if not (name in change and value is None)}
        await sim.parasail("PUT", f"{DEPLOYMENTS}/{identifier}", body)
        return look(await sim.get_parasail(identifier))

    return seen


async def instances_soon_after_scaling(sim):
    identifier = (await sim.create_parasail())["id"]
    await sim.advance(9)
    body = await sim.get_parasail(identifier)
    await sim.parasail("PUT", f"{DEPLOYMENTS}/{identifier}", body | {"replicas": 3})
    await sim.advance(5)
    instances = (await sim.get_parasail(identifier))["status"]["instances"]
    return [instance["status"] for instance in instances]


async def new_alias(sim):
    return (await sim.create_parasail("model-a"))["externalAlias"]


async def shows_instances(sim):
    return "instances" in (await sim.create_parasail())["status"]


async def unset_context_length(sim):
    return (await sim.create_parasail()).get("contextLength", "absent")


async def list_status(sim):
    return (await sim.parasail("GET", DEPLOYMENTS)).status


async def listed_at_once(sim):
    await sim.create_parasail()
    return len((await sim.parasail("GET", DEPLOYMENTS)).body)


async def wrong_key(sim):
    return (await sim.parasail("GET", DEPLOYMENTS, key="wrong")).headers["content-type"].partition(";")[0]


async def chat_while_starting(sim):
    alias = (await sim.create_parasail())["externalAlias"]
    body = {"model": alias, "messages": [{"role": "user", "content": "Hello"}]}
    return (await sim.parasail("POST", "/v1/chat/completions", body)).status


async def gated_after_a_put(sim):
    """Loaded with a key, then changed by a client that has never seen it."""
    await sim.knobs({"parasail.gated_models": ["org/*"]})
    identifier = (await sim.create_parasail(modelAccessKey="hf_secret"))["id"]
    await sim.advance(9)
    body = await sim.get_parasail(identifier)
    await sim.parasail("PUT", f"{DEPLOYMENTS}/{identifier}", body | {"engine": "SGLANG"})
    await sim.advance(9)
    return await sim.parasail_status(identifier)


async def chat_under_load(sim):
    created = await sim.create_parasail()
    await sim.advance(9)
    await sim.control("PATCH", f"/deployments/parasail/{created['id']}", {"connections": 3})
    body = {"model": created["externalAlias"], "messages": [{"role": "user", "content": "Hello"}]}
    return (await sim.parasail("POST", "/v1/chat/completions", body)).status


async def second_parasail_request(sim):
    await sim.parasail("GET", DEPLOYMENTS)
    return (await sim.parasail("GET", DEPLOYMENTS)).status


TWO_REPLICAS = {"replicas": 2}
PARASAIL = [
    ("parasail.start_s", 100, parasail_after(), ONLINE, "STARTING"),
    ("parasail.stop_s", 100, parasail_after(PAUSE, 4), "OFFLINE", "STOPPING"),
    ("parasail.delete_s", 100, parasail_after("DELETE", 3), 404, "STOPPING"),
    ("parasail.instance_s", 2, instances_soon_after_scaling, [ONLINE, ONLINE, "STARTING"], [ONLINE] * 3),
    ("parasail.power_lag_s", 5, parasail_after(PAUSE), "STOPPING", ONLINE),
    ("parasail.power_lag_s", 5, parasail_after(PAUSE, 6), "OFFLINE", "STOPPING"),
    ("parasail.alias_delay_s", 5, new_alias, "sim-model-a", None),
    ("parasail.pause_end", "PAUSED", parasail_after(PAUSE, 4), "OFFLINE", "PAUSED"),
    ("parasail.power_conflict", "409", second_pause, 200, 409),
    ("parasail.power_body", "object", reply_to("POST", "/pause"), (200, ""), (200, '{"id": ID}')),
    (
        "parasail.put_transition",
        "starting",
        after_put(TWO_REPLICAS, lambda b: b["status"]["status"]),
        ONLINE,
        "STARTING",
    ),
    (
        "parasail.put_absent",
        "keep",
        after_put({"contextLength": None}, lambda b: b["contextLength"]),
        None,
        4096,
    ),
    ("parasail.put_ignored_fields", ["replicas"], after_put(TWO_REPLICAS, lambda b: b["replicas"]), 2, 1),
    ("parasail.delete_mode", "sync", parasail_after("DELETE"), "STOPPING", 404),
    ("parasail.delete_status", 204, reply_to("DELETE"), (200, ""), (204, "")),
    ("parasail.put_write_only", "clear", gated_after_a_put, ONLINE, "ERROR"),
    ("parasail.max_connections", 3, chat_under_load, 200, 429),
    ("parasail.hidden_fields", ["replicas"], later(0, lambda b: "replicas" in b), True, False),
    ("parasail.reply_fields", "documented", shows_instances, True, False),
    ("parasail.unset_fields", "default", unset_context_length, None, 8192),
    ("parasail.unset_fields", "absent", unset_context_length, None, "absent"),
    ("parasail.unknown_keys", "reject", created(surprise=1), 200, 400),
    ("parasail.listing", "405", list_status, 200, 405),
    ("parasail.listing", "404", list_status, 200, 404),
    ("parasail.list_lag_s", 5, listed_at_once, 1, 0),
    ("parasail.stale_read_s", 5, after_put(TWO_REPLICAS, lambda b: b["replicas"]), 2, 1),
    ("parasail.unauthorized", "problem", wrong_key, "text/plain", "application/problem+json"),
    ("parasail.chat_unready", 404, chat_while_starting, 503, 404),
    ("parasail.requests_per_minute", 1, second_parasail_request, 200, 429),
    ("parasail.retry_after", "date", retry_after("parasail"), "60", "date"),
    ("parasail.retry_after", "absent", retry_after("parasail"), "60", "absent"),
]
