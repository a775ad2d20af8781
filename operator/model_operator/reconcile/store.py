"""The API server as the passes use it. `kube.py` is the real one; the tests have one in memory that obeys the same suite.

Every method raises `KubeError`, or the kind of it that says more: `ObjectGone`, `WriteConflict`, `KubeForbidden`.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol

from model_operator.domain import Key
from model_operator.kube import Shown

Body = dict[str, Any]


class Store(Protocol):
    """Six requests. Bodies go in and out as plain JSON, and a reply is the object as it is after the write."""

    async def get(self, kind: str, namespace: str, name: str) -> Body: ...

    async def create(self, kind: str, namespace: str, body: Mapping[str, Any]) -> Body:
        """`WriteConflict` if there is one of that name."""
        ...

    async def patch(self, kind: str, namespace: str, name: str, patch: Mapping[str, Any]) -> Body:
        """A JSON merge patch (RFC 7396)."""
        ...

    async def add_finalizer(self, key: Key, version: str, present: tuple[str, ...]) -> Body:
        """Ours beside those that are `present`, if the object is still at that resourceVersion."""
        ...

    async def remove_finalizer(self, key: Key, version: str, present: tuple[str, ...]) -> Body:
        """All but ours, if the object is still at that resourceVersion. The last one ends a terminating object."""
        ...

    async def replace_status(self, key: Key, version: str, status: Mapping[str, Any]) -> Body:
        """The whole status, if the object is still at that resourceVersion."""
        ...


class ListingStore(Store, Protocol):
    """One that can also be read whole, as the engine does at its start and every few minutes."""

    async def versions(self, kind: str, namespace: str | None) -> Shown:
        """All objects of a kind as they are now, without their contents."""
        ...

    def list(self, kind: str, namespace: str | None) -> AsyncIterator[Body]:
        """All objects of a kind, in one namespace or (None) in all."""
        ...
