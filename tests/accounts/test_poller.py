"""The poller: one LIST for everybody, soon when somebody waits, and nobody called missing who is younger than it."""

import asyncio
from collections.abc import Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest

from model_operator.accounts.account import Account
from model_operator.accounts.poller import Poller
from model_operator.domain import DEPLOYMENT, PROVIDER, Key, Priority, Remote
from model_operator.errors import CredentialsInvalid, ProviderError, Unavailable, Unsupported
from model_operator.providers.registry import PROVIDERS
from model_operator.reconcile.cache import Cache
from support import bodies
from support.provider_world import OpenGate
from support.running import on_virtual_time
from support.signals import Told
from support.situations import NOW, remote

ACME = Key(PROVIDER, "team", "acme")
A, B, NEW = (Key(DEPLOYMENT, "team", name) for name in ("a", "b", "new"))
QUICK = timedelta(milliseconds=5)


class Listing:
    """A provider that only lists: each LIST begins, waits for `go`, and ends as `answer` says then."""

    def __init__(self) -> None:
        self.answer: list[Remote] | ProviderError = []
        self.priorities: list[Priority] = []
        self.begun = asyncio.Semaphore(0)
        self.go = asyncio.Semaphore(0)
        self._priority = Priority.SWEEP

    def at(self, priority: Priority) -> "Listing":
        self._priority = priority
        return self

    async def list(self) -> Sequence[Remote]:
        self.priorities.append(self._priority)
        self.begun.release()
        await self.go.acquire()
        if isinstance(self.answer, ProviderError):
            raise self.answer
        return list(self.answer)


class Polling:
    def __init__(self) -> None:
        self.provider = Listing()
        self.told = Told()
        self.cache = Cache(self.told)
        self.account = Account(
            id="a",
            vendor=PROVIDERS["parasail"],
            provider=self.provider,
            gate=OpenGate(),
            poll_interval=timedelta(hours=1),
            signals=self.told,
            members={ACME},
        )
        self.poller = Poller(self.account, self.cache, self._clock, QUICK)

    def _clock(self) -> datetime:
        return NOW

    def put(self, key: Key, *, version: int = 1, **status: str) -> None:
        self.cache.put(key, bodies.deployment(key.name, version=version, status=dict(status)))

    async def begins(self) -> None:
        async with asyncio.timeout(5):
            await self.provider.begun.acquire()

    async def ends(self, answer: list[Remote] | ProviderError) -> None:
        self.provider.answer = answer
        self.provider.go.release()
        for _ in range(10):
            await asyncio.sleep(0)

    async def lists(self, answer: list[Remote] | ProviderError) -> None:
        await self.begins()
        await self.ends(answer)

    def told_of(self, kind: str) -> set[Key]:
        """Objects of that kind for which there was news since this was last asked."""
        found = {key for keys in self.told.changes for key in keys if key.kind == kind}
        self.told.changes = [{key for key in keys if key.kind != kind} for keys in self.told.changes]
        return found

    def news(self) -> set[Key]:
        return self.told_of(DEPLOYMENT)

    def pass_each(self, *keys: Key) -> None:
        for key in keys:
            self.account.note(key, self.cache.deployment(key).status.external_id)


@pytest.fixture
async def polling():
    async with running(Polling()) as polling:
        yield polling


@asynccontextmanager
async def running(polling: Polling):
    task = asyncio.create_task(polling.poller.run())
    yield polling
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_change_calls_those_whom_it_concerns(polling):
    polling.put(A, externalID="1")
    polling.put(B, externalID="2")
    await polling.lists([remote(id="1"), remote(id="2")])
    assert polling.news() == {A, B}
    polling.pass_each(A, B)
    polling.account.want_list(NEW)
    await polling.lists([remote(id="1", version="v2"), remote(id="2")])
    assert polling.news() == {A, NEW}


