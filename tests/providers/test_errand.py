"""A request waits for its turn without a worker, and is not sent when the wait has made it pointless."""

import asyncio
from datetime import timedelta

import pytest

from model_operator.accounts.limiter import Limiter
from model_operator.domain import Priority
from model_operator.errand import Errand, Outdated, sent_on
from model_operator.providers.account import Account, Cleaner
from model_operator.providers.base import Call, Credentials, Reply, Site
from support.virtual_time import run

SITE = Site(provider="parasail", base_url="http://p", headers={})
CALL = Call(operation="delete", method="DELETE", path="/x")


class Answering:
    """A transport whose every request is answered at once."""

    request_timeout = timedelta(seconds=30)

    def __init__(self) -> None:
        self.sent: list[Call] = []

    async def send(self, _site: Site, call: Call) -> Reply:
        self.sent.append(call)
        return Reply(200, None, {})


class Waiting:
    """One request of an account of which another one holds the only slot, until `go`."""

    def __init__(self) -> None:
        self.limiter = Limiter(asyncio.get_running_loop(), most_in_flight=1)
        self.transport = Answering()
        self.account = Account(
            transport=self.transport, gate=self.limiter, clean=Cleaner(Credentials(api_key="k" * 20))
        )
        self.is_current = True
        self.workers = 1
        self.on_news = lambda: None
        self.errand = Errand(lambda: self.is_current, self._leave, self._come_back)

    def _leave(self, on_news) -> None:
        self.workers += 1
        self.on_news = on_news

    def _come_back(self) -> None:
        self.workers -= 1

    async def request(self, **options: timedelta) -> Reply:
        with sent_on(self.errand):
            return await self.account.send(SITE, CALL, **options)

    async def go(self, change) -> asyncio.Task[Reply]:
        """`change` happens while the request waits; then its turn comes."""
        async with self.limiter.turn(Priority.EDIT):
            task = asyncio.create_task(self.request())
            for _ in range(5):
                await asyncio.sleep(0)
            assert (self.workers, self.transport.sent) == (2, [])
            change()
        await asyncio.wait([task], timeout=5)
        assert self.workers == 1
        assert self.limiter.waiting == 0
        return task


async def test_it_holds_no_worker_while_it_waits_and_is_sent_in_its_turn():
    waiting = Waiting()
    assert (await (await waiting.go(lambda: None))).status == 200
    assert waiting.transport.sent == [CALL]


async def test_what_has_changed_meanwhile_is_seen_right_before_it_is_sent_also_if_nobody_tells():
    waiting = Waiting()
    task = await waiting.go(lambda: setattr(waiting, "is_current", False))
    with pytest.raises(Outdated):
        await task
    assert waiting.transport.sent == []


async def test_news_that_make_it_pointless_end_the_wait_before_its_turn():
    waiting = Waiting()
    async with waiting.limiter.turn(Priority.EDIT):
        task = asyncio.create_task(waiting.request())
        for _ in range(5):
            await asyncio.sleep(0)
        waiting.on_news()  # of no consequence
        await asyncio.sleep(0)
        assert not task.done()
        waiting.is_current = False
        waiting.on_news()
        with pytest.raises(Outdated):
            await asyncio.wait_for(task, 5)
        assert waiting.workers == 1
    waiting.is_current = True
    assert (await waiting.request()).status == 200  # the slot was given back


async def test_news_after_it_was_sent_change_nothing():
    waiting = Waiting()
    await waiting.request()
    waiting.is_current = False
    waiting.on_news()
    assert waiting.transport.sent == [CALL]


async def test_without_a_pass_nobody_is_asked():
    waiting = Waiting()
    waiting.is_current = False
    assert (await waiting.account.send(SITE, CALL)).status == 200


@pytest.mark.parametrize(
    ("within", "after", "answer"),
    [
        pytest.param(60, 29, 200, id="all of its time is left"),
        pytest.param(60, 31, "NoTurn", id="too little of it"),
        pytest.param(20, 9, 200, id="half of a short one"),
        pytest.param(20, 11, "NoTurn", id="too little of a short one"),
    ],
)
def test_a_turn_that_leaves_no_time_for_the_answer_is_not_taken(within, after, answer):
    async def story() -> None:
        waiting = Waiting()
        async with waiting.limiter.turn(Priority.EDIT):
            task = asyncio.create_task(waiting.request(within=timedelta(seconds=within)))
            await asyncio.sleep(after)
        found = (await asyncio.gather(task, return_exceptions=True))[0]
        assert getattr(found, "status", None) == answer or type(found).__name__ == answer
        assert len(waiting.transport.sent) == (answer == 200)
        if answer == 200:
            assert waiting.transport.sent[0].timeout == timedelta(seconds=min(30, within - after))

    run(story())
