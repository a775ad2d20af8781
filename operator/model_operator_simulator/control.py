"""The control plane of the simulator below `/__sim`: knobs, faults, journal, counters, clock, keys, hands-on edits.

Everything the simulator can do is reachable by request. Errors are ``{"error": "..."}`` with 400, 404 or 409.
"""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .accounts import DEFAULT_ACCOUNT, Token
from .call import Request
from .clock import rfc3339
from .core import Core
from .exchange import Exchange
from .faults import Fault, FaultRule, Faults
from .hands import Hands, Unknown
from .journal import Journal
from .knobs import described
from .webhooks import Webhooks

LONGEST_WAIT = 120.0
JOURNAL_FILTERS = ("vendor", "method", "path", "operation", "status", "outcome", "account")
PREFIX = "/__sim"
BODY_BYTES = 16 * 1024 * 1024
Answer = Any


class Problem(Exception):
    """An operation that cannot be done; `status` is the HTTP status that says so."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True)
class Ask:
    """What an operation is asked: the named segments of its path, its parameters and its body."""

    path: Mapping[str, str]
    query: Mapping[str, str]
    raw: bytes
    base: str

    @property
    def deployment(self) -> tuple[str, str]:
        """Vendor and id."""
        return self.path["vendor"], self.path["id"]

    def json_object(self) -> dict[str, Any]:
        """The body; an empty one is an empty object.

        Raises:
            ValueError: not a JSON object.
        """
        value = json.loads(self.raw) if self.raw else {}
        if not isinstance(value, dict):
            raise ValueError("the body must be a JSON object")  # noqa: TRY004 - what is wrong is the request
        return value

    def whole(self, name: str, default: int) -> int:
        """A query parameter that is a number >= 0.

        Raises:
            ValueError: it is not.
        """
        text = self.query.get(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit() and len(text) <= 15):
            raise ValueError(f"{name} must be a whole number")
        return int(text)


Operation = Callable[["Control", Ask], Awaitable[Answer]]


class TokenBody(BaseModel):
    """``POST /__sim/tokens``: a key to add or to change."""

    model_config = ConfigDict(extra="forbid")

    vendor: str = Field(pattern="^(parasail|paitient)$")
    key: str = Field(min_length=1)
    account: str = DEFAULT_ACCOUNT
    client_id: str | None = None
    read_only: bool = False


@dataclass(frozen=True)
class Control:
    """The operations below ``/__sim``.

    Args:
        core: knobs, clock, keys, counters.
        exchange: for its count of defects.
        faults: the rules in force.
        journal: the requests.
        hands: what changes the vendors' objects out of band.
        webhooks: what became of them.
        reset: puts the whole simulator back to its start; its argument says whether to keep the knobs.
    """

    core: Core
    exchange: Exchange
    faults: Faults
    journal: Journal
    hands: Hands
    webhooks: Webhooks
    reset: Callable[[bool], None]

    async def handle(self, request: Request) -> Answer:
        """Do what a request below `/__sim` asks for.

        Returns:
            What the reply says, as JSON would have it.

        Raises:
            Problem: it cannot be done; its status is 400, 404 or 413.
        """
        operation, segments = _operation(request)
        if len(request.raw) > BODY_BYTES:
            raise Problem(413, f"the body exceeds {BODY_BYTES} bytes")
        self.core.clock.settle()
        ask = Ask(segments, dict(request.query), request.raw, request.base)
        try:
            return await operation(self, ask)
        except Unknown as error:
            raise Problem(404, str(error)) from error
        except ValidationError as error:
            raise Problem(400, problems(error)) from error
        except (ValueError, re.error, RecursionError) as error:
            raise Problem(400, str(error)[:1000]) from error

    async def _index(self, ask: Ask) -> Answer:
        base = ask.base
        return {
            "parasail": f"{base}/parasail/api/v1",
            "parasail_chat": f"{base}/parasail/v1",
            "paitient": f"{base}/paitient",
            "control": f"{base}/__sim",
            "operations": [
                f"{method} /__sim{path}"
                for method, _, path in (key.partition(" ") for key in self.OPERATIONS)
            ],
        }

    async def _get_knobs(self, _: Ask) -> Answer:
        return {"values": self.core.knobs.model_dump(), "knobs": described(self.core.knobs)}

    async def _patch_knobs(self, ask: Ask) -> Answer:
        self.core.knobs = self.core.knobs.changed(ask.json_object())
        self.hands.knobs_changed()
        return {"values": self.core.knobs.model_dump()}

    async def _get_faults(self, _: Ask) -> Answer:
        return {"faults": [fault.report() for fault in self.faults.all()]}

    async def _post_fault(self, ask: Ask) -> Answer:
        return self.faults.add(FaultRule.model_validate(ask.json_object())).report()

    async def _delete_faults(self, _: Ask) -> Answer:
        self.faults.clear()
        return {}

    async def _get_fault(self, ask: Ask) -> Answer:
        return self._fault(ask).report()

    async def _delete_fault(self, ask: Ask) -> Answer:
        fault = self._fault(ask)
        self.faults.remove(fault.id)
        return fault.report()

    async def _release(self, ask: Ask) -> Answer:
        fault = self._fault(ask)
        fault.release()
        return fault.report()

    async def _wait(self, ask: Ask) -> Answer:
        fault = self._fault(ask)
        times = ask.whole("hits", 1)
        seconds = float(ask.query.get("timeout", "30"))
        if not 0 <= seconds <= LONGEST_WAIT:
            raise ValueError(f"timeout must be from 0 to {LONGEST_WAIT:.0f} seconds")
        arrived = await fault.wait(times, seconds)
        return {**fault.report(), "arrived": arrived}

    async def _get_requests(self, ask: Ask) -> Answer:
        filters = {name: ask.query[name] for name in JOURNAL_FILTERS if name in ask.query}
        found = list(self.journal.find(ask.whole("since", 0), **filters))
        limit = ask.whole("limit", len(found))
        return {"last": self.journal.last, "count": len(found), "requests": found[:limit]}

    async def _delete_requests(self, _: Ask) -> Answer:
        self.journal.clear()
        return {"last": self.journal.last}

    async def _state(self, ask: Ask) -> Answer:
        return {"clock": self._clock(), **self.hands.everything(ask.base)}

    async def _counters(self, _: Ask) -> Answer:
        reports = {vendor: counters.report() for vendor, counters in self.core.counters.items()}
        return {**reports, "webhooks": self.webhooks.report(), "defects": self.exchange.defects}

    async def _get_clock(self, _: Ask) -> Answer:
        return self._clock()

    async def _advance(self, ask: Ask) -> Answer:
        seconds = (ask.json_object()).get("seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= 1e8:
            raise ValueError("seconds must be a number from 0 to 1e8")
        self.core.clock.advance(seconds)
        return self._clock()

    async def _reset(self, ask: Ask) -> Answer:
        self.reset(bool((ask.json_object()).get("keep_knobs", False)))
        return {}

    async def _get_tokens(self, _: Ask) -> Answer:
        return {"tokens": self.core.tokens.listed()}

    async def _post_token(self, ask: Ask) -> Answer:
        token = Token(**TokenBody.model_validate(ask.json_object()).model_dump())
        self.core.tokens.put(token)
        return asdict(token)

    async def _rotate(self, ask: Ask) -> Answer:
        body = ask.json_object()
        old = self.core.tokens.find(str(body.get("vendor")), str(body.get("key")))
        if old is None:
            raise Unknown("no such key is in force")
        facts = {
            **asdict(old),
            "key": body.get("new_key"),
            "client_id": body.get("new_client_id", old.client_id),
        }
        new = Token(**TokenBody.model_validate(facts).model_dump())
        self.core.tokens.revoke(old.vendor, old.key)
        self.core.tokens.put(new)
        return asdict(new)

    async def _delete_token(self, ask: Ask) -> Answer:
        body = ask.json_object()
        if not self.core.tokens.revoke(str(body.get("vendor")), str(body.get("key"))):
            raise Unknown("no such key is in force")
        return {}

    async def _get_deployment(self, ask: Ask) -> Answer:
        return self.hands.show(*ask.deployment)

    async def _patch_deployment(self, ask: Ask) -> Answer:
        vendor, identifier = ask.deployment
        self.hands.edit(vendor, identifier, ask.json_object())
        return self.hands.show(vendor, identifier)

    async def _delete_deployment(self, ask: Ask) -> Answer:
        self.hands.remove(*ask.deployment)
        return {}

    async def _post_logs(self, ask: Ask) -> Answer:
        self.hands.write_logs(ask.path["id"], ask.json_object())
        return {}

    async def _get_endpoints(self, _: Ask) -> Answer:
        return {"endpoints": self.hands.endpoints()}

    async def _patch_endpoint(self, ask: Ask) -> Answer:
        return self.hands.edit_endpoint(ask.path["id"], ask.json_object())

    async def _delete_endpoint(self, ask: Ask) -> Answer:
        self.hands.remove_endpoint(ask.path["id"])
        return {}

    def _fault(self, ask: Ask) -> Fault:
        fault = self.faults.get(ask.path["id"])
        if fault is None:
            raise Unknown(f"no fault {ask.path['id']}")
        return fault

    def _clock(self) -> Answer:
        clock = self.core.clock
        now, following = clock.now(), clock.next_event()
        return {
            "mode": clock.mode,
            "time_scale": clock.time_scale,
            "now": now,
            "now_text": rfc3339(now),
            "next_event_in": None if following is None else max(0.0, following - now),
        }

    # What there is, by method and path below /__sim.
    OPERATIONS: ClassVar[Mapping[str, Operation]] = {
        "GET ": _index,
        "GET /knobs": _get_knobs,
        "PATCH /knobs": _patch_knobs,
        "GET /faults": _get_faults,
        "POST /faults": _post_fault,
        "DELETE /faults": _delete_faults,
        "GET /faults/{id}": _get_fault,
        "DELETE /faults/{id}": _delete_fault,
        "POST /faults/{id}/release": _release,
        "GET /faults/{id}/wait": _wait,
        "GET /requests": _get_requests,
        "DELETE /requests": _delete_requests,
        "GET /state": _state,
        "GET /counters": _counters,
        "GET /clock": _get_clock,
        "POST /clock/advance": _advance,
        "POST /reset": _reset,
        "GET /tokens": _get_tokens,
        "POST /tokens": _post_token,
        "POST /tokens/rotate": _rotate,
        "DELETE /tokens": _delete_token,
        "GET /deployments/{vendor}/{id}": _get_deployment,
        "PATCH /deployments/{vendor}/{id}": _patch_deployment,
        "DELETE /deployments/{vendor}/{id}": _delete_deployment,
        "POST /deployments/paitient/{id}/logs": _post_logs,
        "GET /endpoints": _get_endpoints,
        "PATCH /endpoints/{id}": _patch_endpoint,
        "DELETE /endpoints/{id}": _delete_endpoint,
    }


def problems(error: ValidationError) -> str:
    """All problems that pydantic found, one after the other."""
    found = (f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors())
    return "; ".join(found)[:2000]


def _operation(request: Request) -> tuple[Operation, dict[str, str]]:
    path = request.path.removeprefix(PREFIX)
    for method, pattern, operation in _ROUTES:
        found = pattern.fullmatch(path) if method == request.method else None
        if found:
            return operation, found.groupdict()
    text = f"no such operation: {request.method} {request.path[:200]}; GET {PREFIX} lists them"
    raise Problem(404, text)


def _route(key: str, operation: Operation) -> tuple[str, re.Pattern[str], Operation]:
    method, _, path = key.partition(" ")
    return method, re.compile(path.replace("{", "(?P<").replace("}", ">[^/]+)")), operation


_ROUTES = [_route(key, operation) for key, operation in Control.OPERATIONS.items()]
