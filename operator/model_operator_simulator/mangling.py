"""What a fault makes of a sound answer: an error, other fields, or a body that nobody can read.

Everything here knows HTTP and nothing of deployments.
"""

import json
from typing import Any

from .call import Call, Json, Reply
from .core import Core
from .faults import FaultRule
from .outcome import Complete, Cut, Outcome
from .vendor import Api

HTML = "<!doctype html><html><head><title>{0}</title></head><body><h1>{0}</h1><p>{1}</p></body></html>"


def sound(reply: Reply) -> Complete:
    """The reply as it is."""
    parts = (reply.body(),) if reply.chunks is None else tuple(reply.chunks)
    return Complete(reply.status, _headers(reply, has_body=any(parts)), parts)


def broken(reply: Reply, kind: str) -> Outcome:
    """The reply with a body that cannot be read.

    Args:
        reply: the answer that the client should have had.
        kind: `truncate` (half of the JSON in a sound HTTP message), `cut` (the connection ends within the body) or
            `invalid_json`.
    """
    body = reply.body()
    headers = _headers(reply, has_body=True)
    if kind == "invalid_json":
        return Complete(reply.status, headers, (b'{"id": 1,, "status": oops}',))
    half = body[: max(1, len(body) // 2)] or b"{"
    if kind == "truncate":
        return Complete(reply.status, headers, (half,))
    return Cut(reply.status, headers | {"Content-Length": str(len(body) + 64)}, half)


def _headers(reply: Reply, *, has_body: bool) -> dict[str, str]:
    return {**reply.headers, "Content-Type": reply.content_type} if has_body else dict(reply.headers)


def error_reply(core: Core, api: Api, call: Call, rule: FaultRule) -> Reply:
    """The error that a rule asks for, in the vendor's form, as an HTML page, as plain text or empty."""
    message = rule.message or "Injected fault"
    reply = api.failure(call, rule.status, message, rule.code)
    if rule.body == "html":
        reply = Reply(rule.status, text=HTML.format(rule.status, message), content_type="text/html")
    elif rule.body == "text":
        reply = Reply(rule.status, text=message, content_type="text/plain")
    elif rule.body == "empty":
        reply = Reply(rule.status)
    if rule.retry_after is not None:
        core.add_retry_after(reply, rule.retry_after, rule.retry_after_form)
    return reply


def reshape(api: Api, reply: Reply, rule: FaultRule) -> Reply:
    """Change a sound reply as a rule of the kinds fields, unknown_status, content_type or oversize asks."""
    if rule.kind == "content_type":
        reply.content_type = rule.value or "text/html"
    elif rule.kind in ("fields", "unknown_status", "oversize") and reply.chunks is None and reply.body():
        payload = json.loads(reply.body()) if "json" in reply.content_type else {"body": str(reply.text)}
        reply.payload, reply.text = _reshaped(api, payload, rule), None
        if rule.kind == "oversize":
            # Trailing blanks keep it valid JSON: only its size is wrong.
            reply.text = json.dumps(reply.payload).encode().ljust(rule.size)
    return reply


def _reshaped(api: Api, payload: Json, rule: FaultRule) -> Json:
    if rule.kind == "oversize":
        return payload
    for item in api.objects(payload):
        if not isinstance(item, dict):
            continue
        if rule.kind == "unknown_status":
            holder, name = _holder(item, api.status_field)
            holder[name] = rule.value or "HIBERNATING"
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
