"""Kubernetes Events, written beside the passes so that none of them waits for one.

Losing an Event loses nothing: what matters is in the status. Where Events are refused (a terminating namespace), a
warning goes to the log instead.
"""

import asyncio
import logging
from collections.abc import Iterable
from typing import Any, Final

from model_operator.accounts.account import Clock
from model_operator.domain import GROUP, VERSION, Key
from model_operator.kube import KubeError
from model_operator.models.metadata import Metadata
from model_operator.models.wire import format_time
from model_operator.observability.logs import about
from model_operator.reconcile.store import Store
from model_operator.status.events import Event

COMPONENT: Final = "model-operator"
_BACKLOG: Final = 2000
_NAME_LIMIT: Final = 253

log = logging.getLogger(__name__)


class Recorder:
    def __init__(self, kube: Store, clock: Clock) -> None:
        self._kube = kube
        self._clock = clock
        self._last = 0
        self._waiting: asyncio.Queue[tuple[Key, dict[str, Any]]] = asyncio.Queue(_BACKLOG)

    def note(self, key: Key, metadata: Metadata, events: Iterable[Event]) -> None:
        """Post them some time soon; past the backlog they are dropped."""
        for event in events:
            try:
                self._waiting.put_nowait((key, self._body(key, metadata, event)))
            except asyncio.QueueFull:
                with about(key):
                    log.warning("event dropped: %s: %s", event.reason, event.message)

    def warn(self, key: Key, metadata: Metadata, reason: str, message: str) -> None:
        self.note(key, metadata, (Event("Warning", reason, message),))

    async def run(self) -> None:
        """Post for ever."""
        while True:
            key, body = await self._waiting.get()
            with about(key):
                await self._post(key, body)
            self._waiting.task_done()

    async def flush(self) -> None:
        """Returns when everything noted so far has been posted; needs `run` beside it."""
        await self._waiting.join()

    async def _post(self, key: Key, body: dict[str, Any]) -> None:
        try:
            await self._kube.create("Event", key.namespace, body)
        except KubeError as error:
            level = logging.WARNING if body["type"] == "Warning" else logging.INFO
            log.log(level, "%s: %s (event not stored: %s)", body["reason"], body["message"], error)

    def _body(self, key: Key, metadata: Metadata, event: Event) -> dict[str, Any]:
        clock = self._clock()
        now = format_time(clock.replace(microsecond=0))
        # Times of Events are whole seconds, and lists are sorted by name: within a second the name keeps their order.
        self._last = max(self._last + 1, int(clock.timestamp() * 1_000_000))
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": _name(key.name, self._last), "namespace": key.namespace},
            "involvedObject": {
                "apiVersion": f"{GROUP}/{VERSION}",
                "kind": key.kind,
                "namespace": key.namespace,
                "name": key.name,
                "uid": metadata.uid,
                "resourceVersion": metadata.resource_version,
            },
            "type": event.type,
            "reason": event.reason,
            "message": event.message,
            "count": 1,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "source": {"component": COMPONENT},
            "reportingComponent": COMPONENT,
            "reportingInstance": "",
        }


def _name(about: str, number: int) -> str:
    """`name.number`, a valid name also where the object's is as long as it may be."""
    suffix = f".{number:016x}"
    return about[: _NAME_LIMIT - len(suffix)].rstrip("-.") + suffix
