"""Canary endpoints and the figures behind their verdicts, at each vendor's simulator over real HTTP."""

from datetime import UTC, datetime, timedelta

import pytest

from model_operator.domain import Canary
from model_operator.errors import InvalidRequest, NotFound, RateLimited, Unavailable, Unsupported
from model_operator.providers.paitient.canary import canary_of, date_of, figures_of, longest_interval, updated
from model_operator.providers.reading import Malformed
from model_operator.traffic import Figure
from support.provider_world import new_world

MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
async def paitient():
    async with new_world("paitient") as world:
        await world.control("PATCH", "/knobs", {"metrics": {"noise": 0, "diurnal": 0}})
        yield world


async def two(world):
    """Ids of two deployments that serve."""
    first = await world.serving(world.desired("one", "uid-1"))
    return first, await world.serving(world.desired("two", "uid-2"))


async def test_a_vendor_without_canary_endpoints_says_so():
    async with new_world("parasail") as world:
        assert not world.provider.capabilities.splits_traffic
        with pytest.raises(Unsupported):
            await world.provider.create_canary("a", {"1": 100})
        with pytest.raises(Unsupported):
            await world.provider.update_canary("cep_1", {"1": 100})
        with pytest.raises(Unsupported):
            await world.provider.figures("1", NOON, NOON, MINUTE)
        assert await world.requests() == []


async def test_a_split_is_created_followed_and_echoed(paitient):
    one, two_ = await two(paitient)
    assert paitient.provider.capabilities.splits_traffic
    made = await paitient.provider.create_canary("triage", {one: 90, two_: 10})
    assert made.id.startswith("cep_")
    assert made.url.endswith(f"/v1/endpoints/{made.id}/generate")
    assert made.split == {one: 90, two_: 10}
    after = await paitient.provider.update_canary(made.id, {one: 0, two_: 100})
    assert (after.id, after.split) == (made.id, {one: 0, two_: 100})
    bodies = [r["body"] for r in await paitient.requests(operation="update_canary")]
    assert bodies == [
        {"deployments": [{"id": one, "traffic_percentage": 0}, {"id": two_, "traffic_percentage": 100}]}
    ]


async def test_a_reply_tells_the_time_of_the_vendors_own_clock(paitient):
    one, _ = await two(paitient)
    made = await paitient.provider.create_canary("a", {one: 100})
    await paitient.advance(3600)
    after = await paitient.provider.update_canary(made.id, {one: 100})
    assert after.at - made.at == timedelta(hours=1)
    assert (await paitient.provider.figures(one, made.at, after.at, MINUTE)).at == after.at


@pytest.mark.parametrize(
    ("knobs", "split", "error"),
    [
        pytest.param({"canary_membership": "fixed"}, {"two": 100}, InvalidRequest, id="members are fixed"),
        pytest.param({"canary_min_targets": 2}, {"one": 100}, InvalidRequest, id="one member is not enough"),
        pytest.param({}, {"one": 50, "two": 40}, InvalidRequest, id="not 100 percent"),
        pytest.param({}, {"one": 50, "dep_never": 50}, NotFound, id="an unknown deployment"),
    ],
)
async def test_what_the_vendor_refuses(paitient, knobs, split, error):
    one, two_ = await two(paitient)
    ids = {"one": one, "two": two_}
    made = await paitient.provider.create_canary("a", {one: 90, two_: 10})
    await paitient.set(**knobs)
    with pytest.raises(error):
        await paitient.provider.update_canary(
            made.id, {ids.get(name, name): percent for name, percent in split.items()}
        )


async def test_an_endpoint_that_is_not_there_is_not_found(paitient):
    one, _ = await two(paitient)
    with pytest.raises(NotFound):
        await paitient.provider.update_canary("cep_never", {one: 100})
    with pytest.raises(InvalidRequest):
        await paitient.provider.update_canary("../deployments", {one: 100})


