"""Each knob changes what it says: what a probe sees with the default, and what it sees with another value."""

import math
import re
import time
from urllib.parse import quote, urlsplit

import pytest

from model_operator_simulator import Knobs

DEPLOYMENTS = "/api/v1/dedicated/deployments"
FIVE_REPLICAS = {"deploymentName": "big", "modelName": "org/m", "serviceTierName": "low-cost", "replicas": 5}
DEVICE = [{"device": "L40S", "count": 1, "selected": True}]
DAY = "interval=1h&start_time=2026-01-01T12:00:00Z&end_time=2026-01-01T18:00:00Z"


# -- what probes look at ---------------------------------------------------------------------------------------------


async def takes_a_second(sim):
    began = time.monotonic()
    await sim.parasail("GET", DEPLOYMENTS)
    return time.monotonic() - began >= 1


async def four_requests_take_a_second(sim):
    began = time.monotonic()
    for _ in range(4):
        await sim.parasail("GET", DEPLOYMENTS)
    return time.monotonic() - began >= 1


async def long_body(sim):
    return (await sim.parasail("POST", DEPLOYMENTS, raw=b'{"deploymentName": "' + b"a" * 200)).status


async def remembered_of_three(sim):
    for _ in range(3):
        await sim.parasail("GET", DEPLOYMENTS)
    return (await sim.control("GET", "/requests"))["count"]


async def endpoint_host(sim):
    return urlsplit((await sim.create_paitient())["endpoint"]).hostname


async def create_parasail(sim, **body):
    return await sim.parasail("POST", DEPLOYMENTS, FIVE_REPLICAS | {"replicas": 1} | body)


def created(**body):
    async def status(sim):
        return (await create_parasail(sim, **body)).status

    return status


async def quota_of_five(sim):
    answer = await create_parasail(sim, replicas=5)
    return answer.body["status"]["statusMessage"] if answer.status == 200 else answer.status


async def same_name_twice(sim):
    await sim.create_parasail("twin")
    return (await create_parasail(sim, deploymentName="twin")).status


async def tier_missing(sim):
    return (await create_parasail(sim, serviceTierName=None, deviceConfigs=DEVICE)).status


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


async def root_status(sim):
    answer = await sim.send("GET", DEPLOYMENTS, headers={"Authorization": "Bearer sim-parasail-key"})
    return answer.status


async def base_url(sim):
    return (await sim.create_parasail())["baseUrl"].removeprefix(sim.url)


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


def later(seconds, look, **fields):
    async def seen(sim):
        identifier = (await sim.create_parasail(**fields))["id"]
        await sim.advance(seconds)
        return look(await sim.get_parasail(identifier))

    return seen


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


async def second_paitient_request(sim):
    await sim.paitient("GET", "/v1/deployments")
    return (await sim.paitient("GET", "/v1/deployments")).status


def retry_after(vendor):
    async def form(sim):
        await sim.knobs({f"{vendor}.requests_per_minute": 0})
        path = DEPLOYMENTS if vendor == "parasail" else "/v1/deployments"
        value = (await getattr(sim, vendor)("GET", path)).headers.get("retry-after", "absent")
        return "date" if value.endswith("GMT") else value

    return form


def paitient_after(*steps, **body):
    async def status(sim):
        identifier = (await sim.create_paitient(**body))["id"]
        for step in steps:
            if isinstance(step, int):
                await sim.advance(step)
            else:
                patch = {} if step == "PATCH" else None
                await sim.paitient(step, f"/v1/deployments/{identifier}", patch)
        return await sim.paitient_status(identifier)

    return status


async def create_paitient(sim, **body):
    whole = {"model_name": "org/model", "deployment_name": "model-a", **body}
    return await sim.paitient("POST", "/v1/deployments", whole)


def paitient_created(**body):
    async def status(sim):
        return (await create_paitient(sim, **body)).status

    return status


