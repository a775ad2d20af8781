"""Raw servers that answer wrongly, and what is asked of them."""

import asyncio
import gzip

from model_operator.providers.base import Call, Site

KEY = "sk-very-secret-0123456789"


GET = Call(operation="get", method="GET", path="/things/1", about="1", mutates=False)


POST = Call(operation="create", method="POST", path="/things", json={"name": "a"}, about='"a"')


def site(url):
    return Site(provider="parasail", base_url=url, headers={"Authorization": f"Bearer {KEY}"})


def replying(status="200 OK", body=b"{}", *headers, length=None):
    async def script(visit):
        await visit.reply(status, body, *headers, length=length)

    return script


BOMB = gzip.compress(b" " * (50 << 20))


NESTED = "[" * 100_000


BIG_NUMBER = b"[" + b"9" * 10_000 + b"]"


async def cut(visit):
    await visit.reply("200 OK", b'{"id": 1', length=500)
    visit.writer.close()


async def reset(visit):
    visit.reset()


async def close(visit):
    visit.writer.close()


async def reset_in_body(visit):
    await visit.reply("200 OK", b'{"id": 1', length=500)
    visit.reset()


async def endless(visit):
    await visit.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(80):
        await visit.send(b"4000\r\n" + b" " * 0x4000 + b"\r\n")


async def not_http(visit):
    await visit.send(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")


async def long_header(visit):
    await visit.send(b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 100_000 + b"\r\n\r\n")


async def bad_chunks(visit):
    await visit.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nnope\r\n")


async def trickle(visit):
    await visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    for _ in range(1000):
        await visit.send(b" ")
        await asyncio.sleep(0.05)
