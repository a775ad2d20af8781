"""Logs follow a deployment's transitions, newest first, and page by limit and time."""

import base64
import json

import pytest


async def logs(sim, identifier, query=""):
    answer = await sim.paitient("GET", f"/v1/deployments/{identifier}/logs{query}")
    assert answer.status == 200, answer.text
    return answer.body


async def test_a_life_is_in_the_log(sim):
    identifier = (await sim.create_paitient(min_replicas=2, max_replicas=2))["id"]
    await sim.advance(6)
    await sim.paitient("PATCH", f"/v1/deployments/{identifier}", {"max_replicas": 3})
    await sim.control(
        "PATCH", f"/deployments/paitient/{identifier}", {"status": "failed", "message": "node lost"}
    )
    await sim.paitient("DELETE", f"/v1/deployments/{identifier}")
    await sim.advance(3)
    lines = (await logs(sim, identifier, "?order=asc"))["logs"]
    assert [
        (line["timestamp"][-4:-1], line["level"], line["message"].replace(identifier, "ID")) for line in lines
    ] == [
        (":00", "info", "Deployment ID is being created"),
        (":00", "info", "Loading model org/model"),
        (":06", "info", "Replica 1/2 is now ready"),
        (":06", "info", "Replica 2/2 is now ready"),
        (":06", "info", "Deployment ID is now running"),
        (":06", "info", "Deployment ID is being updated"),
        (":06", "error", "Deployment ID failed: node lost"),
        (":06", "info", "Deployment ID is being deleted"),
        (":09", "info", "Deployment ID was deleted"),
    ]
    assert lines == (await logs(sim, identifier))["logs"][::-1], "newest first unless asked otherwise"


@pytest.fixture
async def chatty(sim):
    """250 lines: ten a second for 25 seconds, from 12:01:00 on."""
    sim.identifier = (await sim.create_paitient())["id"]
    await sim.advance(60)
    for second in range(25):
        level = "error" if second % 5 == 0 else "debug"
        body = {"message": f"tick {second}", "level": level, "component": "ticker", "count": 10}
        await sim.control("POST", f"/deployments/paitient/{sim.identifier}/logs", body)
        await sim.advance(1)
    return sim


@pytest.mark.parametrize(
    ("query", "count"),
    [
        pytest.param("", 100, id="a hundred by default"),
        pytest.param("?limit=1000", 254, id="all"),
        pytest.param("?limit=7", 7, id="limit"),
        pytest.param("?filter=level=error", 50, id="filter by level"),
        pytest.param("?filter=level%3Derror", 50, id="filter, encoded"),
        pytest.param("?filter=component=ticker&limit=999", 250, id="filter by component"),
        pytest.param("?filter=level=fatal", 0, id="filter without a match"),
        pytest.param("?start_time=2026-01-01T12:01:20Z", 50, id="from a time on"),
        pytest.param("?end_time=2026-01-01T12:01:00Z", 14, id="until a time, inclusive"),
        pytest.param("?start_time=2026-01-01T12:01:03Z&end_time=2026-01-01T12:01:04Z", 20, id="between"),
    ],
)
async def test_lines_are_picked_as_asked(chatty, query, count):
    assert len((await logs(chatty, chatty.identifier, query))["logs"]) == count


async def test_next_token_is_there_while_there_is_more_and_names_the_last_time(chatty):
    more = await logs(chatty, chatty.identifier, "?limit=25")
    token = json.loads(base64.b64decode(more["pagination"]["next_token"]))
    assert token == {"last_evaluated_key": {"timestamp": more["logs"][-1]["timestamp"]}}
    assert (await logs(chatty, chatty.identifier, "?limit=254"))["pagination"] == {"next_token": None}


async def test_everything_is_reached_by_paging_with_end_time(chatty):
    seen, query = {}, "?limit=30"
    while True:
        lines = (await logs(chatty, chatty.identifier, query))["logs"]
        fresh = {line["request_id"]: line for line in lines if line["request_id"] not in seen}
        if not fresh:
            break
        seen |= fresh
        query = f"?limit=30&end_time={lines[-1]['timestamp']}"
    assert len(seen) == 254


@pytest.mark.parametrize(
    "query",
    [
        "?limit=0",
        "?limit=1001",
        "?limit=x",
        "?order=up",
        "?filter=level",
        "?filter=mood=bad",
        "?start_time=x",
    ],
)
async def test_an_unfit_parameter_is_a_validation_error(chatty, query):
    answer = await chatty.paitient("GET", f"/v1/deployments/{chatty.identifier}/logs{query}")
    assert (answer.status, answer.body["error"]["code"]) == (422, "validation_error")
