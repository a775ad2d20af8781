"""One meaning in every spelling that some vendor is known to use: each means the same, and none is taken for nothing."""

import json
import math
from datetime import UTC, datetime

import pytest

from model_operator.errors import InvalidRequest, ProviderError, QuotaExceeded, Unavailable
from model_operator.providers.reading import finite, identity, listed, moment, segment
from support.raw_server import serve_raw

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "spelling",
    [
        "2026-01-01T12:00:00Z",
        "2026-01-01T12:00:00z",
        "2026-01-01t12:00:00.000Z",
        "2026-01-01 12:00:00",
        "2026-01-01T12:00:00",
        "2026-01-01T12:00:00 UTC",
        "2026-01-01T12:00:00GMT",
        "2026-01-01T13:00:00+01:00",
        "2026-01-01T13:00:00+0100",
        "20260101T120000Z",
        "Thu, 01 Jan 2026 12:00:00 GMT",
        "Thu, 01 Jan 2026 13:00:00 +0100",
        1767268800,
        1767268800.0,
        1767268800000,
        "1767268800",
        "1767268800000",
    ],
)
def test_a_time_is_read_in_every_spelling(spelling):
    assert moment(spelling) == NOON


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        "",
        "noon",
        "now",
        7,
        -1767268800,
        1e300,
        float("nan"),
        float("inf"),
        "0001-01-01T00:00:00+14:00",
        "Fri, 31 Dec 9999 23:59:59 -1400",
        "9999-12-31T23:59:59-14:00",
        "2026-13-01T12:00:00Z",
        "Thu, 99 Jan 2026 12:00:00 GMT",
        "2026-01-01T12:00:00Z" * 9,
        [],
        {},
    ],
)
def test_what_is_no_time_is_unknown(value):
    assert moment(value) is None


@pytest.mark.parametrize(
    ("value", "id"),
    [
        (33665, "33665"),
        (33665.0, "33665"),
        ("33665", "33665"),
        ("dep_1", "dep_1"),
        ("projects/7/dep_x", "projects/7/dep_x"),
        ("arn:aws:sagemaker:us-east-1:7:endpoint/x", "arn:aws:sagemaker:us-east-1:7:endpoint/x"),
        ("größe 7", "größe 7"),
        (float(1 << 60), None),
        (7.5, None),
        (0, None),
        (True, None),
        ("", None),
        ("a\nb", None),
        (["dep_1"], None),
        (None, None),
    ],
)
def test_an_id_may_be_of_any_type_that_can_be_one(value, id):
    assert identity(value) == id


@pytest.mark.parametrize(
    ("id", "place"),
    [
        ("dep_1", "dep_1"),
        ("projects/7/dep_x", "projects%2F7%2Fdep_x"),
        ("a:b@c+d", "a:b@c+d"),
        ("größe 7", "gr%C3%B6%C3%9Fe%207"),
        ("1?x=y#z", "1%3Fx=y%23z"),
        ("..", None),
        (".", None),
        ("a/../b", None),
        ("a\\..\\b", None),
        ("a//b", None),
        ("/a", None),
        ("a/ ../b", None),
        ("%2e%2e", None),
        ("a\r\nX-Evil: 1", None),
        ("\ud800", None),
        ("", None),
        ("x" * 600, None),
    ],
)
def test_an_id_is_one_segment_of_a_path_or_goes_into_none(id, place):
    assert segment(id) == place


def test_null_is_an_empty_array_and_nothing_else_is():
    assert (list(listed(None, "x")), list(listed([1], "x"))) == ([], [1])


def test_what_no_json_can_say_is_null():
    odd = {"a": math.nan, "b": [1.5, -math.inf, {"c": math.inf}], "d": "NaN", "e": 7}
    assert finite(odd) == {"a": None, "b": [1.5, None, {"c": None}], "d": "NaN", "e": 7}


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "after a byte order mark"])
async def test_an_account_without_deployments_is_empty_in_every_spelling(world, mark):
    for body in world.row.empty_lists:
        async with serve_raw(lambda visit, body=body: visit.reply("200 OK", mark + body.encode())) as server:
            world.url = server.url
            assert list(await world.provider.list()) == []


async def test_a_number_that_is_none_is_sent_back_as_null(parasail):
    sent = []

    async def script(visit):
        if visit.body:
            sent.append(json.loads(visit.body))
        await visit.reply("200 OK", b'{"id": 7, "replicas": 1, "estimatedTps": NaN, "load": [Infinity]}')

    async with serve_raw(script) as server:
        parasail.url = server.url
        await parasail.provider.update("7", {"replicas": 2}, frozenset())
    assert sent == [{"id": 7, "replicas": 2, "estimatedTps": None, "load": [None]}]


@pytest.mark.parametrize("id", ["projects/7/dep_x", "größe 7", "a:b", 7])
async def test_a_deployment_with_an_odd_id_is_managed_like_any_other(paitient, id):
    lines = []

    async def script(visit):
        lines.append(visit.line)
        await visit.reply("200 OK", json.dumps({"id": id, "status": "running"}).encode())

    async with serve_raw(script) as server:
        paitient.url = server.url
        made = await paitient.provider.create(paitient.desired())
        assert (await paitient.provider.get(made.id)).id == made.id == str(id)
        await paitient.provider.delete(made.id, force=False)
    place = f"/paitient/v1/deployments/{segment(str(id))}"
    assert lines[1:] == [f"GET {place} HTTP/1.1", f"DELETE {place} HTTP/1.1"]


async def test_an_id_with_leading_zeros_is_refused_with_the_reason(parasail):
    with pytest.raises(InvalidRequest, match="without leading zeros"):
        await parasail.provider.get("0033665")


FULL = {"error": {"code": "quota_exceeded", "message": "There are no more than 4"}}
BROKE = {"error": {"code": "deployment_error", "message": "The scheduler hiccuped"}}


def operations(provider, desired, id):
    """Everything that both adapters ask of one deployment."""
    return {
        "create": lambda: provider.create(desired),
        "list": provider.list,
        "get": lambda: provider.get(id),
        "update": lambda: provider.update(id, {"replicas": 3}, frozenset(), {"replicas": 1}),
        "delete": lambda: provider.delete(id, force=False),
    }


async def refusals(world, body):
    found = {}
    async with serve_raw(lambda visit: visit.reply("200 OK", json.dumps(body).encode())) as server:
        world.url = server.url
        for name, operation in operations(world.provider, world.desired(), world.row.missing_id).items():
            with pytest.raises(ProviderError) as caught:
                await operation()
            found[name] = caught.value
    return found


async def test_a_refusal_under_200_is_said_in_the_vendor_s_words(world):
    for error in (await refusals(world, FULL)).values():
        assert type(error) is QuotaExceeded
        assert str(error).endswith("There are no more than 4 (HTTP 200 with an error)")


async def test_an_unclear_error_under_200_may_have_landed(world):
    found = await refusals(world, BROKE)
    for error in found.values():
        assert type(error) is Unavailable
        assert str(error).endswith("The scheduler hiccuped (HTTP 200 with an error)")
    # A create by device asks for the catalogue before it sends anything.
    sent = {"delete"} if "parasail.devices" in world.desired().fields else {"create", "delete"}
    assert {name for name, error in found.items() if error.may_have_landed} >= sent
    assert not any(found[name].may_have_landed for name in ("list", "get"))
