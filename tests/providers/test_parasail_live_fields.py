"""Fields that Parasail's live service has and its document does not, sent and read back."""

import json

import pytest

from model_operator.providers.http import HttpTransport
from support.parasail_posts import H100, L40S, by, posted, selected
from support.raw_server import serve_raw

NOTHING = frozenset()


HIDDEN = [
    "serviceTierName",
    "contextLength",
    "contextLengthOverride",
    "deviceConfigs",
    "engine",
    "tags",
    "autoscaling",
]


@pytest.mark.parametrize("hidden", [HIDDEN, [*HIDDEN, "replicas", "minReplicas", "maxReplicas"]])
@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({"parasail": {"serviceTierName": "low-cost"}}, id="tier"),
        pytest.param(by(H100, L40S, engine="SGLANG", tags=["b", "a"]), id="devices"),
        pytest.param(
            {"replicas": None, "autoscaling": {"minReplicas": 2, "maxReplicas": 5}, **by(L40S)},
            id="autoscaling",
        ),
    ],
)
async def test_a_put_holds_every_field_of_the_spec_also_those_that_no_get_shows(live, hidden, spec):
    await live.set(profile="either", hidden_fields=hidden, put_absent="reset")
    before = live.desired(contextLength=4096, **spec)
    id = await live.serving(before)
    was = await live.shown(id)
    after = live.desired(
        contextLength=4096, **{**spec, "parasail": {**spec["parasail"], "displayName": "New"}}
    )
    shown = (await live.provider.get(id)).fields
    await live.provider.update(id, {"parasail.displayName": "New"}, NOTHING, shown, after)
    now = await live.shown(id)
    names = ("replicas", "serviceTierName", "contextLength", "engine", "tags", "autoscaling", "minReplicas")
    assert {name: now[name] for name in names} == {name: was[name] for name in names}
    assert selected(now["deviceConfigs"]) == selected(was["deviceConfigs"])
    assert now["displayName"] == "New"


async def test_what_a_get_shows_otherwise_is_not_changed_along_with_something_else(live):
    """driftPolicy Report: somebody's own value stays as it is."""
    wanted = live.desired(contextLength=4096, **by(L40S, displayName="ours"))
    id = await live.serving(wanted)
    await live.edit(id, fields={"displayName": "theirs"})
    await live.provider.update(id, {"contextLength": 8192}, NOTHING, None, wanted)
    assert (await live.shown(id))["displayName"] == "theirs"


async def test_the_vendors_autoscaler_is_shown_as_its_bounds_wherever_it_has_moved(live):
    await live.set(gpu_quota=None)
    spec = {"replicas": None, "autoscaling": {"minReplicas": 1, "maxReplicas": 3}}
    desired = live.desired(**spec, **by(L40S, targetConnectionsPerReplica=16, autoscalingFactor="0.5"))
    id = await live.serving(desired)
    (body,) = await posted(live)
    assert {name: body[name] for name in ("autoscaling", "replicas", "minReplicas", "maxReplicas")} == {
        "autoscaling": True,
        "replicas": 1,
        "minReplicas": 1,
        "maxReplicas": 3,
    }
    assert (body["targetConnectionsPerReplica"], body["autoscalingFactor"]) == (16, 0.5)
    seen = []
    for _ in range(3):
        remote = await live.provider.get(id)
        seen.append((remote.replicas, remote.fields["replicas"]))
        await live.advance(66)
    assert seen == [(n, {"minReplicas": 1, "maxReplicas": 3}) for n in (1, 2, 3)]


async def test_an_edit_of_the_bounds_keeps_the_number_within_them(live):
    await live.set(gpu_quota=None, autoscale_s=0)
    spec = {"replicas": None, "autoscaling": {"minReplicas": 2, "maxReplicas": 3}}
    id = await live.serving(live.desired(**spec, **by(L40S)))
    bounds = {"minReplicas": 4, "maxReplicas": 6}
    await live.provider.update(id, {"replicas": bounds}, NOTHING)
    assert (await live.provider.get(id)).fields["replicas"] == bounds
    assert (await live.shown(id))["replicas"] == 4
    await live.provider.update(id, {"replicas": 1}, NOTHING)
    shown = await live.shown(id)
    assert (shown["autoscaling"], shown["replicas"]) == (False, 1)


