"""Answers that break off or never come, and connections that never open: what that says of a change."""

import asyncio
import gzip
import logging
import socket
import time
from datetime import timedelta

import pytest

from model_operator.errors import Unavailable
from model_operator.providers.base import Call
from model_operator.providers.complaints import Refused
from model_operator.providers.http import BODY_LIMIT, HttpTransport
from support.raw_server import serve_raw
from support.raw_sites import (
    BIG_NUMBER,
    BOMB,
    GET,
    KEY,
    NESTED,
    POST,
    bad_chunks,
    close,
    cut,
    endless,
    long_header,
    not_http,
    replying,
    reset,
    reset_in_body,
    site,
    trickle,
)

BROKEN = [
    pytest.param(reset, "the connection broke before the answer", id="reset before the answer"),
    pytest.param(close, "the connection broke before the answer", id="closed before the answer"),
    pytest.param(cut, "a truncated body", id="cut within the body"),
    pytest.param(reset_in_body, None, id="reset within the body"),
    pytest.param(bad_chunks, None, id="broken chunks"),
    pytest.param(not_http, "an answer that is not HTTP", id="not HTTP"),
    pytest.param(long_header, "an answer that is not HTTP", id="a header without end"),
    pytest.param(endless, "a body of more than 1024 KiB", id="a body without end"),
    pytest.param(
        replying(body=b" " * (BODY_LIMIT + 1)), "a body of more than 1024 KiB", id="too long a body"
    ),
    pytest.param(
        replying("200 OK", BOMB, "Content-Encoding: gzip"), "a body of more than 1024 KiB", id="a gzip bomb"
    ),
    pytest.param(
        replying("200 OK", BOMB[:3000], "Content-Encoding: gzip"),
        "a body of more than 1024 KiB",
        id="the begin of a bomb",
    ),
    pytest.param(
        replying("200 OK", gzip.compress(b"{}")[:-4], "Content-Encoding: gzip"),
        "a truncated body",
        id="cut gzip",
    ),
    pytest.param(
        replying("200 OK", b"{}", "Content-Encoding: gzip"),
        "a body that is not compressed as its headers say",
        id="not gzip at all",
    ),
    pytest.param(
        replying("200 OK", b"{}", "Content-Encoding: gzip, gzip"),
        "a body in an encoding that was not asked for",
        id="gzip in gzip",
    ),
    pytest.param(replying(body=b"<html>"), "HTTP 200 with a body that is not JSON", id="HTML"),
    pytest.param(replying(body=b'{"id": 1'), "HTTP 200 with a body that is not JSON", id="half of the JSON"),
    pytest.param(replying(body=b"\xff\xfe\x00"), "HTTP 200 with a body that is not JSON", id="not UTF-8"),
    pytest.param(
        replying(body=NESTED.encode()), "HTTP 200 with a body that is not JSON", id="nested too deep"
    ),
    pytest.param(replying(body=BIG_NUMBER), "HTTP 200 with a body that is not JSON", id="a number too long"),
]


@pytest.mark.parametrize(("script", "problem"), BROKEN)
async def test_a_broken_answer_is_no_answer_and_a_change_may_have_landed(transport, script, problem):
    async with serve_raw(script) as server:
        with pytest.raises(Unavailable) as caught:
            await transport.send(site(server.url), POST)
    assert caught.value.may_have_landed
    if problem is not None:
        assert str(caught.value) == f'parasail: create "a": {problem}'


@pytest.mark.parametrize(("script", "problem"), BROKEN)
async def test_a_broken_answer_to_a_read_changed_nothing(transport, script, problem):
    async with serve_raw(script) as server:
        with pytest.raises(Unavailable) as caught:
            await transport.send(site(server.url), GET)
    assert not caught.value.may_have_landed


async def test_a_post_is_never_sent_twice(transport):
    async with serve_raw(replying()) as server:
        await transport.send(site(server.url), POST)  # leaves a connection to be used again
        server.script = reset
        with pytest.raises(Unavailable):
            await transport.send(site(server.url), POST)
    assert [visit.line[:4] for visit in server.visits] == ["POST", "POST"]


