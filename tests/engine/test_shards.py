"""Several operators, each with a shard: each namespace has one writer, whatever moves, and nothing is made twice.

The real engines and the real election over one API server and one provider in memory, on virtual time.
"""

import asyncio
from collections import Counter
from random import Random

import pytest

from model_operator.domain import DEPLOYMENT, PROVIDER, Key
from model_operator.lease import LEASE_DURATION
from model_operator.sharding import shard_of
from support.memory_store import Effect, Trouble, Verb
from support.rows import ROWS
from support.shard_world import Fleet, fleet

SPACES = ["team-a", "team-b", "team-c", "team-d", "team-e", "team-f"]


def test_the_namespaces_here_are_of_all_three_shards() -> None:
    assert {shard_of(name, 3) for name in SPACES} == {0, 1, 2}


async def serve(on: Fleet, each: int = 2, replicas: int = 4) -> None:
    for space in SPACES:
        on.account(space)
        for number in range(each):
            on.apply(space, f"{space}-{number}")
    on.start(replicas)
    await on.until(lambda: len(on.acting) == on.count, within=30)
    await on.until(on.ready, within=240)


async def settled(on: Fleet) -> None:
    """One deployment for each object, no other, and each object knows its own."""
    live = await on.world.ledger()
    held = [("parasail", body["status"].get("externalID")) for _, body in on.objects()]
    assert sorted(held) == sorted(live)


def writers(on: Fleet, since: float = 0) -> dict[str, set[str]]:
    """Processes that wrote in each namespace."""
    found: dict[str, set[str]] = {space: set() for space in SPACES}
    for did in on.did:
        if did.at >= since and did.namespace in found:
            found[did.namespace].add(did.process.name)
    return found


def test_each_process_works_in_its_own_namespaces_alone() -> None:
    async def story(on: Fleet) -> None:
        await serve(on)
        await settled(on)
        assert on.strayed() == []
        assert writers(on) == {space: {on.acting[shard_of(space, 3)].name} for space in SPACES}
        for did, sent in on.sent:
            (key,) = [
                k for k, _ in on.objects() if sent.operation == "create" and did.namespace.startswith(k.name)
            ]
            assert did.process.shards.owns(key.namespace)
        assert [p.engine.problem for p in on.living if p.has_read] == [None, None, None]

    fleet(story)


def test_the_shards_together_tell_of_each_object_once_in_their_metrics() -> None:
    async def story(on: Fleet) -> None:
        await serve(on)
        found = Counter[tuple[str, str]]()
        for process in on.acting.values():
            found += process.engine.cache.phases()
        told = [process.engine.cache.own_keys() for process in on.acting.values()]
        assert sum(len({key.namespace for key in keys}) for keys in told) == len(SPACES)
        assert found == {(DEPLOYMENT, "Ready"): 12, (PROVIDER, "Pending"): 6}

    fleet(story)


def test_an_edit_is_carried_out_within_the_lease_and_two_seconds_after_a_kill() -> None:
    async def story(on: Fleet) -> None:
        await serve(on)
        await asyncio.sleep(30.7)
        space = SPACES[0]
        on.acting[shard_of(space, 3)].kill()
        on.world.edit(Key(DEPLOYMENT, space, f"{space}-0"), {"spec": {"replicas": 2}})
        since = on.world.loop.time()
        await on.until(lambda: any(s.operation == "update" and s.at >= since for _, s in on.sent), within=60)
        assert on.world.loop.time() - since < LEASE_DURATION + 2
        await on.until(on.ready, within=120)
        await settled(on)
        assert on.strayed() == []

    fleet(story)


def test_an_id_that_another_shard_s_object_holds_is_refused() -> None:
    """Same account, another namespace, another process: the claim counts all the same. No mark says whose it is."""

    async def story(on: Fleet) -> None:
        await serve(on, each=0)
        first = SPACES[0]
        other = next(s for s in SPACES if shard_of(s, 3) != shard_of(first, 3))
        api = ROWS["parasail"].api
        await on.world.colleague_creates("parasail", {**api.least, api.name: "by-hand"})
        ((_, id_),) = await on.world.ledger()
        on.apply(first, "owner", externalID=id_, deletionPolicy="Delete")
        await on.until(on.ready, within=60)
        on.apply(other, "thief", externalID=id_, deletionPolicy="Delete")
        await asyncio.sleep(60)
        thief = Key(DEPLOYMENT, other, "thief")
        assert reason(on, thief) == "ExternalIDTaken"
        on.world.server.delete(thief)
        await on.until(lambda: on.world.server.find(thief) is None, within=60)
        await settled(on)

    fleet(story)


