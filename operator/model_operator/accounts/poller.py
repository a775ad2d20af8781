"""One shared LIST per provider account, however many ModelDeployments it has.

Quick while something moves, slow when nothing does, and soon when a pass asks for a LIST that begins from now on.
"""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta

from model_operator.accounts.account import HICCUPS, Account, Clock, Snapshot
from model_operator.accounts.holders import Holders
from model_operator.domain import Key, Priority
from model_operator.errand import POLL, sent_on
from model_operator.errors import CredentialsInvalid, ProviderError, Unsupported, delay_after

_AFTER_BUG = 5.0
_SLOWS_DOWN_OVER = 30.0
"""Seconds without news after which the quick poll has doubled its interval."""
_LIST_AGAIN = 2
"""Sweeps after which an account without LIST is asked once more whether it has one now."""
_SPARED = 4.0
"""A LIST begins no sooner than so many times what the one before took: reading a large account is not all that is done."""
_SPARED_AT_MOST = 5.0
"""Seconds of that, so that a slow provider is not looked at too seldom."""
_SECOND_LOOK = 5.0
"""Seconds after the first LIST for an event: by then the provider's own lists have it, too."""
_HINT_WAITS = 30.0
"""Seconds between two looks for events where a look is dear: there is no LIST, it has just failed, or had no news."""
_MAY_BE_VAIN = 4
"""Looks without news, after which events that keep coming have to wait for longer and longer."""

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
        self._took = 0.0
        """Seconds, of the last LIST."""
        self._in_vain = 0
        """LISTs for events, in a row, that had no news."""

    async def run(self) -> None:
        """Poll for ever. No answer of a provider ends it."""
        with sent_on(POLL):  # and not on that of the pass which has opened the account
            await self._run()

    async def _run(self) -> None:
        while True:
            began = _now()
            try:
                await self.poll()
            except Exception:
                log.exception("a poll of %s failed unexpectedly", self._account.vendor.type)
                await asyncio.sleep(_AFTER_BUG)
            self._took = _now() - began
            await self._wait(began)

    async def poll(self) -> None:
        """One LIST, and all that follows from it."""
        account = self._account
        is_urgent = bool(account.moving or account.waiting or account.hinted_looks)
        hinted, account.hinted_looks = account.hinted_looks, 0
        provider = account.provider.at(Priority.TRANSITION if is_urgent else Priority.SWEEP)
        account.wake.clear()
        begun, waiting = self._clock(), set(account.waiting)
        before = self._holders.ids(account.members).expected
        try:
            remotes = await provider.list()
        except Unsupported as error:
            sick = account.list_refused(error)
            if sick is not None:
                self._failed(sick, hinted)
            else:
                self._cannot_list(hinted)
            return
        except ProviderError as error:
            self._failed(error, hinted)
            return
        account.hinted_looks = max(account.hinted_looks, hinted - 1)
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
        self._in_vain = 0 if news else self._in_vain + bool(hinted)
        if news:
            self._news_at = _now()
            self._account.signals.changed(news)

    def _cannot_list(self, hinted: int) -> None:
        account = self._account
        account.hinted_looks = max(account.hinted_looks, hinted - 1)
        is_new, account.can_list = account.can_list or account.error is not None, False
        # What it showed when it last could would be believed for ever.
        account.error, account.failures, account.snapshot = None, 0, None
        if is_new:
            account.signals.changed(account.members)
        if is_new or hinted:  # an event says of nobody that it is about them
            self._account.signals.changed(self._everyone())

    def _failed(self, error: ProviderError, hinted: int) -> None:
        self._account.hinted_looks = max(self._account.hinted_looks, hinted)
        if self._account.failed(error):
            self._account.signals.changed(self._everyone())
        log.info("listing failed: %s", error)
        if isinstance(error, CredentialsInvalid):
            self._account.signals.changed(self._account.members)  # the Secret may hold another key by now

    def _everyone(self) -> set[Key]:
        return {key for member in self._account.members for key in self._holders.dependents(member)}

    async def _wait(self, began: float) -> None:
        """Until the next LIST is due: never sooner than the quick interval after the last one began, nor than it lets us."""
        account, spared = self._account, min(_SPARED * self._took, _SPARED_AT_MOST)
        try:
            async with asyncio.timeout_at(began + max(self._interval(), spared)):
                await account.wake.wait()
                if account.moving or account.waiting:
                    # Woken in a slow interval: from now on the quick one counts.
                    self._news_at = _now()
        except TimeoutError:
            return
        await asyncio.sleep(max(0.0, began + max(self._soonest(), spared) - _now()))

    def _soonest(self) -> float:
        """Seconds after a LIST began before which no other does, whoever asks for one."""
        account = self._account
        if not account.hinted_looks:
            return self._quick
        if account.error is not None or not account.can_list:
            return self._interval()  # events do not cut short how an account in trouble is spared
        # Half of it, so that what an event tells is known within the quick interval.
        return min(self._quick / 2 * 2.0 ** max(0, self._in_vain - _MAY_BE_VAIN), _HINT_WAITS)

    def _interval(self) -> float:
        account = self._account
        sweep = account.poll_interval.total_seconds()
        if account.error is not None:
            if account.snapshot is not None and account.failures <= HICCUPS:
                return self._sooner(sweep, _HINT_WAITS)  # a blip of seconds is nobody's news
            delay = delay_after(account.error, account.failures - 1).total_seconds()
            return max(delay, self._quick)
        if not account.can_list:
            return self._sooner(sweep * _LIST_AGAIN, _HINT_WAITS)
        if account.moving or account.waiting:
            age = _now() - self._news_at
            sweep = min(self._quick * (1 + age / _SLOWS_DOWN_OVER), sweep)
        return self._sooner(sweep, _SECOND_LOOK)

    def _sooner(self, interval: float, hinted: float) -> float:
        """The second of them at most, while a look is owed to an event."""
        return min(interval, hinted) if self._account.hinted_looks else interval


def _now() -> float:
    return asyncio.get_running_loop().time()