def patched(patch, look, **body):
    async def seen(sim):
        identifier = (await sim.create_paitient(**body))["id"]
        await sim.advance(7)
        answer = await sim.paitient("PATCH", f"/v1/deployments/{identifier}", patch)
        return look(await sim.get_paitient(identifier)) if answer.status == 200 else answer.status

    return seen


async def created_at(sim):
    return (await sim.create_paitient())["created_at"]


async def guarded_delete(sim):
    identifier = (await sim.create_paitient())["id"]
    await sim.paitient("POST", "/v1/endpoints", {"name": "e", "deployment_id": identifier})
    return (await sim.paitient("DELETE", f"/v1/deployments/{identifier}")).status


async def error_keys(sim):
    return list((await create_paitient(sim, deployment_name="x")).body)


async def wrong_client_code(sim):
    return (await sim.paitient("GET", "/v1/deployments", client="x")).body["error"]["code"]


async def eleventh_deployment(sim):
    for place in range(10):
        await sim.create_paitient(f"model-{place}")
    return (await create_paitient(sim)).status


async def same_paitient_name_twice(sim):
    await sim.create_paitient("twin")
    return (await create_paitient(sim, deployment_name="twin")).status


async def unset_tags(sim):
    return (await sim.create_paitient()).get("tags", "absent")


async def last_page(sim):
    return (await sim.paitient("GET", "/v1/deployments")).body["pagination"].get("next_offset", "absent")


async def listed_tags(sim):
    await sim.create_paitient(tags={"a": "1", "b": "2"})
    return (await sim.paitient("GET", "/v1/deployments")).body["deployments"][0]["tags"]


async def paitient_listed_at_once(sim):
    await sim.create_paitient()
    return (await sim.paitient("GET", "/v1/deployments")).body["pagination"]["total"]


async def canary(sim, *names):
    identifiers = [(await sim.create_paitient(name))["id"] for name in names]
    shares = [{"id": identifier, "traffic_percentage": 0} for identifier in identifiers]
    shares[0]["traffic_percentage"] = 100
    return await sim.paitient("POST", "/v1/canary-endpoints", {"name": "c", "deployments": shares})


async def other_members(sim):
    identifier = (await canary(sim, "one")).body["id"]
    other = (await sim.create_paitient("two"))["id"]
    body = {"deployments": [{"id": other, "traffic_percentage": 100}]}
    return (await sim.paitient("PATCH", f"/v1/canary-endpoints/{identifier}", body)).status


async def lonely_canary(sim):
    return (await canary(sim, "one")).status


async def counted_tags(sim):
    await sim.create_paitient(tags={"model-operator-uid": "u1", "owner": "me"})
    return (await sim.control("GET", "/counters"))["paitient"]["creates_by_tag"]


def billed(vendor, name):
    """An hour of one replica, of which the first seconds are its start."""

    async def seen(sim):
        await (sim.create_parasail() if vendor == "parasail" else sim.create_paitient())
        await sim.advance(3600)
        (row,) = (await sim.control("GET", f"/ledger?vendor={vendor}"))["deployments"]
        return row[name]

    return seen


def metrics(look, query=DAY, wait=6 * 3600 + 1):
    """Look at the metrics of a deployment that has run for six hours with direct traffic alone."""

    async def seen(sim):
        identifier = (await sim.create_paitient())["id"]
        await sim.advance(wait)
        answer = await sim.paitient("GET", f"/v1/deployments/{identifier}/metrics?{query}")
        return look(answer.body)

    return seen


async def endpoint_traffic(sim):
    identifier = (await sim.create_paitient())["id"]
    await sim.advance(7)
    await sim.paitient("POST", "/v1/endpoints", {"name": "e", "deployment_id": identifier})
    await sim.advance(6 * 3600)
    query = "interval=1h&start_time=2026-01-01T13:00:00Z&end_time=2026-01-01T18:00:00Z"
    answer = await sim.paitient("GET", f"/v1/deployments/{identifier}/metrics?{query}")
    return round(answer.body["summary"]["throughput"]["average_requests_per_second"])


