"""Which process acts where, with several of them and two counts of shards: never two for one namespace. Virtual time.

The real election and the real Kubernetes client; the Leases are in memory.
"""

import asyncio
from datetime import UTC, datetime
from random import Random

import pytest
from kubernetes.aio.leaderelection.leaderelectionrecord import LeaderElectionRecord

from model_operator.lease import LEASE_DURATION, RENEW_DEADLINE
from model_operator.shard_lease import CountLock, lease_name
from support.lease_cluster import LATENCIES, NAME, NAMESPACES, PLACE, Cluster, Process
from support.memory_leases import Leases, Line
from support.running import on_virtual_time


@on_virtual_time
async def test_each_process_takes_one_shard_and_the_spare_none() -> None:
    cluster = Cluster()
    cluster.start(3, replicas=4)
    assert await cluster.until_whole(within=5) < 3
    await asyncio.sleep(60)
    assert sorted(p.shards.mine for p in cluster.acting) == [0, 1, 2]
    assert [p.shards.mine for p in cluster.processes if p not in cluster.acting] == [None]
    cluster.check()


@on_virtual_time
async def test_a_spare_takes_the_shard_of_one_that_was_killed_soon_after_its_lease_has_run_out() -> None:
    """Of the two seconds over the lease within which an edit is carried out, most are left for that."""
    for moment in (0.0, 0.3, 0.9, 1.3, 1.9):
        cluster = Cluster()
        cluster.start(3, replicas=4)
        await cluster.until_whole(within=5)
        await asyncio.sleep(20 + moment)
        victim = cluster.acting[1]
        victim.kill()
        cluster.processes.remove(victim)
        assert await cluster.until_whole(within=60) < LEASE_DURATION + 0.7
        cluster.check()


@on_virtual_time
async def test_a_clean_end_lets_the_spare_in_at_once() -> None:
    cluster = Cluster()
    cluster.start(3, replicas=4)
    await cluster.until_whole(within=5)
    await cluster.acting[0].end()
    assert await cluster.until_whole(within=60) < 2
    cluster.check()


@on_virtual_time
async def test_who_is_cut_off_stops_before_anybody_else_begins() -> None:
    cluster = Cluster()
    cluster.start(3, replicas=4)
    await cluster.until_whole(within=5)
    cut = cluster.acting[2]
    cut.line.is_cut = True
    await asyncio.sleep(RENEW_DEADLINE + 0.1)
    assert not cut.acts_in
    await cluster.until_whole(within=LEASE_DURATION)
    cut.line.is_cut = False
    await asyncio.sleep(60)
    assert not cut.acts_in
    cluster.check()


@pytest.mark.parametrize("count", [1, 3])
@on_virtual_time
async def test_a_spare_reads_ahead_once_the_other_acts_no_more_and_before_it_may_act_itself(
    count: int,
) -> None:
    cluster = Cluster()
    cluster.start(count, replicas=count + 1)
    await cluster.until_whole(within=5)
    (spare,) = (p for p in cluster.processes if not p.acts_in)
    nearly = asyncio.create_task(spare.election.nearly())
    await asyncio.sleep(30)
    assert not nearly.done()
    cut = cluster.acting[-1]
    cut.line.is_cut = True
    await nearly
    assert not cut.acts_in
    assert not spare.acts_in
    assert await cluster.until_whole(within=60) > 0.5


@pytest.mark.parametrize("latency", LATENCIES)
@pytest.mark.parametrize(("before", "after"), [(1, 3), (3, 1), (3, 4), (4, 2)])
def test_another_count_waits_until_the_last_of_the_former_has_ended(
    before: int, after: int, latency: float
) -> None:
    """A rolling update: the new ones are there, the old ones end one by one."""

    @on_virtual_time
    async def update() -> None:
        cluster = Cluster(lambda: latency)
        old = cluster.start(before, replicas=before + 1)
        await cluster.until_whole(within=20)
        new = cluster.start(after, replicas=after + 1)
        for process in old:
            await asyncio.sleep(7)
            assert not (any(p.acts_in for p in new) and any(p.acts_in for p in old))
            await process.end()
        assert await cluster.until_whole(within=60) < LEASE_DURATION + 4
        await asyncio.sleep(120)
        assert len(cluster.acting) == after
        cluster.check()

    update()


@on_virtual_time
async def test_a_spare_of_the_former_count_takes_nothing_while_the_other_count_acts() -> None:
    cluster = Cluster()
    cluster.start(3, replicas=3)
    await cluster.until_whole(within=5)
    late = cluster.start(1) + cluster.start(4, replicas=4)
    await asyncio.sleep(60)
    assert not any(p.acts_in for p in late)
    assert cluster.leases.holder(NAME) == "3-shards"
    cluster.check()


@on_virtual_time
async def test_who_loses_its_shard_while_it_waits_for_its_turn_ends() -> None:
    cluster = Cluster()
    cluster.start(1)
    await cluster.until_whole(within=5)
    (waits,) = cluster.start(2)
    await asyncio.sleep(10)
    waits.line.is_cut = True
    await asyncio.sleep(60)
    assert waits.run.done()
    cluster.check()