@pytest.mark.parametrize("body", [None, {}], ids=["204", "an empty object"])
def test_a_split_that_was_taken_without_a_word_is_the_one_that_was_sent(body):
    assert updated("cep_1")(body, NOON) == Canary(id="cep_1", at=NOON)


@pytest.mark.parametrize("body", ["ok", [1], {"error": "no"}])
def test_words_that_say_nothing_of_an_endpoint_are_not_understood(body):
    with pytest.raises(Malformed):
        updated("cep_1")(body, NOON)


async def test_a_stale_echo_is_told_as_it_is(paitient):
    one, two_ = await two(paitient)
    made = await paitient.provider.create_canary("a", {one: 90, two_: 10})
    await paitient.fault("stale_reply", method="PATCH")
    assert (await paitient.provider.update_canary(made.id, {one: 10, two_: 90})).split == {one: 90, two_: 10}


@pytest.mark.parametrize("kind", ["commit_then_reset", "commit_then_timeout"])
async def test_a_lost_reply_may_have_landed(paitient, kind):
    one, _ = await two(paitient)
    await paitient.fault(kind, method="POST")
    async with paitient.transport.__class__(request_timeout=timedelta(seconds=1)) as quick:
        with pytest.raises(Unavailable) as caught:
            await paitient.connect(transport=quick).create_canary("a", {one: 100})
    assert caught.value.may_have_landed
    await paitient.mend()


async def test_a_full_account_is_told_to_wait(paitient):
    one, _ = await two(paitient)
    await paitient.fault("error", method="POST", status=429, retry_after=7)
    with pytest.raises(RateLimited):
        await paitient.provider.create_canary("a", {one: 100})
    assert len(paitient.gate.pauses) == 1


async def test_figures_follow_the_split_and_the_behaviour(paitient):
    one, two_ = await two(paitient)
    made = await paitient.provider.create_canary("a", {one: 75, two_: 25})
    await paitient.edit(
        two_,
        behaviour={"latency_ms": 400, "error_percent": 100, "input_tokens": 10, "output_tokens": 20},
    )
    await paitient.advance(600)
    later = made.at + timedelta(seconds=600)
    first = await paitient.provider.figures(one, made.at, later, MINUTE)
    second = await paitient.provider.figures(two_, made.at, later, MINUTE)
    assert (len(first.buckets), len(second.buckets), first.length) == (10, 10, MINUTE)
    assert [bucket.start for bucket in first.buckets] == [made.at + n * MINUTE for n in range(10)]
    assert first.buckets[5].figures[Figure.REQUESTS] == pytest.approx(450)
    assert second.buckets[5].figures == pytest.approx(
        {
            Figure.REQUESTS: 150,
            Figure.ERRORS: 100,
            Figure.LATENCY_AVERAGE: 400,
            Figure.LATENCY_P50: 367,
            Figure.LATENCY_P95: 600,
            Figure.LATENCY_P99: 732,
            Figure.TOKENS: 4500,
            Figure.OUTPUT_TOKENS: 3000,
        }
    )


@pytest.mark.parametrize(
    "knobs",
    [
        pytest.param({"gap_probability": 0.5}, id="gaps"),
        pytest.param({"nan_probability": 0.5}, id="nulls"),
        pytest.param({"nan_probability": 0.5, "nan_form": "nan"}, id="not a number"),
        pytest.param({"unequal": True}, id="unequal series"),
        pytest.param({"lag_s": 240}, id="late"),
        pytest.param({"lag_s": 9999}, id="nothing yet"),
        pytest.param({"endpoint_rps": 0, "empty": "omit"}, id="no traffic, series left out"),
        pytest.param({"endpoint_rps": 0, "empty": "null"}, id="no traffic, nulls"),
    ],
)
async def test_what_is_missing_is_left_out(paitient, knobs):
    one, _ = await two(paitient)
    made = await paitient.provider.create_canary("a", {one: 100})
    await paitient.control("PATCH", "/knobs", {"metrics": knobs})
    await paitient.advance(600)
    found = await paitient.provider.figures(one, made.at, made.at + timedelta(seconds=600), MINUTE)
    assert len(found.buckets) <= 10
    for bucket in found.buckets:
        assert Figure.REQUESTS in bucket.figures
        assert all(value >= 0 for value in bucket.figures.values())


