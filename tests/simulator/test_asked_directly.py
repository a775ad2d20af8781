"""The simulator without a socket: its clock follows whatever time it is given, and its control plane is a call."""

import asyncio
import json
from email.utils import formatdate

import pytest

from model_operator_simulator import Complete, Request, Reset, Simulator
from model_operator_simulator.control import Problem

START = 2_000_000_000.0
HEADERS = {"Authorization": "Bearer sim-parasail-key"}
BODY = {"deploymentName": "model-a", "modelName": "org/model", "serviceTierName": "low-cost", "replicas": 1}


class Turned:
    """Time that stands still until somebody turns it."""

    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now


@pytest.fixture
def time():
    return Turned()


@pytest.fixture
async def simulator(time):
    simulator = Simulator(source=time)
    yield simulator
    assert (await simulator.control("GET", "/counters"))["defects"] == 0
    await simulator.aclose()


def create():
    path = "/parasail/api/v1/dedicated/deployments"
    return Request("POST", path, [], HEADERS, json.dumps(BODY).encode(), "http://sim")


async def status(simulator):
    (shown,) = (await simulator.control("GET", "/state"))["parasail"]
    return shown["status"]["status"]


async def test_it_lives_in_the_time_that_it_is_given(simulator, time):
    outcome = await simulator.ask(create())
    assert isinstance(outcome, Complete)
    assert outcome.status == 200
    assert outcome.headers["Date"] == formatdate(START, usegmt=True)
    seen = [await status(simulator)]
    time.now += 8
    seen.append(await status(simulator))
    assert seen == ["STARTING", "ONLINE"]
    (entry,) = (await simulator.control("GET", "/requests"))["requests"]
    assert (entry["at"], entry["committed_at"], entry["duration_ms"]) == (START, START, 0)


async def test_a_date_to_come_back_at_is_in_that_time_too(simulator):
    rule = {"kind": "error", "status": 429, "retry_after": 7, "retry_after_form": "date"}
    await simulator.control("POST", "/faults", rule)
    outcome = await simulator.ask(create())
    assert outcome.headers["Retry-After"] == formatdate(START + 7, usegmt=True)


async def test_a_clock_that_steps_back_undoes_nothing(simulator, time):
    await simulator.ask(create())
    time.now += 8
    assert await status(simulator) == "ONLINE"
    time.now -= 3600
    assert await status(simulator) == "ONLINE"


async def test_the_end_lets_everybody_go(simulator):
    await simulator.control("POST", "/faults", {"kind": "timeout", "seconds": 3600})
    task = asyncio.create_task(simulator.ask(create()))
    await simulator.control("GET", "/faults/fault-1/wait?timeout=5")
    await simulator.aclose()
    assert await task == Reset()


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nowhere", None, 404),
        ("PUT", "/knobs", None, 404),
        ("GET", "/faults/fault-9", None, 404),
        ("GET", "/requests?since=x", None, 400),
        ("PATCH", "/knobs", {"parasail.start_s": "soon"}, 400),
        ("POST", "/faults", [], 400),
    ],
)
async def test_a_wrong_operation_says_what_is_wrong(simulator, method, path, body, status):
    with pytest.raises(Problem) as caught:
        await simulator.control(method, path, body)
    assert caught.value.status == status
    assert str(caught.value)
