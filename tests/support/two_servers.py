"""The real API server and the one in memory behind the same few words, for the suite that both obey."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from model_operator.domain import Key
from model_operator.kube import KubeError
from model_operator.reconcile.store import ListingStore
from support.kube_api import ApiError, Object, path_of
from support.memory_server import Server
from support.memory_store import MemoryStore, refusal
from support.namespace import Namespace

SEEN = tuple[str, Object]
"""What a watch tells: ADDED, MODIFIED or DELETED, and the body."""


class World(Protocol):
    """What a user does in one namespace, and the operator's connection. A refusal is a `KubeError`."""

    name: str
    store: ListingStore

    def create(self, body: Object) -> Object: ...
    def edit(self, kind: str, name: str, patch: Object) -> Object: ...
    def edit_status(self, kind: str, name: str, patch: Object) -> Object: ...
    def replace(self, body: Object) -> Object: ...
    def delete(self, kind: str, name: str) -> None: ...
    def terminate(self) -> None:
        """Delete the namespace."""
        ...

    async def watched(self, kind: str, since: str) -> list[SEEN]:
        """All that a watch tells that begins at that resourceVersion."""
        ...


@dataclass(slots=True)
class RealWorld:
    namespace: Namespace
    store: ListingStore

    @property
    def name(self) -> str:
        return self.namespace.name

    def create(self, body: Object) -> Object:
        return self._call("POST", path_of(body["kind"], self.name), body)

    def edit(self, kind: str, name: str, patch: Object) -> Object:
        return self._merge(path_of(kind, self.name, name), patch)

    def edit_status(self, kind: str, name: str, patch: Object) -> Object:
        return self._merge(path_of(kind, self.name, name, "status"), {"status": patch})

    def replace(self, body: Object) -> Object:
        return self._call("PUT", path_of(body["kind"], self.name, body["metadata"]["name"]), body)

    def delete(self, kind: str, name: str) -> None:
        self._call("DELETE", path_of(kind, self.name, name))

    def terminate(self) -> None:
        self._call("DELETE", f"/api/v1/namespaces/{self.name}")

    async def watched(self, kind: str, since: str) -> list[SEEN]:
        return await asyncio.to_thread(lambda: list(self._lines(kind, since)))

    def _lines(self, kind: str, since: str) -> Iterator[SEEN]:
        query = f"?watch=true&timeoutSeconds=1&resourceVersion={since}"
        self.namespace.api.send("GET", path_of(kind, self.name) + query)
        with self.namespace.api.receive() as reply:
            for line in reply:
                event = json.loads(line)
                yield event["type"], event["object"]

    def _call(self, method: str, path: str, body: object = None) -> Object:
        try:
            return self.namespace.api.call(method, path, body)
        except ApiError as error:
            raise refusal(error.status, str(error).partition(": ")[2]) from error

    def _merge(self, path: str, patch: Object) -> Object:
        try:
            return self.namespace.api.merge(path, patch)
        except ApiError as error:
            raise refusal(error.status, str(error).partition(": ")[2]) from error


@dataclass(slots=True)
class MemoryWorld:
    server: Server = field(default_factory=lambda: Server(lambda: datetime.now(UTC)))
    name: str = "team-a"
    told: list[SEEN] = field(default_factory=list)
    store: ListingStore = field(init=False)

    def __post_init__(self) -> None:
        self.store = MemoryStore(self.server)
        self.server.watchers.append(lambda type_, _key, body: self.told.append((type_, body)))

    def create(self, body: Object) -> Object:
        return self.server.create(body["kind"], self.name, body)

    def edit(self, kind: str, name: str, patch: Object) -> Object:
        return self.server.merge(Key(kind, self.name, name), patch)

    def edit_status(self, kind: str, name: str, patch: Object) -> Object:
        key = Key(kind, self.name, name)
        return self.server.replace_status(key, None, {**self.server.get(key).get("status", {}), **patch})

    def replace(self, body: Object) -> Object:
        return self.server.replace(Key(body["kind"], self.name, body["metadata"]["name"]), body)

    def delete(self, kind: str, name: str) -> None:
        self.server.delete(Key(kind, self.name, name))

    def terminate(self) -> None:
        self.server.terminating.add(self.name)

    async def watched(self, kind: str, since: str) -> list[SEEN]:
        return [
            (type_, body)
            for type_, body in self.told
            if body["kind"] == kind and int(body["metadata"]["resourceVersion"]) > int(since)
        ]


def refused(do: Any) -> tuple[type[KubeError], int, str]:
    """What the server says against it."""
    try:
        do()
    except KubeError as error:
        return type(error), error.status, str(error)
    raise AssertionError("accepted")


def plain(body: Object) -> Object:
    """Without what differs from one run to the next, and without the book-keeping of field owners."""
    volatile = ("managedFields", "uid", "creationTimestamp", "resourceVersion", "namespace")
    metadata = {k: v for k, v in body["metadata"].items() if k not in volatile}
    if "deletionTimestamp" in metadata:
        metadata["deletionTimestamp"] = "set"
    return {**body, "metadata": metadata}


def version_of(body: Object) -> str:
    version: str = body["metadata"]["resourceVersion"]
    return version


__all__ = ["MemoryWorld", "RealWorld", "World", "plain", "refused", "version_of"]
