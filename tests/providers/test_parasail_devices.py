"""Accounts that choose machines by device, as every public client that was tested against the live API does."""

import json
from datetime import timedelta

import pytest

from model_operator.errors import InsufficientCapacity, InvalidRequest, RateLimited, Unavailable, Unsupported
from model_operator.providers.http import HttpTransport
from model_operator.providers.parasail.devices import offers_of
from model_operator.providers.reading import Malformed
from support.provider_world import in_process_world
from support.raw_server import serve_raw

NOTHING = frozenset()
L40S, H100 = {"device": "L40S", "count": 1}, {"device": "H100SXM", "count": 2}
NOPE = {"device": "NOPE", "count": 3}


@pytest.fixture
async def live():
    async with in_process_world("parasail") as world:
        await world.set(profile="extended")
        yield world


def by(*devices, **more):
    return {"parasail": {"devices": list(devices), **more}}


async def posted(world):
    return [request["body"] for request in await world.requests(operation="create")]


def selected(configs):
    return [(row["device"], row["count"]) for row in configs if row["selected"]]


@pytest.mark.parametrize("spelling", ["engine", "engineName"])
async def test_a_create_asks_for_the_catalogue_and_sends_it_back_with_its_choice(live, spelling):
    await live.set(device_query=spelling)
    desired = live.desired(**by(L40S))
    remote = await live.provider.create(desired)
    support, devices, create = await live.requests()
    assert [(r["method"], r["path"]) for r in (support, devices)] == [
        ("GET", "/api/v1/dedicated/support"),
        ("GET", "/api/v1/dedicated/devices"),
    ]
    query = [["engineName", "VLLM"], ["engine", "VLLM"], ["modelName", "org/llama-8b"]]
    assert [[list(pair) for pair in r["query"]] for r in (support, devices)] == [query, query]
    body = create["body"]
    configs = body.pop("deviceConfigs")
    assert body == {"deploymentName": "llama", "modelName": "org/llama-8b", "replicas": 1}
    assert (len(configs), selected(configs)) == (5, [("L40S", 1)])
    assert {row["estimatedSystemTps"] for row in configs} == {None}  # what the catalogue has as null
    assert remote.fields["parasail.devices"] == (L40S,)


async def test_the_first_device_that_is_offered_and_free_is_taken(live):
    rows = [{**H100, "available": False}, {**L40S, "available": None}, {"device": "A100_80GB", "count": 1}]
    await live.set(devices=rows)
    await live.provider.create(live.desired(**by(NOPE, H100, L40S, {"device": "A100_80GB", "count": 1})))
    (body,) = await posted(live)
    assert selected(body["deviceConfigs"]) == [("L40S", 1)]


@pytest.mark.parametrize(
    ("knobs", "devices", "error", "said"),
    [
        pytest.param(
            {},
            [NOPE],
            Unsupported,
            'parasail: create "llama": none of spec.parasail.devices is offered for org/llama-8b: 3x NOPE. Offered: 1x'
            " RTX4090, 1x L40S, 1x A100_80GB, 1x H100SXM, 2x H100SXM.",
            id="not offered",
        ),
        pytest.param(
            {"devices": [{**H100, "available": False}, L40S]},
            [NOPE, H100],
            InsufficientCapacity,
            'parasail: create "llama": none of spec.parasail.devices is free now: 2x H100SXM. Free: 1x L40S.',
            id="not free",
        ),
        pytest.param(
            {"devices": [{**H100, "available": False}]},
            [H100],
            InsufficientCapacity,
            'parasail: create "llama": none of spec.parasail.devices is free now: 2x H100SXM. Free: none.',
            id="nothing is free",
        ),
        pytest.param(
            {"unsupported_models": ["org/*"]},
            [L40S],
            Unsupported,
            'parasail: create "llama": the provider does not support org/llama-8b: Architecture of org/llama-8b is not'
            " supported",
            id="not supported",
        ),
    ],
)
async def test_what_cannot_be_had_is_said_with_what_there_is_and_nothing_is_sent(
    live, knobs, devices, error, said
):
    await live.set(**knobs)
    with pytest.raises(error) as caught:
        await live.provider.create(live.desired(**by(*devices)))
    assert str(caught.value) == said
    assert await posted(live) == []


