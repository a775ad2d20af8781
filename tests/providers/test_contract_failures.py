"""The contract of every provider, where it refuses, limits, or does not answer."""

import asyncio
from datetime import timedelta

import pytest

from model_operator.domain import Priority
from model_operator.errors import (
    CredentialsInvalid,
    DeletionRefused,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    RateLimited,
    Unavailable,
    Unsupported,
)
from model_operator.providers.http import HttpTransport
from support.contract_requests import operations
from support.provider_world import OpenGate

NOTHING = frozenset()


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
