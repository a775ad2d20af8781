"""Which accounts are open: one for everybody with the same key, the most generous limit, closed after its last member."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from model_operator.accounts.account import Snapshot
from model_operator.accounts.limiter import Limiter
from model_operator.accounts.registry import Accounts, AccountSpec
from model_operator.domain import DEPLOYMENT, PROVIDER, Key
from model_operator.providers.http import HttpTransport
from model_operator.providers.registry import PROVIDERS
from model_operator.reconcile.cache import Cache
from model_operator.redaction import Redactor
from model_operator.sharding import Shards, shard_of
from model_operator_simulator import Simulator
from support import bodies
from support.in_process import InProcess
from support.running import URL, on_virtual_time
from support.signals import Told
from support.situations import remote
from support.virtual_time import START, Wall

A, B = Key(PROVIDER, "team", "a"), Key(PROVIDER, "team", "b")
VENDOR = PROVIDERS["parasail"]
SPEC = AccountSpec(
    vendor=VENDOR,
    base_url=f"{URL}/parasail/api/v1",
    chat_base_url=f"{URL}/parasail/v1",
    credentials=VENDOR.credentials({"apiKey": "sim-parasail-key"}),
    requests_per_minute=None,
    poll_interval=timedelta(seconds=30),
)


class Stage:
    """A registry whose accounts are at a simulator."""

    def __init__(self, shards: Shards | None = None) -> None:
        loop = asyncio.get_running_loop()
        self.simulator = Simulator(source=lambda: START.timestamp() + loop.time())
        self.told, self.redactor = Told(), Redactor()
        self.cache = Cache(self.told, shards)
        self.accounts = Accounts(
            transport=HttpTransport(request_timeout=timedelta(seconds=10), client=InProcess(self.simulator)),
            holders=self.cache,
            clock=Wall(loop),
            signals=self.told,
            redactor=self.redactor,
            most_in_flight=20,
            transition_poll=timedelta(seconds=1),
            shards=shards,
        )

    async def lists(self, seconds: float) -> int:
        """How many LISTs the provider gets in that time."""
        before = await self._requests()
        await asyncio.sleep(seconds)
        return await self._requests() - before

    async def _requests(self) -> int:
        return len((await self.simulator.control("GET", "/requests?operation=list"))["requests"])


@on_virtual_time
async def test_all_who_lead_to_one_account_share_it_and_its_list() -> None:
    stage = Stage()
    first, second = stage.accounts.open("x", SPEC, A), stage.accounts.open("x", SPEC, B)
    assert first is second
    assert first.members == {A, B}
    assert await stage.lists(95) == 4
    await stage.accounts.stop()


@on_virtual_time
async def test_another_id_is_another_account() -> None:
    stage = Stage()
    first, second = stage.accounts.open("x", SPEC, A), stage.accounts.open("y", SPEC, B)
    assert (first.members, second.members) == ({A}, {B})
    assert await stage.lists(95) == 8
    await stage.accounts.stop()


@pytest.mark.parametrize(
    ("limits", "shared", "left"),
    [
        pytest.param((None, None), None, None, id="no limit"),
        pytest.param((60, None), None, None, id="only one has a limit"),
        pytest.param((60, 30), 60, 30, id="the most generous counts"),
        pytest.param((30, 60), 60, 60, id="also of the other one"),
    ],
)
@on_virtual_time
async def test_the_most_generous_limit_of_those_who_are_there_counts(
    limits: tuple[int | None, int | None], shared: int | None, left: int | None
) -> None:
    stage = Stage()
    for member, limit in zip((A, B), limits, strict=True):
        account = stage.accounts.open("x", replace(SPEC, requests_per_minute=limit), member)
    assert account.gate.requests_per_minute == shared  # type: ignore[attr-defined]
    stage.accounts.close(account, A)
    assert account.gate.requests_per_minute == left  # type: ignore[attr-defined]
    await stage.accounts.stop()


@on_virtual_time
async def test_the_shortest_interval_counts() -> None:
    stage = Stage()
    stage.accounts.open("x", replace(SPEC, poll_interval=timedelta(minutes=10)), A)
    account = stage.accounts.open("x", replace(SPEC, poll_interval=timedelta(seconds=10)), B)
    assert account.poll_interval == timedelta(seconds=10)
    stage.accounts.close(account, B)
    assert account.poll_interval == timedelta(minutes=10)
    await stage.accounts.stop()


@on_virtual_time
async def test_an_account_is_polled_until_its_last_member_has_left() -> None:
    stage = Stage()
    account = stage.accounts.open("x", SPEC, A)
    stage.accounts.open("x", SPEC, B)
    await stage.lists(1)
    stage.accounts.close(account, A)
    assert await stage.lists(60) == 2
    stage.accounts.close(account, B)
    assert await stage.lists(600) == 0
    assert stage.accounts.problem is None
    assert stage.accounts.open("x", SPEC, A) is not account
    await stage.accounts.stop()


@on_virtual_time
async def test_who_leaves_takes_along_what_is_remembered_of_his_objects() -> None:
    stage = Stage()
    mine, theirs = Key(DEPLOYMENT, "team", "mine"), Key(DEPLOYMENT, "team", "theirs")
    stage.cache.put(mine, bodies.deployment("mine", provider="a"))
    stage.cache.put(theirs, bodies.deployment("theirs", provider="b"))
    account = stage.accounts.open("x", SPEC, A)
    stage.accounts.open("x", SPEC, B)
    for key in (mine, theirs):
        account.settle(key, is_moving=True)
        account.want_list(key)
    account.confirmed = {A: frozenset({"1"}), B: frozenset({"2"})}
    stage.accounts.close(account, A)
    assert (account.moving, account.waiting, account.confirmed) == (
        {theirs},
        {theirs},
        {B: frozenset({"2"})},
    )
    await stage.accounts.stop()


@on_virtual_time
async def test_a_key_is_masked_while_its_account_is_open() -> None:
    stage = Stage()
    account = stage.accounts.open("x", SPEC, A)
    assert stage.redactor.redact("sim-parasail-key") == "***"
    stage.accounts.close(account, A)
    assert stage.redactor.redact("sim-parasail-key") == "sim-parasail-key"


@on_virtual_time
async def test_a_rest_that_a_provider_asks_for_is_told() -> None:
    stage = Stage()
    await stage.simulator.control("POST", "/faults", {"kind": "error", "status": 429, "retry_after": 7})
    account = stage.accounts.open("x", SPEC, A)
    await asyncio.sleep(1)
    assert stage.told.rests == [("parasail", "x", timedelta(seconds=7))]
    assert account.paused_until(START) == START + timedelta(seconds=6)
    await stage.accounts.stop()


@on_virtual_time
async def test_a_poller_that_ended_is_a_problem() -> None:
    stage = Stage()
    stage.accounts.open("x", SPEC, A)
    await asyncio.sleep(1)
    assert stage.accounts.problem is None
    await stage.accounts.stop()
    assert stage.accounts.problem == "1 of 1 pollers have ended"


def of_three() -> tuple[Shards, dict[int, Key]]:
    """This process has the first of three shards; a ModelProvider of each shard."""
    shards = Shards(3)
    shards.take(0)
    named = {shard_of(name, 3): Key(PROVIDER, name, "acme") for name in (f"team-{n}" for n in range(12))}
    return shards, named


@on_virtual_time
async def test_an_account_that_only_other_shards_use_is_not_listed() -> None:
    shards, of = of_three()
    stage = Stage(shards)
    account = stage.accounts.open("x", SPEC, of[1])
    assert await stage.lists(600) == 0
    assert stage.accounts.open("x", SPEC, of[0]) is account
    assert await stage.lists(95) == 4
    assert stage.accounts.problem is None
    await stage.accounts.stop()


@on_virtual_time
async def test_what_the_last_list_showed_is_believed_no_longer_once_only_others_use_the_account() -> None:
    shards, of = of_three()
    stage = Stage(shards)
    account = stage.accounts.open("x", SPEC, of[0])
    stage.accounts.open("x", SPEC, of[1])
    await stage.lists(5)
    assert account.has_answered
    stage.accounts.close(account, of[0])
    assert not account.has_answered
    assert await stage.lists(600) == 0
    stage.accounts.open("x", SPEC, of[0])
    assert not account.has_answered  # until a LIST has answered that begins now
    assert await stage.lists(5) == 1
    await stage.accounts.stop()


@pytest.mark.parametrize(
    ("users", "limit", "part", "most"),
    [
        pytest.param((0,), 90, 90, 20, id="ours alone"),
        pytest.param((0, 1), 90, 45, 10, id="half of it"),
        pytest.param((0, 1, 2), 91, 31, 7, id="a third, and what is left over"),
        pytest.param((0, 1, 2), 2, 1, 7, id="one at least"),
        pytest.param((0, 1, 2), None, None, 7, id="no limit"),
    ],
)
@on_virtual_time
async def test_the_shards_that_use_an_account_share_its_limits(
    users: tuple[int, ...], limit: int | None, part: int | None, most: int
) -> None:
    shards, of = of_three()
    stage = Stage(shards)
    for user in users:
        account = stage.accounts.open("x", replace(SPEC, requests_per_minute=limit), of[user])
    gate = account.gate
    assert isinstance(gate, Limiter)
    assert (gate.requests_per_minute, gate.most_in_flight) == (part, most)
    for user in users[1:]:
        stage.accounts.close(account, of[user])
    assert (gate.requests_per_minute, gate.most_in_flight) == (limit, 20)
    await stage.accounts.stop()


@on_virtual_time
async def test_news_of_another_shard_s_object_is_theirs_and_its_absence_counts_here() -> None:
    shards, of = of_three()
    stage = Stage(shards)
    for shard, id_ in ((0, "1"), (1, "2")):
        place = of[shard].namespace
        body = bodies.deployment(
            "llama", about={"uid": f"uid-{id_}", "namespace": place}, status={"externalID": id_}
        )
        stage.cache.put(Key(DEPLOYMENT, place, "llama"), body)
        account = stage.accounts.open("x", SPEC, of[shard])
    await stage.lists(5)
    own = Key(DEPLOYMENT, of[0].namespace, "llama")
    news = set[Key]().union(*stage.told.changes)
    assert own in news
    assert Key(DEPLOYMENT, of[1].namespace, "llama") not in news
    assert account.missing == {"1", "2"}
    assert account.is_mass_missing
    await stage.accounts.stop()


@on_virtual_time
async def test_an_id_in_another_shard_s_status_tells_that_two_keys_are_one_account() -> None:
    shards, of = of_three()
    stage = Stage(shards)
    place = of[1].namespace
    mine, theirs = stage.accounts.open("x", SPEC, of[0]), stage.accounts.open("y", SPEC, of[1])
    mine.snapshot = Snapshot.of(START, [remote(id="7")])
    assert mine.all_members == {of[0]}
    body = bodies.deployment("llama", about={"namespace": place}, status={"externalID": "7"})
    stage.cache.put(Key(DEPLOYMENT, place, "llama"), body)
    assert mine.all_members == {of[0], of[1]}
    assert theirs.snapshot is None
    await stage.accounts.stop()