def summary(metric, name, digits=0):
    return lambda body: round(body["summary"][metric][name], digits)


def points(body):
    return len(body["metrics"]["latency"]["timestamps"])


def ratio(upper):
    def look(body):
        latency = body["summary"]["latency"]
        return round(latency[upper] / latency["average"], 1)

    return look


def spread(body):
    rates = body["metrics"]["throughput"]["requests_per_second"]
    return max(rates) - min(rates) > 0.3


def wave(body):
    """Traffic at 18:00, where the daily wave is lowest, beside that at noon."""
    rates = body["metrics"]["throughput"]["requests_per_second"]
    return round(rates[-1] / rates[0], 1)


def holds_nan(body):
    return any(isinstance(v, float) and math.isnan(v) for v in body["metrics"]["latency"]["average"])


def nones(body):
    return body["metrics"]["latency"]["average"].count(None)


def shorter(body):
    latency = body["metrics"]["latency"]
    return len(latency["timestamps"]) - len(latency["average"])


EARLY = "interval=1m&start_time=2026-01-01T11:57:00Z&end_time=2026-01-01T12:00:00Z"


def early(body):
    return body["metrics"]["latency"]["average"]


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


async def path_of_an_id(sim):
    made = await sim.create_paitient()
    path = f"/v1/deployments/{quote(made['id'], safe='')}"
    assert (await sim.paitient("GET", path)).body["id"] == made["id"]
    return re.sub("dep_.*", "dep_ID", path)


async def after_the_only_page(sim):
    await sim.create_paitient()
    return (await sim.paitient("GET", "/v1/deployments")).body["pagination"]["next_offset"]


async def total_of_a_page_of_one(sim):
    for name in ("one", "two"):
        await sim.create_paitient("model-" + name)
    return (await sim.paitient("GET", "/v1/deployments?limit=1")).body["pagination"]["total"]


ONE_DEVICE = {"device": "B200", "count": 8, "cost": None, "available": True}
EVERY_DEVICE = ["RTX4090", "L40S", "A100_80GB", "H100SXM", "H100SXM"]
ONLY_A, NO_A = [{"device": "A", "count": 1, "selected": True}], "No capacity for 1x A"
SCALED = {"autoscaling": True, "minReplicas": 1, "maxReplicas": 3}
ONLINE, PAUSE, RESUME = "ONLINE", "POST /pause", "POST /resume"
TWO_REPLICAS = {"replicas": 2}

