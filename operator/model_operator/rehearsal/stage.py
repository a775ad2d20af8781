"""The real passes over the planned objects, one at a time, until nothing more would be sent.

What a pass waits for is not waited out: the clock that decisions go by is set forward, the provider is read again, and
what it is about to finish counts as finished. So the way ends where only time, people or the provider can go on.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from typing_extensions import override

from model_operator.accounts.account import Account, Clock
from model_operator.domain import BUDGET, CANARY, DEPLOYMENT, PROVIDER, Canary, Key
from model_operator.engine.parts import Outside, Parts, make
from model_operator.errand import Outdated
from model_operator.kube import KubeError
from model_operator.reconcile.base import Pass
from model_operator.reconcile.cache import provider_key
from model_operator.reconcile.deployment.view import View
from model_operator.reconcile.members import deployments_of, member_names
from model_operator.reconcile.store import Body
from model_operator.rehearsal.imagined import TARGETS_SERVE, World
from model_operator.signals import Signals

HORIZON: Final = timedelta(minutes=5)
"""How far into the future the passes are led, if nothing changes meanwhile."""

_SOON: Final = timedelta(seconds=1)
_LEAST_STEP: Final = timedelta(seconds=10)
_MOST_LOOKS: Final = 40
"""Passes over one object: each may be a request to its provider."""
_ORDER: Final = (PROVIDER, BUDGET, DEPLOYMENT, CANARY)


class Ahead:
    """A clock that can be set forward."""

    def __init__(self, wall: Clock) -> None:
        self._wall = wall
        self.offset = timedelta()

    def __call__(self) -> datetime:
        return self._wall() + self.offset


@dataclass(slots=True)
class _Progress:
    """Of the passes over one object."""

    looks: int = 0
    due: datetime | None = None
    error: KubeError | None = None


class Stage(Signals):
    """`show` what is there, `play` the objects that count, then look at the overlay and the trail."""

    def __init__(self, outside: Outside, clock: Ahead, world: World) -> None:
        self._clock = clock
        self._world = world
        self._patience = (2 * outside.settings.request_timeout).total_seconds()
        self._progress: dict[Key, _Progress] = {}
        self._ready: dict[Key, None] = {}
        self._news = asyncio.Event()
        self._ends_at = clock() + HORIZON
        self._parts: Parts = make(outside, self)
        self.cache = self._parts.cache
        self._passes: dict[str, Pass[Any, Any]] = {
            PROVIDER: self._parts.providers,
            DEPLOYMENT: self._parts.deployments,
            CANARY: self._parts.canaries,
            BUDGET: self._parts.budgets,
        }

    def show(self, key: Key, body: Body) -> None:
        """The API server has this object; of several bodies of one, the newest counts."""
        self.cache.put(key, body)

    async def play(self, keys: Iterable[Key]) -> None:
        """Until nothing more would be sent for them. `keys` include the ModelProviders that they need."""
        self._progress = {key: _Progress() for key in keys}
        for key in self._progress:
            self._remember(key)
        self._add(self._progress)
        try:
            while (ready := self._next()) is not None or await self._goes_on():
                if ready is not None:
                    await self._pass(ready)
        finally:
            await self._parts.accounts.stop()

    def account(self, key: Key) -> Account | None:
        """That its ModelProvider leads to, or that it is."""
        resource = self.cache.deployment(key) or self.cache.canary(key)
        ref = provider_key(resource) if resource is not None else key
        return self._parts.deployments.around.bindings.account(ref)

    def error(self, key: Key) -> KubeError | None:
        """What the API server would not do for it."""
        return self._progress[key].error

    def _next(self) -> Key | None:
        ready = sorted(self._ready, key=lambda key: _ORDER.index(key.kind))
        for key in ready:
            del self._ready[key]
            if self._progress[key].looks < _MOST_LOOKS:
                return key
        return None

    async def _pass(self, key: Key) -> None:
        progress, trail = self._progress[key], self._world.trail
        progress.looks += 1
        trail.current, trail.wait = key, self._waited()
        if key.kind == CANARY and any(k in trail.promised for k in deployments_of(self.cache.members(key))):
            trail.promise(TARGETS_SERVE)
        try:
            again = await self._passes[key.kind].reconcile(key)
        except Outdated:
            self._add((key,))
            return
        except KubeError as error:
            progress.error = error
            return
        finally:
            trail.current = None
        progress.due = None if again is None else self._clock() + again
        if again is not None and again <= timedelta():
            self._add((key,))

    async def _goes_on(self) -> bool:
        """Wait for what is being read, else set the clock forward, else finish what is under way."""
        if any(_is_listing(account) for account in self._parts.accounts):
            self._news.clear()
            try:
                async with asyncio.timeout(self._patience):
                    await self._news.wait()
            except TimeoutError:
                return False
            return True
        return self._step_forward() or self._finish()

    def _step_forward(self) -> bool:
        due = {
            key: progress.due
            for key, progress in self._progress.items()
            if key.kind == DEPLOYMENT and progress.due is not None and progress.looks < _MOST_LOOKS
        }
        healthy = [key for key in due if (account := self.account(key)) is None or account.error is None]
        if not healthy:
            return False
        key = min(healthy, key=lambda key: due[key])
        left = due[key] - self._clock()
        if left > _SOON:
            left = max(left, _LEAST_STEP)
        if self._clock() + left > self._ends_at:
            return False
        self._clock.offset += max(left, timedelta())
        self._look_again(key)
        return True

    def _finish(self) -> bool:
        """What a provider is about to do is done: starts and stops come to their end, once for each object."""
        found = False
        for key in self._progress:
            resource = self.cache.deployment(key)
            id_ = resource.status.external_id if resource is not None else None
            if id_ is None or self._progress[key].looks >= _MOST_LOOKS:
                continue
            self._world.trail.current = key
            if self._world.go_on(id_):
                found = True
                self._look_again(key)
        self._world.trail.current = None
        return found

    def _look_again(self, key: Key) -> None:
        """After the next complete LIST, where there is one."""
        self._progress[key].due = None
        account = self.account(key)
        if account is None or account.error is not None or not account.can_list:
            self._add((key,))
        else:
            account.want_list(key)

    def _waited(self) -> timedelta:
        return timedelta(seconds=round(self._clock.offset.total_seconds()))

    def _remember(self, key: Key) -> None:
        """What the running operator knows of an object, which a new process would have to find out."""
        deployment, canary = self.cache.deployment(key), self.cache.canary(key)
        if deployment is not None and deployment.status.external_id is not None:
            memory = self._parts.deployments.memory(key, deployment.metadata.uid)
            memory.view = View.unread(deployment.status.external_id, self._clock())
        if canary is not None and canary.status.external_id is not None and canary.status.traffic:
            known = Canary(id=canary.status.external_id)
            self._parts.canaries.memory(key, canary.metadata.uid).answered(known, self._clock())

    def _add(self, keys: Iterable[Key]) -> None:
        for key in keys:
            if key in self._progress:
                self._ready[key] = None
                self._news.set()

    # `Signals`

    @override
    def changed(self, keys: Iterable[Key]) -> None:
        self._add(keys)
        self._news.set()

    @override
    def cached(self, key: Key, members_before: frozenset[str]) -> None:
        if key.kind == DEPLOYMENT:
            self._add(self.cache.users(*member_names(key, self.cache.deployment(key))))

    @override
    def refreshed(self, key: Key, body: dict[str, Any]) -> None:
        self.show(key, body)

    @override
    def gone(self, key: Key, uid: str) -> None:
        if self.cache.uid(key) == uid:
            self._add(self._passes[key.kind].ended(key))

    @override
    def rebound(self, provider: Key) -> None:
        """Nothing was seen under other credentials that could be forgotten."""
        self._add((*self.cache.dependents(provider), *self.cache.canaries(provider)))

    @override
    def orphaned(self) -> None:
        """Nothing is counted here."""

    @override
    def rollout_ended(self, result: str) -> None:
        """Nothing is counted here."""

    @override
    def throttled(self, provider: str, account: str, rest: timedelta) -> None:
        """Nothing is counted here."""

    @override
    def leaves(self, key: Key, on_news: Callable[[], None]) -> None:
        """One pass at a time: nobody takes its place."""

    @override
    def comes_back(self, key: Key) -> None:
        """It never left."""


def _is_listing(account: Account) -> bool:
    """A LIST is under way, or about to begin."""
    return account.error is None and (
        not account.has_answered or (bool(account.waiting) and account.can_list)
    )
