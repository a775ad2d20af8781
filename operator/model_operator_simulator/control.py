"""The control plane of the simulator below `/__sim`: knobs, faults, journal, counters, clock, keys, out-of-band changes.

Everything the simulator can do is reachable by request. Errors are ``{"error": "..."}`` with 400, 404 or 409.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cache
from inspect import isawaitable

from pydantic import ValidationError

from .accounts import Token, TokenBody
from .call import Json, Request
from .clock import rfc3339
from .core import Core
from .exchange import Exchange
from .faults import Fault, FaultRule, Faults
from .journal import Journal
from .operations import Answer, Ask, Operation, Problem, Unknown, problems
from .registry import VENDORS
from .sections import described
from .vendor import OutOfBand, VendorApp

LONGEST_WAIT = 120.0
JOURNAL_FILTERS = ("vendor", "method", "path", "operation", "status", "outcome", "account")
PREFIX = "/__sim"
BODY_BYTES = 16 * 1024 * 1024


class Control:
    """The operations below ``/__sim``.

    Args:
        core: knobs, clock, keys.
        apps: the vendors, by name.
        exchange: for its count of defects.
        faults: the rules in force.
        journal: the requests.
        reset: puts the whole simulator back to its start; its argument says whether to keep the knobs.
    """

    def __init__(
        self,
        core: Core,
        apps: Mapping[str, VendorApp],
        exchange: Exchange,
        faults: Faults,
        journal: Journal,
        reset: Callable[[bool], None],
    ) -> None:
        self._core = core
        self._apps = apps
        self._exchange = exchange
        self._faults = faults
        self._journal = journal
        self._reset_all = reset
        # What there is, by method and path below /__sim.
        self.operations: Mapping[str, Operation] = {
            "GET ": self._index,
            "GET /knobs": self._get_knobs,
            "PATCH /knobs": self._patch_knobs,
            "GET /faults": self._get_faults,
            "POST /faults": self._post_fault,
            "DELETE /faults": self._delete_faults,
            "GET /faults/{id}": self._get_fault,
            "DELETE /faults/{id}": self._delete_fault,
            "POST /faults/{id}/release": self._release,
            "GET /faults/{id}/wait": self._wait,
            "GET /requests": self._get_requests,
            "DELETE /requests": self._delete_requests,
            "GET /state": self._state,
            "GET /counters": self._counters,
            "GET /ledger": self._ledger,
            "GET /clock": self._get_clock,
            "POST /clock/advance": self._advance,
            "POST /reset": self._reset,
            "GET /tokens": self._get_tokens,
            "POST /tokens": self._post_token,
            "POST /tokens/rotate": self._rotate,
            "DELETE /tokens": self._delete_token,
            "GET /deployments/{vendor}/{id}": self._get_deployment,
            "PATCH /deployments/{vendor}/{id}": self._patch_deployment,
            "DELETE /deployments/{vendor}/{id}": self._delete_deployment,
        }
        for app in apps.values():
            self.operations = {**self.operations, **app.out_of_band.operations}

    async def handle(self, request: Request) -> Answer:
        """Do what a request below `/__sim` asks for.

        Returns:
            What the reply says, as JSON would have it.

        Raises:
            Problem: it cannot be done; its status is 400, 404 or 413.
        """
        operation, segments = self._operation(request)
        if len(request.raw) > BODY_BYTES:
            raise Problem(413, f"the body exceeds {BODY_BYTES} bytes")
        self._core.clock.settle()
        try:
            answer = operation(Ask(segments, dict(request.query), request.raw, request.base))
            return await answer if isawaitable(answer) else answer
        except Unknown as error:
            raise Problem(404, str(error)) from error
        except ValidationError as error:
            raise Problem(400, problems(error)) from error
        except (ValueError, re.error, RecursionError) as error:
            raise Problem(400, str(error)[:1000]) from error

    def _operation(self, request: Request) -> tuple[Operation, dict[str, str]]:
        path = request.path.removeprefix(PREFIX)
        for key, operation in self.operations.items():
            method, _, template = key.partition(" ")
            found = _pattern(template).fullmatch(path) if method == request.method else None
            if found:
                return operation, found.groupdict()
        text = f"no such operation: {request.method} {request.path[:200]}; GET {PREFIX} lists them"
        raise Problem(404, text)

    def _index(self, ask: Ask) -> Answer:
        base = ask.base
        return {
            **{name: base + path for vendor in VENDORS for name, path in vendor.bases.items()},
            "control": f"{base}/__sim",
            "operations": [
                f"{method} /__sim{path}"
                for method, _, path in (key.partition(" ") for key in self.operations)
            ],
        }

    def _get_knobs(self, _: Ask) -> Answer:
        return {"values": self._core.knobs.values(), "knobs": described(self._core.knobs)}

    def _patch_knobs(self, ask: Ask) -> Answer:
        self._core.knobs = self._core.knobs.changed(ask.json_object())
        for app in self._apps.values():
            app.out_of_band.knobs_changed()
        return {"values": self._core.knobs.values()}

    def _get_faults(self, _: Ask) -> Answer:
        return {"faults": [fault.report() for fault in self._faults.all()]}

    def _post_fault(self, ask: Ask) -> Answer:
        return self._faults.add(FaultRule.model_validate(ask.json_object())).report()

    def _delete_faults(self, _: Ask) -> Answer:
        self._faults.clear()
        return {}

    def _get_fault(self, ask: Ask) -> Answer:
        return self._fault(ask).report()

    def _delete_fault(self, ask: Ask) -> Answer:
        fault = self._fault(ask)
        self._faults.remove(fault.id)
        return fault.report()

    def _release(self, ask: Ask) -> Answer:
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

    def _get_requests(self, ask: Ask) -> Answer:
        filters = {name: ask.query[name] for name in JOURNAL_FILTERS if name in ask.query}
        found = list(self._journal.find(ask.whole("since", 0), **filters))
        limit = ask.whole("limit", len(found))
        return {"last": self._journal.last, "count": len(found), "requests": found[:limit]}

    def _delete_requests(self, _: Ask) -> Answer:
        self._journal.clear()
        return {"last": self._journal.last}

    def _state(self, ask: Ask) -> Answer:
        answer = {"clock": self._clock()}
        for app in self._apps.values():
            answer |= app.out_of_band.everything(ask.base)
        return answer

    def _counters(self, _: Ask) -> Answer:
        answer: dict[str, Json] = {}
        for app in self._apps.values():
            answer |= {app.name: app.counters.report(), **app.more_counts()}
        return {**answer, "defects": self._exchange.defects}

    def _ledger(self, ask: Ask) -> Answer:
        wanted = {name: ask.query[name] for name in ("vendor", "account", "id") if name in ask.query}
        rows = [{"vendor": app.name, **row} for app in self._apps.values() for row in app.ledger.report()]
        found = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
        sums = ("billed_replica_seconds", "cost")
        return {
            "deployments": found,
            "total": {name: round(sum(row[name] for row in found), 6) for name in sums},
        }

    def _get_clock(self, _: Ask) -> Answer:
        return self._clock()

    def _advance(self, ask: Ask) -> Answer:
        seconds = (ask.json_object()).get("seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= 1e8:
            raise ValueError("seconds must be a number from 0 to 1e8")
        self._core.clock.advance(seconds)
        return self._clock()

    def _reset(self, ask: Ask) -> Answer:
        self._reset_all(bool((ask.json_object()).get("keep_knobs", False)))
        return {}

    def _get_tokens(self, _: Ask) -> Answer:
        return {"tokens": self._core.tokens.listed()}

    def _post_token(self, ask: Ask) -> Answer:
        token = self._token(ask.json_object())
        self._core.tokens.put(token)
        return asdict(token)

    def _rotate(self, ask: Ask) -> Answer:
        body = ask.json_object()
        old = self._core.tokens.find(str(body.get("vendor")), str(body.get("key")))
        if old is None:
            raise Unknown("no such key is in force")
        facts = {
            **asdict(old),
            "key": body.get("new_key"),
            "client_id": body.get("new_client_id", old.client_id),
        }
        new = self._token(facts)
        self._core.tokens.revoke(old.vendor, old.key)
        self._core.tokens.put(new)
        return asdict(new)

    def _token(self, facts: dict[str, Json]) -> Token:
        token = Token(**TokenBody.model_validate(facts).model_dump())
        if token.vendor not in self._apps:
            raise ValueError(f"`vendor` must be one of {', '.join(self._apps)}")
        return token

    def _delete_token(self, ask: Ask) -> Answer:
        body = ask.json_object()
        if not self._core.tokens.revoke(str(body.get("vendor")), str(body.get("key"))):
            raise Unknown("no such key is in force")
        return {}

    def _get_deployment(self, ask: Ask) -> Answer:
        return self._out_of_band(ask).show(ask.path["id"])

    def _patch_deployment(self, ask: Ask) -> Answer:
        out_of_band = self._out_of_band(ask)
        out_of_band.edit(ask.path["id"], ask.json_object())
        return out_of_band.show(ask.path["id"])

    def _delete_deployment(self, ask: Ask) -> Answer:
        self._out_of_band(ask).remove(ask.path["id"])
        return {}

    def _out_of_band(self, ask: Ask) -> OutOfBand:
        vendor = ask.path["vendor"]
        if vendor not in self._apps:
            raise Unknown(f"no provider {vendor[:100]}")
        return self._apps[vendor].out_of_band

    def _fault(self, ask: Ask) -> Fault:
        fault = self._faults.get(ask.path["id"])
        if fault is None:
            raise Unknown(f"no fault {ask.path['id']}")
        return fault

    def _clock(self) -> Answer:
        clock = self._core.clock
        now, following = clock.now(), clock.next_event()
        return {
            "mode": clock.mode,
            "time_scale": clock.time_scale,
            "now": now,
            "now_text": rfc3339(now),
            "next_event_in": None if following is None else max(0.0, following - now),
        }


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(template.replace("{", "(?P<").replace("}", ">[^/]+)"))
