"""PaiTIENT's open questions, both ways: whatever the live service does, the adapter must come out right."""

import asyncio
import json
from dataclasses import replace

import pytest

from model_operator.domain import OWNER_TAG, UID_TAG, RunState
from model_operator.errors import (
    Conflict,
    CredentialsInvalid,
    DeletionRefused,
    InstanceTypeUnavailable,
    InvalidRequest,
    ModelNotFound,
    NotFound,
    PermissionDenied,
    QuotaExceeded,
    Unavailable,
)
from support.raw_server import serve_raw

NOTHING = frozenset()
UID = "11111111-2222"
FULL = {
    "contextLength": 4096,
    "paitient": {
        "computeType": "gpu",
        "instanceType": "g4dn.xlarge",
        "region": "us-east-1",
        "vpcConfig": {"subnetIDs": ["subnet-abc123", "subnet-def456"], "securityGroupIDs": ["sg-123456"]},
        "tags": {"department": "clinical-research", "a.b/c": "x"},
        "modelConfig": {"maxOutputTokens": 1024, "defaultTemperature": "0.7", "defaultTopP": "0.95"},
        "securitySettings": {
            "networkIsolation": True,
            "privateEndpoints": True,
            "encryptionLevel": "maximum",
            "auditLogging": False,
            "complianceMode": "hipaa",
        },
    },
}


async def test_a_create_sends_what_the_document_shows_and_our_tag(paitient):
    scaling = {"replicas": None, "autoscaling": {"minReplicas": 1, "maxReplicas": 3}}
    await paitient.provider.create(paitient.desired("clinical-assistant", **FULL, **scaling))
    sent = (await paitient.requests(operation="create"))[0]
    assert sent["body"] == {
        "model_name": "org/llama-8b",
        "deployment_name": "clinical-assistant",
        "compute_type": "gpu",
        "instance_type": "g4dn.xlarge",
        "min_replicas": 1,
        "max_replicas": 3,
        "auto_scaling": True,
        "region": "us-east-1",
        "vpc_config": {"subnet_ids": ["subnet-abc123", "subnet-def456"], "security_group_ids": ["sg-123456"]},
        "tags": {"department": "clinical-research", "a.b/c": "x", UID_TAG: UID},
        "model_config": {
            "context_length": 4096,
            "max_output_tokens": 1024,
            "default_temperature": 0.7,
            "default_top_p": 0.95,
        },
        "security_settings": {
            "network_isolation": True,
            "private_endpoints": True,
            "encryption_level": "maximum",
            "audit_logging": False,
            "compliance_mode": "hipaa",
        },
    }
    assert {name.lower() for name in sent["headers"]} >= {"authorization", "x-client-id"}


async def test_a_create_of_the_least_sends_no_more(paitient):
    await paitient.provider.create(paitient.desired(paitient={}))
    assert (await paitient.requests(operation="create"))[0]["body"] == {
        "model_name": "org/llama-8b",
        "deployment_name": "llama",
        "min_replicas": 1,
        "max_replicas": 1,
        "auto_scaling": False,
        "tags": {UID_TAG: UID},
    }


@pytest.mark.parametrize("status", [200, 201, 202])
async def test_a_create_may_answer_any_2xx(paitient, status):
    await paitient.set(create_status=status)
    assert (await paitient.provider.create(paitient.desired())).id


async def test_only_a_get_shows_owned_fields(paitient):
    created = await paitient.provider.create(paitient.desired(**FULL))
    assert (created.fields, created.is_full) == ({}, False)
    assert [remote.fields for remote in await paitient.provider.list()] == [{}]
    assert (await paitient.provider.get(created.id)).fields == dict(paitient.desired(**FULL).fields)


@pytest.mark.parametrize("unset", ["empty", "null", "absent"])
async def test_maps_that_nobody_set_may_be_shown_in_any_way(paitient, unset):
    await paitient.set(unset_fields=unset)
    id = await paitient.serving()
    remote = await paitient.provider.get(id)
    assert (remote.fields, remote.owner_uid) == ({"replicas": 1}, UID)


