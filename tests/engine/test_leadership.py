"""Who may act: a former leader is told at once and for good, and a living Lease is nobody else's. On a clock of the test."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from kubernetes.aio.client import Configuration
from kubernetes.aio.leaderelection.electionconfig import Config
from kubernetes.aio.leaderelection.leaderelection import LeaderElection
from kubernetes.aio.leaderelection.leaderelectionrecord import LeaderElectionRecord

from model_operator.kube import Kube
from model_operator.lease import LEASE_DURATION, RENEW_DEADLINE, Leadership, TimedLock

NAME, NAMESPACE = "model-operator", "system"
PATH = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases"


class Leases:
    """The one Lease of an API server, and the clock of the process that wants it."""

    def __init__(self) -> None:
        self.lease: dict[str, Any] = {}
        self.now = 1000.0

    async def read(self, _: web.Request) -> web.Response:
        if not self.lease:
            return web.json_response({"message": "there is none", "code": 404}, status=404)
        return web.json_response(self.lease)

    async def write(self, request: web.Request) -> web.Response:
        self.lease = await request.json()
        return web.json_response(self.lease)

    @property
    def holder(self) -> str:
        return str(self.lease["spec"]["holderIdentity"])

    @holder.setter
    def holder(self, identity: str) -> None:
        self.lease["spec"]["holderIdentity"] = identity

    def lock(self, kube: Kube) -> TimedLock:
        return TimedLock(NAME, NAMESPACE, "me", kube.api_client, lambda: self.now)


@asynccontextmanager
async def serving(leases: Leases) -> AsyncIterator[Kube]:
    app = web.Application()
    app.router.add_get(f"{PATH}/{NAME}", leases.read)
    app.router.add_post(PATH, leases.write)
    app.router.add_put(f"{PATH}/{NAME}", leases.write)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        async with Kube(Configuration(host=f"http://127.0.0.1:{runner.addresses[0][1]}")) as kube:
            yield kube
    finally:
        await runner.cleanup()


def record() -> LeaderElectionRecord:
    now = str(datetime.now(UTC).replace(tzinfo=None))
    return LeaderElectionRecord("me", str(LEASE_DURATION), now, now)


async def renew(lock: TimedLock) -> bool:
    """As the election does it: look, then write."""
    await lock.get(NAME, NAMESPACE)
    return await lock.update(NAME, NAMESPACE, record())


async def test_a_lease_is_held_for_as_long_as_it_was_renewed() -> None:
    leases = Leases()
    async with serving(leases) as kube:
        leader = Leadership(kube, name=NAME, namespace=NAMESPACE, identity="me", clock=lambda: leases.now)
        assert not leader.is_held
        await leader.acquire()
        assert leader.is_held
        leases.now += RENEW_DEADLINE
        assert not leader.is_held  # before the election has noticed anything
        async with asyncio.timeout(10):
            await leader.lost()
        leases.now -= RENEW_DEADLINE
        assert not leader.is_held
        await leader.release()


@pytest.mark.parametrize("holder", ["another", ""])
async def test_another_holder_ends_leadership_at_once(holder: str) -> None:
    leases = Leases()
    async with serving(leases) as kube:
        lock = leases.lock(kube)
        await lock.create(NAME, NAMESPACE, record())
        leases.holder = holder
        await lock.get(NAME, NAMESPACE)
        assert lock.over.is_set() == bool(holder)


async def test_who_missed_the_deadline_does_not_come_back() -> None:
    leases = Leases()
    async with serving(leases) as kube:
        lock = leases.lock(kube)
        await lock.create(NAME, NAMESPACE, record())
        leases.now += RENEW_DEADLINE - 1
        assert await renew(lock)
        leases.now += RENEW_DEADLINE
        assert not await renew(lock)
        assert lock.over.is_set()


@pytest.mark.parametrize("step", [-3600, -LEASE_DURATION, 0, LEASE_DURATION, 3600])
async def test_a_step_of_the_wall_clock_changes_nothing_for_a_stand_by(step: int) -> None:
    """The client's own election, which remembers by the wall clock when it has seen the Lease renewed."""
    leases = Leases()
    async with serving(leases) as kube:
        await leases.lock(kube).create(NAME, NAMESPACE, record())
        leases.holder = "another"
        stand_by = LeaderElection(
            Config(
                leases.lock(kube),
                lease_duration=LEASE_DURATION,
                renew_deadline=RENEW_DEADLINE,
                retry_period=2,
                onstarted_leading=asyncio.Event().wait,
                onstopped_leading=None,
            )
        )
        assert not await stand_by.try_acquire_or_renew()
        stand_by.observed_time_milliseconds -= step * 1000  # the clock was set by so much since
        leases.now += LEASE_DURATION - 1
        assert not await stand_by.try_acquire_or_renew()
        assert leases.holder == "another"
        leases.now += 1
        assert await stand_by.try_acquire_or_renew()
        assert leases.holder == "me"


async def test_a_living_lease_is_not_taken_whatever_the_wall_clocks_say() -> None:
    leases = Leases()
    async with serving(leases) as kube:
        lock = leases.lock(kube)
        await lock.create(NAME, NAMESPACE, record())
        leases.holder = "another"
        stand_by = leases.lock(kube)
        assert not await renew(stand_by)
        leases.now += LEASE_DURATION - 1
        leases.lease["spec"]["renewTime"] = "2026-01-01T00:00:09.000000Z"  # it lives
        assert not await renew(stand_by)
        leases.now += LEASE_DURATION - 1
        assert not await renew(stand_by)
        assert leases.holder == "another"
        leases.now += 1
        assert await renew(stand_by)
        assert leases.holder == "me"


async def test_the_lease_says_where_its_holder_takes_events() -> None:
    leases = Leases()
    async with serving(leases) as kube:
        lock, stand_by = leases.lock(kube), leases.lock(kube)
        lock.address = "10.0.0.1:8090"
        await lock.create(NAME, NAMESPACE, record())
        await lock.get(NAME, NAMESPACE)
        assert lock.leader_address is None  # itself
        leases.holder = "another"
        await stand_by.get(NAME, NAMESPACE)
        assert stand_by.leader_address == "10.0.0.1:8090"

        leases.holder = ""
        await stand_by.get(NAME, NAMESPACE)
        assert stand_by.leader_address is None
        leases.lease["metadata"]["annotations"]["example.com/kept"] = "yes"
        assert await renew(stand_by)  # it takes no events: what the one before said is gone
        assert leases.lease["metadata"]["annotations"] == {"example.com/kept": "yes"}
