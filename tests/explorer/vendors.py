"""Moves at the providers: every fault of HTTP, lagging reads, people in the console, colleagues with the same account."""

import asyncio
from random import Random
from typing import Any

from explorer.moves import a_name, move, named, vendor_of_name
from explorer.objects import TEAM
from explorer.people import SHARED_NAME
from explorer.world import THEIR_MODEL, World
from model_operator.domain import DEPLOYMENT, UID_TAG, Key
from support.rows import LIVE, ROWS

_OPERATIONS = ("create", "create", "list", "get", "update", "delete", "pause", "resume", None)
_CANARY_OPERATIONS = ("create_canary", "update_canary", "metrics")
_LOSING = ("reset", "reset", "timeout", "commit_then_reset", "commit_then_timeout", "late_commit")
_KINDS: tuple[dict[str, Any], ...] = (
    {"kind": "error", "status": 500},
    {"kind": "error", "status": 503, "body": "html"},
    {"kind": "error", "status": 404, "body": "html"},
    {"kind": "error", "status": 401},
    {"kind": "error", "status": 403},
    {"kind": "error", "status": 429, "retry_after": 30},
    {"kind": "error", "status": 409},
    {"kind": "error", "status": 200 + 300, "commit": True},
    {"kind": "reset"},
    {"kind": "timeout"},
    {"kind": "commit_then_reset"},
    {"kind": "commit_then_reset"},
    {"kind": "commit_then_timeout"},
    {"kind": "late_commit", "seconds": 2},
    {"kind": "late_commit", "seconds": 20},
    {"kind": "truncate"},
    {"kind": "invalid_json"},
    {"kind": "latency", "seconds": 3},
    {"kind": "latency", "seconds": 20},
    {"kind": "stale_reply"},
)


def _fault(random: Random, vendors: tuple[str, ...]) -> dict[str, Any]:
    operations = _OPERATIONS + (_CANARY_OPERATIONS if "paitient" in vendors else ())
    rule = {**random.choice(_KINDS), "vendor": random.choice(vendors), "operation": random.choice(operations)}
    if random.random() < 0.6:
        rule["count"] = random.choice((1, 1, 2, 4))
    return {"rule": rule, "seconds": random.choice((5.0, 30.0, 90.0))}


@move(8, _fault)
def fault(world: World, rule: dict[str, Any], seconds: float) -> None:
    """Requests go wrong for a while, or so many of them."""
    operation, vendor = rule.get("operation"), rule.get("vendor")
    splits_traffic = vendor is None or ROWS[vendor].vendor.capabilities.splits_traffic
    if splits_traffic and (operation is None or operation.endswith("_canary")):
        world.marks.add("canary-faults")
    world.later(_for_a_while(world, rule, seconds))


@move(2, lambda random, vendors: {"vendor": random.choice(vendors), "kind": random.choice(_LOSING)})
def lose_create(world: World, vendor: str, kind: str) -> None:
    """The next create gets no answer, whether it arrives or not."""
    rule = {"kind": kind, "vendor": vendor, "operation": "create", "count": 1}
    world.later(_for_a_while(world, rule, 120))


async def _for_a_while(world: World, rule: dict[str, Any], seconds: float) -> None:
    made = await world.simulator.control("POST", "/faults", rule)
    await asyncio.sleep(seconds)
    try:
        await world.simulator.control("DELETE", f"/faults/{made['id']}")
    except Exception:  # noqa: BLE001  all of them may have been ended
        return


def _lie(random: Random, vendors: tuple[str, ...]) -> dict[str, Any]:
    operation = random.choice(("create", "update", "delete", "power"))
    return {"vendor": random.choice(vendors), "operation": operation, "times": random.choice((1, 3))}


@move(1, _lie)
def refuse_under_200(world: World, vendor: str, operation: str, times: int) -> None:
    """200, with an error in the body, and nothing done."""
    if operation == "update":
        world.marks.add("lied")
    if operation.endswith("_canary"):
        world.marks.add("canary-faults")
    world.lies.extend([(vendor, operation)] * times)


@move(0)
def empty_reply(world: World, vendor: str, operation: str) -> None:
    """Done, and answered with nothing under a 200."""
    if operation.endswith("_canary"):
        world.marks.add("canary-faults")
    world.empties.append((vendor, operation))


def _outage(random: Random, vendors: tuple[str, ...]) -> dict[str, Any]:
    status, body = random.choice(((404, "html"), (404, "html"), (404, "json"), (503, "html"), (401, "text")))
    seconds = random.choice((10.0, 60.0, 150.0))
    return {"vendor": random.choice(vendors), "status": status, "body": body, "seconds": seconds}


