"""What the operator makes of a provider that does not show a deployment: nothing, until it is proven gone."""

import asyncio
from typing import Literal

import pytest

from model_operator.domain import PROVIDER, Key
from support.absence_world import World, play, provider_ready
from support.manifests import deployment
from support.rows import ROWS

EVERY = pytest.mark.parametrize("vendor", list(ROWS))


@EVERY
@pytest.mark.parametrize("is_deleted", [False, True], ids=["wanted", "deleted meanwhile"])
@pytest.mark.parametrize("body", ["html", "json"])
def test_c1_an_api_that_answers_404_to_everything_changes_nothing(
    vendor: str, is_deleted: bool, body: Literal["html", "json"]
) -> None:
    async def story(world: World) -> None:
        before = {name: world.id(name) for name in ("a", "b", "c")}
        await world.fault("error", status=404, body=body)
        await asyncio.sleep(100)
        if is_deleted:
            for name in before:
                world.server.delete(world.key(name))
        await asyncio.sleep(600)
        assert {name: world.id(name) for name in before} == before
        assert await world.live() == sorted(before.values())
        assert world.account()["listWorked"] is True
        await world.mend()
        await asyncio.sleep(900)
        assert await world.count("create") == 3
        if is_deleted:
            assert [name for name in before if world.is_there(name)] == []
            assert await world.live() == []
        else:
            assert [world.ready(name) for name in before] == ["True Available"] * 3

    play(vendor, story, "a", "b", "c")


@EVERY
def test_c1_a_process_that_starts_at_a_sick_api_believes_it_as_little(vendor: str) -> None:
    async def story(world: World) -> None:
        before = world.id("a")
        await world.fault("error", status=404, body="json", message=f"Deployment {before} not found")
        await world.restart()
        await asyncio.sleep(300)
        assert world.ready("a") == "Unknown ProviderUnavailable"
        world.server.delete(world.key("a"))
        await asyncio.sleep(300)
        assert world.id("a") == before
        assert await world.live() == [before]
        await world.mend()
        await asyncio.sleep(900)
        assert await world.live() == []
        assert not world.is_there("a")

    play(vendor, story, "a")


@EVERY
def test_a_list_that_was_taken_away_for_good_is_given_up_on_a_persons_word(vendor: str) -> None:
    async def story(world: World) -> None:
        before = world.id("a")
        await world.fault("error", operation="list", status=404)
        await asyncio.sleep(300)
        assert world.ready("a") == "Unknown ProviderUnavailable"
        provider = Key(PROVIDER, "team", vendor)
        world.server.replace_status(provider, None, {**world.account(), "listWorked": False})
        await asyncio.sleep(300)
        assert (world.id("a"), world.ready("a"), world.account()["listWorked"]) == (
            before,
            "True Available",
            False,
        )
        world.apply(deployment(vendor, "b"))
        world.server.delete(world.key("a"))
        await asyncio.sleep(300)
        assert not world.is_there("a")
        await world.mend()
        await asyncio.sleep(300)
        assert (await world.live(), world.account()["listWorked"]) == ([world.id("b")], True)

    play(vendor, story, "a")


@EVERY
@pytest.mark.parametrize("seconds", [2, 35, 58])
def test_providers_1_a_deployment_that_is_forgotten_for_a_while_is_not_made_twice(
    vendor: str, seconds: int
) -> None:
    async def story(world: World) -> None:
        for offset in range(0, 32, 8):
            await asyncio.sleep(offset)
            world.forgetful.forgotten = {world.id("a")}
            await asyncio.sleep(seconds)
            world.forgetful.forgotten = set()
            await asyncio.sleep(120)
        assert world.ready("a") == "True Available"
        assert await world.count("create") == 1

    play(vendor, story, "a")


def test_what_comes_back_while_its_successor_is_refused_stays() -> None:
    """Its name is still taken at the provider: the re-create is refused, and what was taken for gone is there."""

    async def story(world: World) -> None:
        await world.set(duplicate_names="reject")
        id_ = world.id("a")
        world.forgetful.forgotten = {id_}
        await asyncio.sleep(130)
        assert await world.count("create") == 2
        assert world.ready("a") in ("False NameTaken", "False OutcomeUnknown")
        world.forgetful.forgotten = set()
        lists = await world.count("list")
        await asyncio.sleep(300)
        assert world.ready("a") == "True Available"
        assert "pending" not in world.status("a")
        assert await world.live() == [id_]
        assert await world.count("list") - lists < 100

    play("parasail", story, "a")


