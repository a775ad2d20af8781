"""The cache against the server, every few minutes: a watch may be deaf, or have begun anew past somebody's end.

What the server shows is carried out like an event. A server that shows an older state than before, as after a restore
of etcd, ends the process: nothing that is remembered of it can be trusted.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from model_operator.domain import Key
from model_operator.kube import KubeError, ObjectGone, Shown, Version
from model_operator.reconcile.cache import Cache
from model_operator.reconcile.store import ListingStore

EVERY: Final = timedelta(minutes=5)

log = logging.getLogger(__name__)


class WentBack(Exception):
    """The server shows a state older than one that it has shown before; `str()` says what was seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    store: ListingStore
    cache: Cache
    kinds: Collection[str]
    namespaces: Collection[str]
    """Empty: all."""
    shown: Callable[[Key, dict[str, Any]], None]
    """Told of the present body of an object of which no event has told."""
    gone: Callable[[Key, str], None]
    """Told of the key and UID of an object that the server has no more."""

    async def run(self, every: timedelta = EVERY) -> None:
        """For ever. Raises `WentBack`; a server that does not answer is asked again next time."""
        while True:
            await asyncio.sleep(every.total_seconds())
            try:
                await self.compare()
            except KubeError as error:
                log.warning("the cache could not be compared with the API server: %s", error)

    async def compare(self) -> None:
        """Once. Raises `WentBack` before anything is concluded, or `KubeError`."""
        known = self.cache.keys()
        before = {key: version for key in known if (version := self.cache.version(key))}
        shown = [
            await self.store.versions(kind, namespace)
            for kind in self.kinds
            for namespace in self.namespaces or (None,)
        ]
        self._check(before, shown)
        now = {key: version for one in shown for key, version in one.objects.items()}
        for key, version in before.items():
            if key.kind in self.kinds and self.cache.version(key) == version:
                self._compare_one(key, version, now.get(key))
        for key, version in now.items():
            await self._catch_up(key, version)

    def _check(self, before: Mapping[Key, Version], shown: Collection[Shown]) -> None:
        newest = max((version.number for version in before.values()), default=0)
        revision = min((one.revision for one in shown), default=newest)
        if revision < newest:
            raise WentBack(
                f"the API server is at resourceVersion {revision} and had shown {newest} before. Was etcd restored from"
                " a snapshot?"
            )

    def _compare_one(self, key: Key, version: Version, now: Version | None) -> None:
        if now is None or now.uid != version.uid:
            log.warning("%s: gone, without an event", key)
            self.gone(key, version.uid)

    async def _catch_up(self, key: Key, version: Version) -> None:
        """Fetch what the cache has not, unless the watch has brought it meanwhile."""
        known = self.cache.version(key)
        if known is not None and known.number >= version.number:
            return
        try:
            body = await self.store.get(*key)
        except ObjectGone:
            return
        log.info("%s: the API server has a change without an event", key)
        self.shown(key, body)
