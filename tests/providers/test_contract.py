"""What every provider adapter promises, each against its vendor's simulator over real HTTP."""

from datetime import timedelta

import pytest

from model_operator.domain import UID_TAG, RunState
from model_operator.errors import InvalidRequest, NameTaken, NotFound, Unsupported
from model_operator.providers.registry import PROVIDERS
from support.contract_requests import operations
from support.rows import ROWS

NOTHING = frozenset()


def test_every_registered_vendor_keeps_the_contract():
    assert set(ROWS) == set(PROVIDERS)
    assert {name: vendor.type for name, vendor in PROVIDERS.items()} == {name: name for name in PROVIDERS}


async def test_a_new_deployment_starts_under_the_name_asked_for(world):
    desired = world.desired()
    remote = await world.provider.create(desired)
    assert (remote.name, remote.model, remote.state) == ("llama", "org/llama-8b", RunState.STARTING)
    assert (await world.provider.get(remote.id)).id == remote.id


async def test_a_get_shows_every_owned_field_as_the_spec_wrote_it(world):
    desired = world.desired(contextLength=4096)
    remote = await world.provider.get(await world.serving(desired))
    assert remote.is_full
    assert {path: remote.fields[path] for path in desired.fields} == dict(desired.fields)


async def test_a_started_deployment_serves_with_its_replicas_at_a_url(world):
    remote = await world.provider.get(await world.serving(world.desired(replicas=2)))
    assert (remote.state, remote.replicas) == (RunState.SERVING, 2)
    assert remote.url.startswith("http")


async def test_an_alias_is_there_if_the_vendor_chats(world):
    remote = await world.provider.get(await world.serving())
    assert (remote.alias is not None) == world.provider.capabilities.chats


async def test_a_list_shows_every_deployment_once(world):
    ids = [(await world.provider.create(world.desired(f"model-{n}", f"uid-{n}"))).id for n in range(7)]
    listed = await world.provider.list()
    assert sorted(remote.id for remote in listed) == sorted(ids)
    assert not any(remote.is_full for remote in listed)


async def test_an_empty_account_is_an_empty_list(world):
    assert list(await world.provider.list()) == []
    assert list(await world.provider.find(world.desired())) == []


async def test_a_name_that_holds_the_key_is_shown_without_it(world):
    """An account's key has 16 characters or more."""
    key = world.row.key
    made = await world.provider.create(world.desired(key))
    found = [made, await world.provider.get(made.id), *await world.provider.list()]
    assert {remote.id for remote in found} == {made.id}
    assert not any(key in str(remote) for remote in found)


async def test_a_version_moves_only_with_the_deployment(world):
    first = await world.serving()
    other = await world.serving(world.desired("other", "other-uid"))
    before = {remote.id: remote.version for remote in await world.provider.list()}
    await world.advance(60)
    assert {remote.id: remote.version for remote in await world.provider.list()} == before
    await world.provider.update(first, world.desired(**world.row.edit).fields, NOTHING)
    after = {remote.id: remote.version for remote in await world.provider.list()}
    assert after[first] != before[first]
    assert after[other] == before[other]


async def test_find_sees_its_own_deployment_and_no_other(world):
    mine = await world.provider.create(world.desired("mine", "uid-mine"))
    await world.provider.create(world.desired("mine-too", "uid-other"))
    assert [remote.id for remote in await world.provider.find(world.desired("mine", "uid-mine"))] == [mine.id]
    assert list(await world.provider.find(world.desired("nobody", "uid-nobody"))) == []


async def test_find_does_not_see_what_is_gone(world):
    id = await world.serving()
    await world.provider.delete(id, force=False)
    await world.advance(world.row.end)
    assert list(await world.provider.find(world.desired())) == []


async def test_an_update_changes_what_it_names_and_nothing_else(world):
    id = await world.serving(world.desired(contextLength=4096))
    before = (await world.provider.get(id)).fields
    await world.provider.update(id, {"contextLength": 16384}, NOTHING)
    await world.advance(30)
    assert (await world.provider.get(id)).fields == {**before, "contextLength": 16384}


async def test_an_edit_arrives_field_by_field(world):
    id = await world.serving()
    edited = world.desired(**world.row.edit)
    await world.provider.update(id, edited.fields, NOTHING)
    await world.advance(60)
    remote = await world.provider.get(id)
    assert {path: remote.fields[path] for path in edited.fields} == dict(edited.fields)
    assert (remote.state, remote.replicas) == (RunState.SERVING, 3)


async def test_a_removed_field_is_cleared_where_the_vendor_can(world):
    id = await world.serving(world.desired(contextLength=4096))
    await world.provider.update(id, {"replicas": 2}, frozenset({"contextLength"}))
    await world.advance(60)
    kept = (await world.provider.get(id)).fields.get("contextLength")
    assert kept == (None if world.provider.capabilities.removes_fields else 4096)


async def test_an_update_that_changes_nothing_keeps_the_deployment_serving(world):
    desired = world.desired()
    id = await world.serving(desired)
    await world.provider.update(id, desired.fields, NOTHING)
    await world.advance(60)
    assert (await world.provider.get(id)).state is RunState.SERVING


async def test_pause_and_resume_work_or_are_unsupported(world):
    id = await world.serving()
    if not world.provider.capabilities.pauses:
        for method in (world.provider.pause, world.provider.resume):
            with pytest.raises(Unsupported):
                await method(id)
        return
    await world.provider.pause(id)
    assert (await world.provider.get(id)).state is RunState.STOPPING
    await world.advance(10)
    paused = await world.provider.get(id)
    assert (paused.state, paused.replicas) == (RunState.STOPPED, 0)
    await world.provider.resume(id)
    assert (await world.provider.get(id)).state is RunState.STARTING
    await world.advance(10)
    assert (await world.provider.get(id)).state is RunState.SERVING


