"""The control plane of the simulator below `/__sim`: knobs, faults, journal, counters, clock, keys, hands-on edits.

Everything the simulator can do is reachable by request. Errors are ``{"error": "..."}`` with 400, 404 or 409.
"""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .accounts import DEFAULT_ACCOUNT, Token
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
Answer = Any


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

    async def handle(self, key: str, request: web.Request) -> web.Response:
        """Serve one request.

        Args:
            key: of ``OPERATIONS``, e.g. ``GET /knobs``.
            request: the request.
        """
        self.core.clock.settle()
        try:
            return web.json_response(await self.OPERATIONS[key](self, request))
        except Unknown as error:
            return web.json_response({"error": str(error)}, status=404)
        except ValidationError as error:
            return web.json_response({"error": problems(error)}, status=400)
        except (ValueError, re.error, RecursionError) as error:
            return web.json_response({"error": str(error)[:1000]}, status=400)

    async def _index(self, request: web.Request) -> Answer:
        base = f"{request.scheme}://{request.host}"
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

    async def _get_knobs(self, _: web.Request) -> Answer:
        return {"values": self.core.knobs.model_dump(), "knobs": described(self.core.knobs)}

    async def _patch_knobs(self, request: web.Request) -> Answer:
        self.core.knobs = self.core.knobs.changed(await body_of(request))
        self.hands.knobs_changed()
        return {"values": self.core.knobs.model_dump()}

    async def _get_faults(self, _: web.Request) -> Answer:
        return {"faults": [fault.report() for fault in self.faults.all()]}

    async def _post_fault(self, request: web.Request) -> Answer:
        return self.faults.add(FaultRule.model_validate(await body_of(request))).report()

    async def _delete_faults(self, _: web.Request) -> Answer:
        self.faults.clear()
        return {}

    async def _get_fault(self, request: web.Request) -> Answer:
        return self._fault(request).report()

    async def _delete_fault(self, request: web.Request) -> Answer:
        fault = self._fault(request)
        self.faults.remove(fault.id)
        return fault.report()

    async def _release(self, request: web.Request) -> Answer:
        fault = self._fault(request)
        fault.release()
        return fault.report()

    async def _wait(self, request: web.Request) -> Answer:
        fault = self._fault(request)
        times = whole(request, "hits", 1)
        seconds = float(request.query.get("timeout", "30"))
        if not 0 <= seconds <= LONGEST_WAIT:
            raise ValueError(f"timeout must be from 0 to {LONGEST_WAIT:.0f} seconds")
        arrived = await fault.wait(times, seconds)
        return {**fault.report(), "arrived": arrived}

    async def _get_requests(self, request: web.Request) -> Answer:
        filters = {name: request.query[name] for name in JOURNAL_FILTERS if name in request.query}
        found = list(self.journal.find(whole(request, "since", 0), **filters))
        limit = whole(request, "limit", len(found))
        return {"last": self.journal.last, "count": len(found), "requests": found[:limit]}

    async def _delete_requests(self, _: web.Request) -> Answer:
        self.journal.clear()
        return {"last": self.journal.last}

    async def _state(self, request: web.Request) -> Answer:
        base = f"{request.scheme}://{request.host}"
        return {"clock": self._clock(), **self.hands.everything(base)}

    async def _counters(self, _: web.Request) -> Answer:
        reports = {vendor: counters.report() for vendor, counters in self.core.counters.items()}
        return {**reports, "webhooks": self.webhooks.report(), "defects": self.exchange.defects}

    async def _get_clock(self, _: web.Request) -> Answer:
        return self._clock()

    async def _advance(self, request: web.Request) -> Answer:
        seconds = (await body_of(request)).get("seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= 1e8:
            raise ValueError("seconds must be a number from 0 to 1e8")
        self.core.clock.advance(seconds)
        return self._clock()

    async def _reset(self, request: web.Request) -> Answer:
        self.reset(bool((await body_of(request)).get("keep_knobs", False)))
        return {}

    async def _get_tokens(self, _: web.Request) -> Answer:
        return {"tokens": self.core.tokens.listed()}

    async def _post_token(self, request: web.Request) -> Answer:
        token = Token(**TokenBody.model_validate(await body_of(request)).model_dump())
        self.core.tokens.put(token)
        return asdict(token)

    async def _rotate(self, request: web.Request) -> Answer:
        body = await body_of(request)
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

    async def _delete_token(self, request: web.Request) -> Answer:
        body = await body_of(request)
        if not self.core.tokens.revoke(str(body.get("vendor")), str(body.get("key"))):
            raise Unknown("no such key is in force")
        return {}

    async def _get_deployment(self, request: web.Request) -> Answer:
        return self.hands.show(*_object_path(request))

    async def _patch_deployment(self, request: web.Request) -> Answer:
        vendor, identifier = _object_path(request)
        self.hands.edit(vendor, identifier, await body_of(request))
        return self.hands.show(vendor, identifier)

    async def _delete_deployment(self, request: web.Request) -> Answer:
        self.hands.remove(*_object_path(request))
        return {}

    async def _post_logs(self, request: web.Request) -> Answer:
        self.hands.write_logs(request.match_info["id"], await body_of(request))
        return {}

    async def _get_endpoints(self, _: web.Request) -> Answer:
        return {"endpoints": self.hands.endpoints()}

    async def _patch_endpoint(self, request: web.Request) -> Answer:
        return self.hands.edit_endpoint(request.match_info["id"], await body_of(request))

    async def _delete_endpoint(self, request: web.Request) -> Answer:
        self.hands.remove_endpoint(request.match_info["id"])
        return {}

    def _fault(self, request: web.Request) -> Fault:
        fault = self.faults.get(request.match_info["id"])
        if fault is None:
            raise Unknown(f"no fault {request.match_info['id']}")
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
    OPERATIONS: ClassVar[Mapping[str, Callable[["Control", web.Request], Awaitable[Answer]]]] = {
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


async def body_of(request: web.Request) -> dict[str, Any]:
    """The request's JSON object; an empty body is an empty object.

    Raises:
        ValueError: not a JSON object.
    """
    raw = await request.read()
    if not raw:
        return {}
    value = json.loads(raw)
    if not isinstance(value, dict):
        raise ValueError("the body must be a JSON object")  # noqa: TRY004 - what is wrong is the request
    return value


def problems(error: ValidationError) -> str:
    """All problems that pydantic found, one after the other."""
    found = (f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors())
    return "; ".join(found)[:2000]


def whole(request: web.Request, name: str, default: int) -> int:
    """A query parameter that is a number >= 0.

    Raises:
        ValueError: it is not.
    """
    text = request.query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise ValueError(f"{name} must be a whole number")
    return int(text)


def _object_path(request: web.Request) -> tuple[str, str]:
    return request.match_info["vendor"], request.match_info["id"]
