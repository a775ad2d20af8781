"""What the passes rely on, of the real API server and of the one in memory alike."""

import pytest

from model_operator.domain import DEPLOYMENT, FINALIZER
from model_operator.kube import KubeError, NoSuchName, ObjectGone, WriteConflict
from support.manifests import parasail_secret
from support.store_bodies import (
    GONE,
    OTHER,
    SPEC,
    STALE,
    STATUS,
    UNSEEN,
    config_map,
    deployment,
    of,
    refusal_of,
    shown,
)
from support.two_servers import World, plain, refused, version_of


async def test_what_is_not_there_is_gone(world: World) -> None:
    gone = (ObjectGone, 404, 'configmaps "a" not found')
    assert await refusal_of(world.store.get("ConfigMap", world.name, "a")) == gone
    assert await refusal_of(world.store.patch("ConfigMap", world.name, "a", {"data": {}})) == gone
    assert await refusal_of(world.store.get(*of(world))) == GONE
    assert await refusal_of(world.store.replace_status(of(world), "1", STATUS)) == GONE
    assert await refusal_of(world.store.add_finalizer(of(world), "1", ())) == GONE


@pytest.mark.parametrize("name", ["..", "a/b", "../../other/configmaps/a", "A"])
async def test_what_no_object_can_be_named_is_not_sent(world: World, name: str) -> None:
    no_name = (NoSuchName, 400, f"{name!r} is not a name that a ConfigMap can have")
    assert await refusal_of(world.store.get("ConfigMap", world.name, name)) == no_name
    assert await refusal_of(world.store.patch("ConfigMap", world.name, name, {"data": {}})) == no_name


async def test_a_create_answers_with_what_a_get_shows(world: World) -> None:
    body = config_map("a", baseURL="https://x", model="m")
    made = await world.store.create("ConfigMap", world.name, body)
    assert plain(made) == body
    assert made == await world.store.get("ConfigMap", world.name, "a")
    assert set(made["metadata"]) >= {"uid", "resourceVersion", "creationTimestamp", "namespace"}


async def test_a_name_is_created_once(world: World) -> None:
    await world.store.create("ConfigMap", world.name, config_map("a"))
    exists = (WriteConflict, 409, 'configmaps "a" already exists')
    assert await refusal_of(world.store.create("ConfigMap", world.name, config_map("a", b="c"))) == exists


async def test_a_secret_shows_its_data(world: World) -> None:
    world.create(parasail_secret())
    found = await world.store.get("Secret", world.name, "parasail")
    assert found["data"] == parasail_secret()["data"]


async def test_an_event_is_stored_as_it_was_posted(world: World) -> None:
    body = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "a.1", "namespace": world.name},
        "involvedObject": {"kind": "ModelDeployment", "name": "a", "namespace": world.name, "uid": "u"},
        "type": "Warning",
        "reason": "Orphaned",
        "message": "stays",
        "count": 1,
        "source": {"component": "model-operator"},
        "firstTimestamp": "2026-01-01T00:00:00Z",
        "lastTimestamp": "2026-01-01T00:00:00Z",
        "reportingComponent": "model-operator",
        "reportingInstance": "",
    }
    made = await world.store.create("Event", world.name, body)
    body["metadata"] = {"name": "a.1"}
    assert plain(made) == {**body, "eventTime": None}


async def test_a_new_object_starts_unseen_whatever_status_it_brings(world: World) -> None:
    brought = {**deployment(), "status": STATUS, "extra": 1}
    brought["spec"] = {**SPEC, "unknown": True}
    assert plain(world.create(brought)) == shown()


async def test_a_finalizer_is_put_beside_the_others_by_who_has_seen_the_newest(world: World) -> None:
    made = world.create(deployment(finalizers=[OTHER]))
    with_ours = await world.store.add_finalizer(of(world), version_of(made), (OTHER,))
    assert plain(with_ours) == shown(finalizers=[OTHER, FINALIZER])
    assert int(version_of(with_ours)) > int(version_of(made))
    assert await refusal_of(world.store.remove_finalizer(of(world), version_of(made), (OTHER,))) == STALE
    without = await world.store.remove_finalizer(of(world), version_of(with_ours), (OTHER, FINALIZER))
    assert plain(without) == shown(finalizers=[OTHER])


async def test_a_status_is_replaced_whole_and_leaves_the_generation(world: World) -> None:
    made = world.create(deployment())
    first = await world.store.replace_status(of(world), version_of(made), STATUS)
    assert plain(first) == shown(status=STATUS)
    second = await world.store.replace_status(
        of(world), version_of(first), {"observedGeneration": 1, "nonsense": 1}
    )
    assert plain(second) == shown(status={"observedGeneration": 1})
    assert await refusal_of(world.store.replace_status(of(world), version_of(first), STATUS)) == STALE


async def test_a_status_that_says_the_same_is_no_write(world: World) -> None:
    made = world.create(deployment())
    first = await world.store.replace_status(of(world), version_of(made), STATUS)
    assert await world.store.replace_status(of(world), version_of(first), STATUS) == first


