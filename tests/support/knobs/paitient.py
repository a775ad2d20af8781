"""Knobs of PaiTIENT, and what a probe sees of each."""

import re
from urllib.parse import quote

from support.knobs.probes import billed, created_at, retry_after


async def second_paitient_request(sim):
    await sim.paitient("GET", "/v1/deployments")
    return (await sim.paitient("GET", "/v1/deployments")).status


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


PAITIENT = [
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
]
