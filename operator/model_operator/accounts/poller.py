"""One shared LIST per provider account, however many ModelDeployments it has.

Quick while something moves, slow when nothing does, and soon when a pass asks for a LIST that begins from now on.
"""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta

from model_operator.accounts.account import HICCUPS, Account, Clock, Holders, Snapshot
from model_operator.domain import Key, Priority
from model_operator.errand import NOBODY, sent_on
from model_operator.errors import CredentialsInvalid, ProviderError, Unsupported, delay_after

_AFTER_BUG = 5.0
_SLOWS_DOWN_OVER = 30.0
"""Seconds without news after which the quick poll has doubled its interval."""
_LIST_AGAIN = 2
"""Sweeps after which an account without LIST is asked once more whether it has one now."""

log = logging.getLogger(__name__)


class Poller:
    def __init__(
        self,
        account: Account,
        holders: Holders,
        clock: Clock,
        transition_poll: timedelta,
    ) -> None:
        self._account = account
        self._holders = holders
        self._clock = clock
        self._quick = transition_poll.total_seconds()
        self._news_at = _now()

    async def run(self) -> None:
        """Poll for ever. No answer of a provider ends it."""
        with sent_on(NOBODY):  # and not on that of the pass which has opened the account
            await self._run()

    async def _run(self) -> None:
        while True:
            began = _now()
            try:
                await self.poll()
            except Exception:
                log.exception("a poll of %s failed in an unforeseen way", self._account.vendor.type)
                await asyncio.sleep(_AFTER_BUG)
            await self._wait(began)

    async def poll(self) -> None:
        """One LIST, and all that follows from it."""
        account = self._account
        is_urgent = bool(account.moving or account.waiting)
        provider = account.provider.at(Priority.TRANSITION if is_urgent else Priority.SWEEP)
        account.wake.clear()
        begun, waiting = self._clock(), set(account.waiting)
        before = self._holders.ids(account.members).expected
        try:
            remotes = await provider.list()
        except Unsupported as error:
            sick = account.list_refused(error)
            if sick is not None:
                self._failed(sick)
            else:
                self._cannot_list()
            return
        except ProviderError as error:
            self._failed(error)
            return
        snapshot = Snapshot.of(begun, remotes, ended=self._clock())
        await asyncio.sleep(0)  # edits may go first
        ids = self._holders.ids(account.members)
        # Who asks while a LIST is under way has seen too little in the one before: theirs is the next one.
        late = account.waiting - waiting if account.snapshot is not None else set[Key]()
        # What was created while this LIST was under way need not be in it.
        news = account.listed(snapshot, replace(ids, expected=ids.expected & before))
        account.waiting = late
        if late:
            account.wake.set()
        if news:
            self._news_at = _now()
            self._account.signals.changed(news)

    def _cannot_list(self) -> None:
        account = self._account
        is_new, account.can_list = account.can_list or account.error is not None, False
        # What it showed when it last could would be believed for ever.
        account.error, account.failures, account.snapshot = None, 0, None
        if is_new:
            account.signals.changed(account.members)
            self._account.signals.changed(self._everyone())

    def _failed(self, error: ProviderError) -> None:
        if self._account.failed(error):
            self._account.signals.changed(self._everyone())
        log.info("listing failed: %s", error)
        if isinstance(error, CredentialsInvalid):
            self._account.signals.changed(self._account.members)  # the Secret may hold another key by now

    def _everyone(self) -> set[Key]:
        return {key for member in self._account.members for key in self._holders.dependents(member)}

    async def _wait(self, began: float) -> None:
        """Until the next LIST is due: never sooner than the quick interval after the last one began."""
        account = self._account
        try:
            async with asyncio.timeout_at(began + self._interval()):
                await account.wake.wait()
                # Woken in a slow interval: from now on the quick one counts.
                self._news_at = _now()
        except TimeoutError:
            return
        await asyncio.sleep(max(0.0, began + self._quick - _now()))

    def _interval(self) -> float:
        account = self._account
        sweep = account.poll_interval.total_seconds()
        if account.error is not None:
            if account.snapshot is not None and account.failures <= HICCUPS:
                return sweep  # a blip of seconds is nobody's news
            delay = delay_after(account.error, account.failures - 1).total_seconds()
            return max(delay, self._quick)
        if not account.can_list:
            return sweep * _LIST_AGAIN
        if account.moving or account.waiting:
            age = _now() - self._news_at
            return min(self._quick * (1 + age / _SLOWS_DOWN_OVER), sweep)
        return sweep


def _now() -> float:
    return asyncio.get_running_loop().time()
