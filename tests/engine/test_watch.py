"""The real Kopf over a socket: which of what a watch shows reaches the engine, and in which order."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from model_operator import handlers
from model_operator.domain import DEPLOYMENT, Key
from model_operator.engine.engine import now
from model_operator.kubeconfig import Login
from model_operator.settings import Settings
from support.kopf_server import Event, kopf_server
from support.memory_server import Server

BEGUN: Event = ("BOOKMARK", {"kind": DEPLOYMENT, "metadata": {"resourceVersion": "9"}})


class Anonymous:
    """The part of `Kube` that Kopf needs."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def login(self) -> Login:
        return Login(self.url, None, True, None, None, None, None)


@dataclass
class Listener:
    """What the watch has told, as (name, resourceVersion); `-` for the last body of what has gone."""

    told: list[tuple[str, str]] = field(default_factory=list)
    until: int = 0
    enough: asyncio.Event = field(default_factory=asyncio.Event)

    def shown(self, key: Key, body: dict[str, Any]) -> None:
        if body["metadata"].get("labels") == {"raises": "yes"}:
            raise RuntimeError("of one object only")
        self._take(key.name, body)

    def deleted(self, key: Key, body: dict[str, Any]) -> None:
        self._take(f"-{key.name}", body)

    def _take(self, name: str, body: dict[str, Any]) -> None:
        self.told.append((name, body["metadata"]["resourceVersion"]))
        if len(self.told) >= self.until:
            self.enough.set()


def body(name: str, number: int, **metadata: Any) -> dict[str, Any]:
    return {
        "kind": DEPLOYMENT,
        "metadata": {"name": name, "namespace": "a", "resourceVersion": str(number), **metadata},
    }


@asynccontextmanager
async def watched(
    listener: Listener, *scripts: Sequence[Event], settings: Settings | None = None
) -> AsyncIterator[asyncio.Task[None]]:
    settings = settings or Settings()
    async with kopf_server(Server(now), {DEPLOYMENT: iter(scripts)}) as url:
        stop = asyncio.Event()
        tasks = await handlers.spawn(listener, Anonymous(url), settings, (1, 36), stop)
        watching = asyncio.create_task(handlers.Watch(tasks, stop).run(asyncio.all_tasks()))
        try:
            yield watching
        finally:
            watching.cancel()  # the flag would let Kopf wait 5 s for the server's tasks, which are in this loop
            await asyncio.wait({watching})


async def told(
    *scripts: Sequence[Event], until: int, settings: Settings | None = None
) -> list[tuple[str, str]]:
    listener = Listener(until=until)
    enough = asyncio.create_task(
        listener.enough.wait()
    )  # before the watch, whose end cancels what came after
    async with watched(listener, *scripts, settings=settings) as watching:
        async with asyncio.timeout(20):
            await asyncio.wait({watching, enough}, return_when=asyncio.FIRST_COMPLETED)
            if watching.done():
                await watching
    return listener.told


async def test_what_happens_to_an_object_is_told_in_its_order_and_bookmarks_are_not():
    first = [("ADDED", body("x", 1)), ("ADDED", body("y", 2)), BEGUN, ("MODIFIED", body("x", 10))]
    then = [("MODIFIED", body("y", 11)), ("DELETED", body("x", 12)), ("ADDED", body("x", 13))]
    assert await told(first, then, until=6) == [
        ("x", "1"), ("y", "2"), ("x", "10"), ("y", "11"), ("-x", "12"), ("x", "13"),
    ]  # fmt: skip


async def test_one_object_that_nobody_foresaw_does_not_end_the_watch():
    nameless = {"kind": DEPLOYMENT, "metadata": {"resourceVersion": "3"}}
    strange = [BEGUN, ("ADDED", nameless), ("ADDED", body("x", 4, labels={"raises": "yes"}))]
    assert await told([*strange, ("ADDED", body("y", 5))], until=1) == [("y", "5")]


async def test_a_history_that_is_no_longer_kept_begins_with_a_list_again():
    expired = ("ERROR", {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"})
    again = [("ADDED", body("x", 7)), BEGUN]
    assert await told([("ADDED", body("x", 1)), BEGUN, expired], again, until=2) == [("x", "1"), ("x", "7")]


async def test_any_other_error_in_the_stream_ends_the_watch_with_its_reason():
    odd = ("ERROR", {"kind": "Status", "code": 500, "reason": "InternalError", "message": "etcd is odd"})
    with pytest.raises(Exception, match="etcd is odd"):
        await told([BEGUN, odd], until=1)


async def test_each_namespace_has_a_stream_of_its_own():
    settings = Settings(namespaces=("a", "b"))
    scripts = [[("ADDED", body("x", 1)), BEGUN], [("ADDED", body("y", 2)), BEGUN]]
    assert sorted(await told(*scripts, until=2, settings=settings)) == [("x", "1"), ("y", "2")]


async def test_a_burst_of_changes_leaves_others_their_turns():
    """A list of a thousand objects comes in one piece; a pass or a reply must not wait for all of it."""
    listener = Listener(until=500)
    most, before = 0, 0
    async with watched(listener, [*(("ADDED", body(f"x-{n}", n)) for n in range(1, 501)), BEGUN]):
        async with asyncio.timeout(20):
            while not listener.enough.is_set():
                await asyncio.sleep(0)
                most, before = max(most, len(listener.told) - before), len(listener.told)
    assert most == 1