@pytest.mark.parametrize(
    ("before", "edit", "sent"),
    [
        pytest.param({}, {"replicas": 4}, {"min_replicas": 4, "max_replicas": 4}, id="fixed to fixed"),
        pytest.param(
            {},
            {"replicas": {"minReplicas": 1, "maxReplicas": 4}},
            {"min_replicas": 1, "max_replicas": 4, "auto_scaling": True},
            id="fixed to autoscaling",
        ),
        pytest.param(
            {"replicas": None, "autoscaling": {"minReplicas": 1, "maxReplicas": 2}},
            {"replicas": {"minReplicas": 1, "maxReplicas": 4}},
            {"min_replicas": 1, "max_replicas": 4},
            id="autoscaling to autoscaling",
        ),
        pytest.param(
            {"replicas": None, "autoscaling": {"minReplicas": 2, "maxReplicas": 2}},
            {"replicas": 2},
            {"min_replicas": 2, "max_replicas": 2, "auto_scaling": False},
            id="autoscaling to fixed",
        ),
        pytest.param({}, {"contextLength": 9}, {"model_config": {"context_length": 9}}, id="context length"),
        pytest.param({}, {"paitient.tags.a.b": "x"}, {"tags": {"a.b": "x"}}, id="one tag"),
        pytest.param(
            {},
            {"paitient.modelConfig.defaultTemperature": 0.8, "paitient.modelConfig.maxOutputTokens": 5},
            {"model_config": {"default_temperature": 0.8, "max_output_tokens": 5}},
            id="model settings",
        ),
    ],
)
async def test_a_patch_holds_the_changed_keys_and_no_others(paitient, before, edit, sent):
    id = await paitient.serving(paitient.desired(**before))
    await paitient.provider.update(id, edit, NOTHING)
    assert (await paitient.requests(operation="update"))[0]["body"] == sent
    await paitient.advance(10)
    remote = await paitient.provider.get(id)
    assert {path: remote.fields[path] for path in edit} == edit


async def test_a_patch_may_not_name_what_the_document_does_not_show(paitient):
    await paitient.set(strict=True, patch_fields=["min_replicas", "max_replicas", "tags", "model_config"])
    id = await paitient.serving()
    await paitient.provider.update(id, {"replicas": 2}, NOTHING)
    await paitient.advance(10)
    assert (await paitient.provider.get(id)).fields["replicas"] == 2


@pytest.mark.parametrize(
    "before",
    [
        pytest.param({}, id="fixed"),
        pytest.param(
            {"replicas": None, "autoscaling": {"minReplicas": 1, "maxReplicas": 3}}, id="autoscaling"
        ),
    ],
)
async def test_what_was_read_before_the_update_is_not_read_again(paitient, before):
    id = await paitient.serving(paitient.desired(**before))
    shown = (await paitient.provider.get(id)).fields
    reads = len(await paitient.requests(operation="get"))
    await paitient.provider.update(id, {"replicas": 2}, NOTHING, shown)
    assert len(await paitient.requests(operation="get")) == reads
    await paitient.advance(10)
    assert (await paitient.provider.get(id)).fields["replicas"] == 2


async def test_scaling_switched_since_it_was_read_is_a_conflict_and_the_next_update_sets_it(paitient):
    id = await paitient.serving()
    shown = (await paitient.provider.get(id)).fields
    await paitient.edit(id, fields={"auto_scaling": True})
    with pytest.raises(Conflict, match="changed outside the operator"):
        await paitient.provider.update(id, {"replicas": 2}, NOTHING, shown)
    await paitient.advance(10)
    shown = (await paitient.provider.get(id)).fields
    await paitient.provider.update(id, {"replicas": 2}, NOTHING, shown)
    await paitient.advance(10)
    assert (await paitient.provider.get(id)).fields["replicas"] == 2


async def test_bounds_apart_without_scaling_equal_nothing_that_a_spec_can_say(paitient):
    id = await paitient.serving()
    await paitient.edit(id, fields={"min_replicas": 1, "max_replicas": 3, "auto_scaling": False})
    replicas = (await paitient.provider.get(id)).fields["replicas"]
    assert replicas not in (1, 3, {"minReplicas": 1, "maxReplicas": 3})


