"""How an answer reaches the client, whole, mangled or not at all.

The last step of an exchange: everything here knows HTTP and nothing of deployments.
"""

import json
import socket
import struct
from typing import Any

from aiohttp import web

from .call import Call, Json, Reply, VendorApp
from .core import add_retry_after
from .faults import FaultRule
from .journal import Entry

HTML = "<!doctype html><html><head><title>{0}</title></head><body><h1>{0}</h1><p>{1}</p></body></html>"


async def send(request: web.Request, reply: Reply, entry: Entry) -> web.StreamResponse:
    """Send a reply as it is."""
    entry.status = reply.status
    entry.outcome = "replied"
    if reply.chunks is None:
        return _response(reply, reply.body())
    stream = web.StreamResponse(status=reply.status, headers=reply.headers)
    stream.content_type = reply.content_type
    await stream.prepare(request)
    for chunk in reply.chunks:
        await stream.write(chunk)
    return stream


async def send_broken(request: web.Request, reply: Reply, entry: Entry, kind: str) -> web.StreamResponse:
    """Send a reply whose body cannot be read.

    Args:
        request: what is answered.
        reply: the answer that the client should have had.
        entry: its line in the journal.
        kind: ``truncate`` (half of the JSON in a sound HTTP message), ``cut`` (the connection ends within the body)
            or ``invalid_json``.
    """
    entry.status = reply.status
    entry.outcome = kind
    body = reply.body()
    if kind == "invalid_json":
        return _response(reply, b'{"id": 1,, "status": oops}')
    if kind == "truncate":
        return _response(reply, body[: max(1, len(body) // 2)] if body else b"{")
    stream = web.StreamResponse(status=reply.status, headers={"Content-Length": str(len(body) + 64)})
    stream.content_type = reply.content_type
    await stream.prepare(request)
    await stream.write(body[: max(1, len(body) // 2)] or b"{")
    return reset(request, entry, kind)


def reset(request: web.Request, entry: Entry, outcome: str = "reset") -> web.StreamResponse:
    """Close the connection hard: the client gets ECONNRESET, not an orderly end."""
    entry.outcome = outcome
    transport = request.transport
    if transport is not None:
        peer = transport.get_extra_info("socket")
        if peer is not None:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response(status=499)


def error_reply(app: VendorApp, call: Call, rule: FaultRule) -> Reply:
    """The error that a rule asks for, in the vendor's form, as an HTML page, as plain text or empty."""
    message = rule.message or "Injected fault"
    reply = app.failure(call, rule.status, message, rule.code)
    if rule.body == "html":
        reply = Reply(rule.status, text=HTML.format(rule.status, message), content_type="text/html")
    elif rule.body == "text":
        reply = Reply(rule.status, text=message, content_type="text/plain")
    elif rule.body == "empty":
        reply = Reply(rule.status)
    if rule.retry_after is not None:
        add_retry_after(reply, rule.retry_after, rule.retry_after_form)
    return reply


def reshape(reply: Reply, rule: FaultRule) -> Reply:
    """Change a sound reply as a rule of the kinds fields, unknown_status, content_type or oversize asks."""
    if rule.kind == "content_type":
        reply.content_type = rule.value or "text/html"
    elif rule.kind in ("fields", "unknown_status", "oversize") and reply.chunks is None and reply.body():
        payload = json.loads(reply.body()) if "json" in reply.content_type else {"body": str(reply.text)}
        reply.payload, reply.text = _reshaped(payload, rule), None
        if rule.kind == "oversize":
            # Trailing blanks keep it valid JSON: only its size is wrong.
            reply.text = json.dumps(reply.payload).encode().ljust(rule.size)
    return reply


def _reshaped(payload: Json, rule: FaultRule) -> Json:
    if rule.kind == "oversize":
        return payload
    items = payload if isinstance(payload, list) else payload.get("deployments", [payload])
    for item in items:
        if not isinstance(item, dict):
            continue
        if rule.kind == "unknown_status":
            nested = item.get("status")
            holder = nested if isinstance(nested, dict) else item
            holder["status"] = rule.value or "HIBERNATING"
        else:
            _reshape_fields(item, rule)
    return payload


def _reshape_fields(item: dict[str, Any], rule: FaultRule) -> None:
    for path in rule.drop:
        holder, name = _holder(item, path)
        holder.pop(name, None)
    for path in rule.null:
        holder, name = _holder(item, path)
        holder[name] = None
    for path, value in rule.extra.items():
        holder, name = _holder(item, path)
        holder[name] = value
    for path, new in rule.rename.items():
        holder, name = _holder(item, path)
        if name in holder:
            holder[new] = holder.pop(name)


def _holder(item: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    *parents, name = path.split(".")
    for parent in parents:
        child = item.get(parent)
        item = child if isinstance(child, dict) else {}
    return item, name


def _response(reply: Reply, body: bytes) -> web.Response:
    response = web.Response(status=reply.status, body=body, headers=reply.headers)
    if body:
        response.content_type = reply.content_type
    return response