async def test_who_asks_while_the_first_list_is_under_way_gets_that_one(polling):
    await polling.begins()
    polling.account.want_list(NEW)
    await polling.ends([])
    assert polling.news() == {NEW}
    assert polling.account.waiting == set()


async def test_who_asks_while_a_later_list_is_under_way_gets_the_next_one(polling):
    await polling.lists([])
    polling.account.want_list(A)
    await polling.begins()
    polling.account.want_list(NEW)
    await polling.ends([])
    assert A in polling.news()
    assert polling.account.waiting == {NEW}
    await polling.lists([])
    assert polling.news() == {NEW}
    assert polling.account.waiting == set()


async def test_ids_that_were_created_while_a_list_was_under_way_are_not_missing_from_it(polling):
    await polling.begins()
    polling.put(A, externalID="1")
    polling.put(B, externalID="2")
    await polling.ends([])
    assert not polling.account.is_mismatch
    polling.account.want_list(NEW)
    await polling.lists([])
    assert polling.account.is_mismatch


async def test_somebody_who_waits_goes_before_the_sweep(polling):
    await polling.lists([])
    polling.account.want_list(NEW)
    await polling.lists([])
    assert polling.provider.priorities == [Priority.SWEEP, Priority.TRANSITION]


async def test_while_something_moves_it_looks_often(polling):
    await polling.lists([])
    polling.account.settle(A, is_moving=True)
    for _ in range(5):
        await polling.lists([])


class InNeed(Listing):
    """A provider whose LIST takes a while, to an account of which somebody always wants another one."""

    def __init__(self, polling: Polling, took: float) -> None:
        super().__init__()
        self.polling, self.took = polling, took
        self.began: list[float] = []

    async def list(self) -> Sequence[Remote]:
        self.began.append(asyncio.get_running_loop().time())
        await asyncio.sleep(self.took)
        self.polling.account.want_list(NEW)
        return []


@pytest.mark.parametrize(("took", "apart"), [(0.1, 1), (0.5, 2), (1, 4), (3, 5), (20, 20)])
@on_virtual_time
async def test_a_list_that_takes_long_is_not_read_all_the_time(took: float, apart: float) -> None:
    polling = Polling()
    provider = polling.account.provider = InNeed(polling, took)
    polling.poller = Poller(polling.account, polling.cache, lambda: NOW, timedelta(seconds=1))
    async with running(polling):
        await asyncio.sleep(100)
    first, second, third = provider.began[:3]
    assert (second - first, third - second) == pytest.approx((apart, apart), abs=0.01)


async def test_an_account_without_list_says_so_once_and_forgets_what_it_showed(polling):
    polling.put(A, externalID="1")
    for _ in range(2):
        polling.account.want_list(NEW)
        await polling.lists(Unsupported("405"))
        assert not polling.account.can_list
    assert polling.news() == {A}


async def test_an_account_that_has_listed_and_has_no_list_any_more_fails(polling):
    polling.put(A, externalID="1")
    await polling.lists([remote(id="1")])
    for _ in range(3):
        polling.account.want_list(NEW)
        await polling.lists(Unsupported("404"))
    account = polling.account
    assert account.can_list
    assert account.snapshot is not None
    assert type(account.lasting_error) is Unavailable


async def test_failures_are_told_when_they_last(polling):
    polling.put(A, externalID="1")
    await polling.lists([remote(id="1")])
    polling.news()
    said = []
    for _ in range(4):
        polling.account.wake.set()
        await polling.lists(Unavailable("no answer"))
        said.append(polling.news())
    assert said == [{A}, set(), {A}, set()]
    polling.account.wake.set()
    await polling.lists([remote(id="1")])
    assert polling.news() == {A}


async def test_a_401_has_the_secret_read_again(polling):
    polling.put(A, externalID="1")
    await polling.lists(CredentialsInvalid("401"))
    assert polling.told_of(PROVIDER) == {ACME}
    assert polling.news() == {A}
