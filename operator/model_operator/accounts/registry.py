"""Which accounts are open: one limiter and one poller each, shared by all ModelProviders that lead there."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from model_operator.accounts.account import Account, Clock, Holders
from model_operator.accounts.limiter import Limiter
from model_operator.accounts.poller import Poller
from model_operator.domain import Key
from model_operator.providers.base import Connection, Credentials, Transport, Vendor
from model_operator.redaction import Redactor
from model_operator.signals import Signals


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSpec:
    """Everything that makes one account, and how it is treated."""

    vendor: Vendor
    base_url: str
    chat_base_url: str | None
    credentials: Credentials
    requests_per_minute: int | None
    poll_interval: timedelta


class Accounts:
    def __init__(  # noqa: PLR0913  made once, by keyword
        self,
        *,
        transport: Transport,
        holders: Holders,
        clock: Clock,
        signals: Signals,
        redactor: Redactor,
        most_in_flight: int,
        transition_poll: timedelta,
    ) -> None:
        self._transport = transport
        self._holders = holders
        self._clock = clock
        self._signals = signals
        self._redactor = redactor
        self._most_in_flight = most_in_flight
        self._transition_poll = transition_poll
        self._open: dict[str, _Opened] = {}

    def open(self, id_: str, spec: AccountSpec, member: Key) -> Account:
        """The account of that id, made if need be. Each ModelProvider counts once."""
        opened = self._open.get(id_) or self._make(id_, spec)
        self._open[id_] = opened
        opened.account.members.add(member)
        self._hide(opened, member.namespace)
        opened.limits[member] = spec.requests_per_minute
        opened.intervals[member] = spec.poll_interval
        opened.apply()
        return opened.account

    def __iter__(self) -> Iterator[Account]:
        """Those that are open."""
        return iter([opened.account for opened in self._open.values()])

    def close(self, account: Account, member: Key) -> None:
        """That ModelProvider no longer leads there; without any left the account is closed."""
        for key in self._holders.dependents(member):
            account.forget(key)
        account.members.discard(member)
        account.confirmed.pop(member, None)
        opened = self._open.get(account.id)
        if opened is None:
            return
        opened.limits.pop(member, None)
        opened.intervals.pop(member, None)
        if account.members:
            opened.apply()
            return
        del self._open[account.id]
        opened.task.cancel()
        for place in opened.hidden_in:
            for secret in opened.secrets:
                self._redactor.forget(secret, place)

    async def stop(self) -> None:
        """End all pollers."""
        tasks = [opened.task for opened in self._open.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def problem(self) -> str | None:
        """For /healthz: None while all pollers live."""
        dead = sum(opened.task.done() for opened in self._open.values())
        return f"{dead} of {len(self._open)} pollers have ended" if dead else None

    def _hide(self, opened: "_Opened", place: str) -> None:
        """Mask the account's secrets in that namespace's lines, until the account is closed."""
        if place not in opened.hidden_in:
            opened.hidden_in.add(place)
            for secret in opened.secrets:
                self._redactor.register(secret, place)

    def _others(self, id_: str, spec: AccountSpec) -> Iterable[Account]:
        for other_id, opened in self._open.items():
            if other_id != id_ and opened.place == (spec.vendor.type, spec.base_url):
                yield opened.account

    def _make(self, id_: str, spec: AccountSpec) -> "_Opened":
        secrets = [s for s in (spec.credentials.api_key, spec.credentials.client_id) if s]
        limiter = Limiter(
            asyncio.get_running_loop(),
            requests_per_minute=spec.requests_per_minute,
            most_in_flight=self._most_in_flight,
            on_rest=lambda s: self._signals.throttled(spec.vendor.type, id_, timedelta(seconds=s)),
        )
        provider = spec.vendor.connect(
            Connection(
                base_url=spec.base_url,
                chat_base_url=spec.chat_base_url,
                credentials=spec.credentials,
                transport=self._transport,
                gate=limiter,
            )
        )
        account = Account(
            id=id_,
            vendor=spec.vendor,
            provider=provider,
            gate=limiter,
            poll_interval=spec.poll_interval,
            signals=self._signals,
            others=lambda: self._others(id_, spec),
        )
        poller = Poller(account, self._holders, self._clock, self._transition_poll)
        place = (spec.vendor.type, spec.base_url)
        return _Opened(account, place, limiter, asyncio.create_task(poller.run()), secrets)


class _Opened:
    def __init__(
        self,
        account: Account,
        place: tuple[str, str],
        limiter: Limiter,
        task: asyncio.Task[None],
        secrets: list[str],
    ) -> None:
        self.account = account
        self.place = place
        """Type of the provider, and base URL."""
        self.limiter = limiter
        self.task = task
        self.secrets = secrets
        self.hidden_in: set[str] = set()
        """Namespaces."""
        self.limits: dict[Key, int | None] = {}
        self.intervals: dict[Key, timedelta] = {}

    def apply(self) -> None:
        """The most generous limit counts, none at all if one has none: nobody slows down others with the same key."""
        limits = [n for n in self.limits.values() if n is not None]
        is_limited = len(limits) == len(self.limits)
        self.limiter.requests_per_minute = max(limits) if limits and is_limited else None
        self.account.poll_interval = min(self.intervals.values())
