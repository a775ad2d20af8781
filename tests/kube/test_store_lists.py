"""What lists, watches and versions of a store tell, of the real API server and of the one in memory alike."""

from model_operator.domain import DEPLOYMENT, FINALIZER
from model_operator.kube import KubeForbidden, Version
from support.store_bodies import STATUS, config_map, deployment, of, refusal_of
from support.two_servers import World, plain, version_of


async def test_a_list_shows_all_of_a_kind_in_a_namespace(world: World) -> None:
    made = [world.create(deployment(name)) for name in ("b", "a", "c")]
    world.create(config_map("a"))
    found = [body async for body in world.store.list(DEPLOYMENT, world.name)]
    assert [body["metadata"]["name"] for body in found] == ["a", "b", "c"]
    assert [plain(body)["spec"] for body in found] == [plain(body)["spec"] for body in made]


async def test_a_watch_tells_of_every_change_in_order(world: World) -> None:
    made = world.create(deployment("z"))
    first = world.create(deployment(finalizers=[FINALIZER]))
    status = await world.store.replace_status(of(world), version_of(first), STATUS)
    world.delete(DEPLOYMENT, "a")
    terminating = await world.store.get(*of(world))
    await world.store.remove_finalizer(of(world), version_of(terminating), (FINALIZER,))
    told = await world.watched(DEPLOYMENT, since=version_of(made))
    assert told[:3] == [("ADDED", first), ("MODIFIED", status), ("MODIFIED", terminating)]
    (type_, last), *rest = told[3:]
    assert (type_, rest) == ("DELETED", [])
    assert plain(last) == plain(terminating) | {"metadata": plain(last)["metadata"]}
    assert int(version_of(last)) > int(version_of(terminating))
    assert last["metadata"]["uid"] == first["metadata"]["uid"]


async def test_a_namespace_that_ends_takes_nothing_new(world: World) -> None:
    made = world.create(deployment(finalizers=[FINALIZER]))
    world.terminate()
    refusal = await refusal_of(world.store.create("ConfigMap", world.name, config_map("a")))
    assert refusal[:2] == (KubeForbidden, 403)
    changed = await world.store.get(*of(world))
    assert changed["metadata"]["uid"] == made["metadata"]["uid"]


async def test_all_versions_are_told_without_contents(world: World) -> None:
    first, second = world.create(deployment("a")), world.create(deployment("b"))
    shown = await world.store.versions(DEPLOYMENT, world.name)
    assert shown.objects == {
        of(world, body["metadata"]["name"]): Version(
            body["metadata"]["uid"], int(body["metadata"]["resourceVersion"])
        )
        for body in (first, second)
    }
    assert shown.revision >= max(version.number for version in shown.objects.values())
    world.delete(DEPLOYMENT, "a")
    assert set((await world.store.versions(DEPLOYMENT, world.name)).objects) == {of(world, "b")}


async def test_where_there_is_nothing_there_are_no_versions_and_a_revision(world: World) -> None:
    shown = await world.store.versions(DEPLOYMENT, world.name)
    assert (shown.objects, shown.revision > 0) == ({}, True)
