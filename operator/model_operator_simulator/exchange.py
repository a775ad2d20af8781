"""The front of all vendors: one HTTP request from its arrival to what the client sees of its answer.

Order: journal, latency, faults that hold or end it before the vendor sees it, the vendor's app (which commits and
answers without waiting), faults that hold, lose or mangle the answer.
"""

import asyncio
import logging
from collections.abc import Mapping
from email.utils import formatdate

from . import mangling
from .call import Call, Distortion, Reply, Request
from .chance import seeded
from .core import Core
from .faults import ENDS_AFTER, ENDS_BEFORE, Asked, Fault, FaultRule, Faults
from .journal import Entry, Journal, Redactor
from .outcome import Complete, Outcome, Reset
from .spelling import SpellingKnobs, respell
from .vendor import VendorApp, answer, operation_of

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

    def vendor(self, segment: str) -> str | None:
        """Whose path begins with that segment: the vendor of that name, or the one at the root."""
        return segment if segment in self._apps else self._core.knobs.http.root

    async def handle(self, vendor: str, request: Request) -> Outcome:
        """What becomes of one request to a vendor; it may take as long as a fault says."""
        app = self._apps[vendor]
        clock = self._core.clock
        started = clock.real_time()
        limit = self._core.knobs.http.max_body_bytes
        is_too_long = len(request.raw) > limit
        call = self._call(request, app, b"" if is_too_long else request.raw)
        entry = self._note(call, app)
        try:
            if is_too_long:
                return self._replied(
                    app, entry, app.api.failure(call, 413, f"The body exceeds {limit} bytes")
                )
            return await self._serve(app, call, entry)
        finally:
            entry.duration_ms = round((clock.real_time() - started) * 1000, 3)

    async def _serve(self, app: VendorApp, call: Call, entry: Entry) -> Outcome:
        token = self._core.tokens.find(app.name, call.bearer())
        account = token.account if token else ""
        faults = self._faults.strike(Asked(app.name, call.method, call.path, entry.operation, account))
        entry.faults = [fault.id for fault in faults]
        await self._delay(faults)
        await self._hold(faults, "before", entry)
        ending = next((f for f in faults if f.rule.kind in ENDS_BEFORE and not f.rule.commit), None)
        if ending is not None:
            await ending.arrive()
            return await self._end_before(app, call, entry, ending.rule)
        call.distortion = distortion(faults)
        reply = self._answer(app, call, entry)
        await self._hold(faults, "after", entry)
        return await self._end_after(app, call, entry, faults, reply)

    async def _end_before(self, app: VendorApp, call: Call, entry: Entry, rule: FaultRule) -> Outcome:
        if rule.kind == "error":
            return self._replied(app, entry, mangling.error_reply(self._core, app.api, call, rule))
        if rule.kind == "redirect":
            status = rule.status if rule.status < 400 else 302
            return self._replied(app, entry, Reply(status, headers={"Location": rule.location}))
        if rule.kind == "late_commit":
            self._core.clock.after(rule.duration, lambda: self._commit_late(app, call, entry))
            if rule.connection == "hang":
                return await self._hang(entry, rule.duration)
        if rule.kind == "timeout":
            return await self._hang(entry, rule.duration)
        return _reset(entry)

    async def _end_after(
        self, app: VendorApp, call: Call, entry: Entry, faults: list[Fault], reply: Reply
    ) -> Outcome:
        ending: Fault | None = None
        for fault in faults:
            if fault.rule.kind in ENDS_AFTER or fault.rule.commit:
                ending = ending or fault
            elif fault.rule.kind not in ("hold", "latency"):
                reply = mangling.reshape(app.api, reply, fault.rule)
                await fault.arrive()
        if ending is None:
            return self._replied(app, entry, reply)
        await ending.arrive()
        match ending.rule.kind:
            case "error":
                return self._replied(app, entry, mangling.error_reply(self._core, app.api, call, ending.rule))
            case "commit_then_timeout":
                return await self._hang(entry, ending.rule.duration)
            case "commit_then_reset":
                return _reset(entry)
            case kind:
                entry.status, entry.outcome = reply.status, kind
                return mangling.broken(self._dated(reply), kind)

    def _replied(self, app: VendorApp, entry: Entry, reply: Reply) -> Complete:
        spelling = self._core.knobs.of(SpellingKnobs)
        reply = respell(reply, spelling, app.api, self._core.clock.now())
        entry.status, entry.outcome = reply.status, "replied"
        return mangling.sound(self._dated(reply))

    def _dated(self, reply: Reply) -> Reply:
        reply.headers.setdefault("Date", formatdate(self._core.clock.real_time(), usegmt=True))
        return reply

    def _answer(self, app: VendorApp, call: Call, entry: Entry) -> Reply:
        self._core.clock.settle()
        try:
            reply = answer(app.api, call)
        except Exception:
            # A client must never see a traceback, and a test must see that there was one.
            log.exception("the simulator failed at %s %s", call.method, call.path)
            self.defects += 1
            reply = app.api.failure(call, 500, "Internal error of the simulator")
        entry.account = call.account
        if reply.status < 400:
            entry.committed_at = self._core.clock.now()
        return reply

    def _commit_late(self, app: VendorApp, call: Call, entry: Entry) -> None:
        reply = answer(app.api, call)
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

    async def _hang(self, entry: Entry, seconds: float) -> Outcome:
        entry.outcome = "timeout" if entry.outcome == "open" else entry.outcome
        await self._pause(seconds)
        return Reset()

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        except TimeoutError:
            return

    def _call(self, request: Request, app: VendorApp, raw: bytes) -> Call:
        knobs, prefix = self._core.knobs.http, f"/{app.name}"
        is_at_root = not f"{request.path}/".startswith(f"{prefix}/")
        root = (knobs.public_url or request.base).rstrip("/")
        base = knobs.public_urls.get(app.name, root if is_at_root else root + prefix)
        return Call(
            vendor=app.name,
            method=request.method,
            path=request.path if is_at_root else request.path.removeprefix(prefix),
            query=request.query,
            headers=request.headers,
            raw=raw,
            base=base.rstrip("/"),
        )

    def _note(self, call: Call, app: VendorApp) -> Entry:
        operation = operation_of(app.api, call.method, call.path)
        app.counters.requested(operation)
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


def _reset(entry: Entry) -> Reset:
    entry.outcome = "reset"
    return Reset()


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
