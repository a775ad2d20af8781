"""A simulator asked in the process answers `HttpTransport` as one behind a socket does, also when all breaks."""

import asyncio
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from model_operator.errors import Unavailable
from model_operator.providers.base import Call, Site
from model_operator.providers.complaints import Refused
from model_operator.providers.http import HttpTransport
from model_operator_simulator import Knobs, Simulator
from model_operator_simulator.faults import Kind
from support.in_process import InProcess
from support.rows import ROWS, Row

PATIENCE = timedelta(seconds=1)
"""For what hangs, which does so for longer: enough for the request to arrive."""
HANGS = 30
HANGING = {"timeout", "commit_then_timeout"}
OPERATIONS = ("create", "list", "get", "update", "delete")
HEADERS = ("content-type", "content-length", "retry-after", "location", "allow")


@dataclass
class Way:
    """One vendor of one simulator, by socket or in the process."""

    simulator: Simulator
    transport: HttpTransport
    site: Site

    async def outcome(self, call: Call) -> tuple[Any, ...]:
        try:
            reply = await self.transport.send(self.site, call)
        except Refused as refused:
            return "refused", refused.status, refused.body, _shown(refused.headers)
        except Unavailable as error:
            return "unavailable", str(error), error.status, error.may_have_landed
        return "reply", reply.status, reply.body, _shown(reply.headers)

    async def noted(self) -> list[tuple[Any, ...]]:
        journal = await self.simulator.control("GET", "/requests")
        facts = (
            "method",
            "path",
            "operation",
            "query",
            "body",
            "account",
            "status",
            "outcome",
            "committed_at",
        )
        return [tuple(str(entry[name]) for name in facts) for entry in journal["requests"]]


@pytest.fixture(params=list(ROWS))
async def ways(request):
    """The same vendor twice, each in a world of its own, under one URL."""
    row = ROWS[request.param]
    async with AsyncExitStack() as stack:
        served, asked = (Simulator(Knobs().changed(row.knobs), clock="manual") for _ in range(2))
        url = await stack.enter_async_context(served.serve())
        stack.push_async_callback(asked.aclose)
        site = Site(provider=request.param, base_url=url + row.base_path, headers=row.api.headers)
        socket = await stack.enter_async_context(HttpTransport())
        direct = HttpTransport(client=InProcess(asked))
        yield row, Way(served, socket, site), Way(asked, direct, site)


def call(operation: str, method: str, path: str, json: Any = None, **more: Any) -> Call:
    return Call(operation=operation, method=method, path=path, json=json, mutates=method != "GET", **more)


async def story(row: Row, way: Way, rule: dict[str, Any] | None) -> list[tuple[Any, ...]]:
    """Create, list, read, change and delete, each met by the rule once; what hangs, only a write and a read."""
    seen = []
    things, body = _things(row), _body(row)
    hangs = rule is not None and rule.get("seconds") == HANGS
    for operation in ("create", "get") if hangs else OPERATIONS:
        if rule is not None:
            await way.simulator.control("POST", "/faults", {**rule, "operation": operation, "count": 1})
        if operation == "get":  # so that the rest of the story has something to work on
            await way.outcome(call("create", "POST", things, body))
        listed = await way.simulator.control("GET", "/state")
        ids = [str(one["id"]) for one in listed[way.site.provider]]
        one = f"{things}/{ids[-1]}" if ids else things
        change = {**body, **dict.fromkeys(row.api.replicas, 2)}
        asked = {
            "create": call("create", "POST", things, body),
            "list": call("list", "GET", things, params=[("tags[a]", "b c+d"), ("limit", "3")]),
            "get": call("get", "GET", one),
            "update": call("update", row.api.update, one, change),
            "delete": call("delete", "DELETE", one, wants_json=False),
        }
        met = asked[operation]
        seen.append(await way.outcome(replace(met, timeout=PATIENCE) if hangs else met))
        await way.simulator.control("DELETE", "/faults")
        await way.simulator.control("POST", "/clock/advance", {"seconds": 9})
    return seen