async def test_where_no_autoscaler_is_shown_any_number_within_the_bounds_may_be_its_doing(live):
    await live.set(hidden_fields=["autoscaling", "minReplicas", "maxReplicas"], gpu_quota=None)
    wanted = {"minReplicas": 1, "maxReplicas": 3}
    id = await live.serving(live.desired(replicas=None, autoscaling=wanted, **by(L40S)))
    remote = await live.provider.get(id)
    assert [remote.holds("replicas", value, unknown=True) for value in (wanted, 2, 1)] == [True, False, True]


@pytest.mark.parametrize("field", ["contextLength", "contextLengthOverride"])
async def test_the_context_arrives_whichever_of_the_two_names_the_service_goes_by(live, field):
    await live.set(context_field=field)
    id = await live.serving(live.desired(contextLength=4096, **by(L40S)))
    assert (await live.provider.get(id)).fields["contextLength"] == 4096
    await live.provider.update(id, {"contextLength": 8192}, NOTHING)
    assert (await live.provider.get(id)).fields["contextLength"] == 8192
    shown = await live.shown(id)
    assert shown[field] == 8192
    await live.provider.update(id, {}, frozenset({"contextLength"}))
    assert (await live.provider.get(id)).fields["contextLength"] in (None, 131072)


async def test_every_live_field_arrives_and_is_read_back(live):
    block = {
        "engine": "SGLANG",
        "engineTask": "GENERATE",
        "maxConnectionsPerReplica": 32,
        "maxCompletionTokens": 512,
        "maxRequestDuration": "90s",
        "displayName": "A name",
        "description": "One line",
        "tags": ["b", "a"],
        "customAliases": ["chat"],
    }
    desired = live.desired(**by(L40S, **block))
    id = await live.serving(desired)
    remote = await live.provider.get(id)
    assert {path: remote.fields[path] for path in desired.fields} == dict(desired.fields)
    (body,) = await posted(live)
    assert {name: body[name] for name in block} == block | {"maxRequestDuration": 90_000, "tags": ["a", "b"]}
    await live.provider.update(id, {}, frozenset(desired.fields) - {"replicas", "parasail.devices"})
    shown = await live.shown(id)
    assert (shown["tags"], shown["description"], shown["maxRequestDuration"]) == ([], None, None)


async def test_a_list_of_two_thousand_live_objects_is_read(live):
    """16 kB each: all choices of devices and two chat templates."""
    await live.set(device_choices=24, chat_template_bytes=4600)
    id = await live.serving(live.desired(**by(L40S)))
    one = json.dumps({**(await live.shown(id)), "id": 0})
    assert 15_000 < len(one) < 17_000
    body = "[" + ",".join(one.replace('"id": 0,', f'"id": {number},', 1) for number in range(1, 2001)) + "]"
    async with (
        serve_raw(lambda visit: visit.reply("200 OK", body.encode())) as server,
        HttpTransport() as transport,
    ):
        live.url, live.transport = server.url, transport
        listed = await live.provider.list()
    assert [remote.id for remote in listed] == [str(number) for number in range(1, 2001)]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("Insufficient quota", "QuotaExceeded"),
        ("GPU quota exceeded for this organization", "QuotaExceeded"),
        ("No capacity for 1x H100SXM", "InsufficientCapacity"),
        ("Pulling the image", None),
        (None, None),
    ],
)
async def test_what_a_start_waits_for_is_told_from_its_message(live, message, reason):
    remote = await live.provider.create(live.desired(**by(L40S)))
    await live.edit(remote.id, status="STARTING", message=message)
    found = (await live.provider.get(remote.id)).shortage
    assert found == reason
    await live.edit(remote.id, status="ONLINE", message=message)
    assert (await live.provider.get(remote.id)).shortage is None
