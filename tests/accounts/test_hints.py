"""An event of the provider: two LISTs soon, and nothing else, however many come and whatever state the account is in."""

import asyncio
from datetime import timedelta

from accounts.test_poller import A, B, Polling, running
from model_operator.accounts.poller import Poller
from model_operator.domain import Priority
from model_operator.errors import CredentialsInvalid, Unavailable, Unsupported
from support.markdown import ROOT
from support.running import on_virtual_time
from support.situations import remote

SECOND = timedelta(seconds=1)


class Hinted(Polling):
    """An account that is listed every hour, on virtual time, by a provider that answers at once."""

    def __init__(self) -> None:
        super().__init__()
        self.poller = Poller(self.account, self.cache, self._clock, SECOND)
        self.provider.go = asyncio.Semaphore(10_000)
        self.provider.answer = [remote(id="1")]
        self.put(A, externalID="1")

    async def lists_within(self, seconds: float) -> int:
        """So many LISTs begin in that time."""
        before = len(self.provider.priorities)
        await asyncio.sleep(seconds)
        return len(self.provider.priorities) - before

    async def settled(self) -> None:
        await asyncio.sleep(100)
        self.news()
        self.pass_each(A)


@on_virtual_time
async def test_an_event_brings_a_list_at_once_and_a_second_one_soon() -> None:
    async with running(Hinted()) as polling:
        await polling.settled()
        polling.account.hint()
        assert await polling.lists_within(0.01) == 1
        assert polling.provider.priorities[-1] is Priority.TRANSITION
        assert await polling.lists_within(4.9) == 0
        assert await polling.lists_within(0.2) == 1
        assert await polling.lists_within(3000) == 0


@on_virtual_time
async def test_only_what_the_list_shows_is_news() -> None:
    async with running(Hinted()) as polling:
        await polling.settled()
        polling.account.hint()
        await asyncio.sleep(1)
        assert polling.news() == set()
        polling.provider.answer = [remote(id="1", version="v2")]
        polling.account.hint()
        await asyncio.sleep(1)
        assert polling.news() == {A}


@on_virtual_time
async def test_what_the_providers_own_list_shows_late_is_seen_by_the_second_look() -> None:
    async with running(Hinted()) as polling:
        await polling.settled()
        polling.account.hint()
        await asyncio.sleep(2)
        polling.provider.answer = [remote(id="1", version="v2")]
        await asyncio.sleep(4)
        assert polling.news() == {A}


@on_virtual_time
async def test_a_burst_of_events_costs_three_lists() -> None:
    async with running(Hinted()) as polling:
        await polling.settled()
        for _ in range(500):
            polling.account.hint()
            await asyncio.sleep(0.001)
        await asyncio.sleep(600)
        assert len(polling.provider.priorities) == 1 + 3


@on_virtual_time
async def test_what_is_told_is_seen_within_a_second_also_right_after_a_look() -> None:
    async with running(Hinted()) as polling:
        await polling.settled()
        polling.account.hint()
        await asyncio.sleep(0.01)
        polling.provider.answer = [remote(id="1", version="v2")]
        polling.account.hint()
        await asyncio.sleep(0.5)
        assert polling.news() == {A}


@on_virtual_time
async def test_events_without_news_that_keep_coming_are_looked_at_less_and_less() -> None:
    async with running(Hinted()) as polling:
        await polling.settled()
        before = len(polling.provider.priorities)
        for _ in range(3600):
            polling.account.hint()
            await asyncio.sleep(1)
        assert len(polling.provider.priorities) - before <= 3600 / 30 + 12
        await asyncio.sleep(100)
        polling.provider.answer = [remote(id="1", version="v2")]
        polling.account.hint()
        await asyncio.sleep(0.1)
        assert polling.news() == {A}  # after a rest, the next one is looked at at once


@on_virtual_time
async def test_events_do_not_cut_an_outage_s_wait_short() -> None:
    async def asked(hints: bool) -> int:
        async with running(Hinted()) as polling:
            await polling.settled()
            polling.provider.answer = CredentialsInvalid("401")
            polling.account.want_list(A)
            await asyncio.sleep(1)
            before = len(polling.provider.priorities)
            for _ in range(600):
                if hints:
                    polling.account.hint()
                await asyncio.sleep(1)
            return len(polling.provider.priorities) - before

    assert await asked(hints=True) == await asked(hints=False)


@on_virtual_time
async def test_an_event_whose_look_failed_is_not_forgotten_until_the_next_sweep() -> None:
    async with running(Hinted()) as polling:
        await polling.settled()
        polling.provider.answer = Unavailable("503", may_have_landed=False)
        polling.account.hint()
        await asyncio.sleep(1)
        polling.provider.answer = [remote(id="1", version="v2")]
        assert await polling.lists_within(28) == 0, "a blip is given the time that it has without events"
        await asyncio.sleep(2)
        assert polling.news() == {A}


@on_virtual_time
async def test_without_a_list_everybody_is_looked_at_but_not_often() -> None:
    async with running(Hinted()) as polling:
        polling.provider.answer = Unsupported("no list")
        polling.put(B, externalID="2")
        await polling.settled()
        told = 0
        for _ in range(300):
            polling.account.hint()
            await asyncio.sleep(1)
            told += polling.news() == {A, B}
        assert told in range(9, 12)


@on_virtual_time
async def test_a_day_of_events_costs_a_sixteenth_of_a_day_of_polls() -> None:
    """The figures of docs/webhooks.md: LISTs of an account in which something changes twenty times a day."""

    async def lists(interval: timedelta, *, events: bool) -> int:
        polling = Hinted()
        polling.account.poll_interval = interval
        async with running(polling):
            await polling.settled()
            before = len(polling.provider.priorities)
            for change in range(20):
                polling.provider.answer = [remote(id="1", version=f"change {change}")]
                if events:
                    polling.account.hint()
                await asyncio.sleep(86_400 / 20)
                assert polling.news() == {A}
                polling.pass_each(A)
            return len(polling.provider.priorities) - before

    polled = await lists(timedelta(seconds=30), events=False)
    told = await lists(timedelta(minutes=10), events=True)
    assert (polled, told) == (2880, 180)
    page = (ROOT / "docs" / "webhooks.md").read_text(encoding="utf-8")
    assert f"| 30s (the default) | no | {polled:,} |" in page
    assert f"| 10m | yes | {told:,} |" in page
