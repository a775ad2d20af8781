"""What goes wrong between a process and the server in memory, and what its watch hears."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from model_operator.domain import DEPLOYMENT, FINALIZER, Key
from model_operator.kube import KubeError, WriteConflict
from support.manifests import parasail_deployment
from support.memory_server import Server
from support.memory_store import Effect, MemoryStore, Trouble, Verb
from support.memory_watch import Watch
from support.virtual_time import Wall, run

KEY = Key(DEPLOYMENT, "team-a", "a")
STATUS = {"observedGeneration": 1}

Result = tuple[str, float, bool]
"""What the process got, after how many seconds, and whether the server did it."""


async def write_status(trouble: Trouble) -> Result:
    server = Server(Wall(asyncio.get_running_loop()))
    made = server.create(DEPLOYMENT, "team-a", parasail_deployment("a"))
    store = MemoryStore(server, [trouble])
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        await store.replace_status(KEY, made["metadata"]["resourceVersion"], STATUS)
        got = "reply"
    except KubeError as error:
        got = f"{type(error).__name__} {error.status}"
    return got, loop.time() - began, server.get(KEY)["status"] == STATUS


@pytest.mark.parametrize(
    ("trouble", "result"),
    [
        (Trouble(Effect.REFUSE, status=403), ("KubeForbidden 403", 0.0, False)),
        (Trouble(Effect.REFUSE, status=409), ("WriteConflict 409", 0.0, False)),
        (Trouble(Effect.REFUSE, status=422), ("KubeError 422", 0.0, False)),
        (Trouble(Effect.LOSE), ("KubeError 0", 0.0, True)),
        (Trouble(Effect.HANG), ("KubeError 0", 30.0, False)),
        (Trouble(Effect.DELAY, seconds=2), ("reply", 2.0, True)),
        (Trouble(Effect.LATE, seconds=2), ("reply", 2.0, True)),
        (Trouble(Effect.REFUSE, frozenset({Verb.GET})), ("reply", 0.0, True)),
        (Trouble(Effect.REFUSE, kinds=frozenset({"Secret"})), ("reply", 0.0, True)),
        (Trouble(Effect.REFUSE, left=0), ("reply", 0.0, True)),
    ],
)
def test_a_request_meets_the_trouble_that_is_meant_for_it(trouble: Trouble, result: Result) -> None:
    assert run(write_status(trouble)) == result


def test_what_a_dead_process_has_in_flight_is_done_and_never_returns() -> None:
    async def main() -> tuple[bool, list[str]]:
        server = Server(Wall(asyncio.get_running_loop()))
        made = server.create(DEPLOYMENT, "team-a", parasail_deployment("a"))
        store = MemoryStore(server, [Trouble(Effect.DELAY, seconds=5)])
        writing = asyncio.ensure_future(store.add_finalizer(KEY, made["metadata"]["resourceVersion"], ()))
        await asyncio.sleep(1)
        store.cut()
        writing.cancel()
        await asyncio.sleep(10)
        with pytest.raises(asyncio.CancelledError):
            await store.get(*KEY)
        return writing.cancelled(), server.get(KEY)["metadata"]["finalizers"]

    assert run(main()) == (True, [FINALIZER])


async def heard(*steps: Any, **how: Any) -> list[str]:
    """What a watch tells while these things happen, a second apart."""
    server = Server(Wall(asyncio.get_running_loop()))
    told: list[str] = []
    watch = Watch(server, lambda type_, key, _: told.append(f"{type_} {key.name}"), **how)
    server.create(DEPLOYMENT, "team-a", parasail_deployment("a"))
    watch.open()
    for step in steps:
        await asyncio.sleep(1)
        step(server, watch)
    await asyncio.sleep(60)
    return told


def create_b(server: Server, _: Watch) -> None:
    server.create(DEPLOYMENT, "team-a", parasail_deployment("b"))


def delete_a(server: Server, _: Watch) -> None:
    server.delete(KEY)


def deaf(_: Server, watch: Watch) -> None:
    watch.go_deaf()


def resume(_: Server, watch: Watch) -> None:
    watch.hear_again(anew=False)


def begin_anew(_: Server, watch: Watch) -> None:
    watch.hear_again(anew=True)


def close(_: Server, watch: Watch) -> None:
    watch.close()


@pytest.mark.parametrize(
    ("hearing", "told"),
    [
        (heard(create_b, delete_a), ["ADDED a", "ADDED b", "DELETED a"]),
        (heard(create_b, repeats=True), ["ADDED a", "ADDED a", "ADDED b", "ADDED b"]),
        (
            heard(create_b, delete_a, delay=iter([5.0, 0.0, 0.0]).__next__),
            ["ADDED a", "ADDED b", "DELETED a"],
        ),
        (heard(deaf, create_b, delete_a, resume), ["ADDED a", "ADDED b", "DELETED a"]),
        (heard(deaf, create_b, delete_a, begin_anew), ["ADDED a", "ADDED b"]),
        (heard(deaf, delete_a), ["ADDED a"]),
        (heard(close, create_b), ["ADDED a"]),
    ],
    ids=["all", "twice", "late", "deaf", "anew", "lost", "closed"],
)
def test_a_watch_hears_in_order_or_not_at_all(
    hearing: Coroutine[Any, Any, list[str]], told: list[str]
) -> None:
    assert run(hearing) == told


def test_a_restored_server_gives_its_resource_versions_again() -> None:
    async def main() -> tuple[str, str]:
        server = Server(Wall(asyncio.get_running_loop()))
        made = server.create(DEPLOYMENT, "team-a", parasail_deployment("a"))
        snapshot = server.snapshot()
        lost = server.replace_status(KEY, None, STATUS)
        server.restore(snapshot)
        assert server.get(KEY) == made
        with pytest.raises(WriteConflict):
            server.replace_status(KEY, lost["metadata"]["resourceVersion"], STATUS)
        return lost["metadata"]["resourceVersion"], server.delete(KEY)["metadata"]["resourceVersion"]

    first, second = run(main())
    assert int(first) > int(second)
