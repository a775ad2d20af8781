"""Which accounts are open: one limiter and one poller each, shared by all ModelProviders that lead there."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from model_operator.accounts.account import Account, Clock
from model_operator.accounts.holders import Holders
from model_operator.accounts.limiter import Limiter
from model_operator.accounts.poller import Poller
from model_operator.domain import Key
from model_operator.providers.base import Connection, Credentials, Transport, Vendor
from model_operator.redaction import Redactor
from model_operator.sharding import Shards
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
    is_polled: bool = True
    """False: this ModelProvider is suspended, and asks for nothing of its account."""


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
        shards: Shards | None = None,
    ) -> None:
        """`shards`: who shares an account's limits with this process, and whose ModelProviders are only looked on."""
        self._transport = transport
        self._holders = holders
        self._clock = clock
        self._signals = signals
        self._redactor = redactor
        self._most_in_flight = most_in_flight
        self._transition_poll = transition_poll
        self._shards = shards or Shards()
        self._open: dict[str, _Opened] = {}

    def open(self, id_: str, spec: AccountSpec, member: Key) -> Account:
        """The account of that id, made if need be. Each ModelProvider counts once."""
        opened = self._open.get(id_) or self._make(id_, spec)
        self._open[id_] = opened
        opened.account.members.add(member)
        self._hide(opened, member.namespace)
        opened.limits[member] = spec.requests_per_minute
        opened.intervals[member] = spec.poll_interval
        self._suspend(opened, member, is_polled=spec.is_polled)
        self._apply(opened)
        return opened.account

    def poll(self, account: Account, member: Key, *, is_polled: bool) -> None:
        """Of one that is kept from before: whether that ModelProvider asks for anything there."""
        opened = self._open.get(account.id)
        if opened is not None and member in opened.limits:
            self._suspend(opened, member, is_polled=is_polled)
            self._apply(opened)

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
        opened.suspended.discard(member)
        if account.members:
            self._apply(opened)
            return
        del self._open[account.id]
        opened.stop()
        for place in opened.hidden_in:
            for secret in opened.secrets:
                self._redactor.forget(secret, place)

    async def stop(self) -> None:
        """End all pollers."""
        tasks = [opened.task for opened in self._open.values() if opened.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def problem(self) -> str | None:
        """For /healthz: None while all pollers live."""
        dead = sum(opened.task is not None and opened.task.done() for opened in self._open.values())
        return f"{dead} of {len(self._open)} pollers have ended" if dead else None

    def _apply(self, opened: "_Opened") -> None:
        """The account's limits divided among the shards that use it, and LISTs only where this one does."""
        users = [member.namespace for member in opened.limits]
        most, limit = self._most_in_flight, opened.limit()
        opened.limiter.most_in_flight = self._shards.part(most, users)
        opened.limiter.requests_per_minute = None if limit is None else self._shards.part(limit, users)
        intervals = opened.intervals.items()
        own = [i for m, i in intervals if self._shards.owns(m.namespace) and m not in opened.suspended]
        if own:
            opened.account.poll_interval = min(own)
            opened.start()
        elif opened.task is not None:
            opened.stop()
            opened.account.listed_no_more()

    def _suspend(self, opened: "_Opened", member: Key, *, is_polled: bool) -> None:
        """Nobody looks for its objects' sake any more, soon or at all."""
        if is_polled:
            opened.suspended.discard(member)
        elif member not in opened.suspended:
            opened.suspended.add(member)
            for key in self._holders.dependents(member):
                opened.account.forget(key)

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
        opened = _Opened(account, place, limiter, poller, secrets)
        account.held_elsewhere = lambda: self._held(opened)
        return opened

    def _held(self, opened: "_Opened") -> frozenset[str]:
        """By the statuses of other shards' objects. Of an account that this one lists, its LISTs say more."""
        if opened.task is not None:
            return frozenset()
        return frozenset(self._holders.ids(opened.account.members).held.values())


class _Opened:
    def __init__(
        self,
        account: Account,
        place: tuple[str, str],
        limiter: Limiter,
        poller: Poller,
        secrets: list[str],
    ) -> None:
        self.account = account
        self.place = place
        """Type of the provider, and base URL."""
        self.limiter = limiter
        self.poller = poller
        self.task: asyncio.Task[None] | None = None
        """The poller at work. None: only ModelProviders of other shards lead here."""
        self.secrets = secrets
        self.hidden_in: set[str] = set()
        """Namespaces."""
        self.limits: dict[Key, int | None] = {}
        self.intervals: dict[Key, timedelta] = {}
        self.suspended: set[Key] = set()
        """Members that ask for no LIST."""

    def limit(self) -> int | None:
        """The most generous one counts, none at all if one has none: nobody slows down others with the same key."""
        limits = [n for n in self.limits.values() if n is not None]
        return max(limits) if limits and len(limits) == len(self.limits) else None

    def start(self) -> None:
        if self.task is None:
            self.task = asyncio.create_task(self.poller.run())

    def stop(self) -> None:
        if self.task is not None:
            self.task.cancel()
            self.task = None
