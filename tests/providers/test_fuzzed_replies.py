"""Every documented reply, mutated at random, through every operation of both adapters; other ones each day.

Only documented errors come out, nothing is concluded from garbage, and what a vendor says is fit for people.
"""

import json
import math
import time
from collections.abc import Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields, is_dataclass
from random import Random
from typing import Any

import pytest

from model_operator.domain import Canary, Endpoint, Remote
from model_operator.errors import (
    NameTaken,
    NotFound,
    ProviderError,
    Unavailable,
)
from model_operator.providers.base import Connection, Credentials, Provider
from model_operator.providers.http import HttpTransport
from model_operator.providers.reading import NAME_LIMIT, identity
from model_operator.traffic import Figures
from model_operator_simulator import Simulator
from support.in_process import InProcess
from support.mutated import KEY, SAID, mutate, refusing
from support.provider_world import OpenGate, World, opened
from support.recorded import Answer, Operation, Recorder, Replay, operations
from support.rows import ROWS

TODAY = int(time.time() // 86_400)
LONGEST_LINE = 600
"""A message: what, for what, and 256 characters of the vendor's."""
MOST_OF_A_LOG_LINE = 10_000
CHANGES = {"create", "update", "clear", "adopt", "delete", "pause", "resume"}
CREATES = {"create", "create_endpoint", "create_canary"}


@dataclass
class Bench:
    """One adapter, every operation of it, and the sound answers that they get."""

    name: str
    id: str
    replay: Replay
    gate: OpenGate
    provider: Provider
    operations: dict[str, Operation]


@asynccontextmanager
async def bench(name: str, spec: Mapping[str, Any], knobs: Mapping[str, Any]):
    row, simulator, gate = ROWS[name], Simulator(clock="manual"), OpenGate()
    recorder = Recorder(InProcess(simulator))
    world = await opened(World(row, "http://simulator", HttpTransport(client=recorder), gate, simulator))
    await world.control("PATCH", "/knobs", knobs)
    id = await world.serving(world.desired(**spec))
    canary_id = await _canary(world, id)
    held = world.desired(**spec)
    asked = (held, world.desired("second", uid="2222", **spec), id, canary_id)
    for operation in operations(world.provider, *asked).values():
        await operation()
        await world.advance(row.start)
    replay = Replay(recorder.answers)
    secret = Credentials(api_key=KEY, client_id="sim-client" if "clientID" in row.secret else None)
    provider = row.vendor.connect(
        Connection(
            base_url=world.url + row.base_path,
            chat_base_url=row.chat_path and world.url + row.chat_path,
            credentials=secret,
            transport=HttpTransport(client=replay),
            gate=gate,
        )
    )
    yield Bench(name, id, replay, gate, provider, operations(provider, *asked))
    await simulator.aclose()


async def _canary(world: World, id: str) -> str:
    if not world.provider.capabilities.splits_traffic:
        return ""
    return (await world.provider.create_canary("first", {id: 100})).id


async def outcome(operation: Operation) -> object:
    """What came out; anything but a documented error is a fault of the adapter."""
    try:
        return await operation()
    except ProviderError as error:
        return error


def strings(value: Any) -> Iterator[str]:
    """All texts in a result."""
    if isinstance(value, str):
        yield value
    elif is_dataclass(value) and not isinstance(value, type):
        for one in fields(value):
            yield from strings(getattr(value, one.name))
    elif isinstance(value, dict):
        yield from strings([*value.keys(), *value.values()])
    elif isinstance(value, list | tuple):
        for one in value:
            yield from strings(one)
    elif isinstance(value, float):
        assert math.isfinite(value)


def check(bench: Bench, name: str, found: object, served: list[Answer]) -> None:
    if isinstance(found, ProviderError):
        check_error(name, found, served)
        return
    for text in strings(found):
        assert text.isprintable()
        assert KEY not in text
        assert len(text) <= (MOST_OF_A_LOG_LINE if name == "logs" else max(NAME_LIMIT, 2048))
    # What is looked up besides may be refused: a deployment of a list that is gone, an account without a catalogue.
    assert all(200 <= answer.status < 300 or answer.status in (404, 405, 501) for answer in served[:-1])
    assert name == "find" or all(200 <= answer.status < 300 for answer in served[-1:])
    if name in CHANGES | CREATES:
        assert not any(complains(answer) for answer in served[-1:])
    if isinstance(found, Remote):
        assert found.replicas is None or 0 <= found.replicas < 1 << 63
    if isinstance(found, Figures):
        assert all(value >= 0 for bucket in found.buckets for value in bucket.figures.values())
    if isinstance(found, Remote | Canary | Endpoint):
        assert found.id
        assert name != "get" or found.id == bench.id
    if name == "list":
        assert isinstance(found, tuple)
        assert ids(served) <= {remote.id for remote in found}


def check_error(name: str, error: ProviderError, served: list[Answer]) -> None:
    said, last = str(error), served[-1].status if served else None
    assert said.isprintable()
    assert len(said) <= LONGEST_LINE
    assert KEY not in said + repr(error)
    assert not isinstance(error, NotFound) or last == 404
    assert not isinstance(error, NameTaken) or (name in CREATES and last in (400, 409, 422))
    if isinstance(error, Unavailable) and served:
        assert error.may_have_landed is (served[-1].method != "GET" and name != "probe")


def complains(answer: Answer) -> bool:
    """A plain error object, which no status makes a success."""
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        return False
    return (
        isinstance(body, dict)
        and bool(body.get("error"))
        and not (body.get("id") or body.get("deployment_id"))
    )


def ids(served: list[Answer]) -> set[str]:
    """Of the items that a list still shows, if it is a list at all."""
    found: set[str] = set()
    for answer in served:
        try:
            body = json.loads(answer.body.removeprefix(b"\xef\xbb\xbf") or b"null")
        except ValueError:  # compressed
            continue
        items = body.get("deployments") if isinstance(body, dict) else body
        found |= {
            identity(item["id"]) or "" for item in items or () if isinstance(item, dict) and "id" in item
        }
    return found - {""}


async def fuzz(bench: Bench, random: Random, change) -> None:
    for name, operation in bench.operations.items():
        bench.replay.served.clear()
        bench.gate.pauses.clear()
        bench.replay.change = lambda _, answer: change(random, answer) if random.random() < 0.7 else answer
        found = await outcome(operation)
        try:
            check(bench, name, found, bench.replay.served)
            assert all(rest is None or 0 <= rest.total_seconds() <= 300 for rest in bench.gate.pauses)
        except Exception as error:
            served = [
                (answer.status, dict(answer.headers), answer.body[:800]) for answer in bench.replay.served
            ]
            error.add_note(f"{name}: {str(found)[:800]!r}\n{served}")
            raise


async def rounds(bench: Bench, seconds: float, change=mutate) -> int:
    end, round_ = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        seed = f"{TODAY}/{round_}"
        try:
            await fuzz(bench, Random(seed), change)
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise
        round_ += 1
    return round_


USUAL = [pytest.param(False, id="as usual"), pytest.param(True, id="other knobs")]


def bench_of(name: str, *, is_odd: bool = False):
    return bench(name, ROWS[name].odd_spec, ROWS[name].odd_knobs) if is_odd else bench(name, {}, {})


@pytest.mark.parametrize("name", list(ROWS))
@pytest.mark.parametrize("is_odd", USUAL)
async def test_sound_replies_are_understood(name, is_odd):
    async with bench_of(name, is_odd=is_odd) as found:
        for operation in found.operations.values():
            await operation()


@pytest.mark.parametrize("name", list(ROWS))
@pytest.mark.parametrize("is_odd", USUAL)
async def test_no_mutated_reply_breaks_an_adapter_or_is_concluded_from(name, is_odd):
    async with bench_of(name, is_odd=is_odd) as found:
        await rounds(found, 4)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", list(ROWS))
@pytest.mark.parametrize("is_odd", USUAL)
async def test_a_minute_of_mutated_replies_break_no_adapter(name, is_odd):
    async with bench_of(name, is_odd=is_odd) as found:
        await rounds(found, 60)


@pytest.mark.parametrize("name", list(ROWS))
async def test_what_a_vendor_says_reaches_people_in_every_shape_and_under_every_status(name):
    async with bench_of(name) as found:
        for seed in range(40):
            random = Random(f"{TODAY}/{seed}")
            for operation in found.operations.values():
                found.replay.served.clear()
                found.replay.change = lambda _, answer, random=random: refusing(random, answer)
                error = await outcome(operation)
                if not found.replay.served:
                    continue  # there is nothing to ask
                assert isinstance(error, ProviderError), found.replay.served
                check_error("", error, found.replay.served)
                if not 300 <= found.replay.served[-1].status < 400:
                    assert SAID in str(error), (found.replay.served[-1], str(error))
