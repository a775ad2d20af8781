"""What every provider adapter promises, each against its vendor's simulator over real HTTP."""

import asyncio
from datetime import timedelta

import pytest

from model_operator.domain import UID_TAG, Priority, RunState
from model_operator.errors import (
    CredentialsInvalid,
    DeletionRefused,
    InvalidRequest,
    NameTaken,
    NotFound,
    PermissionDenied,
    RateLimited,
    Unavailable,
    Unsupported,
)
from model_operator.providers.http import HttpTransport
from model_operator.providers.registry import PROVIDERS
from support.provider_world import OpenGate
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


def operations(provider, id):
    """Every request that an adapter makes, by name."""
    return {
        "list": provider.list,
        "get": lambda: provider.get(id),
        "update": lambda: provider.update(id, {"replicas": 2}, NOTHING),
        "delete": lambda: provider.delete(id, force=False),
    }


async def test_an_unknown_id_is_not_found(world):
    for name, operation in operations(world.provider, world.row.missing_id).items():
        if name != "list":
            with pytest.raises(NotFound, match=world.row.missing_id):
                await operation()


@pytest.mark.parametrize(
    "id",
    [
        pytest.param("../../v1/subscription", id="path upwards"),
        pytest.param("1//pause", id="deeper path"),
        pytest.param("1/../2", id="path across"),
        pytest.param("1%2e%2e", id="escaped"),
        pytest.param("", id="empty"),
        pytest.param("..", id="dots"),
        pytest.param("1\r\nX-Evil: 1", id="header"),
        pytest.param("x" * 600, id="too long"),
    ],
)
async def test_what_is_no_id_is_never_sent(world, id):
    for name, operation in operations(world.provider, id).items():
        if name != "list":
            with pytest.raises(InvalidRequest):
                await operation()
    if world.vendor.capabilities.has_tags:
        with pytest.raises(InvalidRequest):
            await world.provider.adopt(id, "uid")
    if world.vendor.capabilities.pauses:
        with pytest.raises(InvalidRequest):
            await world.provider.pause(id)
    assert await world.requests() == []


async def test_a_wrong_key_is_credentials_invalid_for_everything(world):
    id = await world.serving()
    stranger = world.connect({**world.row.secret, "apiKey": "sk-of-somebody-else-123"})
    for operation in [*operations(stranger, id).values(), lambda: stranger.create(world.desired("new"))]:
        with pytest.raises(CredentialsInvalid) as caught:
            await operation()
        assert caught.value.status == 401
        assert "sk-of-somebody-else-123" not in str(caught.value)


async def test_a_key_that_only_reads_reads_and_is_denied_the_rest(world):
    id = await world.serving()
    token = {"vendor": world.name, "key": "the-read-only-key", "read_only": True}
    await world.control("POST", "/tokens", token | {"client_id": world.row.secret.get("clientID")})
    reader = world.connect({**world.row.secret, "apiKey": "the-read-only-key"})
    assert (await reader.get(id)).id == id
    assert len(await reader.list()) == 1
    for operation in (lambda: reader.create(world.desired("new")), lambda: reader.delete(id, force=False)):
        with pytest.raises(PermissionDenied):
            await operation()


async def test_another_account_s_deployments_are_not_found(world):
    id = await world.serving()
    token = {"vendor": world.name, "key": "another-accounts-key", "account": "other"}
    await world.control("POST", "/tokens", token | {"client_id": world.row.secret.get("clientID")})
    other = world.connect({**world.row.secret, "apiKey": "another-accounts-key"})
    assert list(await other.list()) == []
    with pytest.raises(NotFound):
        await other.get(id)


async def test_every_request_queues_at_the_priority_that_was_asked_for(world):
    id = await world.serving()
    world.gate.turns.clear()
    for priority in Priority:
        await world.provider.at(priority).get(id)
        await world.provider.at(priority).list()
    assert world.gate.turns == [p for p in Priority for _ in range(2)]


