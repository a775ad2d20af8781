"""The API server as it would be after what was written here: reads go through to the real one, writes go nowhere."""

import copy
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from typing_extensions import override

from model_operator.accounts.account import Clock
from model_operator.domain import FINALIZER, Key
from model_operator.kube import KubeForbidden, ObjectGone, WriteConflict, path_of
from model_operator.models.wire import format_time
from model_operator.reconcile.store import Body


class Reads(Protocol):
    """All that is asked of the real API server, if there is one."""

    async def get(self, kind: str, namespace: str, name: str) -> Body:
        """Raises `KubeError`; `ObjectGone` where there is no such object."""
        ...


class Nothing(Reads):
    """No API server: nothing is there but what was put into the overlay."""

    @override
    async def get(self, kind: str, namespace: str, name: str) -> Body:
        path_of(kind, namespace, name)
        raise ObjectGone(404, f'{kind} "{name}" not found')


class Overlay:
    """A `reconcile.store.Store`. Bodies in it are never changed in place."""

    def __init__(self, below: Reads, clock: Clock) -> None:
        self._below = below
        self._clock = clock
        self._objects: dict[Key, Body | None] = {}
        """None: it is gone by now."""
        self._version = 0
        self.refused: dict[Key, KubeForbidden] = {}
        """What may not be read."""
        self.secrets: list[Body] = []
        """Every Secret that was read: nothing of it may be shown."""

    def put(self, key: Key, body: Mapping[str, Any]) -> Body:
        """It is there, as if somebody had applied it. What only a server knows is filled in."""
        metadata = {
            "uid": str(uuid.uuid4()),
            "creationTimestamp": format_time(self._now()),
            "generation": 1,
            **body.get("metadata", {}),
            "name": key.name,
            "namespace": key.namespace,
        }
        return self._store(key, {**body, "metadata": metadata})

    async def get(self, kind: str, namespace: str, name: str) -> Body:
        key = Key(kind, namespace, name)
        if key not in self._objects:
            try:
                found = await self._below.get(kind, namespace, name)
            except KubeForbidden as error:
                self.refused[key] = error
                raise
            self._seen(found)
            self._objects[key] = found
        known = self._objects[key]
        if known is None:
            raise ObjectGone(404, f'{kind} "{name}" not found')
        if kind == "Secret":
            self.secrets.append(known)
        return known

    async def create(self, kind: str, namespace: str, body: Mapping[str, Any]) -> Body:
        key = Key(kind, namespace, body["metadata"]["name"])
        path_of(kind, namespace)
        if kind != "Event":  # each has a name of its own
            try:
                await self.get(*key)
            except ObjectGone:
                return self.put(key, body)
            raise WriteConflict(409, f'{kind} "{key.name}" already exists')
        return self.put(key, body)

    async def patch(self, kind: str, namespace: str, name: str, patch: Mapping[str, Any]) -> Body:
        before = await self.get(kind, namespace, name)
        return self._change(Key(kind, namespace, name), before, merged(before, patch))

    async def add_finalizer(self, key: Key, version: str, present: tuple[str, ...]) -> Body:
        return await self._finalizers(key, version, (*present, FINALIZER))

    async def remove_finalizer(self, key: Key, version: str, present: tuple[str, ...]) -> Body:
        return await self._finalizers(key, version, tuple(f for f in present if f != FINALIZER))

    async def replace_status(self, key: Key, version: str, status: Mapping[str, Any]) -> Body:
        before = await self._guarded(key, version)
        return self._change(key, before, {**before, "status": dict(status)})

    async def _finalizers(self, key: Key, version: str, finalizers: tuple[str, ...]) -> Body:
        before = await self._guarded(key, version)
        metadata = {name: value for name, value in before["metadata"].items() if name != "finalizers"}
        if finalizers:
            metadata["finalizers"] = list(finalizers)
        after = {**before, "metadata": metadata}
        if metadata.get("deletionTimestamp") and not finalizers:
            self._objects[key] = None
            return after
        return self._change(key, before, after)

    async def _guarded(self, key: Key, version: str) -> Body:
        before = await self.get(*key)
        if before["metadata"]["resourceVersion"] != version:
            raise WriteConflict(409, f'{key.kind} "{key.name}" has been modified')
        return before

    def _change(self, key: Key, before: Body, after: Body) -> Body:
        return before if after == before else self._store(key, after)

    def _store(self, key: Key, body: Body) -> Body:
        self._seen(body)
        self._version += 1
        metadata = {**body["metadata"], "resourceVersion": str(self._version)}
        self._objects[key] = stored = {**body, "metadata": metadata}
        return stored

    def _seen(self, body: Body) -> None:
        """Our versions are newer than any that the server has shown."""
        shown = str(body.get("metadata", {}).get("resourceVersion") or "")
        self._version = max(self._version, int(shown) if shown.isdecimal() else 0)

    def _now(self) -> datetime:
        return self._clock()


def merged(target: Any, patch: Any) -> Any:
    """A JSON merge patch (RFC 7396) applied."""
    if not isinstance(patch, Mapping):
        return copy.deepcopy(patch)
    found = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = merged(found.get(name), value)
    return found