# name, another value, what is looked at, seen with the default, seen with the other value
TABLE = [
    ("http.latency_s", 1, takes_a_second, False, True),
    ("http.latency_jitter_s", 1.5, four_requests_take_a_second, False, True),
    ("http.max_body_bytes", 100, long_body, 400, 413),
    ("http.journal_size", 2, remembered_of_three, 3, 2),
    ("http.public_url", "https://api.example.org", endpoint_host, "127.0.0.1", "api.example.org"),
    (
        "http.public_urls",
        {"parasail": "https://api.example.org"},
        base_url,
        "/parasail/v1",
        "https://api.example.org/v1",
    ),
    ("http.root", "parasail", root_status, 404, 200),
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
    ("parasail.create_status", 201, created(), 200, 201),
    ("parasail.quota_mode", "http", quota_of_five, "Insufficient quota", 403),
    ("parasail.gpu_quota", 5, quota_of_five, "Insufficient quota", None),
    ("parasail.gpu_quota", None, quota_of_five, "Insufficient quota", None),
    ("parasail.name_min", 5, created(deploymentName="abcd"), 200, 400),
    ("parasail.name_max", 40, created(deploymentName="a" * 40), 400, 200),
    ("parasail.duplicate_names", "allow", same_name_twice, 409, 200),
    ("parasail.duplicate_status", 400, same_name_twice, 409, 400),
    ("parasail.replicas_max", 1, created(replicas=2), 200, 400),
    ("parasail.put_write_only", "clear", gated_after_a_put, ONLINE, "ERROR"),
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
    ("parasail.max_connections", 3, chat_under_load, 200, 429),
    ("parasail.hidden_fields", ["replicas"], later(0, lambda b: "replicas" in b), True, False),
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
    ("parasail.failing_models", ["org/*"], parasail_after(), ONLINE, "ERROR"),
    ("parasail.billed_states", ["STARTING"], billed("parasail", "billed_replica_seconds"), 3600, 8),
    ("parasail.prices", {"low-cost": 2}, billed("parasail", "cost"), 1.2, 2),
    ("parasail.requests_per_minute", 1, second_parasail_request, 200, 429),
    ("parasail.retry_after", "date", retry_after("parasail"), "60", "date"),
    ("parasail.retry_after", "absent", retry_after("parasail"), "60", "absent"),
    ("paitient.create_s", 100, paitient_after(7), "running", "creating"),
    ("paitient.update_s", 100, paitient_after(7, "PATCH", 5), "running", "updating"),
    ("paitient.delete_s", 100, paitient_after(7, "DELETE", 4), "deleted", "deleting"),
    ("paitient.tombstone_s", 0, paitient_after(7, "DELETE", 4), "deleted", 404),
    ("paitient.clock_skew_s", -3600, created_at, "2026-01-01T12:00:00Z", "2026-01-01T11:00:00Z"),
    ("paitient.create_status", 201, paitient_created(), 200, 201),
    ("paitient.delete_guard", "on", guarded_delete, 200, 409),
    ("paitient.allow_zero", True, paitient_created(min_replicas=0), 422, 200),
    ("paitient.strict", True, paitient_created(surprise=1), 200, 422),
    ("paitient.error_body", "bare_code", error_keys, ["error"], ["code", "message"]),
    ("paitient.vocabulary", "errors_page", wrong_client_code, "authentication_error", "invalid_client_id"),
    ("paitient.validation_status", 400, paitient_created(deployment_name="x"), 422, 400),
    ("paitient.quota_status", 429, eleventh_deployment, 403, 429),
    ("paitient.instance_status", 503, paitient_created(instance_type="x9"), 422, 503),
    ("paitient.deployment_error_status", 409, paitient_created(), 500, 409),
    ("paitient.refused_models", ["org/*"], paitient_created(), 200, 500),
    ("paitient.max_deployments", None, eleventh_deployment, 403, 200),
    ("paitient.duplicate_names", "reject", same_paitient_name_twice, 200, 409),
    ("paitient.name_min", 8, paitient_created(), 200, 422),
    ("paitient.name_max", 5, paitient_created(), 200, 422),
    ("paitient.replicas_max", 5, paitient_created(max_replicas=6), 200, 422),
    ("paitient.required_fields", ["region"], paitient_created(), 200, 400),
    ("paitient.models", ["other/*"], paitient_created(), 200, 404),
    ("paitient.failing_models", ["org/*"], paitient_after(7), "running", "failed"),
    ("paitient.instance_types", {"us-east-1": []}, paitient_created(), 200, 422),
    ("paitient.patch_fields", ["tags"], patched({"max_replicas": 4}, lambda b: b["max_replicas"]), 4, 1),
    (
        "paitient.patch_ignored_fields",
        ["max_replicas"],
        patched({"max_replicas": 4}, lambda b: b["max_replicas"]),
        4,
        1,
    ),
    (
        "paitient.patch_merge",
        "replace",
        patched({"tags": {"b": "2"}}, lambda b: b["tags"], tags={"a": "1"}),
        {"a": "1", "b": "2"},
        {"b": "2"},
    ),
    (
        "paitient.patch_null",
        "remove",
        patched({"tags": {"a": None}}, lambda b: b["tags"], tags={"a": "1", "b": "2"}),
        422,
        {"b": "2"},
    ),
    ("paitient.unset_fields", "null", unset_tags, {}, None),
    ("paitient.unset_fields", "absent", unset_tags, {}, "absent"),
    ("paitient.last_next_offset", "absent", last_page, None, "absent"),
    ("paitient.last_next_offset", "beyond", after_the_only_page, None, 20),
    (
        "paitient.id_form",
        "path",
        path_of_an_id,
        "/v1/deployments/dep_ID",
        "/v1/deployments/projects%2F7%2Fdep_ID",
    ),
    ("paitient.total", "page", total_of_a_page_of_one, 2, 1),
    ("paitient.total", "none", total_of_a_page_of_one, 2, None),
    ("paitient.list_tags", "partial", listed_tags, {"a": "1", "b": "2"}, {"a": "1"}),
    ("paitient.list_lag_s", 5, paitient_listed_at_once, 1, 0),
    ("paitient.stale_read_s", 5, patched({"max_replicas": 4}, lambda b: b["max_replicas"]), 4, 1),
    ("paitient.canary_membership", "fixed", other_members, 200, 422),
    ("paitient.canary_min_targets", 2, lonely_canary, 200, 422),
    ("paitient.billed_states", ["creating"], billed("paitient", "billed_replica_seconds"), 3600, 6),
    ("paitient.prices", {"g4dn.xlarge": 2}, billed("paitient", "cost"), 0.53, 2),
    ("paitient.identity_tag", "owner", counted_tags, {"u1": 1}, {"me": 1}),
    ("paitient.requests_per_minute", 1, second_paitient_request, 200, 429),
    ("paitient.retry_after", "absent", retry_after("paitient"), "60", "absent"),
    ("metrics.endpoint_rps", 40, endpoint_traffic, 9, 37),
    ("metrics.direct_rps", 5, metrics(summary("throughput", "average_requests_per_second")), 1, 5),
    ("metrics.latency_ms", 500, metrics(lambda b: round(b["summary"]["latency"]["average"], -2)), 100, 500),
    ("metrics.p95_factor", 4, metrics(ratio("p95")), 1.5, 4.0),
    ("metrics.p99_factor", 9, metrics(ratio("p99")), 1.8, 9.0),
    ("metrics.error_percent", 50, metrics(summary("error_rate", "average_percentage", -1)), 0, 50),
    ("metrics.input_tokens", 0, metrics(lambda b: b["summary"]["token_usage"]["input"] > 0), True, False),
    ("metrics.output_tokens", 0, metrics(lambda b: b["summary"]["token_usage"]["output"] > 0), True, False),
    ("metrics.noise", 0.5, metrics(spread), False, True),
    ("metrics.diurnal", 0.9, metrics(wave), 0.9, 0.1),
    ("metrics.lag_s", 7200, metrics(points), 6, 4),
    ("metrics.partial", True, metrics(points, wait=5.5 * 3600), 5, 6),
    ("metrics.gap_probability", 1, metrics(points), 6, 0),
    ("metrics.nan_probability", 1, metrics(nones), 0, 6),
    ("metrics.nan_form", "nan", metrics(holds_nan), False, True),
    ("metrics.unequal", True, metrics(shorter), 0, 1),
    ("metrics.empty", "null", metrics(early, EARLY), [0, 0, 0], [None, None, None]),
    ("metrics.empty", "omit", metrics(early, EARLY), [0, 0, 0], []),
    (
        "metrics.rps_decimals",
        0,
        metrics(lambda b: b["metrics"]["throughput"]["requests_per_second"][0] % 1 == 0),
        False,
        True,
    ),
    ("metrics.max_points", 2, metrics(points), 6, 2),
]
GIVEN = {
    "metrics.p95_factor": {"metrics.noise": 0},
    "metrics.p99_factor": {"metrics.noise": 0},
    "metrics.diurnal": {"metrics.noise": 0},
    "metrics.nan_form": {"metrics.nan_probability": 1},
    "paitient.deployment_error_status": {"paitient.refused_models": ["org/*"]},
}


