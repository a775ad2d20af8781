"""How a deletion ends: by proof that the deployment is gone, whatever the API, the credential and others do meanwhile."""

import asyncio
import base64

import pytest

from model_operator.domain import PROVIDER, Key
from support.absence_world import World, play
from support.rows import ROWS

ANOTHER_KEY = "sk-of-another-account-0123456789"
EVERY = pytest.mark.parametrize("vendor", list(ROWS))


@EVERY
def test_b1_a_deletion_behind_another_secret_ends_with_a_persons_word(vendor: str) -> None:
    async def story(world: World) -> None:
        id_ = world.id("a")
        world.watch.go_deaf()
        await world.engine.stop()
        await world.remove(id_)
        world.server.delete(world.key("a"))
        world.server.merge(Key("Secret", "team", vendor), {"metadata": {"labels": {"made": "anew"}}})
        world.server.delete(Key(PROVIDER, "team", vendor))
        await world.restart()
        await asyncio.sleep(200)
        assert world.ready("a") == "False AccountMismatch"
        assert world.account()["missing"]["ids"] == [id_]
        world.confirm()
        await asyncio.sleep(200)
        assert not world.is_there("a")

    play(vendor, story, "a")


@EVERY
def test_a_delete_is_over_under_the_credential_that_it_was_sent_with(vendor: str) -> None:
    """Another account has never heard of the deployment, and that ends nothing."""

    async def story(world: World) -> None:
        await world.set(delete_s=1000)
        world.server.delete(world.key("a"))
        await asyncio.sleep(10)
        assert await world.count("delete") == 1
        token = {"vendor": vendor, "key": ANOTHER_KEY, "account": "another"}
        await world.simulator.control("POST", "/tokens", token)
        key = base64.b64encode(ANOTHER_KEY.encode()).decode()
        world.server.merge(Key("Secret", "team", vendor), {"data": {"apiKey": key}})
        await asyncio.sleep(300)
        assert world.is_there("a")

    play(vendor, story, "a")


@EVERY
@pytest.mark.parametrize("is_restarted", [False, True])
def test_m10_an_emptied_status_and_a_deletion_leave_nothing_behind(vendor: str, is_restarted: bool) -> None:
    async def story(world: World) -> None:
        if is_restarted:
            world.watch.go_deaf()
            await world.engine.stop()
        world.server.delete(world.key("a"))
        world.server.replace_status(
            world.key("a"), world.server.get(world.key("a"))["metadata"]["resourceVersion"], {}
        )
        if is_restarted:
            await world.restart()
        await asyncio.sleep(300)
        assert not world.is_there("a")
        assert await world.live() == []

    play(vendor, story, "a")


@EVERY
def test_providers_21_a_deletion_ends_although_no_get_is_answered(vendor: str) -> None:
    async def story(world: World) -> None:
        await world.fault("error", status=500, operation="get")
        world.server.delete(world.key("a"))
        await asyncio.sleep(300)
        assert await world.live() == []
        assert not world.is_there("a")

    play(vendor, story, "a")


@EVERY
def test_f10_what_somebody_elses_finalizer_keeps_costs_nothing_more(vendor: str) -> None:
    async def story(world: World) -> None:
        body = world.server.get(world.key("a"))["metadata"]
        world.server.replace_finalizers(
            world.key("a"), body["resourceVersion"], (*body["finalizers"], "backup.example/hold")
        )
        world.server.delete(world.key("a"))
        await asyncio.sleep(200)
        assert await world.live() == []
        assert world.server.get(world.key("a"))["metadata"]["finalizers"] == ["backup.example/hold"]
        assert "externalID" not in world.status("a")
        gets = await world.count("get")
        await world.restart()
        world.server.merge(world.key("a"), {"metadata": {"labels": {"touched": "yes"}}})
        await asyncio.sleep(100)
        assert await world.count("get") == gets

    play(vendor, story, "a")
