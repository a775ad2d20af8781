"""Webhooks: which events leave, how they are signed, and that each knob of the section changes what it says."""

import asyncio
import hashlib
import hmac
import json
import time
from contextlib import AsyncExitStack

import aiohttp
import pytest
from aiohttp import web

from model_operator_simulator import Knobs, Simulator

CREATED = ["created", "status_changed", "health_changed"]


class Receiver:
    """A place on loopback that takes events: refuses the first ``refuse`` with 500, is slow with ``slow``."""

    def __init__(self):
        self.events = []
        self.refuse = 0
        self.slow = 0

    async def start(self, stack):
        app = web.Application()
        app.router.add_post("/hook", self.take)
        runner = web.AppRunner(app)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"

    async def take(self, request):
        if self.refuse:
            self.refuse -= 1
            raise web.HTTPInternalServerError
        if self.slow:
            self.slow -= 1
            await asyncio.sleep(0.2)
        self.events.append((await request.read(), request.headers["X-Sim-Signature"], time.monotonic()))
        return web.Response()

    @property
    def types(self):
        return [json.loads(body)["type"].removeprefix("deployment.") for body, _, _ in self.events]


@pytest.fixture
async def receiver():
    async with AsyncExitStack() as stack:
        receiving = Receiver()
        await receiving.start(stack)
        yield receiving


async def quiet(sim):
    """Until every event that was announced has left or was dropped."""

    async def nothing_under_way():
        return not (await sim.control("GET", "/counters"))["webhooks"]["under_way"]

    await sim.eventually(nothing_under_way)


async def one_deployment(sim):
    identifier = (await sim.create_paitient())["id"]
    await quiet(sim)
    await sim.advance(7)
    await quiet(sim)
    return identifier


def signed_with(event, secret):
    body, signature, _ = event
    at, _, digest = signature.removeprefix("t=").partition(",v1=")
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest() == digest


async def test_every_documented_event_is_sent_when_it_happens(start, receiver):
    sim = await start({"webhooks.url": receiver.url})
    identifier = await one_deployment(sim)
    assert sorted(receiver.types) == sorted(CREATED)
    await sim.paitient("PATCH", f"/v1/deployments/{identifier}", {"max_replicas": 3})
    await sim.control("PATCH", f"/deployments/paitient/{identifier}", {"fail_after_s": 0.1})
    await sim.advance(1)
    await sim.paitient("DELETE", f"/v1/deployments/{identifier}")
    await sim.advance(4)
    await quiet(sim)
    names = {"created", "updated", "deleted", "status_changed", "health_changed", "scaling_changed", "error"}
    assert set(receiver.types) == names


async def test_an_event_holds_the_deployment_and_is_signed(start, receiver):
    sim = await start({"webhooks.url": receiver.url})
    identifier = await one_deployment(sim)
    event = json.loads(receiver.events[0][0])
    assert set(event) == {"id", "type", "created_at", "data"}
    assert (event["id"], event["type"]) == ("evt_0000000001", "deployment.created")
    assert event["data"]["deployment"]["id"] == identifier
    assert all(signed_with(received, "sim-webhook-secret") for received in receiver.events)


async def test_a_refused_event_is_sent_again(start, receiver):
    receiver.refuse = 1
    sim = await start({"webhooks.url": receiver.url})
    await sim.create_paitient()
    await quiet(sim)
    counts = (await sim.control("GET", "/counters"))["webhooks"]
    assert receiver.types == ["created"]
    assert (counts["announced"], counts["attempts"], counts["delivered"]) == (1, 2, 1)


async def test_events_leave_though_nobody_asks_the_simulator_anything(start, receiver):
    sim = await start({"webhooks.url": receiver.url, "paitient.create_s": 0.1}, clock="real")
    await sim.create_paitient()

    async def arrived():
        return "health_changed" in receiver.types

    await sim.eventually(arrived)


def count(receiver):
    return len(receiver.events)


def secret_of_the_first(receiver):
    return next((s for s in ("sim-webhook-secret", "other") if signed_with(receiver.events[0], s)), None)


# name, another value, what is looked at, seen with the default, seen with the other value
TABLE = [
    ("secret", "other", secret_of_the_first, "sim-webhook-secret", "other"),
    ("bad_signature_probability", 1, secret_of_the_first, "sim-webhook-secret", None),
    ("drop_probability", 1, count, 3, 0),
    ("duplicate_probability", 1, count, 3, 6),
    ("burst", 3, count, 3, 9),
]


@pytest.mark.parametrize("row", [pytest.param(row, id=row[0]) for row in TABLE])
async def test_a_knob_changes_what_it_says(start, receiver, row):
    name, value, look, with_default, with_value = row
    sim = await start({"webhooks.url": receiver.url})
    await one_deployment(sim)
    assert look(receiver) == with_default
    receiver.events.clear()
    await sim.knobs({f"webhooks.{name}": value})
    await one_deployment(sim)
    assert look(receiver) == with_value


async def test_an_event_may_leave_after_its_successor(start, receiver):
    receiver.slow = 1
    sim = await start({"webhooks.url": receiver.url, "webhooks.reorder_probability": 1})
    await one_deployment(sim)
    assert receiver.types[:2] == ["status_changed", "created"]


async def test_an_event_may_be_late(start, receiver):
    sim = await start({"webhooks.url": receiver.url, "webhooks.delay_s": 0.2})
    began = time.monotonic()
    await sim.create_paitient()
    await quiet(sim)
    assert receiver.events[0][2] - began >= 0.2


async def test_no_event_is_left_under_way_when_the_simulator_ends(receiver):
    knobs = Knobs().changed({"webhooks.url": receiver.url, "webhooks.delay_s": 600})
    before = asyncio.all_tasks()
    async with Simulator(knobs, clock="manual").serve() as url, aiohttp.ClientSession() as session:
        headers = {"Authorization": "Bearer sim-paitient-key", "X-Client-ID": "sim-client"}
        body = {"model_name": "org/model", "deployment_name": "model-a"}
        async with session.post(f"{url}/paitient/v1/deployments", json=body, headers=headers) as reply:
            assert reply.status == 200
        async with session.get(f"{url}/__sim/counters") as reply:
            assert (await reply.json())["webhooks"]["under_way"] == 1
    assert asyncio.all_tasks() == before


async def test_without_a_url_nothing_is_sent(start):
    sim = await start()
    await sim.create_paitient()
    assert (await sim.control("GET", "/counters"))["webhooks"] == {
        "announced": 0,
        "dropped": 0,
        "delivered": 0,
        "attempts": 0,
        "under_way": 0,
    }


def test_every_webhook_knob_has_a_test():
    tested = {name for name, *_ in TABLE} | {"url", "delay_s", "reorder_probability"}
    assert tested == set(Knobs().values()["webhooks"])