def rows():
    for name, value, look, with_default, with_value in TABLE:
        given = GIVEN.get(name, {})
        yield pytest.param(given, look, with_default, id=f"{name} as it is")
        yield pytest.param(given | {name: value}, look, with_value, id=f"{name}={value}")


@pytest.mark.parametrize(("knobs", "look", "seen"), list(rows()))
async def test_a_knob_changes_what_it_says(start, knobs, look, seen):
    sim = await start(knobs)
    assert await look(sim) == seen
    assert (await sim.control("GET", "/counters"))["defects"] == 0


@pytest.mark.parametrize(
    ("name", "value"), [pytest.param(row[0], row[1], id=f"{row[0]}={row[1]}") for row in TABLE]
)
async def test_a_knob_can_be_turned_while_the_simulator_runs(sim, name, value):
    section, _, knob = name.partition(".")
    answer = await sim.control("PATCH", "/knobs", {name: value})
    assert answer["values"][section][knob] == value
    assert (await sim.control("GET", "/knobs"))["values"] == answer["values"]


def test_every_knob_is_in_the_table():
    tested = {name for name, *_ in TABLE}
    sections = {name.partition(".")[0] for name in tested}
    values = Knobs().values()
    assert tested == {f"{section}.{name}" for section in sections for name in values[section]}