def test_of_what_vanished_the_shard_that_had_it_ends_what_it_left() -> None:
    async def story(on: Fleet) -> None:
        await serve(on, each=1)
        key = Key(DEPLOYMENT, SPACES[0], f"{SPACES[0]}-0")
        body = on.world.server.get(key)
        id_ = body["status"]["externalID"]
        on.world.server.replace_finalizers(key, body["metadata"]["resourceVersion"], ())
        on.world.server.delete(key)
        await on.until(lambda: any(s.operation == "delete" for _, s in on.sent), within=60)
        await asyncio.sleep(60)
        assert {d.process.shards.mine for d, s in on.sent if s.id == id_} == {shard_of(SPACES[0], 3)}
        assert [
            k
            for p in on.acting.values()
            for k in (*p.engine.cache.own_keys(), *p.engine.cache.keys())
            if "@" in k.name
        ] == []
        await settled(on)

    fleet(story)


def test_a_secret_that_cannot_be_read_is_no_reason_to_write_on_another_shard_s_object() -> None:
    async def story(on: Fleet) -> None:
        await serve(on, each=1)
        refuses = Trouble(Effect.REFUSE, frozenset({Verb.GET}), frozenset({"Secret"}), status=422)
        on.world.troubles.append(refuses)
        await asyncio.sleep(130)
        assert {did.namespace for did in on.did if did.at > on.world.loop.time() - 130} == set(SPACES)
        assert on.strayed() == []

    fleet(story)


def test_two_shards_objects_that_chose_one_name_end_with_one_deployment() -> None:
    async def story(on: Fleet) -> None:
        for space in SPACES:
            on.account(space)
        on.start(4)
        await on.until(lambda: len(on.acting) == 3, within=30)
        await asyncio.sleep(5)
        first = SPACES[0]
        second = next(s for s in SPACES if shard_of(s, 3) != shard_of(first, 3))
        on.apply(first, "one", deploymentName="chosen")
        on.apply(second, "two", deploymentName="chosen")
        await asyncio.sleep(180)
        assert len(await on.world.ledger()) == 1
        assert sorted(reason(on, key) for key, _ in on.objects()) == ["Available", "NameTaken"]

    fleet(story)


def test_a_limit_of_the_account_is_divided_among_the_shards_that_use_it() -> None:
    async def story(on: Fleet) -> None:
        for space in SPACES[:1]:
            on.account(space, requestsPerMinute=90)
        on.start(4)
        await on.until(lambda: len(on.acting) == 3, within=30)
        await asyncio.sleep(5)
        mine = on.acting[shard_of(SPACES[0], 3)]
        assert limits(mine) == [(90, 20)]
        for space in SPACES[1:]:
            on.account(space, requestsPerMinute=90)
        await asyncio.sleep(5)
        assert [limits(process) for process in on.acting.values()] == [[(30, most)] for most in (7, 7, 6)]

    fleet(story)


def test_all_shards_together_keep_to_the_limit_of_the_account() -> None:
    async def story(on: Fleet) -> None:
        for space in SPACES:
            on.account(space, requestsPerMinute=60)
            for number in range(4):
                on.apply(space, f"{space}-{number}")
        on.start(4)
        await on.until(on.ready, within=600)
        times = [sent.at for sent in on.world.sent]
        most = max(sum(at <= other < at + 60 for other in times) for at in times)
        assert 45 < most <= 60

    fleet(story)


def reason(on: Fleet, key: Key) -> str:
    found = on.world.server.get(key)["status"]["conditions"]
    return str(next(c["reason"] for c in found if c["type"] == "Ready"))


def limits(process) -> list[tuple[int, int]]:
    gates = [account.gate for account in process.engine.accounts]
    return [(gate.requests_per_minute, gate.most_in_flight) for gate in gates]


@pytest.mark.parametrize(
    ("seed", "turns"), [(4, 4), *[pytest.param(seed, 12, marks=pytest.mark.long) for seed in (1, 2, 3)]]
)
def test_a_storm_while_shards_move_every_ten_seconds_makes_nothing_twice(seed: int, turns: int) -> None:
    """Every 10 s one process ends, by SIGTERM or kill -9, and another begins; people edit, delete and create."""
    random = Random(seed)

    async def story(on: Fleet) -> None:
        await serve(on, replicas=4)
        on.world.provider_latency = 0.4
        for turn in range(turns):
            for _ in range(5):
                _user(on, random, turn)
                await asyncio.sleep(2)
            victim = random.choice(on.living)
            if victim.has_read and random.random() < 0.4:
                await victim.end()
            else:
                victim.kill()
            on.start()
        await asyncio.sleep(30)
        await on.until(lambda: len(on.acting) == 3, within=60)
        await on.until(on.ready, within=600)
        await settled(on)
        assert on.strayed() == []
        assert len({did.process.name for did in on.did}) > 3

    fleet(story, seed=seed)


def _user(on: Fleet, random: Random, turn: int) -> None:
    key, _ = random.choice(list(on.objects()))
    what = random.choice(("edit", "edit", "edit", "delete", "create"))
    if what == "edit":
        on.world.edit(key, {"spec": {"replicas": random.randint(1, 4)}})
    elif what == "delete":
        on.world.server.delete(key)
    else:
        on.apply(key.namespace, f"{key.namespace}-new-{turn}-{random.randint(0, 999)}")
