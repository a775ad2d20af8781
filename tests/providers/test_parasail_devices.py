"""Accounts that choose machines by device, as every public client that was tested against the live API does."""

from datetime import timedelta

import pytest

from model_operator.errors import InsufficientCapacity, InvalidRequest, RateLimited, Unavailable, Unsupported
from model_operator.providers.parasail.devices import offers_of
from model_operator.providers.reading import Malformed
from support.parasail_posts import H100, L40S, NOPE, by, posted, selected

NOTHING = frozenset()


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
