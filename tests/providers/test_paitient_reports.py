"""Logs and metrics of PaiTIENT deployments, with every documented parameter, against the simulator."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from model_operator.errors import InvalidRequest, NotFound, Unavailable
from model_operator.providers.paitient.reports import (
    ArrayStyle,
    LogQuery,
    Metrics,
    MetricsQuery,
    Order,
    Series,
    read_logs,
    read_metrics,
)
from support.raw_server import serve_raw


async def lines(world, id, **query):
    return [line async for line in read_logs(world.provider, id, LogQuery(**query))]


async def write(world, id, message, **more):
    await world.control("POST", f"/deployments/paitient/{id}/logs", {"message": message, **more})


async def now(world):
    return datetime.fromtimestamp((await world.control("GET", "/clock"))["now"], UTC)


async def test_logs_come_latest_first_and_with_all_their_parts(paitient):
    id = await paitient.serving()
    found = await lines(paitient, id)
    assert f"Deployment {id} is now running" in found[0].message
    assert [line.timestamp for line in found] == sorted((line.timestamp for line in found), reverse=True)
    assert all(line.level and line.component and line.request_id for line in found)


async def test_logs_can_be_had_oldest_first(paitient):
    id = await paitient.serving()
    assert await lines(paitient, id, order=Order.ASC) == (await lines(paitient, id))[::-1]


async def test_logs_can_be_filtered(paitient):
    id = await paitient.serving()
    await write(paitient, id, "it broke", level="error")
    assert [line.message for line in await lines(paitient, id, filter="level=error")] == ["it broke"]


async def test_logs_can_be_had_of_a_time(paitient):
    id = await paitient.serving()
    begin = await now(paitient)
    for minute in range(5):
        await write(paitient, id, f"minute {minute}")
        await paitient.advance(60)
    found = await lines(
        paitient,
        id,
        start=begin + timedelta(seconds=30),
        end=begin + timedelta(seconds=200),
        filter="level=info",
    )
    assert [line.message for line in found] == ["minute 3", "minute 2", "minute 1"]


@pytest.mark.parametrize("order", list(Order))
async def test_logs_of_many_pages_come_whole_and_once(paitient, order):
    id = await paitient.serving()
    await paitient.advance(60)
    begin = await now(paitient)
    for second in range(9):
        await write(paitient, id, f"second {second}", count=300)
        await paitient.advance(1)
    found = await lines(paitient, id, start=begin, limit=5000, order=order)
    seconds = [line.message for line in found]
    expected = [f"second {second}" for second in range(9) for _ in range(300)]
    assert seconds == (expected if order is Order.ASC else expected[::-1])


async def test_no_more_lines_come_than_were_asked_for(paitient):
    id = await paitient.serving()
    for second in range(3):
        await write(paitient, id, f"second {second}", count=600)
        await paitient.advance(1)
    assert len(await lines(paitient, id, limit=1500)) == 1500
    assert len(await lines(paitient, id, limit=2)) == 2
    sizes = [request["query"] for request in await paitient.requests(operation="logs")]
    assert sizes[-1] == [["order", "desc"], ["limit", "2"]]


async def test_more_lines_at_one_time_than_a_page_holds_are_an_error_and_not_a_gap(paitient):
    id = await paitient.serving()
    await write(paitient, id, "burst", count=1500)
    with pytest.raises(Unavailable, match=r"more lines at .* than a page holds"):
        await lines(paitient, id, limit=2000)


async def test_what_the_vendor_does_not_accept_is_said(paitient):
    id = await paitient.serving()
    with pytest.raises(InvalidRequest, match="filter must be"):
        await lines(paitient, id, filter="nonsense")
    with pytest.raises(NotFound):
        await lines(paitient, paitient.row.missing_id)
    with pytest.raises(InvalidRequest):
        await lines(paitient, "../x")


async def test_log_lines_are_fit_for_a_terminal(paitient):
    id = await paitient.serving()
    key = paitient.row.secret["apiKey"]
    await write(paitient, id, f"\u001b[2Jcleared\nX-Client-ID: abc, key {key} {'long ' * 200}", level="error")
    message = (await lines(paitient, id, filter="level=error"))[0].message
    assert message.startswith("[2Jcleared X-Client-ID: ***, key *** long")
    assert message.isprintable()
    assert len(message) > 1000


async def test_metrics_show_all_series_at_equal_times(paitient):
    id = await paitient.serving()
    begin = await now(paitient)
    await paitient.advance(600)
    found = await read_metrics(
        paitient.provider, id, MetricsQuery(start=begin, end=begin + timedelta(minutes=10), interval="1m")
    )
    assert found.interval == "1m"
    assert set(found.series) == {"latency", "throughput", "error_rate", "token_usage"}
    assert set(found.series["latency"].values) == {"average", "p50", "p95", "p99"}
    for series in found.series.values():
        assert len(series.timestamps) == 10
        assert all(len(points) == 10 for points in series.values.values())
    assert all(isinstance(point, float) for point in found.series["throughput"].values["requests_per_second"])
    assert set(found.summary["token_usage"]) == {"total", "input", "output"}


@pytest.mark.parametrize("style", [ArrayStyle.REPEAT, ArrayStyle.BRACKETS, ArrayStyle.COMMA])
async def test_metrics_can_be_chosen_in_any_spelling_of_a_list(paitient, style):
    id = await paitient.serving()
    await paitient.advance(300)
    query = MetricsQuery(metrics=("latency", "error_rate"), interval="1m", array_style=style)
    assert set((await read_metrics(paitient.provider, id, query)).series) == {"latency", "error_rate"}


@pytest.mark.parametrize(
    "knobs",
    [
        pytest.param({"nan_probability": 1, "nan_form": "null"}, id="null"),
        pytest.param({"nan_probability": 1, "nan_form": "nan"}, id="NaN, which is no JSON"),
    ],
)
async def test_values_that_are_no_numbers_are_none(paitient, knobs):
    await paitient.control("PATCH", "/knobs", {"metrics": knobs})
    id = await paitient.serving()
    await paitient.advance(300)
    found = await read_metrics(paitient.provider, id, MetricsQuery(interval="1m"))
    points = found.series["latency"].values["average"]
    assert points
    assert set(points) == {None}


async def test_short_series_are_filled_up(paitient):
    await paitient.control("PATCH", "/knobs", {"metrics": {"unequal": True}})
    id = await paitient.serving()
    begin = await now(paitient)
    await paitient.advance(300)
    query = MetricsQuery(start=begin, end=begin + timedelta(minutes=5), interval="1m")
    latency = (await read_metrics(paitient.provider, id, query)).series["latency"]
    assert len(latency.values["p99"]) == len(latency.timestamps) == 5
    assert latency.values["p99"][-1] is None
    assert latency.values["p99"][0] is not None


@pytest.mark.parametrize(
    ("body", "series"),
    [
        pytest.param(b"{}", {}, id="nothing"),
        pytest.param(b'{"metrics": null, "summary": 3}', {}, id="nulls"),
        pytest.param(b'{"metrics": {"latency": null, "odd": []}}', {}, id="no series"),
        pytest.param(
            b'{"metrics": {"latency": {"p50": [1, "2", true, 4], "p95": null, "timestamps": ["a", "b", 3]}}}',
            {"latency": {"p50": (1.0, 2.0, None)}},
            id="mistyped values",
        ),
        pytest.param(b'{"metrics": {"latency": {"p50": [1]}}}', {"latency": {"p50": ()}}, id="no timestamps"),
    ],
)
async def test_metrics_of_any_shape_are_read_as_far_as_they_go(paitient, body, series):
    async with serve_raw(lambda visit: visit.reply("200 OK", body)) as server:
        paitient.url = server.url
        found = await read_metrics(paitient.provider, "dep_1", MetricsQuery())
    assert {name: one.values for name, one in found.series.items()} == series


async def test_the_vendor_s_names_of_series_and_times_are_fit_for_a_terminal(paitient):
    key = paitient.row.secret["apiKey"]
    odd = "\x1b[2Jp50\n"
    body = {
        "interval": odd,
        "metrics": {odd: {odd: [1], "timestamps": [f"at\t{key}"]}},
        "summary": {odd: {odd: 2}},
    }
    async with serve_raw(lambda visit: visit.reply("200 OK", json.dumps(body).encode())) as server:
        paitient.url = server.url
        found = await read_metrics(paitient.provider, "dep_1", MetricsQuery())
    series = Series(("at ***",), {"[2Jp50": (1.0,)})
    assert found == Metrics("[2Jp50", {"[2Jp50": series}, {"[2Jp50": {"[2Jp50": 2.0}})


async def test_pages_without_a_token_end_with_the_first_short_one(paitient):
    stamps = [f"2026-01-01T00:00:{second:02}Z" for second in range(30)]

    async def script(visit):
        rows = ",".join(f'{{"timestamp": "{stamp}", "message": "m"}}' for stamp in reversed(stamps))
        await visit.reply("200 OK", f'{{"logs": [{rows}]}}'.encode())

    async with serve_raw(script) as server, asyncio.timeout(10):
        paitient.url = server.url
        assert [line.timestamp for line in await lines(paitient, "dep_1", limit=90)] == stamps[::-1]
    assert len(server.visits) == 1
