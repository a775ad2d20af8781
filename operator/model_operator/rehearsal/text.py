"""A shown plan in plain English, for a terminal."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from model_operator.printable import printable

_HEADS = {"create": "new", "update": "edited", "none": "as it is"}
_OUTCOMES = {
    "Nothing": "nothing to do",
    "Waits": "nothing to send now",
    "Refused": "REFUSED",
    "Unknown": "NOT KNOWN",
}
_OPERATIONS = {
    "create": ("deployment to create", "deployments to create"),
    "update": ("update", "updates"),
    "adopt": ("tag to set", "tags to set"),
    "pause": ("pause", "pauses"),
    "resume": ("resume", "resumes"),
    "delete": ("deployment to delete", "deployments to delete"),
    "create_endpoint": ("endpoint to create", "endpoints to create"),
    "create_canary": ("canary endpoint to create", "canary endpoints to create"),
    "update_canary": ("split to change", "splits to change"),
    "refused": ("object refused", "objects refused"),
    "unknown": ("object not known", "objects not known"),
}


_LONGEST_VALUE = 1000
"""Characters; `-o json` has all of them."""


def lines(document: Mapping[str, Any]) -> Iterator[str]:
    """Printable ones: providers have a say in them."""
    return map(printable, _lines(document))


def _lines(document: Mapping[str, Any]) -> Iterator[str]:
    for one in document["objects"]:
        yield from _object(one)
        yield ""
    for note in document.get("notes", ()):
        yield f"Note: {note}"
    yield _summary(document["summary"])


def _object(one: Mapping[str, Any]) -> Iterator[str]:
    head = f"{one['kind']} {one['namespace']}/{one['name']} ({_HEADS[one['object']]})"
    outcome = _OUTCOMES.get(one["outcome"])
    yield f"{head}: {outcome}" if outcome else head
    if one.get("message"):
        reason = f"{one['reason']}: " if one.get("reason") else ""
        yield f"  {reason}{one['message']}"
    for number, request in enumerate(one.get("requests", ()), 1):
        yield from _request(number, request)
    if one.get("steps"):
        yield "  the way:"
        yield from (f"  {step}" for step in one["steps"])
    if one.get("immutable") and one["object"] == "create":
        yield f"  cannot be changed later: {', '.join(one['immutable'])}"
    yield from (f"  {note}" for note in one.get("notes", ()))


def _request(number: int, request: Mapping[str, Any]) -> Iterator[str]:
    when = []
    if "after" in request:
        when.append(f"after {request['after']}, if nothing changes meanwhile")
    if "once" in request:
        when.append(f"once {request['once']}")
    query = "&".join(f"{name}={value}" for name, value in request.get("query", {}).items())
    target = request["url"] + (f"?{query}" if query else "")
    why = " (a probe; it changes nothing)" if request["operation"] == "probe" else ""
    yield f"  {number}. {', '.join(when)}{': ' if when else ''}{request['method']} {target}{why}"
    if "changes" in request:
        for change in request["changes"]:
            yield f"       {change['field']}: {_json(change['from'])} -> {_json(change['to'])}"
        if request["method"] == "PUT":
            yield "       everything else as the provider shows it"
    elif "body" in request:
        yield from (f"       {line}" for line in _body(request["body"]))


def _body(body: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    for name, value in body.items():
        if isinstance(value, dict) and value:
            yield f"{indent}{name}:"
            yield from _body(value, indent + "  ")
        elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
            yield f"{indent}{name}:"
            yield from (f"{indent}  - {_json(item)}" for item in value)
        else:
            yield f"{indent}{name}: {_json(value)}"


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    if len(text) <= _LONGEST_VALUE:
        return text
    return f"{text[:_LONGEST_VALUE]}… ({len(text)} characters)"


def _summary(counts: Mapping[str, int]) -> str:
    said = [
        f"{number} {_OPERATIONS.get(name, (name, name))[number != 1]}"
        for name, number in counts.items()
        if number
    ]
    return f"Plan: {', '.join(said)}." if said else "Plan: nothing to do."
