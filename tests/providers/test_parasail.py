"""Parasail's open questions, both ways: whatever the live service does, the adapter must come out right."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from model_operator.domain import RunState
from model_operator.errors import (
    Conflict,
    CredentialsInvalid,
    InvalidRequest,
    ModelNotFound,
    NameTaken,
    QuotaExceeded,
    Unavailable,
)
from support.raw_server import serve_raw

NOTHING = frozenset()
FULL = {
    "replicas": 2,
    "contextLength": 4096,
    "parasail": {
        "serviceTierName": "low-cost",
        "scaleDownPolicy": "TIMER",
        "scaleDownThreshold": "1h30m",
        "draftModelName": "org/draft",
        "generative": True,
        "embedding": False,
    },
}


async def test_a_create_sends_what_the_document_names_and_nothing_that_is_unset(parasail):
    await parasail.provider.create(parasail.desired(**FULL))
    await parasail.provider.create(parasail.desired("least", uid="u2"))
    full, least = [request["body"] for request in await parasail.requests(operation="create")]
    assert full == {
        "deploymentName": "llama",
        "modelName": "org/llama-8b",
        "serviceTierName": "low-cost",
        "replicas": 2,
        "scaleDownPolicy": "TIMER",
        "scaleDownThreshold": 5_400_000,
        "draftModelName": "org/draft",
        "generative": True,
        "embedding": False,
        "contextLength": 4096,
    }
    assert least == {
        "deploymentName": "least",
        "modelName": "org/llama-8b",
        "serviceTierName": "low-cost",
        "replicas": 1,
    }


@pytest.mark.parametrize("status", [200, 201])
async def test_a_create_may_answer_any_2xx(parasail, status):
    await parasail.set(create_status=status)
    assert (await parasail.provider.create(parasail.desired())).id.isdigit()


@pytest.mark.parametrize("end", ["OFFLINE", "PAUSED"])
async def test_a_pause_may_end_in_either_status(parasail, end):
    await parasail.set(pause_end=end)
    id = await parasail.serving()
    await parasail.provider.pause(id)
    await parasail.advance(10)
    remote = await parasail.provider.get(id)
    assert (remote.state, remote.word, remote.replicas) == (RunState.STOPPED, end, 0)
    await parasail.provider.resume(id)
    await parasail.advance(10)
    assert (await parasail.provider.get(id)).state is RunState.SERVING


@pytest.mark.parametrize("body", ["empty", "object"])
async def test_what_a_pause_answers_is_not_read(parasail, body):
    await parasail.set(power_body=body)
    id = await parasail.serving()
    await parasail.fault("invalid_json", operation="pause")
    await parasail.provider.pause(id)
    assert (await parasail.provider.get(id)).state is RunState.STOPPING


async def test_a_stop_by_its_own_policy_looks_like_any_stop(parasail):
    timer = {"serviceTierName": "low-cost", "scaleDownPolicy": "TIMER", "scaleDownThreshold": "60s"}
    id = await parasail.serving(parasail.desired(parasail=timer))
    await parasail.advance(120)
    remote = await parasail.provider.get(id)
    assert (remote.state, remote.fields["replicas"]) == (RunState.STOPPED, 1)


async def test_a_put_carries_the_whole_object_with_unknown_keys_and_read_only_ones(parasail):
    id = await parasail.serving(parasail.desired(**FULL))
    secret = {"futureText": "…", "futureField": {"deep": [1, 2.5, None]}, "emptyOne": None}
    await parasail.fault("fields", operation="get", extra=secret)
    before = await parasail.shown(id)
    await parasail.provider.update(id, {"replicas": 5}, frozenset({"contextLength"}))
    put = (await parasail.requests(operation="update"))[0]["body"]
    same = [key for key in before if key not in ("sim", "baseUrl", "replicas", "contextLength")]
    assert {key: put[key] for key in same} == {key: before[key] for key in same}
    assert {key: put[key] for key in secret} == secret
    assert (put["replicas"], put["contextLength"]) == (5, None)
    assert (put["id"], put["status"]["status"]) == (int(id), "ONLINE")


async def test_a_put_never_makes_a_value_null_that_the_spec_did_not_remove(parasail):
    id = await parasail.serving(parasail.desired(**FULL))
    before = await parasail.shown(id)
    await parasail.provider.update(id, {"contextLength": 8192}, NOTHING)
    put = (await parasail.requests(operation="update"))[0]["body"]
    assert [key for key, value in put.items() if value is None and before.get(key) is not None] == []


@pytest.mark.parametrize("absent", ["reset", "keep"])
@pytest.mark.parametrize("unset", ["null", "default", "absent"])
@pytest.mark.parametrize("reply", ["observed", "documented"])
async def test_an_update_keeps_the_rest_whatever_replies_hold(parasail, absent, unset, reply):
    await parasail.set(put_absent=absent, unset_fields=unset, reply_fields=reply)
    desired = parasail.desired(**FULL)
    id = await parasail.serving(desired)
    await parasail.provider.update(id, {"replicas": 3}, frozenset({"contextLength"}))
    await parasail.advance(60)
    found = (await parasail.provider.get(id)).fields
    kept = {
        path: value for path, value in desired.fields.items() if path not in ("replicas", "contextLength")
    }
    assert {path: found[path] for path in kept} == kept
    assert (found["replicas"], found.get("contextLength")) == (3, 8192 if unset == "default" else None)


async def test_an_update_of_what_is_so_already_is_not_sent(parasail):
    desired = parasail.desired(**FULL)
    id = await parasail.serving(desired)
    await parasail.provider.update(id, desired.fields, NOTHING)
    assert await parasail.requests(operation="update") == []


async def test_an_update_that_the_vendor_ignores_shows_in_the_next_get(parasail):
    await parasail.set(put_ignored_fields=["contextLength", "contextLengthOverride"])
    id = await parasail.serving(parasail.desired(contextLength=4096))
    await parasail.provider.update(id, {"contextLength": 8192}, NOTHING)
    assert (await parasail.provider.get(id)).fields["contextLength"] == 4096


@pytest.mark.parametrize("status", [409, 400])
async def test_a_name_that_is_taken_is_told_by_its_words(parasail, status):
    await parasail.set(duplicate_status=status)
    await parasail.provider.create(parasail.desired())
    with pytest.raises(NameTaken) as caught:
        await parasail.provider.create(parasail.desired(uid="u2"))
    assert str(caught.value) == (
        f'parasail: create "llama": A deployment named llama already exists (HTTP {status})'
    )


async def test_a_find_goes_by_the_exact_name(parasail):
    await parasail.provider.create(parasail.desired("llama-2"))
    await parasail.provider.create(parasail.desired("my-llama", uid="u2"))
    assert list(await parasail.provider.find(parasail.desired("llama"))) == []
    assert len(await parasail.provider.find(parasail.desired("llama-2"))) == 1


async def test_a_quota_may_be_a_status_or_a_refusal(parasail):
    await parasail.set(gpu_quota=1)
    await parasail.serving()
    waiting = await parasail.provider.create(parasail.desired("second", uid="u2"))
    remote = await parasail.provider.get(waiting.id)
    assert (remote.state, remote.message) == (RunState.STARTING, "Insufficient quota")
    await parasail.set(quota_mode="http")
    with pytest.raises(QuotaExceeded, match="Insufficient quota"):
        await parasail.provider.create(parasail.desired("third", uid="u3"))


@pytest.mark.parametrize("form", ["text", "problem"])
async def test_a_401_may_be_plain_text(parasail, form):
    await parasail.set(unauthorized=form)
    stranger = parasail.connect({"apiKey": "another-key-12345"})
    with pytest.raises(CredentialsInvalid, match=r"parasail: list: (Unauthorized. )?Invalid token"):
        await stranger.list()


@pytest.mark.parametrize(("mode", "status"), [("async", 200), ("async", 204), ("sync", 200)])
async def test_a_delete_may_take_its_time_and_answer_nothing(parasail, mode, status):
    await parasail.set(delete_mode=mode, delete_status=status)
    id = await parasail.serving()
    await parasail.provider.delete(id, force=True)
    await parasail.advance(5)
    assert list(await parasail.provider.list()) == []


async def test_a_power_switch_that_does_not_fit_is_a_conflict_or_nothing(parasail):
    id = await parasail.serving()
    await parasail.provider.resume(id)
    assert (await parasail.provider.get(id)).state is RunState.SERVING
    await parasail.set(power_conflict="409")
    with pytest.raises(Conflict):
        await parasail.provider.resume(id)


async def test_a_probe_asks_the_chat_api_by_alias_and_little(parasail):
    remote = await parasail.provider.get(await parasail.serving())
    await parasail.provider.probe(remote, "ping?", timedelta(seconds=5))
    asked = (await parasail.requests(operation="chat"))[0]
    assert asked["path"] == "/v1/chat/completions"
    assert asked["body"]["model"] == remote.alias
    assert asked["body"]["messages"] == [{"role": "user", "content": "ping?"}]
    assert asked["body"]["max_tokens"] <= 16
    assert asked["body"]["temperature"] == 0


@pytest.mark.parametrize("status", [503, 404])
async def test_a_probe_of_what_does_not_serve_fails_and_may_be_tried_again(parasail, status):
    await parasail.set(chat_unready=status)
    remote = await parasail.provider.get(await parasail.serving())
    await parasail.provider.pause(remote.id)
    with pytest.raises(Unavailable):
        await parasail.provider.probe(remote, "ping", timedelta(seconds=5))


async def test_a_probe_is_over_after_its_time(parasail):
    remote = await parasail.provider.get(await parasail.serving())
    await parasail.fault("timeout", operation="chat")
    with pytest.raises(Unavailable, match="no answer within 200ms"):
        await parasail.provider.probe(remote, "ping", timedelta(seconds=0.2))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"choices": []}, id="no choice"),
        pytest.param({"choices": [{}]}, id="no message"),
        pytest.param({"choices": [{"message": "hi"}]}, id="a message that is none"),
        pytest.param([], id="a list"),
    ],
)
async def test_a_probe_wants_a_completion(parasail, body):
    remote = await parasail.provider.get(await parasail.serving())
    async with serve_raw(lambda visit: visit.reply("200 OK", json.dumps(body).encode())) as server:
        parasail.url = server.url
        with pytest.raises(Unavailable, match="no completion"):
            await parasail.provider.probe(remote, "ping", timedelta(seconds=5))


async def test_the_key_goes_to_the_two_base_urls_and_nowhere_else(parasail):
    remote = await parasail.provider.get(await parasail.serving())
    async with serve_raw(lambda visit: visit.reply("200 OK", b"{}")) as elsewhere:
        await parasail.fault("fields", extra={"baseUrl": elsewhere.url, "externalAlias": elsewhere.url})
        await parasail.fault(
            "redirect", operation="chat", status=307, location=elsewhere.url + "/v1/chat/completions"
        )
        with pytest.raises(Unavailable, match="redirect, which is never followed"):
            await parasail.provider.probe(
                await parasail.provider.get(remote.id), "ping", timedelta(seconds=5)
            )
        assert elsewhere.visits == []


async def test_base_urls_may_end_in_a_slash(parasail):
    remote = await parasail.provider.get(await parasail.serving())
    parasail.row = replace(parasail.row, base_path="/parasail/api/v1/", chat_path="/parasail/v1/")
    assert (await parasail.provider.get(remote.id)).url == remote.url
    await parasail.provider.probe(remote, "ping", timedelta(seconds=5))


async def test_a_model_that_does_not_exist_is_said_by_the_refusal(parasail):
    await parasail.fault("error", operation="create", status=400, message="Model org/llama-8b does not exist")
    with pytest.raises(ModelNotFound):
        await parasail.provider.create(parasail.desired())
    await parasail.mend()
    await parasail.fault("error", operation="create", status=400, message="replicas must be at least 1")
    with pytest.raises(InvalidRequest):
        await parasail.provider.create(parasail.desired())
