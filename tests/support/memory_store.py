"""One process's connection to the server in memory: a `Store` on which every request may be refused, late or lost.

`Trouble` says what goes wrong with which requests. After `cut`, nothing that is under way comes back to the process.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextvars import Context
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

from model_operator.domain import FINALIZER, Key
from model_operator.kube import KubeError, KubeForbidden, ObjectGone, Shown, WriteConflict, path_of
from support.memory_schema import Object
from support.memory_server import Server

T = TypeVar("T")
_TIMEOUT = 30.0  # seconds, as kube.py's


class Verb(StrEnum):
    GET = "get"
    LIST = "list"
    CREATE = "create"
    PATCH = "patch"
    FINALIZER = "finalizer"
    STATUS = "status"


class Request(NamedTuple):
    verb: Verb
    key: Key


class Effect(StrEnum):
    REFUSE = "refuse"
    """Answered with `status`; nothing is done."""
    LOSE = "lose"
    """Carried out; the reply is lost at once."""
    HANG = "hang"
    """Not carried out; no answer until the client gives up."""
    DELAY = "delay"
    """Carried out after `seconds`."""
    LATE = "late"
    """Carried out at once, and answered after `seconds`."""


@dataclass(slots=True)
class Trouble:
    """What goes wrong with requests of these verbs about these kinds, `left` times or (None) until it is taken away."""

    effect: Effect
    verbs: frozenset[Verb] = frozenset(Verb)
    kinds: frozenset[str] = frozenset()
    """Empty: all."""
    status: int = 500
    message: str = "the server had a problem"
    seconds: float = 1.0
    left: int | None = None

    def takes(self, request: Request) -> bool:
        """Whether it is this request's, which uses it up by one."""
        if request.verb not in self.verbs or (self.kinds and request.key.kind not in self.kinds):
            return False
        if self.left is None:
            return True
        self.left -= 1
        return self.left >= 0


@dataclass(slots=True)
class MemoryStore:
    """Obeys `reconcile.store.ListingStore`. Every request yields to the loop at least once, as a real one does."""

    server: Server
    troubles: list[Trouble] = field(default_factory=list)
    seen: list[Request] = field(default_factory=list)
    """Every request that the process has sent."""
    met: Callable[[str, Request], None] = lambda _point, _request: None
    """Told of each request as it leaves (`status.sent`) and when the server has done it (`status.done`)."""
    latency: Callable[[], float] = lambda: 0.0
    """Seconds of one way."""
    is_cut: bool = False
    _under_way: set[asyncio.Task[Any]] = field(default_factory=set)

    async def get(self, kind: str, namespace: str, name: str) -> Object:
        key = Key(kind, namespace, name)
        return await self._send(Request(Verb.GET, key), lambda: self.server.get(key))

    async def list(self, kind: str, namespace: str | None) -> AsyncIterator[Object]:
        request = Request(Verb.LIST, Key(kind, namespace or "", ""))
        for body in await self._send(request, lambda: tuple(self.server.list(kind, namespace))):
            yield body

    async def versions(self, kind: str, namespace: str | None) -> Shown:
        request = Request(Verb.LIST, Key(kind, namespace or "", ""))
        return await self._send(request, lambda: self.server.versions(kind, namespace))

    async def create(self, kind: str, namespace: str, body: Mapping[str, Any]) -> Object:
        request = Request(Verb.CREATE, Key(kind, namespace, body["metadata"]["name"]))
        return await self._send(request, lambda: self.server.create(kind, namespace, body))

    async def patch(self, kind: str, namespace: str, name: str, patch: Mapping[str, Any]) -> Object:
        key = Key(kind, namespace, name)
        return await self._send(Request(Verb.PATCH, key), lambda: self.server.merge(key, patch))

    async def add_finalizer(self, key: Key, version: str, present: tuple[str, ...]) -> Object:
        return await self._finalizers(key, version, (*present, FINALIZER))

    async def remove_finalizer(self, key: Key, version: str, present: tuple[str, ...]) -> Object:
        return await self._finalizers(key, version, tuple(f for f in present if f != FINALIZER))

    async def replace_status(self, key: Key, version: str, status: Mapping[str, Any]) -> Object:
        request = Request(Verb.STATUS, key)
        return await self._send(request, lambda: self.server.replace_status(key, version, status))

    async def _finalizers(self, key: Key, version: str, finalizers: tuple[str, ...]) -> Object:
        request = Request(Verb.FINALIZER, key)
        return await self._send(request, lambda: self.server.replace_finalizers(key, version, finalizers))

    def cut(self) -> None:
        """The process is dead: its requests are carried out or not, and no answer reaches it."""
        self.is_cut = True

    async def _send(self, request: Request, do: Callable[[], T]) -> T:
        """The server does not stop what it does because the client no longer waits."""
        if self.is_cut:
            raise asyncio.CancelledError
        name = "" if request.verb is Verb.CREATE else request.key.name
        path_of(request.key.kind, request.key.namespace or None, name)  # what has no path is not sent
        self.met(f"{request.verb}.sent", request)
        self.seen.append(request)
        trouble = next((t for t in self.troubles if t.takes(request)), None)
        task = asyncio.get_running_loop().create_task(_serve(trouble, do, self.latency), context=Context())
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        answer = await asyncio.shield(task)
        self.met(f"{request.verb}.done", request)
        if self.is_cut:
            raise asyncio.CancelledError
        if isinstance(answer, KubeError):
            raise answer
        return answer

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)


async def _serve(trouble: Trouble | None, do: Callable[[], T], latency: Callable[[], float]) -> T | KubeError:
    await asyncio.sleep(latency())
    effect = trouble.effect if trouble else None
    if trouble is not None and effect in (Effect.REFUSE, Effect.HANG):
        if effect is Effect.REFUSE:
            return refusal(trouble.status, trouble.message)
        await asyncio.sleep(_TIMEOUT)
        return _no_answer()
    if trouble is not None and effect is Effect.DELAY:
        await asyncio.sleep(trouble.seconds)
    try:
        answer: T | KubeError = do()
    except KubeError as error:
        answer = error
    if trouble is not None and effect is Effect.LOSE:
        return _no_answer()
    if trouble is not None and effect is Effect.LATE:
        await asyncio.sleep(trouble.seconds)
    await asyncio.sleep(latency())
    return answer


def refusal(status: int, message: str) -> KubeError:
    """As kube.py makes one of an answer."""
    kinds: dict[int, type[KubeError]] = {403: KubeForbidden, 404: ObjectGone, 409: WriteConflict}
    return kinds.get(status, KubeError)(status, message)


def _no_answer() -> KubeError:
    return KubeError(0, "the API server does not answer: the connection broke")
