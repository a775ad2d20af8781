"""Kubernetes Events, written beside the passes so that none of them waits for one, save for those that a promise needs.

While passes have something to do an Event waits its time, since it would take that of the API server and of this
process from what somebody has asked for.

An Event that repeats is counted, and one object cannot flood its namespace. Losing one loses nothing: what matters is
in the status. Where Events are refused (a terminating namespace), a warning goes to the log instead.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from model_operator.accounts.account import Clock
from model_operator.conditions import Reason
from model_operator.domain import GROUP, VERSION, Key
from model_operator.kube import KubeError, ObjectGone
from model_operator.models.metadata import Metadata
from model_operator.models.wire import format_time
from model_operator.observability.logs import about
from model_operator.reconcile.store import Store
from model_operator.status.events import Event

COMPONENT: Final = "model-operator"
_BACKLOG: Final = 2000
_PATIENCE: Final = 10.0
"""Seconds for which an Event waits for a quiet moment at most."""
_LOOK: Final = 0.1
"""Seconds between two looks for one."""
_NAME_LIMIT: Final = 253
_SAME_FOR: Final = 600.0
"""Seconds in which the same words about an object are one Event (client-go's correlator)."""
_KNOWN: Final = 4096
"""Events and objects that are remembered for that."""
_BURST: Final = 25.0
_PER_SECOND: Final = 1 / 300
"""Of the Events of one object: so many at once, then one in five minutes (client-go's spam filter)."""

log = logging.getLogger(__name__)


class _About(NamedTuple):
    uid: str
    type: str
    reason: str
    message: str


class _Noted(NamedTuple):
    """An Event, and when it happened."""

    key: Key
    metadata: Metadata
    event: Event
    at: datetime
    number: int
    """Later ones have larger ones, also within a second."""
    due: float
    """By the event loop's clock: not later than that."""


@dataclass(slots=True)
class _Posted:
    """An Event that the server has."""

    name: str
    count: int
    at: float


@dataclass(slots=True)
class _Allowance:
    left: float
    at: float


class Recorder:
    def __init__(self, kube: Store, clock: Clock) -> None:
        self._kube = kube
        self._clock = clock
        self._last = 0
        self._waiting: asyncio.Queue[_Noted] = asyncio.Queue(_BACKLOG)
        self._posted: OrderedDict[_About, _Posted] = OrderedDict()
        self._allowances: OrderedDict[str, _Allowance] = OrderedDict()

    def note(self, key: Key, metadata: Metadata, events: Iterable[Event]) -> None:
        """Post them within ten seconds; past the backlog, or past the object's allowance, they are dropped."""
        for event in events:
            try:
                self._waiting.put_nowait(self._noted(key, metadata, event))
            except asyncio.QueueFull:
                log.warning("%s: event dropped: %s: %s", key, event.reason, event.message)

    def warn(self, key: Key, metadata: Metadata, reason: Reason, message: str) -> None:
        self.note(key, metadata, (Event("Warning", reason, message),))

    async def promise(self, key: Key, metadata: Metadata, reason: Reason, message: str) -> bool:
        """Post a warning now, whatever the allowance. Returns whether the server has it; False where it refuses one.

        Raises `KubeError` where it may have it another time.
        """
        noted = self._noted(key, metadata, Event("Warning", reason, message))
        try:
            await self._post(noted)
        except KubeError as error:
            if not is_refusal(error):
                raise
            self._say(noted, error)
            return False
        return True

    async def run(self, is_quiet: Callable[[], bool]) -> None:
        """Post for ever. `is_quiet`: whether passes have nothing to do."""
        while True:
            noted = await self._waiting.get()
            if self._is_allowed(noted.metadata.uid):
                await self._quiet_moment(noted, is_quiet)
                try:
                    if await self._post(noted):
                        # The server keeps Events for an hour, and the log is there next morning.
                        with about(noted.key):
                            log.info("%s: %s", noted.event.reason, noted.event.message)
                except KubeError as error:
                    self._say(noted, error)
            self._waiting.task_done()

    async def _quiet_moment(self, noted: _Noted, is_quiet: Callable[[], bool]) -> None:
        """Or its latest, or so many that wait that some would be lost."""
        now = asyncio.get_running_loop().time
        while True:
            if is_quiet() or now() >= noted.due or self._waiting.qsize() >= _BACKLOG // 2:
                return
            await asyncio.sleep(_LOOK)

    async def flush(self) -> None:
        """Returns when everything noted so far has been posted; needs `run` beside it."""
        await self._waiting.join()

    def _is_allowed(self, uid: str) -> bool:
        now = asyncio.get_running_loop().time()
        allowance = self._allowances.pop(uid, None) or _Allowance(_BURST, now)
        left = min(_BURST, allowance.left + (now - allowance.at) * _PER_SECOND)
        self._allowances[uid] = _Allowance(max(left - 1, 0.0) if left >= 1 else left, now)
        if len(self._allowances) > _KNOWN:
            self._allowances.popitem(last=False)
        return left >= 1

    def _noted(self, key: Key, metadata: Metadata, event: Event) -> _Noted:
        at = self._clock()
        self._last = max(self._last + 1, int(at.timestamp() * 1_000_000))
        due = asyncio.get_running_loop().time() + _PATIENCE
        return _Noted(key, metadata, event, at.replace(microsecond=0), self._last, due)

    async def _post(self, noted: _Noted) -> bool:
        """Whether it is a new one, not a repetition that was counted. Raises `KubeError`."""
        same, now = _About(noted.metadata.uid, *_words(noted.event)), asyncio.get_running_loop().time()
        posted = self._posted.pop(same, None)
        if posted is not None and now - posted.at < _SAME_FOR and await self._count(noted, posted):
            self._posted[same] = _Posted(posted.name, posted.count + 1, now)
            return False
        body = _body(noted)
        await self._kube.create("Event", noted.key.namespace, body)
        self._posted[same] = _Posted(body["metadata"]["name"], 1, now)
        if len(self._posted) > _KNOWN:
            self._posted.popitem(last=False)
        return True

    async def _count(self, noted: _Noted, posted: _Posted) -> bool:
        """False if that Event is no more."""
        try:
            patch = {"count": posted.count + 1, "lastTimestamp": format_time(noted.at)}
            await self._kube.patch("Event", noted.key.namespace, posted.name, patch)
        except ObjectGone:
            return False
        return True

    def _say(self, noted: _Noted, error: KubeError) -> None:
        event = noted.event
        level = logging.WARNING if event.type == "Warning" else logging.INFO
        log.log(level, "%s: %s: %s (event not stored: %s)", noted.key, event.reason, event.message, error)


def _body(noted: _Noted) -> dict[str, Any]:
    key, metadata, event = noted.key, noted.metadata, noted.event
    at = format_time(noted.at)
    return {
        "apiVersion": "v1",
        "kind": "Event",
        # Times of Events are whole seconds, and lists are sorted by name: within a second the name keeps their order.
        "metadata": {"name": _name(metadata.name, noted.number), "namespace": key.namespace},
        "involvedObject": {
            "apiVersion": f"{GROUP}/{VERSION}",
            "kind": key.kind,
            "namespace": key.namespace,
            "name": metadata.name,
            "uid": metadata.uid,
            "resourceVersion": metadata.resource_version,
        },
        "type": event.type,
        "reason": event.reason,
        "message": event.message,
        "count": 1,
        "firstTimestamp": at,
        "lastTimestamp": at,
        "source": {"component": COMPONENT},
        "reportingComponent": COMPONENT,
        "reportingInstance": "",
    }


def is_refusal(error: KubeError) -> bool:
    """Whether the API server understood the request and will not do it: a right, a quota, a policy, a rule."""
    passing = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS}
    return 400 <= error.status < 500 and error.status not in passing


def _words(event: Event) -> tuple[str, str, str]:
    return event.type, event.reason, event.message


def _name(about: str, number: int) -> str:
    """`name.number`, a valid name also where the object's is as long as it may be."""
    suffix = f".{number:016x}"
    return about[: _NAME_LIMIT - len(suffix)].rstrip("-.") + suffix
