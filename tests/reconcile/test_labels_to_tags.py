"""Labels of an object as tags of its deployment: carried, changed, and left empty when they are gone."""

import asyncio
from collections.abc import Mapping
from typing import Any

from model_operator.domain import DEPLOYMENT, PROVIDER, Key
from support.engine_world import LLAMA, World, play
from support.manifests import deployment


def carry(world: World, **labels: str) -> None:
    world.server.merge(Key(PROVIDER, "team", "paitient"), {"spec": {"labelsToTags": labels}})


async def tags(world: World) -> Mapping[str, Any]:
    (shown,) = await world.shown()
    return {key: value for key, value in shown["tags"].items() if not key.startswith("model-operator-")}


def label(world: World, **labels: str | None) -> None:
    world.server.merge(LLAMA, {"metadata": {"labels": labels}})


def apply(world: World, labels: Mapping[str, str], **own: str) -> None:
    body = deployment("paitient", "llama", block={"tags": own} if own else {})
    body["metadata"]["labels"] = dict(labels)
    world.apply(body)


def test_a_label_is_a_tag_from_the_create_on_and_follows_its_edits() -> None:
    async def story(world: World) -> None:
        carry(world, team="cost-centre")
        apply(world, {"team": "search", "other": "x"})
        await asyncio.sleep(60)
        assert await tags(world) == {"cost-centre": "search"}
        label(world, team="ads")
        await asyncio.sleep(60)
        assert await tags(world) == {"cost-centre": "ads"}
        assert world.ready() == ("True", "Available")

    play(story, is_served=False, vendors=("paitient",))


def test_a_label_that_is_gone_leaves_an_empty_value_and_nobody_has_to_help() -> None:
    async def story(world: World) -> None:
        carry(world, team="cost-centre")
        apply(world, {"team": "search"})
        await asyncio.sleep(60)
        label(world, team=None)
        await asyncio.sleep(120)
        assert await tags(world) == {"cost-centre": ""}
        assert (world.ready(), world.condition("Synced")["reason"]) == (("True", "Available"), "Synced")
        world.server.merge(Key(PROVIDER, "team", "paitient"), {"spec": {"pollInterval": "10m"}})
        updates = await world.count("update")
        await asyncio.sleep(7200)
        assert await world.count("update") == updates, "and it is sent once"

    play(story, is_served=False, vendors=("paitient",))


def test_labels_that_a_provider_begins_to_carry_reach_what_runs() -> None:
    async def story(world: World) -> None:
        apply(world, {"team": "search"})
        await asyncio.sleep(60)
        assert await tags(world) == {}
        carry(world, team="cost-centre")
        await asyncio.sleep(60)
        assert await tags(world) == {"cost-centre": "search"}

    play(story, is_served=False, vendors=("paitient",))


def test_a_tag_of_the_spec_takes_precedence() -> None:
    async def story(world: World) -> None:
        carry(world, team="cost-centre")
        apply(world, {"team": "search"}, **{"cost-centre": "4711"})
        await asyncio.sleep(60)
        assert await tags(world) == {"cost-centre": "4711"}

    play(story, is_served=False, vendors=("paitient",))


def test_the_label_that_is_gone_before_anything_was_sent_is_no_tag() -> None:
    async def story(world: World) -> None:
        carry(world, team="cost-centre")
        apply(world, {})
        await asyncio.sleep(60)
        assert await tags(world) == {}
        assert world.server.get(Key(DEPLOYMENT, "team", "llama"))["status"]["phase"] == "Ready"

    play(story, is_served=False, vendors=("paitient",))