async def test_the_deadline_holds_for_a_server_that_says_nothing():
    async with HttpTransport(request_timeout=timedelta(seconds=0.3)) as transport, serve_raw() as server:
        began = time.monotonic()
        with pytest.raises(Unavailable) as caught:
            await transport.send(site(server.url), POST)
    assert time.monotonic() - began < 3
    assert str(caught.value) == 'parasail: create "a": no answer within 300ms'
    assert caught.value.may_have_landed


async def test_the_deadline_holds_for_a_server_that_trickles():
    async with (
        HttpTransport(request_timeout=timedelta(seconds=0.4)) as transport,
        serve_raw(trickle) as server,
    ):
        with pytest.raises(Unavailable, match="no answer within 400ms"):
            await transport.send(site(server.url), GET)


async def test_a_call_may_have_a_deadline_of_its_own(transport):
    call = Call(operation="probe", method="POST", path="/", timeout=timedelta(seconds=0.2), mutates=False)
    async with serve_raw() as server:
        with pytest.raises(Unavailable, match="parasail: probe: no answer within 200ms"):
            await transport.send(site(server.url), call)


async def test_a_refused_connection_sent_nothing(transport):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(Unavailable) as caught:
            await transport.send(site(f"http://{where}"), POST)
    assert not caught.value.may_have_landed
    assert str(caught.value) == f'parasail: create "a": no connection to {where} (Connection refused)'


async def test_a_connection_that_never_opens_sent_nothing():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        fillers = []
        for _ in range(8):  # a full backlog: the kernel drops what comes on top
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
            fillers.append(filler)
        try:
            async with HttpTransport(connect_timeout=timedelta(seconds=0.5)) as transport:
                with pytest.raises(Unavailable) as caught:
                    await transport.send(site(f"http://127.0.0.1:{port}"), POST)
        finally:
            for filler in fillers:
                filler.close()
    assert not caught.value.may_have_landed
    assert str(caught.value) == f'parasail: create "a": no connection to 127.0.0.1:{port} in time'


async def test_tls_that_fails_sent_nothing(transport):
    async def speak_plain_http(reader, writer):
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(speak_plain_http, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(Unavailable, match=rf"no TLS connection to 127\.0\.0\.1:{port}") as caught:
            await transport.send(site(f"https://127.0.0.1:{port}"), POST)
    assert not caught.value.may_have_landed


async def test_a_certificate_is_trusted_with_its_own_authority_only(cluster, transport):
    """The server is the API server, whose certificate no public authority knows."""
    at = site(cluster.url)
    with pytest.raises(Unavailable, match=r"the certificate of 127\.0\.0\.1:\d+ is not trusted"):
        await transport.send(at, GET)
    async with HttpTransport(ca_file=cluster.ca) as trusting:
        with pytest.raises(Refused) as caught:  # nobody knows the key there, and it was read to find that out
            await trusting.send(at, GET)
    assert caught.value.status in {401, 403}


async def test_a_name_that_does_not_exist_sent_nothing(transport, monkeypatch):
    def fail(*_args, **_options):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)  # no test asks a real name server
    with pytest.raises(Unavailable) as caught:
        await transport.send(site("http://nowhere.invalid:81"), POST)
    assert not caught.value.may_have_landed
    assert str(caught.value) == 'parasail: create "a": the name of nowhere.invalid:81 cannot be resolved'


def everything_about(error):
    """An error and all that hangs on it, as any logger or debugger might print it."""
    parts = []
    while error is not None:
        parts += [str(error), repr(error), repr(error.args), repr(getattr(error, "__notes__", []))]
        error = error.__cause__ or error.__context__
    return "\n".join(parts)


@pytest.mark.parametrize(("script", "problem"), BROKEN)
async def test_no_error_shows_the_key(transport, script, problem, caplog):
    caplog.set_level(logging.DEBUG)
    async with serve_raw(script) as server:
        with pytest.raises(Unavailable) as caught:
            await transport.send(site(server.url), POST)
    assert KEY not in everything_about(caught.value)
    assert KEY not in caplog.text
