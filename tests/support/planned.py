"""A plan beside the world that it is about, and what the operator then sends: `plan`, `apply`, and both for comparison.

Both come as `Sent`: method, path, query and the very text of the body, with names for what nobody can know before.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from model_operator.cli.planning import QUICK
from model_operator.domain import Key
from model_operator.kube import Media, ObjectGone
from model_operator.providers.http import HttpTransport
from model_operator.providers.registry import PROVIDERS
from model_operator.reconcile.claims import hash_of
from model_operator.rehearsal.cluster import Cluster
from model_operator.rehearsal.plan import Plan
from model_operator.rehearsal.rehearse import Means, rehearse
from model_operator.rehearsal.shown import Shown
from model_operator.rehearsal.sources import gather_online
from model_operator.settings import Settings
from support.engine_world import SIM, World
from support.in_process import InProcess
from support.memory_schema import Object
from support.memory_server import Server
from support.memory_store import Request, Trouble, Verb, refusal

TEAM = "team"
_KINDS = {"modelproviders": "ModelProvider", "modeldeployments": "ModelDeployment"}
_KINDS |= {"canaryendpoints": "CanaryEndpoint", "secrets": "Secret"}


class Sent(NamedTuple):
    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: str = ""
    """As JSON text: the order of its keys and the spelling of its numbers count."""


@dataclass(frozen=True, slots=True)
class DryRun:
    """`rehearsal.cluster.Api` of the server in memory: every write is undone at once, and nobody is told of it."""

    server: Server
    trouble: Trouble | None = None

    async def get(self, kind: str, namespace: str, name: str) -> Object:
        if self.trouble is not None and self.trouble.takes(Request(Verb.GET, Key(kind, namespace, name))):
            raise refusal(self.trouble.status, self.trouble.message)
        return self.server.get(Key(kind, namespace, name))

    async def list(self, kind: str, namespace: str | None) -> AsyncIterator[Object]:
        for body in self.server.list(kind, namespace):
            yield body

    async def request(
        self, method: str, path: str, body: object = None, media: Media | None = None
    ) -> Object:
        """A merge patch, or an apply by one manager, which is as good as one here."""
        url = urlsplit(path)
        sent = "application/json" if media is None else media.sent
        assert sent in {"application/json", "application/merge-patch+json", "application/apply-patch+yaml"}
        assert parse_qs(url.query)["dryRun"] == ["All"]
        assert isinstance(body, dict)
        *_, namespace, plural, name = (url.path if method != "POST" else f"{url.path}/-").split("/")
        verb = Verb.CREATE if method == "POST" else Verb.PATCH
        if self.trouble is not None and self.trouble.takes(
            Request(verb, Key(_KINDS[plural], namespace, name))
        ):
            raise refusal(self.trouble.status, self.trouble.message)
        watchers, before = self.server.watchers, self.server.snapshot()
        self.server.watchers = []
        try:
            if method == "POST":
                return self.server.create(_KINDS[plural], namespace, body)
            return self.server.merge(Key(_KINDS[plural], namespace, name), body)
        finally:
            self.server.restore(before)
            self.server.watchers = watchers


async def plan(
    world: World, *bodies: Object, trouble: Trouble | None = None, installation: str = ""
) -> tuple[Plan, Mapping[str, Any]]:
    """What the command finds out, and what it shows. Nothing of the world is changed."""
    found = {Key(body["kind"], TEAM, body["metadata"]["name"]): body for body in bodies}
    cluster = Cluster(DryRun(world.server, trouble))
    gathered = await gather_online(found, cluster, frozenset())
    settings = Settings(allowed_provider_hosts=(SIM,)).model_copy(
        update={"transition_poll": QUICK, "installation": installation}
    )
    async with HttpTransport(client=InProcess(world.simulator)) as transport:
        means = Means(
            reads=cluster, transport=transport, vendors=PROVIDERS, settings=settings, wall=world.wall
        )
        planned = await rehearse(gathered, means)
    return planned, Shown(planned, gathered).document()


def apply(world: World, *bodies: Object) -> None:
    """As kubectl does it."""
    for body in bodies:
        key = Key(body["kind"], TEAM, body["metadata"]["name"])
        try:
            world.server.get(key)
        except ObjectGone:
            world.apply(body)
        else:
            world.server.merge(key, body)


async def sent_since(world: World, seq: int) -> list[Sent]:
    """What the simulator's journal has of requests that are no reads."""
    found = await world.simulator.control("GET", f"/requests?since={seq}")
    return [
        Sent(
            entry["method"],
            f"/{entry['vendor']}{entry['path']}",
            tuple((name, value) for name, value in entry["query"]),
            _text(entry["body"]),
        )
        for entry in found["requests"]
        if entry["method"] not in {"GET", "HEAD"}
    ]


async def last_request(world: World) -> int:
    found = await world.simulator.control("GET", "/requests")
    return max((entry["seq"] for entry in found["requests"]), default=0)


def foreseen(document: Mapping[str, Any]) -> list[Sent]:
    """The requests of a shown plan, object by object."""
    return [
        Sent(
            request["method"],
            request["url"].removeprefix(SIM),
            tuple(request.get("query", {}).items()),
            _text(request.get("body")),
        )
        for one in document["objects"]
        for request in one.get("requests", ())
    ]


def named(world: World, sent: Sequence[Sent], new: Sequence[Key]) -> list[Sent]:
    """With names for what comes from the UIDs of new objects, and for the ids that the provider has given them."""
    words: dict[str, str] = {}
    for key in new:
        body = world.server.get(key)
        uid, status, is_adopted = (
            body["metadata"]["uid"],
            body.get("status", {}),
            "externalID" in body["spec"],
        )
        if status.get("externalAlias") and not is_adopted:
            words[status["externalAlias"]] = "<alias>"  # first: it may have the hash in it
        words |= {uid: "<uid>", hash_of(uid): "<uid>"}
        if status.get("externalID") and not is_adopted:
            words[status["externalID"]] = f"<id of {key.kind} {key.name}>"
    return [Sent(*(_replaced(part, words) for part in one)) for one in sent]


def _replaced(part: Any, words: Mapping[str, str]) -> Any:
    if isinstance(part, tuple):
        return tuple((name, _replaced(value, words)) for name, value in part)
    for word, name in words.items():
        part = part.replace(word, name)
    return part


def _text(body: Any) -> str:
    return "" if body is None else json.dumps(body, separators=(",", ":"))