@pytest.mark.parametrize("missing", ["min_replicas", "max_replicas", "auto_scaling"])
async def test_replicas_are_unknown_unless_all_three_keys_are_shown(paitient, missing):
    id = await paitient.serving()
    await paitient.fault("fields", drop=[missing])
    assert "replicas" not in (await paitient.provider.get(id)).fields


async def test_a_patch_while_it_is_changing_is_a_conflict(paitient):
    id = (await paitient.provider.create(paitient.desired())).id
    with pytest.raises(Conflict):
        await paitient.provider.update(id, {"contextLength": 9}, NOTHING)
    with pytest.raises(Conflict):
        await paitient.provider.adopt(id, "uid")


async def test_a_patch_the_vendor_ignores_shows_in_the_next_get(paitient):
    await paitient.set(patch_ignored_fields=["min_replicas", "max_replicas", "auto_scaling"])
    id = await paitient.serving()
    await paitient.provider.update(id, {"replicas": 3}, NOTHING)
    await paitient.advance(10)
    assert (await paitient.provider.get(id)).fields["replicas"] == 1


@pytest.mark.parametrize(("force", "query"), [(False, []), (True, [["force", "true"]])])
async def test_force_is_sent_only_where_it_was_asked_for(paitient, force, query):
    id = await paitient.serving()
    await paitient.provider.delete(id, force=force)
    assert (await paitient.requests(operation="delete"))[0]["query"] == query


async def test_a_delete_that_is_refused_because_of_traffic_says_so(paitient):
    await paitient.set(delete_guard="on")
    id = await paitient.serving()
    await paitient.provider.create_endpoint("front", id)
    with pytest.raises(DeletionRefused, match="HTTP 409"):
        await paitient.provider.delete(id, force=False)
    await paitient.provider.delete(id, force=True)


async def test_a_tombstone_is_gone_and_found_by_nobody(paitient):
    id = await paitient.serving()
    await paitient.provider.delete(id, force=False)
    assert (await paitient.provider.get(id)).state is RunState.DELETING
    assert list(await paitient.provider.find(paitient.desired())) == []
    await paitient.advance(3)
    assert (await paitient.provider.get(id)).state is RunState.GONE
    assert [remote.state for remote in await paitient.provider.list()] == [RunState.GONE]
    assert list(await paitient.provider.find(paitient.desired())) == []
    await paitient.advance(60)
    with pytest.raises(NotFound):
        await paitient.provider.get(id)


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


@pytest.mark.parametrize("body", ["errors_page", "bare_code"])
@pytest.mark.parametrize("vocabulary", ["documented", "errors_page"])
@pytest.mark.parametrize(
    ("knobs", "spec", "error"),
    [
        pytest.param({"models": ["other/*"]}, {}, ModelNotFound, id="model"),
        pytest.param({"max_deployments": 0}, {}, QuotaExceeded, id="quota"),
        pytest.param({"max_deployments": 0, "quota_status": 429}, {}, QuotaExceeded, id="quota as 429"),
        pytest.param(
            {}, {"paitient": {"instanceType": "p9.huge"}}, InstanceTypeUnavailable, id="instance type"
        ),
        pytest.param(
            {"instance_status": 503},
            {"paitient": {"instanceType": "p9.huge"}},
            InstanceTypeUnavailable,
            id="instance type as 503",
        ),
        pytest.param({"name_min": 20}, {}, InvalidRequest, id="validation"),
        pytest.param({"name_min": 20, "validation_status": 400}, {}, InvalidRequest, id="validation as 400"),
    ],
)
async def test_every_documented_refusal_of_a_create_has_its_reason(
    paitient, body, vocabulary, knobs, spec, error
):
    await paitient.set(error_body=body, vocabulary=vocabulary, **knobs)
    with pytest.raises(error) as caught:
        await paitient.provider.create(paitient.desired(**spec))
    assert type(caught.value) is error


