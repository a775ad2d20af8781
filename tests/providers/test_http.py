"""The transport against a server that misbehaves byte by byte."""

import asyncio
import gzip
import json
import zlib
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from model_operator import __version__
from model_operator.errors import InvalidRequest, Unavailable
from model_operator.providers.base import Call
from model_operator.providers.complaints import Refused
from model_operator.providers.http import BODY_LIMIT, HttpTransport
from support.raw_server import serve_raw
from support.raw_sites import GET, KEY, POST, replying, site


async def test_a_request_is_sent_as_the_call_says(transport):
    async with serve_raw(replying(body=b'{"id": 7}')) as server:
        call = Call(
            operation="update",
            method="PATCH",
            path="/things/7",
            params=[("tags[a]", "b c"), ("metrics", "x"), ("metrics", "y")],
            json={"word": "schön", "odd": "\ud800"},
        )
        reply = await transport.send(site(server.url + "/base"), call)
    visit = server.visits[0]
    assert (reply.status, reply.body) == (200, {"id": 7})
    assert visit.line == "PATCH /base/things/7?tags%5Ba%5D=b+c&metrics=x&metrics=y HTTP/1.1"
    assert json.loads(visit.body) == {"word": "schön", "odd": "\ud800"}
    assert (
        visit.headers.items()
        >= {
            "authorization": f"Bearer {KEY}",
            "content-type": "application/json",
            "accept": "application/json",
            "user-agent": f"model-operator/{__version__}",
        }.items()
    )


@pytest.mark.parametrize(
    "path",
    [
        "/things/../accounts",
        "/things/.",
        "/things/%2e%2e",
        "/things/%2E%2E",
        "/things/%252E",
        "/things/..",
        "/things//7",
        "/things/7?x=1",
        "/things/7#x",
        "/a\n",
        "/ü",
        "",
    ],
)
async def test_a_path_that_could_lead_elsewhere_is_not_sent(transport, path):
    async with serve_raw(replying()) as server:
        with pytest.raises(InvalidRequest, match="not sent"):
            await transport.send(site(server.url), Call(operation="get", method="GET", path=path))
    assert server.visits == []


async def test_a_post_without_a_body_says_that_it_is_empty(transport):
    async with serve_raw(replying()) as server:
        await transport.send(
            site(server.url), Call(operation="pause", method="POST", path="/p", wants_json=False)
        )
    assert server.visits[0].headers["content-length"] == "0"
    assert "content-type" not in server.visits[0].headers


@pytest.mark.parametrize(
    ("status", "body", "headers", "wants_json", "parsed"),
    [
        pytest.param("200 OK", b'{"a": 1}', [], True, {"a": 1}, id="json"),
        pytest.param(
            "201 Created", b"[]", ["Content-Type: text/html"], True, [], id="json with a wrong label"
        ),
        pytest.param("202 Accepted", b" \n", [], True, None, id="blank body"),
        pytest.param("204 No Content", b"", [], True, None, id="no content"),
        pytest.param("200 OK", b"OK", [], False, None, id="a body that nobody wants"),
        pytest.param(
            "200 OK", gzip.compress(b'{"a": 1}'), ["Content-Encoding: gzip"], True, {"a": 1}, id="gzip"
        ),
        pytest.param("200 OK", zlib.compress(b"[1]"), ["Content-Encoding: deflate"], True, [1], id="deflate"),
        pytest.param("200 OK", b"", ["Content-Encoding: gzip"], True, None, id="nothing, called gzip"),
    ],
)
async def test_any_2xx_is_a_reply(transport, status, body, headers, wants_json, parsed):
    async with serve_raw(replying(status, body, *headers)) as server:
        call = Call(operation="get", method="GET", path="/", mutates=False, wants_json=wants_json)
        reply = await transport.send(site(server.url), call)
    assert (reply.status, reply.body) == (int(status[:3]), parsed)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(replying("403 Forbidden", b"x" * (BODY_LIMIT + 1)), id="too long"),
        pytest.param(replying("403 Forbidden", b"{}", "Content-Encoding: br"), id="unknown encoding"),
        pytest.param(replying("403 Forbidden", b"{", length=500), id="hangs within the body"),
    ],
)
async def test_a_refusal_stays_one_whatever_its_body_is(script):
    async def refuse(visit):
        await script(visit)
        visit.writer.close()

    async with HttpTransport(request_timeout=timedelta(seconds=5)) as transport, serve_raw(refuse) as server:
        with pytest.raises(Refused) as caught:
            await transport.send(site(server.url), POST)
    assert (caught.value.status, caught.value.body) == (403, b"")


async def test_a_redirect_is_not_followed(transport):
    async with serve_raw(replying()) as elsewhere:
        script = replying("307 Temporary Redirect", b"", f"Location: {elsewhere.url}/steal")
        async with serve_raw(script) as server:
            with pytest.raises(Refused) as caught:
                await transport.send(site(server.url), POST)
        assert (caught.value.status, elsewhere.visits) == (307, [])