@pytest.mark.parametrize(
    ("patch", "named"),
    [
        pytest.param({"parasail": {"start": 1}}, "parasail.start", id="unknown knob"),
        pytest.param({"nobody.knows": 1}, "nobody", id="unknown section"),
        pytest.param({"parasail": 1}, "parasail", id="a section is an object"),
        pytest.param({"parasail.start_s": -1}, "parasail.start_s", id="below the range"),
        pytest.param({"parasail.start_s": "soon"}, "parasail.start_s", id="wrong type"),
        pytest.param({"parasail.pause_end": "ASLEEP"}, "parasail.pause_end", id="not among the choices"),
        pytest.param(
            {"parasail.start_s": -1, "metrics.noise": 9}, "metrics.noise", id="all problems at once"
        ),
    ],
)
async def test_an_unfit_knob_is_refused_by_name_and_nothing_changes(sim, patch, named):
    before = (await sim.control("GET", "/knobs"))["values"]
    answer = await sim.send("PATCH", "/__sim/knobs", patch)
    assert answer.status == 400
    assert named in answer.body["error"]
    assert (await sim.control("GET", "/knobs"))["values"] == before


@pytest.mark.parametrize(
    ("patch", "said"),
    [
        ({"parasail": {"start": 1}}, "there is no knob parasail.start; did you mean parasail.start_s?"),
        ({"gpu_quota": 1}, "there is no knob gpu_quota; did you mean parasail.gpu_quota?"),
        ({"x.y": 1}, "there is no knob x.y; `model-operator simulator --list-knobs` has them all"),
    ],
)
async def test_a_mistyped_knob_is_answered_with_the_one_that_was_meant(sim, patch, said):
    assert (await sim.send("PATCH", "/__sim/knobs", patch)).body == {"error": said}


async def test_a_key_that_nobody_knows_is_refused_in_plain_words(sim):
    answer = await sim.send("POST", "/__sim/faults", {"kind": "reset", "colour": "red"})
    assert answer.status == 400
    assert "colour: there is no such key here" in answer.body["error"]


async def test_every_knob_is_listed_with_its_value_default_and_description(sim):
    listed = (await sim.control("GET", "/knobs"))["knobs"]
    assert [row["name"] for row in listed] == [
        f"{section}.{name}" for section, knobs in Knobs().values().items() for name in knobs
    ]
    for row in listed:
        assert row["description"].endswith(".") or row["description"].endswith(")"), row
        assert row["value"] == row["default"], row
