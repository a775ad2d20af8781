"""How PaiTIENT's replies are read."""

import pytest

from model_operator.domain import RunState
from support.paitient_answers import UID, answering, item
from support.raw_server import serve_raw


async def test_the_other_dialect_s_names_are_read(paitient):
    body = {"deployment_id": "dep_1", "model_id": "org/m", "status": "running"}
    async with serve_raw(answering(body)) as server:
        paitient.url = server.url
        remote = await paitient.provider.get("dep_1")
    assert (remote.id, remote.model) == ("dep_1", "org/m")


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("javascript:alert(1)", id="no http"),
        pytest.param("https://user:pass@host/x", id="credentials"),
        pytest.param("https://host/a b", id="blank"),
        pytest.param("https://host/\n", id="newline"),
        pytest.param("https://" + "h" * 3000, id="too long"),
        pytest.param(7, id="a number"),
        pytest.param(None, id="null"),
    ],
)
async def test_a_url_that_is_none_is_not_published(paitient, url):
    async with serve_raw(answering(item("dep_1", endpoint=url))) as server:
        paitient.url = server.url
        assert (await paitient.provider.get("dep_1")).url is None


@pytest.mark.parametrize("unset", ["empty", "null", "absent"])
async def test_maps_that_nobody_set_may_be_shown_in_any_way(paitient, unset):
    await paitient.set(unset_fields=unset)
    id = await paitient.serving()
    remote = await paitient.provider.get(id)
    assert (remote.fields, remote.owner_uid) == ({"replicas": 1}, UID)


@pytest.mark.parametrize("missing", ["min_replicas", "max_replicas", "auto_scaling"])
async def test_replicas_are_unknown_unless_all_three_keys_are_shown(paitient, missing):
    id = await paitient.serving()
    await paitient.fault("fields", drop=[missing])
    assert "replicas" not in (await paitient.provider.get(id)).fields


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("creating", RunState.STARTING),
        ("running", RunState.SERVING),
        ("updating", RunState.UPDATING),
        ("failed", RunState.FAILED),
        ("delete_failed", RunState.FAILED),
        ("deleting", RunState.DELETING),
        ("deleted", RunState.GONE),
        ("RUNNING", RunState.SERVING),
        ("provisioning", RunState.UNKNOWN),
    ],
)
async def test_every_status_means_something(paitient, status, state):
    async with serve_raw(answering({"id": "dep_1", "status": status})) as server:
        paitient.url = server.url
        remote = await paitient.provider.get("dep_1")
    assert (remote.state, remote.word) == (state, status)