async def test_cookies_are_neither_kept_nor_sent(transport):
    async with serve_raw(
        replying("200 OK", b"{}", "Set-Cookie: session=of-another-account; Path=/")
    ) as server:
        for _ in range(2):
            await transport.send(site(server.url), GET)
    assert "cookie" not in server.visits[1].headers


async def test_proxies_of_the_environment_are_not_used(transport, monkeypatch):
    async with serve_raw(replying()) as proxy, serve_raw(replying()) as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        await transport.send(site(server.url), GET)
        assert (len(server.visits), proxy.visits) == (1, [])


async def test_a_connection_is_used_again(transport):
    async with serve_raw(replying()) as server:
        for _ in range(5):
            await transport.send(site(server.url), GET)
        assert server.connections == 1


async def test_cancelled_requests_leave_no_room_taken():
    async with HttpTransport(request_timeout=timedelta(seconds=20)) as transport, serve_raw() as server:
        for _ in range(5):
            tasks = [asyncio.create_task(transport.send(site(server.url), GET)) for _ in range(30)]
            await server.wait_for(30)
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            assert {type(result) for result in results} == {asyncio.CancelledError}
            server.visits.clear()
        server.script = replying()
        async with asyncio.timeout(5):
            await asyncio.gather(*(transport.send(site(server.url), GET) for _ in range(30)))


async def test_every_request_is_observed_with_its_status():
    seen = []
    async with HttpTransport(observe=lambda *what: seen.append(what)) as transport, serve_raw() as server:
        for script in (replying(), replying("500 Oops"), replying(body=b"{"), server.hang):
            server.script = script
            call = replace(POST, timeout=timedelta(seconds=0.2)) if script == server.hang else POST
            with suppress(Unavailable, Refused):
                await transport.send(site(server.url), call)
    assert [what[:3] for what in seen] == [
        ("parasail", "create", 200),
        ("parasail", "create", 500),
        ("parasail", "create", 200),
        ("parasail", "create", None),
    ]
    assert all(0 <= seconds < 60 for *_, seconds in seen)
    assert seen[3][3] >= 0.19


async def test_what_json_cannot_say_is_refused_before_it_is_sent(transport):
    async with serve_raw(replying()) as server:
        call = Call(operation="update", method="PUT", path="/", json={"a": float("inf")}, about="1")
        with pytest.raises(InvalidRequest, match="parasail: update 1: a value cannot be written as JSON"):
            await transport.send(site(server.url), call)
        assert server.visits == []


def test_what_carries_credentials_does_not_print_them():
    assert KEY not in repr(site("http://a"))
    assert KEY not in repr(Call(operation="update", method="PUT", path="/", json={"modelAccessKey": KEY}))


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        pytest.param("7", None, 7, id="seconds"),
        pytest.param(" 1.5 ", None, 1.5, id="a fraction"),
        pytest.param("0", None, 0, id="zero"),
        pytest.param("3600", None, 300, id="longer than is believed"),
        pytest.param("9" * 400, None, 300, id="absurd"),
        pytest.param(
            "Wed, 21 Oct 2015 07:28:10 GMT", "Wed, 21 Oct 2015 07:28:00 GMT", 10, id="a date by their clock"
        ),
        pytest.param(
            "Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 2015 07:28:10 GMT", 0, id="a date in the past"
        ),
        pytest.param("Wed, 21 Oct 2015 07:28:10 GMT", "nonsense", 0, id="a date by our clock"),
        pytest.param("soon", None, None, id="a word"),
        pytest.param("-5", None, None, id="negative"),
        pytest.param("nan", None, None, id="not a number"),
        pytest.param("", None, None, id="empty"),
        pytest.param(None, None, None, id="absent"),
    ],
)
def test_retry_after_is_read_in_both_forms_and_capped(value, date, seconds):
    headers = {name: text for name, text in (("retry-after", value), ("date", date)) if text is not None}
    found = Refused(429, headers, b"").retry_after
    assert found == (None if seconds is None else timedelta(seconds=seconds))


def test_retry_after_as_a_date_without_their_clock_goes_by_ours():
    until = datetime.now(UTC) + timedelta(seconds=60)
    found = Refused(429, {"retry-after": format_datetime(until, usegmt=True)}, b"").retry_after
    assert timedelta(seconds=55) < found <= timedelta(seconds=60)


async def test_a_former_leader_sends_nothing():
    async with (
        serve_raw(replying()) as server,
        HttpTransport(may_send=iter([True, False]).__next__) as transport,
    ):
        await transport.send(site(server.url), POST)
        with pytest.raises(Unavailable, match="not sent, this process is no longer the leader") as caught:
            await transport.send(site(server.url), POST)
        assert not caught.value.may_have_landed
        assert len(server.visits) == 1


async def test_a_list_that_is_too_long_is_said_with_the_way_out(transport):
    call = Call(operation="list", method="GET", path="/things", mutates=False, each=str, limit=4096)
    async with serve_raw(replying(body=b'["' + b"x" * 5000 + b'"]')) as server:
        with pytest.raises(Unavailable, match="a list of more than 4 KiB: delete at the provider what"):
            await transport.send(site(server.url), call)
