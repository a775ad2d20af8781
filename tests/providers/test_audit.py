"""The audit trail: a line for each request that may have changed something, whatever came of it."""

import asyncio
import io
import json
import logging

import pytest

from model_operator.domain import Key
from model_operator.errors import ProviderError
from model_operator.observability.audit import Change, Outcome, Subject, on_behalf_of, write
from model_operator.observability.logs import about, set_up
from model_operator.providers.account import Cleaner
from model_operator.providers.base import Call, Connection, Credentials, Reply, Site
from model_operator.providers.trail import Trail
from model_operator.redaction import Redactor

KEY = Key("ModelDeployment", "team-a", "llama")
WHO = Subject(uid="u-1", generation=7, manager="kubectl-edit")


@pytest.fixture
def trail():
    """Sets logging up as `run --log-level error` does; gives the lines so far."""
    root, mine = logging.getLogger(), logging.getLogger("model_operator.audit")
    before, level = root.handlers[:], (root.level, mine.level)
    stream, redactor = io.StringIO(), Redactor()
    for word in (
        "sk-0123456789abcdef",
        "ModelDeployment/team-a",
        "kubectl-edit",
        "create",
        "delete",
        "accepted",
    ):
        redactor.register(word, "team-a")
    set_up("json", "error", redactor, stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:] = before
    root.setLevel(level[0])
    mine.setLevel(level[1])
    logging.captureWarnings(capture=False)


def told(lines):
    """Of each line what does not depend on the machine."""
    parts = ("operation", "remoteID", "outcome", "status")
    return [tuple(line["audit"][part] for part in parts) for line in lines]


async def test_every_request_that_changes_something_has_its_line(world, trail):
    provider = world.provider
    with about(KEY), on_behalf_of(WHO):
        id = await world.serving()
        await provider.update(id, {"replicas": 2}, frozenset())
        await world.advance(world.row.start)
        if provider.capabilities.pauses:
            await provider.pause(id)
        if provider.capabilities.has_tags:
            await provider.adopt(id, "11111111-2222")
            await world.advance(world.row.start)
        if provider.capabilities.splits_traffic:
            made = await provider.create_canary("split", {id: 100})
            await provider.update_canary(made.id, {id: 100})
            await provider.create_endpoint("route", id)
        await provider.delete(id, force=False)
    lines = trail()
    assert all(
        line.items() >= {"controller": "modeldeployment", "namespace": "team-a", "name": "llama"}.items()
        for line in lines
    )
    sent = [r for r in await world.requests() if r["method"] != "GET"]
    assert [line["audit"]["status"] for line in lines] == [r["status"] for r in sent]
    assert {
        (line["audit"]["uid"], line["audit"]["generation"], line["audit"]["manager"]) for line in lines
    } == {("u-1", 7, "kubectl-edit")}
    assert {line["audit"]["outcome"] for line in lines} == {"accepted"}
    assert all(line["audit"]["remoteID"] and line["audit"]["milliseconds"] >= 0 for line in lines)
    assert told(lines)[0] == ("create", id, "accepted", sent[0]["status"])
    assert told(lines)[-1] == ("delete", id, "accepted", sent[-1]["status"])


async def test_what_only_reads_has_no_line(world, trail):
    id = await world.serving()
    before = len(trail())
    await world.provider.list()
    await world.provider.get(id)
    await world.provider.find(world.desired())
    assert len(trail()) == before


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        pytest.param({"kind": "error", "status": 409}, ("refused", 409), id="a refusal"),
        pytest.param({"kind": "error", "status": 503}, ("refused", 503), id="a 5xx"),
        pytest.param({"kind": "reset"}, ("unknown", None), id="a reset"),
    ],
)
async def test_what_came_of_a_request_is_told(world, trail, fault, outcome):
    await world.fault(**{"kind": fault["kind"], **fault})
    with pytest.raises(ProviderError):
        await world.provider.create(world.desired())
    assert told(trail()) == [("create", "", *outcome)]


async def test_a_request_that_was_given_up_has_a_line(world, trail):
    await world.fault("hold", seconds=60)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await world.provider.create(world.desired())
    assert told(trail()) == [("create", "", "unknown", None)]
    await world.mend()


async def test_a_request_that_never_left_is_told_from_one_that_may_have_arrived(world, trail):
    provider = world.vendor.connect(unreachable(world))
    with pytest.raises(ProviderError):
        await provider.delete(world.row.missing_id, force=False)
    assert told(trail()) == [("delete", world.row.missing_id, "not sent", None)]


def unreachable(world):
    return Connection(
        base_url="http://127.0.0.1:1",
        chat_base_url=None,
        credentials=world.vendor.credentials(world.row.secret),
        transport=world.transport,
        gate=world.gate,
    )


def test_a_line_as_text_has_the_same_fields(trail):
    stream = io.StringIO()
    redactor = Redactor()
    redactor.register("dep_0123456789abcdef", "team-a")
    set_up("text", "warning", redactor, stream)
    with about(KEY), on_behalf_of(WHO):
        write(
            Change(
                provider="paitient",
                operation="delete",
                remote_id="dep_0123456789abcdef",
                outcome=Outcome.ACCEPTED,
                status=200,
                request_id="",
                milliseconds=12,
            )
        )
    assert stream.getvalue().split(" ", 1)[1] == (
        'INFO model_operator.audit ModelDeployment/team-a/llama: delete accepted uid="u-1" generation=7'
        ' manager="kubectl-edit" provider="paitient" operation="delete" remoteID="dep_0123456789abcdef"'
        ' outcome="accepted" status=200 requestID="" milliseconds=12\n'
    )


@pytest.mark.parametrize(
    ("shown", "kept"),
    [
        pytest.param("req_4711", "req_4711", id="an id"),
        pytest.param("of sk-0123456789abcdef", "", id="our key in words"),
        pytest.param("sk-0123456789abcdef", "", id="our key"),
        pytest.param("a\x1b[2J", "", id="an escape sequence"),
        pytest.param("x" * 129, "", id="too long"),
    ],
)
async def test_a_request_id_is_an_id_and_never_our_key(trail, shown, kept):
    clean = Cleaner(Credentials(api_key="sk-0123456789abcdef"))
    site = Site(provider="acme", base_url="https://a.example", headers={})
    with Trail(site, Call(operation="delete", method="DELETE", path="/a", id="1"), clean.is_key) as found:
        found.answered(Reply(200, None, {"x-request-id": shown}))
    assert trail()[0]["audit"]["requestID"] == kept
    assert "sk-0123456789abcdef" not in json.dumps(trail())
