"""All objects are read once before anything is decided: claims and absences need the whole picture."""

import asyncio
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from model_operator.domain import Key
from model_operator.engine.comparison import WentBack
from model_operator.reconcile.cache import Cache
from model_operator.reconcile.store import ListingStore

_HOLDS: Final = timedelta(seconds=8)
"""How old a reading may be from which the operator begins: from the end of a leader until its Lease has run out, and the
time that a reading takes. What has changed since is what the watch shows first."""


class Reading:
    """Into the cache, and what is no longer there out of it."""

    def __init__(
        self, store: ListingStore, cache: Cache, kinds: Collection[str], namespaces: Collection[str]
    ) -> None:
        """`namespaces`: none stands for all."""
        self._store, self._cache = store, cache
        self._places = [(kind, namespace) for kind in kinds for namespace in namespaces or (None,)]
        self._clock = asyncio.get_running_loop().time
        self._turn = asyncio.Lock()
        self._began = float("-inf")

    async def ahead(self) -> None:
        """Before this process may act, while nobody else does any more: `whole` goes on from there. Raises `KubeError`."""
        async with self._turn:
            with suppress(WentBack):  # then `whole` says so, which reads again
                await self._read()

    async def whole(self) -> None:
        """Unless that was done a moment ago. Raises `KubeError`, or `WentBack` since a reading before."""
        async with self._turn:
            if self._clock() >= self._began + _HOLDS.total_seconds():
                await self._read()

    async def _read(self) -> None:
        began, found = self._clock(), set[Key]()
        self._began = float("-inf")
        for kind, namespace in self._places:
            async for body in self._store.list(kind, namespace):
                key = _key(kind, body)
                found.add(key)
                self._cache.put(key, body)
                self._check(key, int(body["metadata"]["resourceVersion"]))
        for key in set(self._cache.keys()) - found:
            self._cache.remove(key)  # of a reading before, which was for nothing
        self._began = began

    def _check(self, key: Key, shown: int) -> None:
        """What the cache has not taken is older than what it has, or has had."""
        known = self._cache.version(key)
        if known is None or known.number != shown:
            raise WentBack(
                f"the API server shows {key} at resourceVersion {shown} and had shown a later one before. Was etcd"
                " restored from a snapshot?"
            )


def _key(kind: str, body: Mapping[str, Any]) -> Key:
    return Key(kind, body["metadata"]["namespace"], body["metadata"]["name"])