@move(2, _outage)
def outage(world: World, vendor: str, status: int, body: str, seconds: float) -> None:
    """A gateway answers for the whole API."""
    if ROWS[vendor].vendor.capabilities.splits_traffic:
        world.marks.add("canary-faults")  # its 5xx may hide a create that was done
    rule = {"kind": "error", "vendor": vendor, "status": status, "body": body}
    world.later(_for_a_while(world, rule, seconds))


def _lag(random: Random, vendors: tuple[str, ...]) -> dict[str, Any]:
    lag = random.choice((2, 8, 8))
    return {
        "vendor": random.choice(vendors),
        "list_lag": lag,
        "stale_read": random.choice((0, lag)),
        "seconds": 90,
    }


@move(2, _lag)
def lag(world: World, vendor: str, list_lag: float, stale_read: float, seconds: float) -> None:
    """The list learns late, and a GET shows what was before."""
    world.later(_knobs(world, vendor, {"list_lag_s": list_lag, "stale_read_s": stale_read}))
    world.loop.call_later(seconds, lambda: world.later(end_lag(world)))


async def end_lag(world: World) -> None:
    for vendor in ("parasail", "paitient"):
        await _knobs(world, vendor, {"list_lag_s": 0, "stale_read_s": 0})


async def _knobs(world: World, vendor: str, values: dict[str, Any]) -> None:
    await world.simulator.control("PATCH", "/knobs", {vendor: values})


@move(
    2,
    lambda random, vendors: {
        "name": a_name(random, vendors),
        "seconds": random.choice((2.0, 5.0, 20.0, 40.0)),
    },
)
def forget(world: World, name: str, seconds: float) -> None:
    """For a moment the provider does not know this id, neither in its list nor by a GET: shorter than the recovery window."""
    found = world.id_of(name)
    if found is not None:
        world.forgotten.add(found[1])
        world.loop.call_later(seconds, world.forgotten.discard, found[1])


_HANDS: dict[str, tuple[dict[str, Any], ...]] = {
    "parasail": (
        {"fields": {"replicas": 2}},
        {"status": "OFFLINE"},
        {"status": "ERROR"},
        {"fields": {"replicas": 1}},
    ),
    "paitient": (
        {"fields": {"min_replicas": 2, "max_replicas": 2}},
        {"status": "failed"},
        {"fields": {"tags": None}},
    ),
}


def _hand(random: Random, vendors: tuple[str, ...]) -> dict[str, Any]:
    name = a_name(random, vendors)
    return {"name": name, "edit": random.choice(_HANDS[vendor_of_name(name)])}


@move(1.5, _hand)
def edit_by_hand(world: World, name: str, edit: dict[str, Any]) -> None:
    found = world.id_of(name)
    if found is not None:
        world.marks.add("hand")
        world.later(world.hand("PATCH", *found, edit))


@move(1, named)
def remove_by_hand(world: World, name: str) -> None:
    found = world.id_of(name)
    if found is not None:
        world.marks.add("removed")
        world.later(world.hand("DELETE", *found))


def _stranger(random: Random, vendors: tuple[str, ...]) -> dict[str, Any]:
    return {"vendor": random.choice(vendors), "name": random.choice((SHARED_NAME, SHARED_NAME, "theirs"))}


@move(2.5, _stranger)
def colleague_creates(world: World, vendor: str, name: str) -> None:
    """Somebody with the same account and no Kubernetes takes a name, for another model."""
    world.marks.add("stranger")
    world.later(world.colleague_creates(vendor, _body(vendor, name, THEIR_MODEL)))


@move(0.3, named)
def twin(world: World, name: str) -> None:
    """A second deployment with the mark of this object: a request of ours that somebody repeats from a log."""
    body = world.server.find(Key(DEPLOYMENT, TEAM, name))
    if body is None or not ROWS[vendor_of_name(name)].vendor.capabilities.has_tags:
        return
    world.twins.add(body["metadata"]["uid"])
    made = _body("paitient", f"{name}-twin", body["spec"]["model"]) | {
        "tags": {UID_TAG: body["metadata"]["uid"]}
    }
    world.later(world.colleague_creates("paitient", made))


def _body(vendor: str, name: str, model: str) -> dict[str, Any]:
    api = ROWS[vendor].api
    machine = {key: LIVE.api.least[key] for key in ("deviceConfigs",) if vendor == LIVE.name}
    return {**api.least, **machine, api.name: name, api.fields["model"]: model}