async def test_a_status_of_the_wrong_type_is_refused(world: World) -> None:
    made = world.create(deployment())
    wrong = world.store.replace_status(
        of(world), version_of(made), {"observedGeneration": 1, "replicas": "1"}
    )
    type_, status, message = await refusal_of(wrong)
    assert (type_, status) == (KubeError, 422)
    assert "status.replicas" in message


def test_only_an_edit_of_the_spec_is_a_new_generation(world: World) -> None:
    world.create(deployment())
    world.edit_status(DEPLOYMENT, "a", STATUS)
    labelled = world.edit(DEPLOYMENT, "a", {"metadata": {"labels": {"a": "b"}}})
    status = {**UNSEEN, **STATUS}
    assert plain(labelled) == shown(status=status, labels={"a": "b"})
    edited = world.edit(DEPLOYMENT, "a", {"spec": {"replicas": 2}, "status": {"replicas": 7}})
    assert plain(edited) == shown(2, status, {**SPEC, "replicas": 2}, labels={"a": "b"})
    assert world.edit(DEPLOYMENT, "a", {"spec": {"replicas": 2}}) == edited


def test_what_is_immutable_or_set_once_is_refused(world: World) -> None:
    world.create(deployment())
    world.edit_status(DEPLOYMENT, "a", STATUS)
    for patch, field in (
        ({"model": "other/model"}, "model"),
        ({"deploymentName": "late"}, "deploymentName"),
        ({"parasail": None}, "parasail"),
        ({"externalID": "33665"}, "deletionPolicy"),
        ({"externalID": "1", "deletionPolicy": "Delete"}, "externalID"),
        ({"replicas": None}, "replicas"),
        ({"replicas": 0}, "replicas"),
    ):
        type_, status, message = refused(lambda patch=patch: world.edit(DEPLOYMENT, "a", {"spec": patch}))
        assert (type_, status, field in message) == (KubeError, 422, True), message
    taken = world.edit(DEPLOYMENT, "a", {"spec": {"externalID": "33665", "deletionPolicy": "Delete"}})
    assert taken["spec"]["externalID"] == "33665"
    type_, status, _ = refused(lambda: world.edit(DEPLOYMENT, "a", {"spec": {"externalID": None}}))
    assert (type_, status) == (KubeError, 422)


async def test_a_merge_patch_changes_what_it_names(world: World) -> None:
    world.create(config_map("a", one="1", two="2"))
    patched = await world.store.patch("ConfigMap", world.name, "a", {"data": {"one": "3", "two": None}})
    assert plain(patched) == config_map("a", one="3")
    assert await world.store.patch("ConfigMap", world.name, "a", {"data": {"one": "3"}}) == patched


async def test_without_a_finalizer_a_deletion_is_at_once(world: World) -> None:
    world.create(deployment())
    world.delete(DEPLOYMENT, "a")
    assert await refusal_of(world.store.get(*of(world))) == GONE


async def test_a_finalizer_holds_a_deleted_object_until_it_is_taken_off(world: World) -> None:
    made = world.create(deployment(finalizers=[FINALIZER]))
    world.delete(DEPLOYMENT, "a")
    terminating = await world.store.get(*of(world))
    held = {"deletionTimestamp": "set", "deletionGracePeriodSeconds": 0, "finalizers": [FINALIZER]}
    assert plain(terminating) == shown(2, **held)
    world.delete(DEPLOYMENT, "a")
    assert await world.store.get(*of(world)) == terminating
    edited = world.edit(DEPLOYMENT, "a", {"spec": {"deletionPolicy": "Orphan"}})
    assert plain(edited) == shown(3, spec={**SPEC, "deletionPolicy": "Orphan"}, **held)
    more = await refusal_of(world.store.add_finalizer(of(world), version_of(edited), (OTHER, FINALIZER)))
    assert (more[0], more[1], "no new finalizers" in more[2]) == (KubeError, 422, True)
    last = await world.store.remove_finalizer(of(world), version_of(edited), (FINALIZER,))
    assert last["metadata"].get("finalizers") is None
    assert last["metadata"]["uid"] == made["metadata"]["uid"]
    assert await refusal_of(world.store.get(*of(world))) == GONE
    again = world.create(deployment())
    assert again["metadata"]["uid"] != made["metadata"]["uid"]
    assert await refusal_of(world.store.replace_status(of(world), version_of(edited), STATUS)) == STALE


def test_a_replace_takes_off_the_finalizer_and_leaves_the_status(world: World) -> None:
    made = world.create(deployment(finalizers=[FINALIZER], annotations={"a": "b"}))
    version = version_of(world.edit_status(DEPLOYMENT, "a", STATUS))
    body = {**deployment(), "spec": {**SPEC, "replicas": 2}}
    replaced = world.replace({**body, "metadata": {"name": "a", "resourceVersion": version}})
    assert plain(replaced) == shown(2, {**UNSEEN, **STATUS}, {**SPEC, "replicas": 2})
    assert replaced["metadata"]["uid"] == made["metadata"]["uid"]