@pytest.mark.parametrize("body", ["errors_page", "bare_code"])
@pytest.mark.parametrize("vocabulary", ["documented", "errors_page"])
@pytest.mark.parametrize("part", ["apiKey", "clientID"])
async def test_either_half_of_the_credentials_may_be_wrong(paitient, body, vocabulary, part):
    await paitient.set(error_body=body, vocabulary=vocabulary)
    stranger = paitient.connect({**paitient.row.secret, part: "not-the-right-one"})
    with pytest.raises(CredentialsInvalid):
        await stranger.list()


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (401, "missing_client_id", CredentialsInvalid),
        (403, "invalid_client_id", CredentialsInvalid),
        (403, "permission_denied", PermissionDenied),
        (403, "", PermissionDenied),
        (402, "subscription_required", QuotaExceeded),
        (500, "deployment_error", Unavailable),
        (409, "deployment_error", Conflict),
        (500, "quota_exceeded", QuotaExceeded),
        (404, "permission_denied", PermissionDenied),
        (400, "resource_not_found", InvalidRequest),
        (404, "word_of_tomorrow", NotFound),
        (418, "word_of_tomorrow", InvalidRequest),
    ],
)
async def test_codes_and_statuses_decide_together(paitient, status, code, error):
    id = await paitient.serving()
    await paitient.fault("error", status=status, code=code, message="so it is")
    with pytest.raises(error, match=rf"paitient: get {id}: so it is \(HTTP {status}\)"):
        await paitient.provider.get(id)


async def test_an_endpoint_s_id_and_url_are_kept_and_a_reply_without_them_may_have_landed(paitient):
    id = await paitient.serving()
    endpoint = await paitient.provider.create_endpoint("front", id)
    assert (await paitient.requests(operation="create_endpoint"))[0]["body"] == {
        "name": "front",
        "deployment_id": id,
    }
    assert endpoint.url == f"{paitient.url}/paitient/v1/endpoints/{endpoint.id}/generate"
    await paitient.fault("fields", drop=["url"])
    with pytest.raises(Unavailable) as caught:
        await paitient.provider.create_endpoint("front", id)
    assert caught.value.may_have_landed


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/v1/"])
async def test_a_base_url_may_or_may_not_end_in_v1(paitient, suffix):
    paitient.row = replace(paitient.row, base_path="/paitient" + suffix)
    assert list(await paitient.provider.list()) == []


async def test_find_asks_by_tag_and_confirms_each_by_a_get(paitient):
    mine = await paitient.provider.create(paitient.desired("mine", "uid-1"))
    await paitient.provider.create(paitient.desired("other", "uid-2"))
    await paitient.control("DELETE", "/requests")
    assert [remote.id for remote in await paitient.provider.find(paitient.desired("mine", "uid-1"))] == [
        mine.id
    ]
    asked = [(request["operation"], request["query"]) for request in await paitient.requests()]
    assert asked == [
        ("list", [[f"tags[{UID_TAG}]", "uid-1"], ["limit", "100"], ["offset", "0"]]),
        ("get", []),
    ]


async def test_find_works_where_items_show_part_of_their_tags(paitient):
    await paitient.set(list_tags="partial")
    tagged = {"paitient": {"tags": {"first": "shown"}}}
    mine = await paitient.provider.create(paitient.desired(**tagged))
    assert [remote.id for remote in await paitient.provider.find(paitient.desired())] == [mine.id]


async def test_find_gives_the_oldest_first(paitient):
    ids = []
    for name in ("one", "two", "three"):
        ids.append((await paitient.provider.create(paitient.desired(name))).id)
        await paitient.advance(5)
    assert [remote.id for remote in await paitient.provider.find(paitient.desired())] == ids


def answering(*bodies):
    """Replies with each body in turn, the last one for ever."""
    rest = list(bodies)

    async def script(visit):
        body = rest.pop(0) if len(rest) > 1 else rest[0]
        await visit.reply("200 OK", json.dumps(body).encode())

    return script


def item(id, uid=UID, **more):
    return {
        "id": id,
        "status": "running",
        "created_at": "2026-01-01T00:00:00Z",
        "tags": {UID_TAG: uid},
        **more,
    }


