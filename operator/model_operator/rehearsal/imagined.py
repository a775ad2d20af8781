"""An account as it would be once the caught changes are carried out: the real adapter, and what it would show then.

The adapter makes every request. Whatever it would have changed is added, in the operator's own words, to what it reads,
so that the passes go on to what comes next.
"""

import itertools
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self, TypeVar, cast

from model_operator.domain import (
    Canary,
    Desired,
    Endpoint,
    Fields,
    Priority,
    Remote,
    RunState,
    Split,
)
from model_operator.errors import NotFound
from model_operator.providers.base import Connection, Provider, Vendor
from model_operator.rehearsal.catching import Caught, Trail

T = TypeVar("T")

IMAGINED_ALIAS = "imagined-alias"
IMAGINED_INSTALLATION = "imagined-installation"
"""For a name of the cluster that is not known."""
SERVES = "it serves"
TARGETS_SERVE = "all of its targets serve"
_FIRST_ID = 9_000_000_000_000_000_001
_STATES = {
    RunState.STARTING: RunState.SERVING,
    RunState.UPDATING: RunState.SERVING,
    RunState.STOPPING: RunState.STOPPED,
}
"""What comes of what is under way, if all goes well."""


@dataclass(slots=True)
class World:
    """What was imagined of all accounts of one rehearsal."""

    trail: Trail
    ids: dict[str, str] = field(default_factory=dict)
    """What each id stands for that nobody can know yet."""
    effects: dict[str, list[Callable[[Remote], Remote]]] = field(default_factory=dict)
    states: dict[str, RunState] = field(default_factory=dict)
    """As last shown."""
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(_FIRST_ID))

    def new_id(self, what: str) -> str:
        """Of digits alone, which every provider's ids may have."""
        id_ = str(next(self.numbers))
        key = self.trail.current
        self.ids[id_] = f"{what} of {key.kind} {key.name}" if key is not None else what
        return id_

    def then(self, id_: str, effect: Callable[[Remote], Remote]) -> None:
        self.effects.setdefault(id_, []).append(effect)

    def shows(self, remote: Remote) -> Remote:
        """As the provider would show it by now."""
        effects = self.effects.get(remote.id, [])
        for effect in effects:
            remote = effect(remote)
        self.states[remote.id] = remote.state
        return replace(remote, version=f"{remote.version}/{len(effects)}") if effects else remote

    def go_on(self, id_: str) -> bool:
        """What is under way there comes to its end. False if nothing is."""
        state = self.states.get(id_)
        after = _STATES.get(state) if state is not None else None
        if after is None:
            return False
        self.then(id_, lambda remote: _in_state(remote, after))
        self.states[id_] = after
        if after is RunState.SERVING:
            self.trail.promise(SERVES)
        return True


@dataclass(frozen=True, slots=True)
class ImaginedVendor:
    """A `Vendor` whose accounts are imagined ones; all that is true of it without a call is as it is."""

    real: Vendor
    world: World

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def connect(self, connection: Connection) -> Provider:
        return cast("Provider", ImaginedProvider(self.real.connect(connection), self.world))


@dataclass(frozen=True, slots=True)
class ImaginedProvider:
    """A `Provider`. What is not named here changes nothing, and is the adapter's own."""

    real: Provider
    world: World
    made: dict[str, Remote] = field(default_factory=dict)
    """What would have been created in this account, by its imagined id."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def at(self, priority: Priority) -> Self:
        return replace(self, real=self.real.at(priority))

    async def list(self) -> Sequence[Remote]:
        shown = await self.real.list()
        return [self.world.shows(remote) for remote in (*shown, *self.made.values())]

    async def get(self, id: str) -> Remote:
        made = self.made.get(id)
        remote = self.world.shows(made if made is not None else await self.real.get(id))
        if remote.is_gone:
            raise NotFound(f"{id} would be deleted already", is_vendors_own=True)
        return replace(remote, is_full=True)

    async def find(self, desired: Desired) -> Sequence[Remote]:
        made = [remote for remote in self.made.values() if remote.name == desired.deployment_name]
        shown = [self.world.shows(remote) for remote in (*await self.real.find(desired), *made)]
        return [remote for remote in shown if not remote.is_gone]

    async def create(self, desired: Desired, **options: Any) -> Remote:
        _, answer = await self._try(self.real.create(desired, **options))
        if answer is not None:
            return answer
        remote = self._made(desired)
        self.made[remote.id] = remote
        return self.world.shows(remote)

    async def update(self, id: str, changes: Fields, removed: frozenset[str], *more: Any) -> None:
        was_caught, _ = await self._try(self.real.update(id, changes, removed, *more))
        if was_caught:
            self.world.then(id, lambda remote: _updated(remote, changes, removed))

    async def adopt(self, id: str, uid: str, owner: str | None = None, epoch: int | None = None) -> None:
        was_caught, _ = await self._try(self.real.adopt(id, uid, owner, epoch))
        if was_caught:
            self.world.then(id, lambda remote: replace(remote, owner_uid=uid, epoch=epoch or remote.epoch))

    async def pause(self, id: str) -> None:
        await self._try(self.real.pause(id))
        self.world.then(id, lambda remote: _in_state(remote, RunState.STOPPED))

    async def resume(self, id: str) -> None:
        await self._try(self.real.resume(id))
        self.world.then(id, lambda remote: _in_state(remote, RunState.SERVING))
        self.world.trail.promise(SERVES)

    async def delete(self, id: str, *, force: bool) -> None:
        await self._try(self.real.delete(id, force=force))
        self.world.then(id, lambda remote: _in_state(remote, RunState.GONE))

    async def create_endpoint(self, name: str, id: str) -> Endpoint:
        _, answer = await self._try(self.real.create_endpoint(name, id))
        return answer or Endpoint(id=self.world.new_id("endpoint"), url="")

    async def create_canary(self, name: str, split: Split) -> Canary:
        _, answer = await self._try(self.real.create_canary(name, split))
        return answer or Canary(id=self.world.new_id("id"), split=split)

    async def update_canary(self, id: str, split: Split) -> Canary:
        _, answer = await self._try(self.real.update_canary(id, split))
        return answer or Canary(id=id, split=split)

    async def probe(self, *request: Any) -> None:
        await self._try(self.real.probe(*request))

    async def _try(self, doing: Awaitable[T]) -> tuple[bool, T | None]:
        """Whether a request of it was caught, and what it returned if all was answered."""
        trail = self.world.trail
        before = sum(map(len, trail.caught.values()))
        try:
            answer = await doing
        except Caught:
            return True, None
        return sum(map(len, trail.caught.values())) > before, answer

    def _made(self, desired: Desired) -> Remote:
        return Remote(
            id=self.world.new_id("id"),
            name=desired.deployment_name,
            model=desired.model,
            state=RunState.STARTING,
            word="not created yet",
            alias=IMAGINED_ALIAS if self.real.capabilities.chats else None,
            owner_uid=desired.uid if self.real.capabilities.has_tags else None,
            fields=desired.fields,
            version="imagined",
        )


def _in_state(remote: Remote, state: RunState) -> Remote:
    """Replicas are left open: how many come up, only the provider can tell."""
    replicas = None if state is RunState.SERVING else 0
    return replace(remote, state=state, replicas=replicas)


def _updated(remote: Remote, changes: Fields, removed: frozenset[str]) -> Remote:
    kept = {name: value for name, value in remote.fields.items() if name not in removed}
    return replace(remote, fields={**kept, **changes}, replicas=None)
