"""One account at one vendor, as both adapters use it: every request of theirs passes `Account.send`.

It waits at the account's gate, sends, and turns a refusal into the error that plan and status understand.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeVar

from typing_extensions import override

from model_operator.conditions import Reason
from model_operator.domain import Priority
from model_operator.errand import Errand, current_errand
from model_operator.errors import NoTurn, ProviderError, RateLimited, Unavailable, Withheld
from model_operator.modes import Mode, admits, is_read
from model_operator.providers.base import Call, Credentials, Gate, Reply, Site, Transport
from model_operator.providers.complaints import TEXT_LIMIT, Refused, read_success
from model_operator.providers.keyless import keyless, spellings
from model_operator.providers.reading import VENDOR_TEXT, Malformed, cut
from model_operator.providers.refusals import explain
from model_operator.providers.trail import Trail
from model_operator.redaction import SecretSet, is_maskable, mask_shapes

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Immutable; `at` makes a copy that queues elsewhere."""

    transport: Transport
    gate: Gate
    clean: "Cleaner"
    priority: Priority = Priority.EDIT

    def at(self, priority: Priority) -> "Account":
        return replace(self, priority=priority)

    async def send(self, site: Site, call: Call, *, within: timedelta | None = None) -> Reply:
        """A 2xx reply, or a `ProviderError`. Once; `within` bounds the wait for a turn and the request together.

        A turn that leaves the request too little of it does not count: nothing is sent that could hardly be answered.

        Raises `Outdated` where the wait has made it pointless.
        """
        errand = current_errand()
        with errand.away():
            outcome = await self._exchange_in_turn(site, call, within, errand)
        if isinstance(outcome, ProviderError):
            raise outcome  # here, so that it drags no vendor's answer along as its context
        return outcome

    async def _exchange_in_turn(
        self, site: Site, call: Call, within: timedelta | None, errand: Errand
    ) -> Reply | ProviderError:
        loop = asyncio.get_running_loop()
        deadline = None if within is None else loop.time() + within.total_seconds()
        latest = None
        if deadline is not None and within is not None:
            latest = deadline - min(self.transport.request_timeout, within / 2).total_seconds()
        async with AsyncExitStack() as turn:
            try:
                async with asyncio.timeout_at(latest) as patience:
                    with errand.queueing(patience):
                        await turn.enter_async_context(self.gate.turn(self.priority))
            except TimeoutError:
                errand.check()
                return NoTurn(
                    f"{call.title(site.provider)}: the rate limit left no time for the request, so it was not sent"
                )
            errand.check()  # what was decided before the wait
            if deadline is not None:
                left = max(timedelta(seconds=deadline - loop.time()), timedelta(milliseconds=1))
                call = replace(call, timeout=min(left, self.transport.request_timeout))
            if not admits(errand.mode, call.method):
                return _withheld(errand.mode, call.title(site.provider))
            if is_read(call.method):
                return await self._exchange(site, call)
            with errand.changing():
                return await self._exchange(site, call)

    async def _exchange(self, site: Site, call: Call) -> Reply | ProviderError:
        try:
            if not call.mutates:
                return _granted(await self.transport.send(site, call))
            with Trail(site, call, self.clean.is_key) as trail:
                return _granted(trail.answered(await self.transport.send(site, call)))
        except Refused as refused:
            error = explain(refused, call.title(site.provider), call, self.clean)
            rest = refused.retry_after
        # Some providers name a time with a 503, too.
        if isinstance(error, RateLimited) or (isinstance(error, Unavailable) and rest is not None):
            self.gate.pause(rest)
        return error

    async def ask(
        self, site: Site, call: Call, read: Callable[[Any], T], *, within: timedelta | None = None
    ) -> T:
        """`send`, and what `read` makes of the body. `Malformed` becomes `Unavailable`: it may have landed."""
        status = None
        try:
            reply = await self.send(site, call, within=within)
            status = reply.status
            return self.clean.keyless(read(reply.body))
        except Malformed as error:
            problem = str(error)
        except RecursionError:
            problem = "it is nested too deep"
        problem = f"{call.title(site.provider)}: the answer was not understood: {problem}"
        raise Unavailable(problem, status=status, may_have_landed=call.mutates)


def _withheld(mode: Mode, title: str) -> Withheld:
    reason = Reason.SUSPENDED if mode is Mode.SUSPEND else Reason.OBSERVED
    return Withheld(reason, f"{title}: not sent, because the ModelProvider is in mode {mode}")


def _granted(reply: Reply) -> Reply:
    """Raises `Refused` if it is an error under a status that says success."""
    said = read_success(reply.status, reply.body)
    if said is not None:
        raise Refused(reply.status, reply.headers, b"", said)
    return reply


class Abreast(Gate):
    """So many at once and no rests: for a host where each model has limits of its own, which are not the account's."""

    def __init__(self, most: int) -> None:
        self._places = asyncio.Semaphore(most)

    @property
    @override
    def resting(self) -> timedelta:
        return timedelta()

    @property
    @override
    def queueing(self) -> timedelta:
        return timedelta()

    @asynccontextmanager
    @override
    async def turn(self, priority: Priority) -> AsyncIterator[None]:
        async with self._places:
            yield

    @override
    def pause(self, retry_after: timedelta | None) -> None:
        """Nobody else waits for one model."""


class Cleaner:
    """Makes a vendor's text fit for people: one line, printable, not too long, no key of the account."""

    def __init__(self, credentials: Credentials) -> None:
        self._key = SecretSet()
        self._key.add(credentials.api_key)
        self._secrets = SecretSet()
        self._learned: set[str] = set()
        self._keys = spellings({credentials.api_key})
        for secret in (credentials.api_key, credentials.client_id):
            if is_maskable(secret):
                self._secrets.add(secret)

    def learn(self, secrets: Iterable[str]) -> None:
        """From now on these are left out as well: a refusal may repeat what was sent."""
        for secret in secrets:
            if is_maskable(secret) and secret not in self._learned:
                self._learned.add(secret)
                self._secrets.add(secret)
                self._keys += spellings({secret})

    @property
    def secrets(self) -> int:
        """How many are left out by now."""
        return len(self._learned)

    def __call__(self, text: str, *, limit: int = TEXT_LIMIT) -> str:
        if not text:
            return ""
        # Redacted before as well as after: a control character inside a key must not hide it.
        text = self._redact(cut(text, limit + VENDOR_TEXT))
        text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        text = self._redact(text)
        return text if len(text) <= limit else text[: limit - 1] + "…"

    def keyless(self, found: T) -> T:
        """What was read and is kept as it is, without a key. Raises `Malformed` where an id is one."""
        return keyless(found, self._keys)

    def is_key(self, text: str) -> bool:
        """It holds the account's API key."""
        return self._key.mask(text) != text

    def _redact(self, text: str) -> str:
        return mask_shapes(self._secrets.mask(text))

    @override
    def __repr__(self) -> str:
        return "Cleaner()"
