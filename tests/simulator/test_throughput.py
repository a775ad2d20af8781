"""Fast enough to stand behind a benchmark: a thousand deployments, ten list pages per second on half a core."""

import asyncio
import time

import pytest

from model_operator_simulator import Knobs
from model_operator_simulator.knobs import described

DEPLOYMENTS = "/api/v1/dedicated/deployments"
BUDGET = 0.05  # CPU seconds per list page: half a core at ten pages per second


@pytest.fixture
async def thousand(start):
    sim = await start({"parasail.gpu_quota": None, "paitient.max_deployments": None})
    for vendor in ("parasail", "paitient"):
        create = getattr(sim, f"create_{vendor}")
        tags = {"tags": {"model-operator-uid": "u"}} if vendor == "paitient" else {}
        for first in range(0, 1000, 50):
            await asyncio.gather(*(create(f"model-{place}", **tags) for place in range(first, first + 50)))
    await sim.advance(10)
    return sim


async def cost(send):
    """CPU seconds of this process, client and server together, per request."""
    await send()
    began = time.process_time()
    for _ in range(10):
        await send()
    return (time.process_time() - began) / 10


async def test_list_pages_of_a_thousand_deployments_are_cheap(thousand):
    async def parasail():
        answer = await thousand.parasail("GET", DEPLOYMENTS)
        assert answer.text.count('"deploymentName"') == 1000

    async def paitient():
        answer = await thousand.paitient(
            "GET", "/v1/deployments?limit=100&offset=500&tags[model-operator-uid]=u"
        )
        assert answer.body["pagination"]["total"] == 1000

    assert await cost(parasail) < BUDGET
    assert await cost(paitient) < BUDGET


async def test_a_thousand_documented_objects_are_less_than_a_mebibyte(thousand):
    await thousand.knobs({"parasail.reply_fields": "documented"})
    answer = await thousand.parasail("GET", DEPLOYMENTS)
    assert len(answer.text) < 1_048_576


async def test_requests_wait_side_by_side(start):
    sim = await start({"http.latency_s": 0.2})
    began = time.monotonic()
    await asyncio.gather(*(sim.parasail("GET", DEPLOYMENTS) for _ in range(50)))
    assert time.monotonic() - began < 5, "fifty times 0.2 s, one after the other, were 10 s"


def test_the_knobs_of_the_benchmark_exist():
    patch = {"http.latency_s": 0.02, "parasail.start_s": 5, "paitient.create_s": 5}
    rows = {row["name"]: row["value"] for row in described(Knobs().changed(patch))}
    assert {name: rows[name] for name in patch} == patch