@pytest.mark.parametrize(
    ("retry_after", "form", "least", "most"),
    [
        pytest.param(7, "seconds", 7, 7, id="seconds"),
        pytest.param(7, "date", 5, 8, id="date"),
        pytest.param(3600, "seconds", 300, 300, id="longer than is believed"),
    ],
)
async def test_a_429_names_its_time_and_rests_the_account(world, retry_after, form, least, most):
    await world.fault("error", status=429, retry_after=retry_after, retry_after_form=form)
    with pytest.raises(RateLimited) as caught:
        await world.provider.list()
    assert timedelta(seconds=least) <= caught.value.retry_after <= timedelta(seconds=most)
    assert world.gate.pauses == [caught.value.retry_after]


async def test_a_429_without_a_time_rests_the_account_for_as_long_as_the_gate_thinks(world):
    await world.fault("error", status=429)
    with pytest.raises(RateLimited) as caught:
        await world.provider.list()
    assert caught.value.retry_after is None
    assert world.gate.pauses == [None]


async def test_a_503_rests_the_account_only_if_it_names_a_time(world):
    await world.fault("error", status=503, nth=1)
    await world.fault("error", status=503, retry_after=9, nth=2)
    for _ in range(2):
        with pytest.raises(Unavailable):
            await world.provider.list()
    assert world.gate.pauses == [timedelta(seconds=9)]


async def test_the_vendor_s_own_limit_is_a_429_too(world):
    await world.set(requests_per_minute=3)
    for _ in range(3):
        await world.provider.list()
    with pytest.raises(RateLimited) as caught:
        await world.provider.list()
    assert timedelta(seconds=50) <= caught.value.retry_after <= timedelta(seconds=61)


# fault → what a read, a create, an update and a delete make of it, and whether a change may have landed
NO_ANSWER = [
    pytest.param({"kind": "error", "status": 500}, id="500 with JSON"),
    pytest.param({"kind": "error", "status": 500, "body": "html"}, id="500 with HTML"),
    pytest.param({"kind": "error", "status": 500, "body": "empty"}, id="500 without a body"),
    pytest.param({"kind": "error", "status": 502, "body": "html"}, id="502 with HTML"),
    pytest.param({"kind": "error", "status": 503, "body": "text"}, id="503 with text"),
    pytest.param({"kind": "error", "status": 504}, id="504"),
    pytest.param({"kind": "error", "status": 500, "commit": True}, id="committed, then 500"),
    pytest.param({"kind": "error", "status": 408}, id="408"),
    pytest.param({"kind": "redirect", "status": 307}, id="307"),
    pytest.param({"kind": "redirect", "status": 301}, id="301"),
    pytest.param({"kind": "reset"}, id="reset"),
    pytest.param({"kind": "commit_then_reset"}, id="committed, then reset"),
    pytest.param({"kind": "timeout"}, id="no answer"),
    pytest.param({"kind": "commit_then_timeout"}, id="committed, then no answer"),
    pytest.param({"kind": "late_commit", "seconds": 0.1}, id="reset, then committed"),
]


@pytest.mark.parametrize("rule", NO_ANSWER)
async def test_without_an_answer_a_change_may_have_landed_and_a_read_has_not(world, rule):
    id = await world.serving()
    await world.fault(**rule)
    async with HttpTransport(request_timeout=timedelta(seconds=0.4)) as hasty:
        provider = world.connect(transport=hasty)
        for operation in (lambda: provider.get(id), provider.list):
            with pytest.raises(Unavailable) as caught:
                await operation()
            assert not caught.value.may_have_landed
        for operation in (
            lambda: provider.create(world.desired("new")),
            lambda: provider.delete(id, force=False),
        ):
            with pytest.raises(Unavailable) as caught:
                await operation()
            assert caught.value.may_have_landed


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param({"kind": "truncate"}, id="half of the JSON"),
        pytest.param({"kind": "cut"}, id="connection cut within the body"),
        pytest.param({"kind": "invalid_json"}, id="invalid JSON"),
        pytest.param({"kind": "fields", "drop": ["id"]}, id="no id"),
        pytest.param({"kind": "fields", "null": ["id"]}, id="id is null"),
        pytest.param({"kind": "fields", "extra": {"id": [1]}}, id="id is a list"),
        pytest.param({"kind": "fields", "rename": {"id": "key"}}, id="id under another name"),
    ],
)
async def test_an_answer_that_cannot_be_understood_is_none(world, rule):
    id = await world.serving()
    await world.fault(**rule)
    for operation in (lambda: world.provider.get(id), world.provider.list):
        with pytest.raises(Unavailable) as caught:
            await operation()
        assert not caught.value.may_have_landed
    with pytest.raises(Unavailable) as caught:
        await world.provider.create(world.desired("new", "uid-new"))
    assert caught.value.may_have_landed
    await world.mend()
    assert len(await world.provider.find(world.desired("new", "uid-new"))) == 1, "it had landed"