@pytest.mark.parametrize(
    "rule",
    [
        None,
        *(
            pytest.param({"kind": kind, "seconds": HANGS if kind in HANGING else 0.05}, id=kind)
            for kind in Kind.__args__
        ),
        pytest.param({"kind": "latency", "seconds": HANGS}, id="slow for ever"),
        pytest.param({"kind": "hold", "seconds": 0.05, "when": "after"}, id="held after its commit"),
        pytest.param(
            {"kind": "late_commit", "seconds": HANGS, "connection": "hang"}, id="late commit after a hang"
        ),
        pytest.param({"kind": "error", "status": 503, "body": "html", "retry_after": 7}, id="503 page"),
        pytest.param(
            {"kind": "error", "status": 429, "body": "empty", "retry_after": 7}, id="429 without a body"
        ),
        pytest.param(
            {"kind": "error", "status": 502, "body": "text", "commit": True}, id="502 after the commit"
        ),
        pytest.param({"kind": "fields", "drop": ["id"], "extra": {"größe": "∞"}}, id="other fields"),
    ],
)
async def test_both_ways_tell_the_same_story(ways, rule):
    row, *both = ways
    stories = await asyncio.gather(*(story(row, way, rule) for way in both))
    assert stories[1] == stories[0]
    noted = [await way.noted() for way in both]
    assert noted[1] == noted[0]
    counted = [await way.simulator.control("GET", "/counters") for way in both]
    assert counted[1] == counted[0]
    assert counted[1]["defects"] == 0


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(call("get", "GET", "/nowhere"), id="no such path"),
        pytest.param(call("get", "DELETE", "/", wants_json=False), id="the root"),
        pytest.param(call("create", "POST", "/dedicated/deployments", {"a": "x" * 2000}), id="too long"),
        pytest.param(call("create", "POST", "/v1/deployments", ["schön", "\ud800"]), id="no object"),
    ],
)
async def test_both_ways_refuse_alike(ways, asked):
    _, *both = ways
    for way in both:
        await way.simulator.control("PATCH", "/knobs", {"http.max_body_bytes": 1000})
    outcomes = [await way.outcome(asked) for way in both]
    assert outcomes[0][:2] in {("refused", status) for status in (400, 404, 405, 413, 422)}
    assert outcomes[1] == outcomes[0]


async def test_both_ways_stream_alike():
    simulator = Simulator(clock="manual")
    row = ROWS["parasail"]
    text = {"model": "sim-a-1", "stream": True, "messages": [{"role": "user", "content": "hello"}]}
    chat = call("chat", "POST", "/chat/completions", text, wants_json=False)
    outcomes = []
    async with simulator.serve() as url, HttpTransport() as socket:
        direct = HttpTransport(client=InProcess(simulator))
        site = Site(provider="parasail", base_url=url + row.base_path, headers=row.api.headers)
        await direct.send(site, call("create", "POST", _things(row), {**_body(row), "deploymentName": "a-1"}))
        await simulator.control("POST", "/clock/advance", {"seconds": 9})
        for transport in (socket, direct):
            way = Way(
                simulator,
                transport,
                Site(provider="parasail", base_url=f"{url}/parasail/v1", headers=row.api.headers),
            )
            outcomes.append(await way.outcome(chat))
    assert outcomes[0][:2] == ("reply", 200)
    assert outcomes[1] == outcomes[0]


async def test_nobody_listens():
    simulator = Simulator(clock="manual")
    async with simulator.serve() as url:
        site = Site(provider="parasail", base_url=url, headers={})
    async with HttpTransport() as socket:
        direct = HttpTransport(client=InProcess(simulator, is_listening=False))
        asked = call("create", "POST", "/things", {})
        outcomes = [await Way(simulator, transport, site).outcome(asked) for transport in (socket, direct)]
    assert outcomes[0][0] == "unavailable"
    assert outcomes[1] == outcomes[0]


async def test_a_write_goes_on_when_who_asked_has_given_up(ways):
    row, _, way = ways
    fault = await way.simulator.control(
        "POST", "/faults", {"kind": "hold", "operation": "create", "seconds": 60}
    )
    create = call("create", "POST", _things(row), _body(row), timeout=timedelta(seconds=0.1))
    assert (await way.outcome(create))[0] == "unavailable"
    await way.simulator.control("POST", f"/faults/{fault['id']}/release")
    await way.simulator.aclose()
    counters = await way.simulator.control("GET", "/counters")
    assert counters[way.site.provider]["creates"] == {"deployment": 1}


async def test_a_request_costs_a_fraction_of_a_millisecond_and_a_world_one(ways):
    """Measured: 0.15 ms and 0.8 ms; the limits have room for a busy machine."""
    row, _, way = ways
    asked = call("list", "GET", _things(row))
    took = Counter()
    for _ in range(3):
        began = time.process_time()
        for _ in range(100):
            await way.transport.send(way.site, asked)
        took["request"] = min(took["request"] or 9, (time.process_time() - began) / 100)
        began = time.process_time()
        for _ in range(10):
            Simulator(clock="manual")
        took["world"] = min(took["world"] or 9, (time.process_time() - began) / 10)
    assert took["request"] < 0.002
    assert took["world"] < 0.01


def _things(row: Row) -> str:
    return row.api.deployments.removeprefix(row.base_path)


def _body(row: Row) -> dict[str, Any]:
    return {**row.api.least, row.api.name: "triage"}


def _shown(headers: Any) -> dict[str, str | None]:
    return {name: headers.get(name) for name in HEADERS}
