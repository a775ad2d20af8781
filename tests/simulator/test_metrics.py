"""Metrics: what a canary's verdicts stand on. Traffic follows the split, behaviour is settable, the past is stable."""

from itertools import pairwise

import pytest

from support.simulated_metrics import HOUR, metrics, rates, split


async def shift(sim, *percents):
    body = {"deployments": split(sim.pair, *percents)}
    answer = await sim.paitient("PATCH", f"/v1/canary-endpoints/{sim.canary}", body)
    assert answer.status == 200, answer.text


async def behave(sim, identifier, **behaviour):
    await sim.control("PATCH", f"/deployments/paitient/{identifier}", {"behaviour": behaviour})


async def test_traffic_follows_the_split_from_the_moment_it_is_changed(rollout):
    sim = rollout
    await sim.advance(5400 - 10)  # 13:30
    await shift(sim, 50, 50)
    await sim.advance(3600)
    stable, canary = [rates(await metrics(sim, one)) for one in sim.pair]
    assert (stable[:30], canary[:30]) == ([18.0] * 30, [2.0] * 30)
    assert (stable[30:], canary[30:]) == ([10.0] * 30, [10.0] * 30)


async def test_a_bucket_across_a_change_shows_both_sides(rollout):
    sim = rollout
    await sim.advance(5400 + 15 - 10)  # 13:30:15
    await shift(sim, 10, 90)
    await sim.advance(3600)
    canary = rates(await metrics(sim, sim.pair[1]))
    assert canary[29:32] == [2.0, pytest.approx((2 * 15 + 18 * 45) / 60), 18.0]


async def test_a_member_without_a_share_has_no_traffic(rollout):
    sim = rollout
    await shift(sim, 100, 0)
    await sim.advance(3 * 3600)
    body = await metrics(sim, sim.pair[1])
    assert set(rates(body)) == {0.0}
    assert set(body["metrics"]["token_usage"]["total"]) == {0}
    assert set(body["metrics"]["error_rate"]["percentage"]) == {0}


async def test_nothing_is_served_before_running_nor_after_a_failure(rollout):
    sim = rollout
    await sim.advance(5400 - 10)
    await sim.control("PATCH", f"/deployments/paitient/{sim.pair[1]}", {"status": "failed"})
    await sim.advance(3600)
    assert rates(await metrics(sim, sim.pair[1])) == [2.0] * 30 + [0.0] * 30
    early = await metrics(
        sim, sim.pair[1], "start_time=2026-01-01T11:58:00Z&end_time=2026-01-01T12:00:00Z&interval=1m"
    )
    assert rates(early) == [0.0, 0.0]


async def test_behaviour_is_settable_per_deployment_and_counts_from_then_on(rollout):
    sim = rollout
    await sim.advance(5400 - 10)
    canary = sim.pair[1]
    await behave(sim, canary, latency_ms=900, error_percent=40, input_tokens=10, output_tokens=700)
    await sim.advance(3600)
    body = await metrics(sim, canary)
    latency, tokens = body["metrics"]["latency"], body["metrics"]["token_usage"]
    assert latency["average"] == [120] * 30 + [900] * 30
    assert latency["p95"] == [180] * 30 + [1350] * 30
    assert tokens["input"] == [120 * 120] * 30 + [1200] * 30
    assert tokens["output"] == [130 * 120] * 30 + [84_000] * 30
    errors = body["metrics"]["error_rate"]["percentage"]
    assert max(errors[:30]) < 5
    assert 35 < sum(errors[30:]) / 30 < 45
    stable = await metrics(sim, sim.pair[0])
    assert set(stable["metrics"]["latency"]["average"]) == {120}, "the other one is as it was"


async def test_errors_scatter_like_samples_of_the_true_rate(rollout):
    """2 requests per second are 120 a minute: at 10 % a minute has 12 errors, give or take 3.3."""
    sim = rollout
    await behave(sim, sim.pair[1], error_percent=10)
    await sim.advance(3 * 3600)
    errors = (await metrics(sim, sim.pair[1]))["metrics"]["error_rate"]["percentage"]
    mean = sum(errors) / len(errors)
    deviation = (sum((value - mean) ** 2 for value in errors) / len(errors)) ** 0.5
    assert 8.5 < mean < 11.5
    assert 1.7 < deviation < 3.9, "2.74 by the binomial distribution"


async def test_replies_about_time_carry_the_vendors_own_time(rollout):
    sim = rollout
    await sim.advance(20)
    body = {"deployments": split(sim.pair, 50, 50)}
    answers = [
        await sim.paitient("PATCH", f"/v1/canary-endpoints/{sim.canary}", body),
        await sim.paitient("GET", f"/v1/deployments/{sim.pair[0]}/metrics"),
    ]
    assert [answer.headers["date"] for answer in answers] == ["Thu, 01 Jan 2026 12:00:30 GMT"] * 2


async def test_several_endpoints_add_up(rollout):
    sim = rollout
    endpoint = await sim.paitient("POST", "/v1/endpoints", {"name": "direct", "deployment_id": sim.pair[1]})
    await sim.control("PATCH", f"/endpoints/{endpoint.body['id']}", {"rps": 5})
    await behave(sim, sim.pair[1], direct_rps=1)
    await sim.advance(3 * 3600)
    assert set(rates(await metrics(sim, sim.pair[1]))) == {8.0}