async def test_two_megabytes_are_too_much_for_a_deployment_and_not_for_a_list(world):
    id = await world.serving()
    await world.fault(kind="oversize")
    with pytest.raises(Unavailable, match="a body of more than 1024 KiB"):
        await world.provider.get(id)
    assert [remote.id for remote in await world.provider.list()] == [id]


async def test_an_answer_about_another_deployment_is_none(world):
    id = await world.serving()
    await world.fault("fields", extra={"id": world.row.api.other_id})
    with pytest.raises(Unavailable, match="another deployment"):
        await world.provider.get(id)
    with pytest.raises(Unavailable, match="another deployment"):
        await world.provider.update(id, {"replicas": 5}, NOTHING)
    await world.mend()
    assert (await world.provider.get(id)).fields["replicas"] == 1


@pytest.mark.parametrize("body", ["json", "html", "text", "empty"])
@pytest.mark.parametrize(
    ("status", "usual", "otherwise"),
    [
        pytest.param(400, InvalidRequest, {"delete": DeletionRefused}, id="400"),
        pytest.param(401, CredentialsInvalid, {}, id="401"),
        pytest.param(403, PermissionDenied, {}, id="403"),
        pytest.param(404, NotFound, {"list": Unsupported, "create": Unsupported}, id="404"),
        pytest.param(405, Unsupported, {}, id="405"),
        pytest.param(418, InvalidRequest, {}, id="a 4xx that nobody expects"),
        pytest.param(429, RateLimited, {}, id="429"),
        pytest.param(501, Unsupported, {}, id="501"),
    ],
)
async def test_a_refusal_is_definite_and_of_the_right_class(world, status, usual, otherwise, body):
    id = await world.serving()
    await world.fault("error", status=status, body=body)
    made = {**operations(world.provider, id), "create": lambda: world.provider.create(world.desired("new"))}
    for name, operation in made.items():
        kind = otherwise.get(name, usual)
        if world.row.knows_paths_by_code and (status, body, name) == (404, "json", "create"):
            kind = InvalidRequest  # the path is right
        with pytest.raises(kind) as caught:
            await operation()
        assert (type(caught.value), caught.value.status) == (kind, status), name


async def test_a_request_that_gets_no_turn_in_time_is_not_sent(world):
    class ShutGate(OpenGate):
        def turn(self, _priority):
            return _Forever()

    world.gate = ShutGate()
    with pytest.raises(RateLimited, match="it was not sent"):
        await world.provider.create(world.desired(), within=timedelta(seconds=0.1))
    assert await world.requests() == []


class _Forever:
    async def __aenter__(self):
        await asyncio.Event().wait()

    async def __aexit__(self, *_):
        return None


async def test_a_create_is_over_within_its_time(world):
    await world.fault("timeout")
    began = asyncio.get_running_loop().time()
    with pytest.raises(Unavailable) as caught:
        await world.provider.create(world.desired(), within=timedelta(seconds=0.3))
    assert caught.value.may_have_landed
    assert asyncio.get_running_loop().time() - began < 3


async def test_a_cancelled_request_stays_cancelled(world):
    await world.fault("timeout")
    task = asyncio.create_task(world.provider.list())
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


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