async def test_without_a_catalogue_all_that_is_wanted_is_sent(live):
    await live.set(catalogue="404")
    await live.provider.create(live.desired(**by(H100, L40S)))
    (body,) = await posted(live)
    assert body["deviceConfigs"] == [{**H100, "selected": True}, {**L40S, "selected": True}]


@pytest.mark.parametrize("operation", ["support", "devices"])
@pytest.mark.parametrize(
    ("rule", "error"),
    [
        ({"kind": "error", "status": 429, "retry_after": 7}, RateLimited),
        ({"kind": "error", "status": 503}, Unavailable),
        ({"kind": "invalid_json"}, Unavailable),
        ({"kind": "reset"}, Unavailable),
        ({"kind": "error", "status": 400, "message": "modelName is invalid"}, InvalidRequest),
    ],
)
async def test_a_catalogue_that_fails_stops_the_create_before_it_is_sent(live, operation, rule, error):
    await live.fault(**rule, operation=operation)
    with pytest.raises(error) as caught:
        await live.provider.create(live.desired(**by(L40S)), within=timedelta(seconds=20))
    assert not getattr(caught.value, "may_have_landed", False)
    assert await posted(live) == []


async def test_reads_and_the_create_share_one_deadline(live):
    await live.fault("timeout", operation="devices", seconds=60)
    with pytest.raises(Unavailable, match="devices"):
        await live.provider.create(live.desired(**by(L40S)), within=timedelta(seconds=0.3))
    assert await posted(live) == []


@pytest.mark.parametrize("body", [{"devices": []}, [1], "no"])
def test_a_catalogue_that_is_not_understood_is_no_empty_one(body):
    with pytest.raises(Malformed):
        offers_of(body)


def test_null_is_a_catalogue_that_offers_nothing():
    assert offers_of(None) == []


async def test_an_account_that_refuses_tiers_says_which_field_to_use(live):
    with pytest.raises(InvalidRequest) as caught:
        await live.provider.create(live.desired())
    assert str(caught.value) == (
        'parasail: create "llama": deviceConfigs must have one selected entry (HTTP 400) This account chooses machines'
        " by device: name them in spec.parasail.devices, instead of serviceTierName."
    )


async def test_an_account_that_refuses_devices_says_which_field_to_use(live):
    await live.set(profile="documented")
    with pytest.raises(InvalidRequest, match=r"by tier: set spec\.parasail\.serviceTierName"):
        await live.provider.create(live.desired(**by(L40S)))


async def test_a_move_to_another_device_asks_the_catalogue_again(live):
    id = await live.serving(live.desired(**by(L40S)))
    wanted = live.desired(**by(NOPE, H100))
    await live.provider.update(id, {"parasail.devices": (NOPE, H100)}, NOTHING, None, wanted)
    assert (await live.provider.get(id)).fields["parasail.devices"] == (H100,)
    (put,) = await live.requests(operation="update")
    assert (len(put["body"]["deviceConfigs"]), selected(put["body"]["deviceConfigs"])) == (
        5,
        [("H100SXM", 2)],
    )


async def test_any_of_the_wanted_devices_will_do(live):
    remote = await live.provider.get(await live.serving(live.desired(**by(L40S))))
    assert remote.holds("parasail.devices", (H100, L40S), unknown=False)
    assert not remote.holds("parasail.devices", (H100,), unknown=True)


async def test_a_tier_takes_the_place_of_devices(live):
    id = await live.serving(live.desired(**by(L40S)))
    await live.set(profile="documented")
    wanted = live.desired()
    change = {"parasail.serviceTierName": "low-cost"}
    await live.provider.update(id, change, frozenset({"parasail.devices"}), None, wanted)
    fields = (await live.provider.get(id)).fields
    assert (fields["parasail.devices"], fields["parasail.serviceTierName"]) == ((), "low-cost")


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