@on_virtual_time
async def test_whose_lease_is_frozen_stops_though_its_count_is_renewed_by_others() -> None:
    """Its right to that one Lease was taken away, say."""
    cluster = Cluster()
    cluster.start(3, replicas=4)
    await cluster.until_whole(within=5)
    frozen = cluster.acting[0]
    assert frozen.shards.mine is not None
    frozen.line.frozen = lease_name(NAME, frozen.shards.mine, 3)
    await asyncio.sleep(RENEW_DEADLINE - 1)
    frozen.stood_still = 2.0
    assert not frozen.acts_in
    assert await cluster.until_whole(within=60) < LEASE_DURATION
    cluster.check()


@on_virtual_time
async def test_whose_count_is_frozen_stops_though_its_own_lease_is_renewed() -> None:
    cluster = Cluster()
    (frozen,) = cluster.start(2)
    await asyncio.sleep(30)
    assert frozen.acts_in
    frozen.line.frozen = NAME
    await asyncio.sleep(RENEW_DEADLINE - 6)
    assert frozen.acts_in
    frozen.stood_still = 6.0
    assert not frozen.acts_in


@on_virtual_time
async def test_a_renewal_by_another_of_the_count_is_dated_by_the_look_before_it() -> None:
    """When exactly it was written between two looks nobody knows; the others may count from the first."""
    loop, leases = asyncio.get_running_loop(), Leases()
    one, other = (
        CountLock(NAME, PLACE, "2-shards", Line(leases).kube().api_client, loop.time) for _ in range(2)
    )
    assert await renew(one)
    assert await renew(one)
    await asyncio.sleep(1)
    assert await renew(other)
    await asyncio.sleep(3)
    assert await renew(one)
    assert (one.renewed_at, other.renewed_at, leases.writes) == (0, 1, 3)
    await asyncio.sleep(2)
    assert await renew(one)
    assert (one.renewed_at, leases.writes) == (6, 4)


@on_virtual_time
async def test_what_has_changed_since_a_look_long_ago_is_no_renewal_of_now() -> None:
    """A spare has looked once at its start. It writes by itself."""
    loop, leases = asyncio.get_running_loop(), Leases()
    one, spare = (
        CountLock(NAME, PLACE, "2-shards", Line(leases).kube().api_client, loop.time) for _ in range(2)
    )
    assert await renew(one)
    await spare.get(NAME, PLACE)
    await asyncio.sleep(RENEW_DEADLINE / 2)
    assert await renew(one)
    assert await renew(spare)
    assert (spare.renewed_at, leases.writes) == (RENEW_DEADLINE / 2, 3)


@on_virtual_time
async def test_who_was_frozen_for_too_long_is_not_brought_back_by_the_renewals_of_others() -> None:
    """It looks all the time, and cannot write."""
    loop, leases = asyncio.get_running_loop(), Leases()
    one, other = (
        CountLock(NAME, PLACE, "2-shards", Line(leases).kube().api_client, loop.time) for _ in range(2)
    )
    assert await renew(one)
    while loop.time() < RENEW_DEADLINE:
        await asyncio.sleep(2)
        await one.get(NAME, PLACE)
    assert await renew(other)
    assert not await renew(one)
    assert one.over.is_set()


async def renew(lock: CountLock) -> bool:
    """As the election does it: look, then write."""
    now = str(datetime.now(UTC).replace(tzinfo=None))
    await lock.get(NAME, PLACE)
    record = LeaderElectionRecord("2-shards", str(LEASE_DURATION), now, now)
    if lock.lease_reference is None:
        return await lock.create(NAME, PLACE, record)
    return await lock.update(NAME, PLACE, record)


@on_virtual_time
async def test_the_lease_of_the_count_is_written_by_few_of_its_holders() -> None:
    cluster = Cluster()
    cluster.start(8, replicas=9)
    await cluster.until_whole(within=30)
    await asyncio.sleep(30)
    before, began = cluster.leases.writes, asyncio.get_running_loop().time()
    cluster.leases.refused = 0
    await asyncio.sleep(100)
    spent = asyncio.get_running_loop().time() - began
    own = 8 * spent / 2
    assert cluster.leases.writes - before - own < 0.8 * spent
    assert cluster.leases.refused < spent / 20
    assert cluster.looked_after == NAMESPACES
    cluster.check()


@pytest.mark.parametrize(
    "seed", [0, 3, *[pytest.param(seed, marks=pytest.mark.long) for seed in range(4, 16)]]
)
def test_whatever_happens_no_namespace_has_two(seed: int) -> None:
    """Kills, ends, cuts, answers that are lost, and other counts, at any moment."""
    random = Random(seed)

    @on_virtual_time
    async def storm() -> None:
        cluster = Cluster(lambda: random.choice((0.0, 0.01, 0.3, 1.5)))
        cluster.start(3, replicas=4)
        for _ in range(30):
            await asyncio.sleep(random.uniform(0, 12))
            living = [p for p in cluster.processes if not p.run.done()]
            move = random.choice(("kill", "end", "cut", "mute", "mend", "start", "count"))
            if move == "start" or not living:
                cluster.start(random.choice((3, 3, 3, 1, 4)), replicas=2)
            elif move == "count":
                for process in living:
                    await process.end()
                cluster.start(random.choice((1, 2, 3, 4)), replicas=3)
            else:
                await _befall(random.choice(living), move)
        for process in cluster.processes:
            process.kill()
        cluster.start(3, replicas=3)
        cluster.leases.latency = lambda: 0.01
        await cluster.until_whole(within=60)
        cluster.check()

    storm()


async def _befall(process: Process, move: str) -> None:
    if move == "end":
        await process.end()
    elif move == "kill":
        process.kill()
    else:
        process.line.is_cut, process.line.is_mute = move == "cut", move == "mute"