async def test_a_deleted_deployment_is_gone_in_the_end(world):
    id = await world.serving()
    await world.provider.delete(id, force=False)
    assert (await world.provider.get(id)).state in (RunState.STOPPING, RunState.DELETING)
    await world.advance(world.row.end)
    with pytest.raises(NotFound):
        await world.provider.get(id)
    with pytest.raises(NotFound):
        await world.provider.delete(id, force=True)
    assert list(await world.provider.list()) == []


async def test_adoption_leaves_our_tag_where_there_are_tags(world):
    id = await world.serving(world.desired(uid="uid-before"))
    before = (await world.provider.get(id)).fields
    await world.provider.adopt(id, "uid-now")
    await world.advance(30)
    after = await world.provider.get(id)
    assert after.owner_uid == ("uid-now" if world.provider.capabilities.has_tags else None)
    assert after.fields == before
    assert not any(UID_TAG in path for path in after.fields)


async def test_a_second_name_is_refused_where_names_are_unique(world):
    await world.provider.create(world.desired())
    if world.provider.capabilities.names_are_unique:
        with pytest.raises(NameTaken, match="already exists"):
            await world.provider.create(world.desired(uid="another"))
    else:
        await world.provider.create(world.desired(uid="another"))
        assert len(await world.provider.list()) == 2


async def test_a_name_that_is_taken_is_told_apart_where_the_vendor_refuses_it(world):
    await world.set(duplicate_names="reject")
    await world.provider.create(world.desired())
    with pytest.raises(NameTaken):
        await world.provider.create(world.desired(uid="another"))


async def test_the_longest_name_is_taken_and_no_longer_one(world):
    limit = world.provider.capabilities.name_limit
    await world.provider.create(world.desired("a" * limit))
    with pytest.raises(InvalidRequest, match="characters"):
        await world.provider.create(world.desired("b" * (limit + 1)))


async def test_endpoints_are_made_or_unsupported(world):
    id = await world.serving()
    if world.provider.capabilities.has_endpoints:
        endpoint = await world.provider.create_endpoint("front", id)
        assert endpoint.id
        assert endpoint.url.startswith("http")
        with pytest.raises(NotFound):
            await world.provider.create_endpoint("front", world.row.missing_id)
    else:
        with pytest.raises(Unsupported):
            await world.provider.create_endpoint("front", id)


async def test_a_probe_is_answered_or_unsupported(world):
    remote = await world.provider.get(await world.serving())
    if world.provider.capabilities.chats:
        await world.provider.probe(remote, "ping", timedelta(seconds=5))
    else:
        with pytest.raises(Unsupported):
            await world.provider.probe(remote, "ping", timedelta(seconds=5))


async def test_an_unknown_status_is_shown_as_it_is(world):
    id = await world.serving()
    await world.edit(id, status="Mysterious\u202eNew")
    remote = await world.provider.get(id)
    assert (remote.state, remote.word) == (RunState.UNKNOWN, "Mysterious New")


@pytest.mark.parametrize("rule", [{"drop": ["status"]}, {"null": ["status"]}, {"extra": {"status": 7}}])
async def test_a_status_that_is_missing_is_unknown(world, rule):
    id = await world.serving()
    await world.fault("fields", **rule)
    remote = await world.provider.get(id)
    assert (remote.state, remote.word) == (RunState.UNKNOWN, "")


@pytest.mark.parametrize("rule", ["drop", "null"])
async def test_fields_that_are_not_shown_break_nothing(world, rule):
    id = await world.serving(world.desired(contextLength=4096))
    full = await world.shown(id)
    names = [name for name in full if name not in ("id", "sim", "status")]
    await world.fault("fields", **{rule: names})
    remote = await world.provider.get(id)
    assert (remote.id, remote.state, remote.owner_uid) == (id, RunState.SERVING, None)
    # A policy of null is the vendor's other way to say NONE, and a list of null an empty one.
    assert {value for value in remote.fields.values() if value is not None} <= {"NONE", ()}
    assert [remote.id for remote in await world.provider.list()] == [id]


async def test_what_the_vendor_says_is_one_clean_line_without_our_key(world):
    key = world.row.secret["apiKey"].strip()
    text = f"bad key {key}\r\nand\u0007 Bearer abc.def \u202ecommand {'x' * 500}"
    await world.fault("error", status=400, message=text)
    with pytest.raises(InvalidRequest) as caught:
        await world.provider.create(world.desired())
    said = str(caught.value)
    assert said.startswith(f'{world.name}: create "llama": bad key *** and Bearer *** command xxx')
    assert said.endswith("… (HTTP 400)")
    assert said.isprintable()
    assert len(said) <= 256 + 60


async def test_no_secret_is_in_what_the_adapter_prints(world):
    provider = world.provider
    for secret in world.row.secret.values():
        assert secret.strip() not in repr(provider)
        assert secret.strip() not in repr(world.vendor.credentials(world.row.secret))


async def test_one_method_is_one_request(world):
    id = await world.serving()
    expected = {"list": ["list"], "get": ["get"], "delete": ["delete"], "update": ["get", "update"]}
    for name, operation in operations(world.provider, id).items():
        await world.control("DELETE", "/requests")
        await operation()
        assert [request["operation"] for request in await world.requests()] == expected[name]
