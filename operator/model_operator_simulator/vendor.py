"""What a vendor is to the rest of the simulator: facts that stand, and an app in each world.

The shared rooms know vendors by these types only; `registry.py` names them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import unquote

from .accounts import Token
from .call import Call, Json, Refused, Reply, Route
from .core import Core
from .counters import Counters
from .ledger import Ledger
from .operations import Operation
from .sections import Section


class Api(Protocol):
    """One vendor's API: its routes, its way to check a caller, and the forms of its answers."""

    routes: tuple[Route, ...]

    status_field: str
    """Where an object of a reply has its status; dots reach into nested ones."""

    def admit(self, call: Call) -> None:
        """Check the credentials and set `call.account`; raises `Refused`."""

    def failure(self, call: Call, status: int, message: str = "", code: str = "", /) -> Reply:
        """The vendor's own error body for an HTTP status; `code` where the vendor has codes and it matters."""

    def objects(self, payload: Json, /) -> list[Json]:
        """The objects of a reply that a fault may change, one by one: the items of a list, or the one there is."""


class OutOfBand(Protocol):
    """What people do in a vendor's console, and what no API call can bring about. Nothing here counts as a request.

    Each method that takes an id raises `Unknown` if there is no such deployment.
    """

    operations: Mapping[str, Operation]
    """Operations of the control plane that only this vendor has, e.g. `GET /endpoints`."""

    def everything(self, base: str, /) -> dict[str, list[Json]]:
        """All objects, by kind."""

    def show(self, identifier: str, /) -> dict[str, Json]:
        """One deployment with all its fields, and what only the simulator knows below `sim`."""

    def edit(self, identifier: str, body: dict[str, Any], /) -> None:
        """Change a deployment; raises ValueError if the body, a `DeploymentEdit`, does not fit."""

    def remove(self, identifier: str, /) -> None:
        """A deployment vanishes at once, as if somebody had deleted it long ago."""

    def knobs_changed(self) -> None:
        """Do what a changed knob does by itself."""


@dataclass(frozen=True)
class VendorApp:
    """A vendor in one world."""

    name: str
    api: Api
    out_of_band: OutOfBand
    counters: Counters
    ledger: Ledger
    more_counts: Callable[[], dict[str, Json]] = dict
    """What `/__sim/counters` shows beside the vendor's own, by name."""
    close: Callable[[], None] = lambda: None
    """Stop what is under way in the background."""


@dataclass(frozen=True)
class Vendor:
    """A vendor in the registry."""

    name: str
    """The first segment of its paths."""
    title: str
    """As documents write it."""
    bases: Mapping[str, str]
    """Paths that clients are given, by name; the one under the vendor's own name comes first."""
    knobs: Mapping[str, type[Section]]
    keys: tuple[Token, ...]
    """In force in every new world."""
    open: Callable[[Core], VendorApp]


def operation_of(api: Api, method: str, path: str) -> str:
    """The operation's name for the journal and the counters, ``unknown`` if the vendor has no such route."""
    for candidate in _at(api, path):
        if candidate.method == method:
            return candidate.operation
    return "unknown"


def answer(api: Api, call: Call) -> Reply:
    """Let the vendor answer; a refusal is an answer too."""
    try:
        return _dispatch(api, call)
    except Refused as refusal:
        return refusal.reply


def _dispatch(api: Api, call: Call) -> Reply:
    api.admit(call)
    there = list(_at(api, call.path))
    if not there:
        return api.failure(call, 404, f"No such path: {call.path[:200]}")
    for candidate in there:
        if candidate.method == call.method:
            found = candidate.pattern.match(call.path)
            return candidate.handler(call, tuple(map(unquote, found.groups())) if found else ())
    reply = api.failure(call, 405, f"Method {call.method} is not supported here")
    reply.headers["Allow"] = ", ".join(sorted({candidate.method for candidate in there}))
    return reply


def _at(api: Api, path: str) -> Iterator[Route]:
    return (candidate for candidate in api.routes if candidate.pattern.match(path))