@pytest.mark.parametrize(
    ("asked", "longest"),
    [(timedelta(seconds=1), 1), (MINUTE, 1), (4 * MINUTE, 1), (5 * MINUTE, 5), (timedelta(hours=2), 60)],
)
def test_buckets_are_the_longest_that_fit(asked, longest):
    assert longest_interval(asked) == longest * MINUTE


STRANGE = [None, [], 1, "x", {"metrics": 1}]


@pytest.mark.parametrize("body", STRANGE)
def test_metrics_that_are_none_are_malformed(body):
    with pytest.raises(Malformed):
        figures_of(body, None, MINUTE)


@pytest.mark.parametrize(
    "metrics",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"throughput": None}, id="null"),
        pytest.param({"throughput": {"timestamps": "x", "requests_per_second": [1]}}, id="no list of times"),
        pytest.param({"throughput": {"timestamps": [], "requests_per_second": []}}, id="no points"),
        pytest.param(
            {"throughput": {"timestamps": ["2026-01-01T12:00:00Z"], "requests_per_second": [None]}}, id="gap"
        ),
        pytest.param(
            {"throughput": {"timestamps": ["2026-01-01T12:00:00Z"], "requests_per_second": [float("nan")]}},
            id="a gap, as NaN",
        ),
        pytest.param(
            {"throughput": {"timestamps": ["2026-01-01T12:00:00Z"], "requests_per_second": [-1]}},
            id="fewer than none",
        ),
        pytest.param(
            {"error_rate": {"timestamps": ["2026-01-01T12:00:00Z"], "percentage": [1]}},
            id="no number of requests",
        ),
    ],
)
def test_points_that_cannot_be_understood_are_no_points(metrics):
    assert figures_of({"metrics": metrics}, None, MINUTE).buckets == ()


@pytest.mark.parametrize(
    ("times", "rates"),
    [
        pytest.param(["noon"], [1], id="words"),
        pytest.param([0, 1], [1, 1], id="places instead of times"),
        pytest.param(["0001-01-01T00:00:00+14:00"], [1], id="before time"),
        pytest.param(["2026-01-01T12:00:00Z"], ["ten"], id="words for numbers"),
        pytest.param(["2026-01-01T12:00:00Z"], [None, {}], id="objects for numbers"),
    ],
)
def test_figures_that_cannot_be_read_are_not_taken_for_no_traffic(times, rates):
    metrics = {"throughput": {"timestamps": times, "requests_per_second": rates}}
    with pytest.raises(Malformed, match="no form that is known"):
        figures_of({"metrics": metrics}, None, MINUTE)


@pytest.mark.parametrize(
    ("deployments", "split"),
    [
        pytest.param([{"id": "a", "traffic_percentage": 100}], {"a": 100}, id="as documented"),
        pytest.param([{"deployment_id": "a", "traffic_percentage": "100"}], {"a": 100}, id="another dialect"),
        pytest.param(None, None, id="left out"),
        pytest.param("all", None, id="not a list"),
        pytest.param([1], None, id="no objects"),
        pytest.param([{"id": "a"}], None, id="no percent"),
    ],
)
def test_an_echo_is_what_the_reply_says_or_unknown(deployments, split):
    assert canary_of({"id": "cep_1", "deployments": deployments}, None).split == split


@pytest.mark.parametrize("body", [None, [], {}, {"id": ""}, {"id": True}])
def test_a_canary_endpoint_without_an_id_is_malformed(body):
    with pytest.raises(Malformed):
        canary_of(body, None)


@pytest.mark.parametrize("text", ["", "yesterday", "Thu, 99 Jan 2026 12:00:00 GMT"])
def test_an_odd_date_is_no_date(text):
    assert date_of({"date": text}) is None
