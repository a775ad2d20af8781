"""The bolt: what a ModelProvider's mode does not let leave is not sent, whichever method of an adapter asks for it."""

import inspect
from contextlib import nullcontext
from datetime import timedelta

import pytest

from model_operator.domain import Remote, RunState
from model_operator.errand import POLL, Errand, sent_on
from model_operator.errors import ProviderError, Withheld
from model_operator.modes import Mode, admits, is_read
from model_operator.providers.base import Provider
from support.provider_world import in_process_world
from support.rows import WORLDS
from support.situations import NOW

SERVED = Remote(id="", name="llama", alias="llama", state=RunState.SERVING, word="ONLINE")
READS = frozenset({"list", "get", "find", "figures"})
SENDS_NOTHING = frozenset({"at", "capabilities"})


def every_method(provider, desired, id_):
    """Each that sends something, with what it takes."""
    return {
        "list": lambda: provider.list(),  # noqa: PLW0108  the walk asks for the names alone
        "get": lambda: provider.get(id_),
        "find": lambda: provider.find(desired),
        "create": lambda: provider.create(desired),
        "offers": lambda: provider.offers("m", {"parasail.devices": ({"device": "L40S", "count": 1},)}),
        "update": lambda: provider.update(id_, {"replicas": 2}, frozenset(), {}, desired),
        "adopt": lambda: provider.adopt(id_, "uid", "owner"),
        "pause": lambda: provider.pause(id_),
        "resume": lambda: provider.resume(id_),
        "delete": lambda: provider.delete(id_, force=True),
        "create_endpoint": lambda: provider.create_endpoint("e", id_),
        "create_canary": lambda: provider.create_canary("c", {id_: 100}),
        "update_canary": lambda: provider.update_canary("c", {id_: 100}),
        "figures": lambda: provider.figures(id_, NOW, NOW + timedelta(hours=1), timedelta(minutes=1)),
        "probe": lambda: provider.probe(SERVED, "ping", timedelta(seconds=5)),
    }


def errand(mode, changing=nullcontext):
    return Errand(lambda: True, lambda _: None, lambda: None, lambda: mode, changing)


def test_the_walk_knows_every_method_of_the_contract():
    methods = {name for name in vars(Provider) if not name.startswith("_")} - SENDS_NOTHING
    assert methods == every_method(None, None, "").keys()
    assert all(inspect.iscoroutinefunction(getattr(Provider, name)) for name in methods)


@pytest.mark.parametrize("vendor", list(WORLDS))
@pytest.mark.parametrize("mode", [Mode.OBSERVE, Mode.SUSPEND])
async def test_no_method_of_an_adapter_gets_round_the_mode(vendor, mode):
    async with in_process_world(vendor) as world:
        id_ = await world.serving()
        before = await world.shown(id_)
        for name, method in every_method(world.provider, world.desired("other"), id_).items():
            await world.control("DELETE", "/requests")
            with sent_on(errand(mode)):
                try:
                    await method()
                except ProviderError as error:
                    is_withheld = isinstance(error, Withheld)
                else:
                    is_withheld = False
            sent = [request["method"] for request in await world.requests()]
            assert all(admits(mode, method) for method in sent), name
            if mode is Mode.OBSERVE:
                assert not (is_withheld and name in READS), name
        assert await world.shown(id_) == before


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "MADE-UP"])
def test_what_may_leave(mode, method):
    expected = {Mode.MANAGE: True, Mode.OBSERVE: method in {"GET", "HEAD"}, Mode.SUSPEND: False}
    assert admits(mode, method) is expected[mode]
    assert is_read(method) is (method in {"GET", "HEAD"})


async def test_a_mode_that_changes_while_a_request_waits_counts():
    modes = [Mode.OBSERVE]
    async with in_process_world("paitient") as world:
        id_ = await world.serving()
        changing = Errand(lambda: True, lambda _: None, lambda: modes.append(Mode.MANAGE), lambda: modes[-1])
        with sent_on(changing), pytest.raises(Withheld, match="in mode Observe"):
            await world.provider.delete(id_, force=False)
        with sent_on(changing):
            await world.provider.delete(id_, force=False)


async def test_what_changes_something_is_counted_while_it_is_under_way():
    counted = []

    class Counting:
        def __enter__(self):
            counted.append("begins")

        def __exit__(self, *_):
            counted.append("ends")

    async with in_process_world("paitient") as world:
        id_ = await world.serving()
        with sent_on(errand(Mode.MANAGE, Counting)):
            await world.provider.get(id_)
            assert counted == []
            await world.provider.delete(id_, force=False)
        assert counted == ["begins", "ends"]


async def test_a_poll_reads_and_nothing_else():
    async with in_process_world("paitient") as world:
        id_ = await world.serving()
        with sent_on(POLL):
            assert [remote.id for remote in await world.provider.list()] == [id_]
            with pytest.raises(Withheld):
                await world.provider.delete(id_, force=False)
