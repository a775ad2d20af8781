"""The front of both vendors: one HTTP request from its arrival to what the client sees of its answer.

Order: journal, latency, faults that hold or end it before the vendor sees it, the vendor's app (which commits and
answers without waiting), faults that hold, lose or mangle the answer.
"""

import asyncio
import logging
import time
from collections.abc import Mapping

from aiohttp import web

from . import delivery
from .call import Call, Distortion, Reply, VendorApp, answer, operation_of
from .chance import seeded
from .core import Core
from .faults import ENDS_AFTER, ENDS_BEFORE, Fault, Faults
from .journal import Entry, Journal, Redactor

log = logging.getLogger(__name__)


class Exchange:
    """Carries requests between clients and the vendors' apps.

    Args:
        core: the shared state; its clock is settled before each answer.
        apps: the vendors by the first segment of their paths.
        faults: the rules in force.
        journal: where each request is noted.
        closing: set when the simulator ends, so that nothing that hangs keeps it alive.
    """

    def __init__(
        self,
        core: Core,
        apps: Mapping[str, VendorApp],
        faults: Faults,
        journal: Journal,
        closing: asyncio.Event,
    ) -> None:
        self._core = core
        self._apps = apps
        self._faults = faults
        self._journal = journal
        self._closing = closing
        self._redactor = Redactor(core.tokens.known)
        # Not the seeded stream of the core: how many requests were slow must not change what else is drawn.
        self._jitter = seeded(core.seed, "jitter")
        self.defects = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one request to ``/{vendor}/...``."""
        app = self._apps[request.match_info["vendor"]]
        started = time.monotonic()
        raw, reply = await self._read(request, app)
        call = self._call(request, app, raw)
        entry = self._note(call, app)
        try:
            if reply is not None:
                return await delivery.send(request, reply, entry)
            return await self._serve(request, app, call, entry)
        finally:
            entry.duration_ms = round((time.monotonic() - started) * 1000, 3)

    async def _serve(
        self, request: web.Request, app: VendorApp, call: Call, entry: Entry
    ) -> web.StreamResponse:
        faults = self._faults.strike(app.name, call.method, call.path, entry.operation)
        entry.faults = [fault.id for fault in faults]
        await self._delay(faults)
        await self._hold(faults, "before", entry)
        ending = next((f for f in faults if f.rule.kind in ENDS_BEFORE and not f.rule.commit), None)
        if ending is not None:
            await ending.arrive()
            return await self._end_before(request, app, call, entry, ending)
        call.distortion = distortion(faults)
        reply = self._answer(app, call, entry)
        await self._hold(faults, "after", entry)
        return await self._end_after(request, app, call, entry, faults, reply)

    async def _end_before(
        self, request: web.Request, app: VendorApp, call: Call, entry: Entry, fault: Fault
    ) -> web.StreamResponse:
        rule = fault.rule
        if rule.kind == "error":
            return await delivery.send(request, delivery.error_reply(app, call, rule), entry)
        if rule.kind == "redirect":
            reply = Reply(rule.status if rule.status < 400 else 302, headers={"Location": rule.location})
            return await delivery.send(request, reply, entry)
        if rule.kind == "late_commit":
            self._core.clock.after(rule.duration, lambda: self._commit_late(app, call, entry))
            if rule.connection == "hang":
                return await self._hang(request, entry, rule.duration)
        if rule.kind == "timeout":
            return await self._hang(request, entry, rule.duration)
        return delivery.reset(request, entry)

    async def _end_after(
        self,
        request: web.Request,
        app: VendorApp,
        call: Call,
        entry: Entry,
        faults: list[Fault],
        reply: Reply,
    ) -> web.StreamResponse:
        ending: Fault | None = None
        for fault in faults:
            if fault.rule.kind in ENDS_AFTER or fault.rule.commit:
                ending = ending or fault
            elif fault.rule.kind not in ("hold", "latency"):
                reply = delivery.reshape(reply, fault.rule)
                await fault.arrive()
        if ending is None:
            return await delivery.send(request, reply, entry)
        await ending.arrive()
        if ending.rule.kind == "error":
            return await delivery.send(request, delivery.error_reply(app, call, ending.rule), entry)
        if ending.rule.kind == "commit_then_timeout":
            return await self._hang(request, entry, ending.rule.duration)
        if ending.rule.kind == "commit_then_reset":
            return delivery.reset(request, entry)
        return await delivery.send_broken(request, reply, entry, ending.rule.kind)

    def _answer(self, app: VendorApp, call: Call, entry: Entry) -> Reply:
        self._core.clock.settle()
        try:
            reply = answer(app, call)
        except Exception:
            # A client must never see a traceback, and a test must see that there was one.
            log.exception("the simulator failed at %s %s", call.method, call.path)
            self.defects += 1
            reply = app.failure(call, 500, "Internal error of the simulator")
        entry.account = call.account
        if reply.status < 400:
            entry.committed_at = self._core.clock.now()
        return reply

    def _commit_late(self, app: VendorApp, call: Call, entry: Entry) -> None:
        reply = answer(app, call)
        entry.account = call.account
        entry.outcome += f", then committed with {reply.status}"
        entry.committed_at = self._core.clock.now() if reply.status < 400 else None

    async def _delay(self, faults: list[Fault]) -> None:
        knobs = self._core.knobs.http
        seconds = knobs.latency_s + self._jitter.uniform(0, knobs.latency_jitter_s)
        for fault in faults:
            if fault.rule.kind == "latency":
                seconds += fault.rule.duration + self._jitter.uniform(0, fault.rule.jitter)
                if self._jitter.random() < fault.rule.tail_probability:
                    seconds += fault.rule.tail_seconds
                await fault.arrive()
        if seconds > 0:
            await self._pause(seconds)

    async def _hold(self, faults: list[Fault], when: str, entry: Entry) -> None:
        for fault in faults:
            if fault.rule.kind == "hold" and fault.rule.when == when:
                entry.outcome = f"held {when} commit"
                await fault.hold(self._closing)

    async def _hang(self, request: web.Request, entry: Entry, seconds: float) -> web.StreamResponse:
        entry.outcome = "timeout" if entry.outcome == "open" else entry.outcome
        await self._pause(seconds)
        return delivery.reset(request, entry, entry.outcome)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        except TimeoutError:
            return

    async def _read(self, request: web.Request, app: VendorApp) -> tuple[bytes, Reply | None]:
        limit = self._core.knobs.http.max_body_bytes
        body = bytearray()
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > limit:
                return b"", app.failure(self._call(request, app, b""), 413, f"The body exceeds {limit} bytes")
        return bytes(body), None

    def _call(self, request: web.Request, app: VendorApp, raw: bytes) -> Call:
        root = self._core.knobs.http.public_url or f"{request.scheme}://{request.host}"
        return Call(
            vendor=app.name,
            method=request.method,
            path=request.path.removeprefix(f"/{app.name}"),
            query=list(request.query.items()),
            headers=request.headers,
            raw=raw,
            base=f"{root.rstrip('/')}/{app.name}",
        )

    def _note(self, call: Call, app: VendorApp) -> Entry:
        operation = operation_of(app, call.method, call.path)
        self._core.counters[app.name].requested(operation)
        self._journal.resize(self._core.knobs.http.journal_size)
        return self._journal.open(
            at=self._core.clock.now(),
            vendor=app.name,
            method=call.method,
            path=self._redactor.text(call.path),
            operation=operation,
            query=self._redactor.query(call.query),
            headers=self._redactor.headers(call.headers),
            body=self._redactor.body(call.raw),
        )


def distortion(faults: list[Fault]) -> Distortion:
    """What the matching rules ask of the vendor's answer itself."""
    asked = Distortion()
    for fault in faults:
        rule = fault.rule
        match rule.kind:
            case "list_lag":
                asked.list_lag_s = rule.duration
            case "stale_read":
                asked.stale_read_s = rule.duration
            case "stale_reply":
                asked.stale_reply = True
            case "page_shift":
                asked.page_shift = rule.shift
            case "stuck":
                asked.stuck = True
            case "fail_after":
                asked.fail_after_s = rule.duration
                asked.fail_message = rule.message or asked.fail_message
            case _:
                pass
    return asked