async def test_real_requests_are_counted_with_the_simulated_ones(rollout):
    sim = rollout
    await sim.control("PATCH", f"/endpoints/{sim.canary}", {"rps": 0})
    await sim.advance(3600 + 15 - 10)
    for _ in range(6):
        await sim.paitient(
            "POST", f"/v1/deployments/{sim.pair[0]}/generate", {"prompt": "a b c", "max_tokens": 2}
        )
    await sim.advance(3600)
    body = await metrics(sim, sim.pair[0])
    assert rates(body)[:2] == [0.1, 0.0]
    assert body["summary"]["token_usage"] == {"total": 30, "input": 18, "output": 12}


async def test_percentiles_are_in_order_and_totals_are_sums(noisy):
    body = (await metrics(noisy, noisy.identifier))["metrics"]
    for average, p50, p95, p99 in zip(
        *(body["latency"][name] for name in ("average", "p50", "p95", "p99")), strict=True
    ):
        assert 0 < p50 <= average <= p95 <= p99
    tokens = body["token_usage"]
    for total, read, written in zip(tokens["total"], tokens["input"], tokens["output"], strict=True):
        assert total == read + written > 0
    assert len(set(body["latency"]["average"])) > 5


async def test_the_summary_is_the_mean_or_the_sum_of_the_points(noisy):
    body = await metrics(noisy, noisy.identifier)
    points, summary = body["metrics"], body["summary"]
    for name in ("average", "p50", "p95", "p99"):
        values = points["latency"][name]
        assert summary["latency"][name] == round(sum(values) / len(values))
    mean = sum(points["throughput"]["requests_per_second"]) / 60
    assert summary["throughput"]["average_requests_per_second"] == round(mean, 1)
    assert summary["error_rate"]["average_percentage"] == round(
        sum(points["error_rate"]["percentage"]) / 60, 2
    )
    for name in ("total", "input", "output"):
        assert summary["token_usage"][name] == sum(points["token_usage"][name])


async def test_the_past_does_not_change_while_time_goes_on(noisy):
    before = await metrics(noisy, noisy.identifier)
    await noisy.advance(3600)
    assert await metrics(noisy, noisy.identifier) == before


async def test_the_same_seed_has_the_same_past_and_another_seed_another(start):
    seen = []
    for seed in (1, 1, 2):
        sim = await start(seed=seed)
        identifier = (await sim.create_paitient())["id"]
        await sim.advance(3 * 3600)
        seen.append((await metrics(sim, identifier))["metrics"])
    assert seen[0] == seen[1]
    assert seen[0] != seen[2]


@pytest.mark.parametrize(
    ("interval", "points", "step"),
    [("1m", 60, 60), ("5m", 12, 300), ("1h", 1, 3600), ("1d", 0, 86_400), (None, 12, 300)],
)
async def test_points_are_at_start_plus_multiples_of_the_interval(noisy, interval, points, step):
    query = HOUR if interval is None else f"{HOUR}&interval={interval}"
    body = await metrics(noisy, noisy.identifier, query)
    stamps = body["metrics"]["latency"]["timestamps"]
    assert len(stamps) == points
    assert stamps[:1] == ["2026-01-01T13:00:00Z"][:points]
    seconds = [int(stamp[11:13]) * 3600 + int(stamp[14:16]) * 60 + int(stamp[17:19]) for stamp in stamps]
    assert all(after - before == step for before, after in pairwise(seconds))


async def test_buckets_lag_behind_the_clock_and_the_open_one_is_not_shown(noisy):
    query = "start_time=2026-01-01T17:50:00Z&end_time=2026-01-01T19:00:00Z&interval=1m"
    seen = [len(rates(await metrics(noisy, noisy.identifier, query)))]
    await noisy.advance(30)
    seen.append(len(rates(await metrics(noisy, noisy.identifier, query))))
    await noisy.knobs({"metrics.lag_s": 120})
    seen.append(len(rates(await metrics(noisy, noisy.identifier, query))))
    await noisy.knobs({"metrics.partial": True})
    body = await metrics(noisy, noisy.identifier, query)
    seen.append(len(rates(body)))
    assert seen == [10, 10, 8, 9]
    assert rates(body)[-1] < rates(body)[-2] * 0.7, "half a minute of traffic over a whole minute"


async def test_gaps_are_missing_from_all_series_alike(noisy):
    await noisy.knobs({"metrics.gap_probability": 0.3})
    body = (await metrics(noisy, noisy.identifier))["metrics"]
    lengths = {len(values) for metric in body.values() for values in metric.values()}
    assert len(lengths) == 1
    assert 25 < lengths.pop() < 58


async def test_some_values_are_no_numbers_and_the_summary_leaves_them_out(noisy):
    await noisy.knobs({"metrics.nan_probability": 0.2})
    body = await metrics(noisy, noisy.identifier)
    average = body["metrics"]["latency"]["average"]
    assert 0 < average.count(None) < 40
    known = [value for value in average if value is not None]
    assert body["summary"]["latency"]["average"] == round(sum(known) / len(known))


@pytest.mark.parametrize(
    "edit", [{"latency_ms": -1}, {"error_percent": 101}, {"speed": 1}, {"p95_factor": 0.5}]
)
async def test_an_unfit_behaviour_is_refused(noisy, edit):
    answer = await noisy.send("PATCH", f"/__sim/deployments/paitient/{noisy.identifier}", {"behaviour": edit})
    assert answer.status == 400
