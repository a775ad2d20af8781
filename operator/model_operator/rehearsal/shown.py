"""A plan as people and programs see it: no secret in it, and a name for all that nobody can know yet."""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from model_operator.durations import format_duration
from model_operator.reconcile.claims import hash_of
from model_operator.reconcile.store import Body
from model_operator.redaction import MASK, SecretSet, is_maskable, mask_shapes
from model_operator.rehearsal.catching import Request
from model_operator.rehearsal.imagined import IMAGINED_ALIAS, IMAGINED_INSTALLATION
from model_operator.rehearsal.plan import Gathered, ObjectPlan, Plan

UID: Final = "<uid>"
_SECRET_NAME: Final = re.compile(r"(?i)(access|api)_?key|secret|password|authorization")


class Shown:
    """Of one plan. `document` is made of plain JSON."""

    def __init__(self, plan: Plan, gathered: Gathered) -> None:
        self._plan = plan
        self._notes = gathered.notes
        self._urls = gathered.real_urls
        self._secrets = SecretSet()
        for value in _values((*plan.secrets, *gathered.added.values(), *gathered.hidden)):
            if is_maskable(value):
                self._secrets.add(value)
        self._words = {id_: f"<{what}>" for id_, what in plan.world.ids.items()}
        self._words |= {IMAGINED_ALIAS: "<alias>", IMAGINED_INSTALLATION: "<installation>"}
        for one in plan.objects:
            if one.is_new and one.uid:
                self._words |= {one.uid: UID, hash_of(one.uid): UID}

    def document(self) -> dict[str, Any]:
        objects = [self._object(one) for one in self._plan.objects]
        return {"objects": objects, "summary": _counts(self._plan), "notes": [*map(self._text, self._notes)]}

    def _object(self, one: ObjectPlan) -> dict[str, Any]:
        action = "create" if one.is_new else "update" if one.is_edited else "none"
        found = {
            "kind": one.key.kind,
            "namespace": one.key.namespace,
            "name": one.key.name,
            "object": action,
            "outcome": one.outcome.value,
            "reason": one.reason,
            "message": self._text(one.message),
            "requests": [self._request(request, one) for request in one.requests],
            "steps": [*map(self._text, one.steps)],
            "immutable": [*one.immutable],
            "notes": [*map(self._text, one.notes)],
        }
        return {name: value for name, value in found.items() if value not in ("", [])}

    def _request(self, request: Request, one: ObjectPlan) -> dict[str, Any]:
        found: dict[str, Any] = {
            "operation": request.operation,
            "method": request.method,
            "url": self._url(request.url, one),
        }
        if request.once:
            found["once"] = request.once
        if request.wait:
            found["after"] = format_duration(request.wait)
        if request.query:
            found["query"] = {name: self._text(value) for name, value in request.query}
        if request.body is not None and not request.is_provisional:
            found["body"] = self._value(request.body)
        if request.changes is not None:
            found["changes"] = [
                {
                    "field": change.field,
                    "from": self._value(change.before, change.field),
                    "to": self._value(change.after, change.field),
                }
                for change in request.changes
            ]
        return found

    def _url(self, url: str, one: ObjectPlan) -> str:
        for stand_in, real in (self._urls.get(one.provider, {}) if one.provider else {}).items():
            if url.startswith(stand_in):
                url = real.rstrip("/") + url[len(stand_in) :]
                break
        return self._text(url)

    def _value(self, value: Any, name: str = "") -> Any:
        """Any JSON value."""
        if isinstance(value, Mapping):
            return {self._text(key): self._value(inner, key) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self._value(inner, name) for inner in value]
        if value is not None and _SECRET_NAME.search(name.rpartition(".")[2]):
            return MASK
        if isinstance(value, str):
            return self._text(value)
        return self._words.get(str(value), value) if isinstance(value, int) else value

    def _text(self, text: str) -> str:
        text = mask_shapes(self._secrets.mask(text))
        for made_up, word in self._words.items():
            text = text.replace(made_up, word)
        return text


def _values(secrets: Iterable[Body]) -> Iterable[str]:
    for secret in secrets:
        for value in (secret.get("data") or {}).values():
            try:
                yield base64.b64decode(str(value)).decode()
            except (binascii.Error, UnicodeDecodeError):
                continue


def _counts(plan: Plan) -> dict[str, int]:
    """Requests that change something, by operation, and objects that would not be carried out."""
    found: dict[str, int] = {}
    for one in plan.objects:
        for request in one.requests:
            if request.changes_something:
                found[request.operation] = found.get(request.operation, 0) + 1
    refused = sum(one.outcome.value == "Refused" for one in plan.objects)
    unknown = sum(one.outcome.value == "Unknown" for one in plan.objects)
    return {**found, "refused": refused, "unknown": unknown}