async def test_find_is_not_misled_by_a_server_that_ignores_the_filter(paitient):
    page = {"deployments": [item("dep_x", "uid-x"), item("dep_y", tags={}), item("dep_m")]}
    async with serve_raw(answering(page, item("dep_y", tags={}), item("dep_m"))) as server:
        paitient.url = server.url
        assert [remote.id for remote in await paitient.provider.find(paitient.desired())] == ["dep_m"]


@pytest.mark.parametrize("tags", [None, "drop", []])
async def test_find_is_no_answer_if_a_candidate_does_not_show_its_tags(paitient, tags):
    full = {key: value for key, value in item("dep_m", tags=tags).items() if value != "drop"}
    async with serve_raw(answering({"deployments": [item("dep_m")]}, full)) as server:
        paitient.url = server.url
        with pytest.raises(Unavailable, match="the tags of a deployment"):
            await paitient.provider.find(paitient.desired())


async def test_find_goes_on_if_a_candidate_vanishes_meanwhile(paitient):
    first = await paitient.provider.create(paitient.desired("one"))
    second = await paitient.provider.create(paitient.desired("two"))
    await paitient.fault("error", operation="get", status=404, nth=1)
    found = await paitient.provider.find(paitient.desired())
    assert len(found) == 1
    assert found[0].id in (first.id, second.id)


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


async def create_many(paitient, count):
    async def create(number):
        return (await paitient.provider.create(paitient.desired(f"model-{number}", f"uid-{number}"))).id

    return [
        id
        for begin in range(0, count, 50)
        for id in await asyncio.gather(*map(create, range(begin, begin + 50)))
    ]


@pytest.mark.parametrize("last", ["null", "absent"])
@pytest.mark.parametrize("count", [100, 250])
async def test_a_list_of_many_pages_is_whole(paitient, last, count):
    await paitient.set(last_next_offset=last)
    ids = await create_many(paitient, count)
    await paitient.control("DELETE", "/requests")
    assert sorted(remote.id for remote in await paitient.provider.list()) == sorted(ids)
    assert len(await paitient.requests(operation="list")) == -(-count // 100)


async def test_a_list_whose_pages_shift_is_still_whole(paitient):
    ids = await create_many(paitient, 150)
    await paitient.fault("page_shift", operation="list", nth=2, shift=-5)
    assert sorted(remote.id for remote in await paitient.provider.list()) == sorted(ids)


async def test_one_failed_page_fails_the_list(paitient):
    await create_many(paitient, 150)
    await paitient.fault("error", operation="list", status=502, nth=2)
    with pytest.raises(Unavailable):
        await paitient.provider.list()


async def test_the_owner_goes_into_a_tag_of_its_own_and_is_no_field(paitient):
    owned = replace(paitient.desired(**FULL), owner="berlin-1/team/llama")
    made = await paitient.provider.create(owned)
    sent = (await paitient.requests(operation="create"))[0]
    assert sent["body"]["tags"][OWNER_TAG] == "berlin-1/team/llama"
    shown = await paitient.provider.get(made.id)
    assert (shown.owner_uid, shown.fields) == (UID, dict(owned.fields))
    await paitient.advance(60)
    await paitient.provider.adopt(made.id, "another", "munich/team/llama")
    sent = (await paitient.requests(operation="update"))[0]
    assert sent["body"] == {"tags": {UID_TAG: "another", OWNER_TAG: "munich/team/llama"}}


@pytest.mark.parametrize("operation", ["list", "find"])
async def test_an_item_whose_id_repeats_the_key_is_asked_for_nowhere(paitient, operation):
    """Found by the fuzzer: the id went into a path, and by that into a message."""
    key = paitient.row.key
    lines = []

    async def script(visit):
        lines.append(visit.line)
        item = {"id": f"dep_{key}", "status": "running", "tags": {UID_TAG: "11111111-2222"}}
        await visit.reply("200 OK", json.dumps({"deployments": [item]}).encode())

    async with serve_raw(script) as server:
        paitient.url = server.url
        asked = {"list": paitient.provider.list, "find": lambda: paitient.provider.find(paitient.desired())}
        with pytest.raises(Unavailable, match="an id that repeats a key") as caught:
            await asked[operation]()
    assert key not in str(caught.value)
    assert len(lines) == 1