@EVERY
def test_what_is_gone_is_made_again_and_its_id_stays_until_the_next_one_is_known(vendor: str) -> None:
    async def story(world: World) -> None:
        first = world.id("a")
        await world.remove(first)
        seen = set()
        for _ in range(300):
            seen.add(world.status("a").get("externalID"))
            await asyncio.sleep(1)
        (second,) = await world.live()
        assert seen == {first, second}
        assert world.ready("a") == "True Available"
        assert await world.count("create") == 2

    play(vendor, story, "a")


@EVERY
@pytest.mark.parametrize("kind", ["commit_then_reset", "reset", "late_commit"])
@pytest.mark.parametrize("end", ["wanted", "restarted", "deleted"])
def test_a_re_create_whose_answer_is_lost_makes_one_and_leaves_none(vendor: str, kind: str, end: str) -> None:
    async def story(world: World) -> None:
        first = world.id("a")
        await world.fault(kind, operation="create", count=1)
        await world.remove(first)
        for _ in range(200):
            if await world.count("create") < 2:
                await asyncio.sleep(1)
        if end == "restarted":
            await world.restart()
        if end == "deleted":
            world.server.delete(world.key("a"))
        await asyncio.sleep(500)
        if end == "deleted":
            assert await world.live() == []
            assert not world.is_there("a")
        else:
            assert await world.live() == [world.id("a")]
            assert world.id("a") != first
            assert world.ready("a") == "True Available"

    play(vendor, story, "a")


@EVERY
def test_c3_a_word_left_in_place_switches_off_nothing(vendor: str) -> None:
    """The reads of a provider lag by 8 s, and the annotation of an earlier day is still there (Git applies it again)."""

    async def story(world: World) -> None:
        for name in ("a", "b", "c"):
            await world.remove(world.id(name))
        await asyncio.sleep(200)
        assert provider_ready(world) == "False AccountMismatch"
        world.confirm()
        await asyncio.sleep(300)
        assert [world.ready(name) for name in ("a", "b", "c")] == ["True Available"] * 3
        assert provider_ready(world) == "True Available"
        assert "missing" not in world.account()
        before = {name: world.id(name) for name in ("a", "b", "c")}
        world.forgetful.forgotten = set(before.values())
        await asyncio.sleep(600)
        assert await world.count("create") == 6
        assert {name: world.id(name) for name in before} == before
        assert provider_ready(world) == "False AccountMismatch"

    play(vendor, story, "a", "b", "c")


@EVERY
def test_a_word_counts_for_what_it_names_and_is_missing_still(vendor: str) -> None:
    async def story(world: World) -> None:
        ids = [world.id(name) for name in ("a", "b", "c")]
        world.forgetful.forgotten = set(ids)
        await asyncio.sleep(200)
        missing = world.account()["missing"]
        assert (missing["ids"], missing["count"]) == (sorted(ids), 3)
        world.forgetful.forgotten = set(ids[:2])
        await asyncio.sleep(40)
        assert world.account()["missing"] == missing  # frozen
        token = world.confirm()
        await asyncio.sleep(5)
        assert world.account()["confirmedAbsence"] == {"token": token, "ids": sorted(ids[:2])}

    play(vendor, story, "a", "b", "c")


@EVERY
def test_what_is_gone_for_good_is_looked_for_once_an_hour(vendor: str) -> None:
    """The full read of the hour had its time, and no GET that was answered 404 ever took it away."""

    async def story(world: World) -> None:
        await asyncio.sleep(3700)  # a full read has been due
        await world.remove(world.id("a"))
        await asyncio.sleep(4000)
        assert world.ready("a") == "False ExternalResourceMissing"
        before = await world.count("get")
        await asyncio.sleep(3 * 3600)
        assert await world.count("get") - before <= 4

    play(vendor, story, "a", driftPolicy="Report")
