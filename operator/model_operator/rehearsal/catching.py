"""The way to the providers on which only reads arrive: whatever else an adapter sends is caught as it would have left.

Nothing here knows a provider: a request is a method, a path and a body, as the adapter has made them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from typing_extensions import override

from model_operator.domain import Key
from model_operator.providers.base import Call, Reply, Site, Transport
from model_operator.rehearsal.overlay import merged

_READS: Final = frozenset({"GET", "HEAD"})
_MISSING: Final = object()


class Caught(Exception):
    """The request was not sent, and its answer is needed for what comes next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One value of a body, against what the provider shows. `before` is None where it shows none."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One that would have been sent. Nothing of its headers is kept: they hold the credentials."""

    provider: str
    operation: str
    method: str
    url: str
    query: tuple[tuple[str, str], ...] = ()
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    changes: tuple[Change, ...] | None = field(default=None, repr=False)
    """None: nothing was read that it could be compared with."""
    changes_something: bool = True
    """False: a probe, which only asks."""
    once: str = ""
    """What has to happen before; empty: it is sent at once."""
    wait: timedelta = timedelta()
    """How long the operator waits before, if nothing changes meanwhile."""

    @property
    def is_provisional(self) -> bool:
        """It sends back what the provider shows by then, and only the changes in it are known."""
        return self.method == "PUT" and bool(self.once) and self.changes is not None


@dataclass(slots=True)
class Trail:
    """Who works at the moment, what was caught so far for whom, and what is waited for by now."""

    current: Key | None = None
    wait: timedelta = timedelta()
    caught: dict[Key, list[Request]] = field(default_factory=dict)
    promised: dict[Key, str] = field(default_factory=dict)
    """What comes about before anything else can be sent for that object."""

    def note(self, request: Request) -> None:
        assert self.current is not None  # noqa: S101  pollers send reads only
        self.caught.setdefault(self.current, []).append(request)

    def of(self, key: Key) -> tuple[Request, ...]:
        return tuple(self.caught.get(key, ()))

    def promise(self, what: str) -> None:
        """From now on, what is sent for the present object waits for this."""
        if self.current is not None:
            self.promised[self.current] = what


class CatchingTransport(Transport):
    """`Transport`: reads pass, everything else goes into the trail."""

    def __init__(self, below: Transport, trail: Trail) -> None:
        self._below = below
        self._trail = trail
        self._shown: dict[str, Any] = {}
        """The last body of each URL, as it was read or would be by now."""
        self._changed: set[str] = set()

    @property
    @override
    def request_timeout(self) -> timedelta:
        return self._below.request_timeout

    @override
    async def send(self, site: Site, call: Call) -> Reply:
        url = site.base_url + call.path
        if call.method in _READS:
            if url in self._changed and not call.params:
                return Reply(200, self._shown[url], {})
            reply = await self._below.send(site, call)
            if call.each is None and not call.params:
                self._shown[url] = reply.body
            return reply
        self._trail.note(self._request(site, call, url))
        self._carry_out(call, url)
        if call.wants_json:
            raise Caught
        return Reply(200, None, {})

    def _request(self, site: Site, call: Call, url: str) -> Request:
        trail = self._trail
        return Request(
            provider=site.provider,
            operation=call.operation,
            method=call.method,
            url=url,
            query=tuple(call.params),
            body=call.json,
            changes=self._changes(call, url),
            changes_something=call.mutates,
            once=trail.promised.get(trail.current, "") if trail.current is not None else "",
            wait=trail.wait,
        )

    def _changes(self, call: Call, url: str) -> tuple[Change, ...] | None:
        before = self._shown.get(url)
        if call.json is None or not isinstance(before, Mapping):
            return None
        after = call.json if call.method == "PUT" else merged(before, call.json)
        return tuple(differences(before, after))

    def _carry_out(self, call: Call, url: str) -> None:
        """What a later read shows of a body that was replaced or merged."""
        before = self._shown.get(url)
        if call.json is None or not isinstance(before, Mapping) or call.method not in {"PUT", "PATCH"}:
            return
        self._shown[url] = dict(call.json) if call.method == "PUT" else merged(before, call.json)
        self._changed.add(url)


def differences(before: Any, after: Any, path: str = "") -> Iterator[Change]:
    """Value by value, in the order of what is sent; objects are gone into, lists are values."""
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        if before != after:
            yield Change(field=path, before=None if before is _MISSING else before, after=after)
        return
    for name, value in after.items():
        inner = f"{path}.{name}" if path else str(name)
        yield from differences(before.get(name, {} if isinstance(value, Mapping) else _MISSING), value, inner)
    for name, value in before.items():
        if name not in after:
            yield Change(field=f"{path}.{name}" if path else str(name), before=value, after=None)
