"""One acting operator among several: a Lease of the cluster, and a deadline on the process's own clock.

The election is the Kubernetes client's. What is added here: a leader that was stopped for a while (SIGSTOP, a live
migration) knows by the monotonic clock that its time is over, before it sends anything; the lease is given up at a
clean end; and no answer of the API server ends the election with an exception.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from time import monotonic
from typing import Any

from aiohttp import ClientError
from typing_extensions import override

from model_operator.domain import GROUP
from model_operator.kube import Kube
from model_operator.kubernetes_client import (
    ApiException,
    Config,
    LeaderElection,
    LeaderElectionRecord,
    LeaseLock,
    client,
)

LEASE_DURATION = 15
"""Seconds after which the others may take over a Lease that is not renewed (client-go's default)."""
RENEW_DEADLINE = 10
"""Seconds after the last renewal until which this process may act; the rest is for requests on their way."""
RETRY_PERIOD = 2
READ_AHEAD = 3
"""Seconds before another's Lease runs out: its holder acts no more, and who comes next reads what there is."""
ADDRESS = f"{GROUP}/events-at"
"""Annotation of the Lease: where its holder takes events of providers, as IP:PORT."""

log = logging.getLogger(__name__)


class ElectionEnded(Exception):
    """No further try will be made to get the Lease."""


class Leadership:
    """`acquire`, then act while `is_held`; `lost` returns when that is over; `release` at a clean end."""

    def __init__(
        self,
        kube: Kube,
        *,
        name: str,
        namespace: str,
        identity: str,
        clock: Callable[[], float] = monotonic,
        lock: "type[TimedLock] | None" = None,
    ) -> None:
        """`clock` counts seconds, and goes on while the process is stopped."""
        self._lock = (lock or TimedLock)(name, namespace, identity, kube.api_client, clock)
        self._clock = clock
        self._acquired = asyncio.Event()
        self._run: asyncio.Task[None] | None = None

    async def refusal(self) -> str | None:
        """Why the API server will never let this process have the Lease; None if it may be had some time."""
        _, answer = await self._lock.get(self._lock.name, self._lock.namespace)
        if not isinstance(answer, ApiException) or answer.status != HTTPStatus.FORBIDDEN:
            return None
        try:
            return str(json.loads(answer.body or "")["message"])
        except (ValueError, TypeError, KeyError):
            return str(answer.reason)

    async def acquire(self) -> None:
        """Returns once this process is the leader, which may be never. Raises `ElectionEnded`."""
        self._run = asyncio.create_task(self._election().run())
        acquired = asyncio.create_task(self._acquired.wait())
        await asyncio.wait({self._run, acquired}, return_when=asyncio.FIRST_COMPLETED)
        acquired.cancel()
        if not self._acquired.is_set():
            raise ElectionEnded("the election for the Lease has ended")
        log.info(
            "leading, by the Lease %s/%s as %s", self._lock.namespace, self._lock.name, self._lock.identity
        )

    async def try_once(self) -> bool:
        """One look, and the Lease is ours if nobody else has it. Then `acquire` keeps it."""
        return await self._election().try_acquire_or_renew()

    @property
    def runs_out_in(self) -> float:
        """Seconds until another's Lease may be taken over if it is not renewed; infinite if nobody was seen to have it."""
        return self._lock.runs_out_in

    async def nearly(self) -> None:
        """Returns when another's Lease is about to run out."""
        await self._lock.is_ending.wait()

    async def look(self) -> None:
        """See who has it, and where that one takes events."""
        await self._lock.get(self._lock.name, self._lock.namespace)

    def _election(self) -> LeaderElection:
        return LeaderElection(
            Config(
                self._lock,
                lease_duration=LEASE_DURATION,
                renew_deadline=RENEW_DEADLINE,
                retry_period=RETRY_PERIOD,
                onstarted_leading=self._lead,
                onstopped_leading=_nothing,
            )
        )

    @property
    def is_held(self) -> bool:
        """May anything be sent now? By the monotonic clock, which goes on while the process is stopped."""
        return self._clock() < self._lock.renewed_at + RENEW_DEADLINE and not self._lock.over.is_set()

    def take_events_at(self, address: str | None) -> None:
        """Tell the other replicas in the Lease, once it is ours, where to hand events over to."""
        self._lock.address = address

    def leads(self, namespace: str) -> bool:  # noqa: ARG002  in all of them
        return self.is_held

    def address_for(self, namespace: str) -> str | None:  # noqa: ARG002  in all of them
        """Where the other replica that leads takes events, as the Lease said a moment ago; None if it does not say."""
        return self._lock.leader_address

    async def lost(self) -> None:
        """Returns when the Lease could not be renewed in time, or is seen to be another's."""
        if self._run is None:
            return
        over = asyncio.create_task(self._lock.over.wait())
        await asyncio.wait({self._run, over}, return_when=asyncio.FIRST_COMPLETED)
        over.cancel()

    async def release(self) -> None:
        """Stop renewing, and let the next one in at once if the Lease is still ours."""
        was_held = self.is_held
        if self._run is not None:
            self._run.cancel()
            await asyncio.gather(self._run, return_exceptions=True)
        if was_held:
            await self._lock.give_up()

    async def _lead(self) -> None:
        self._acquired.set()
        await asyncio.Event().wait()


async def _nothing() -> None:
    return


def _annotations(lease: client.V1Lease) -> dict[str, str]:
    return lease.metadata.annotations or {} if lease.metadata is not None else {}


class TimedLock(LeaseLock):
    """Remembers when the last successful renewal was begun; answers every failure with a plain no."""

    def __init__(
        self,
        name: str,
        namespace: str,
        identity: str,
        api_client: client.ApiClient,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        super().__init__(name, namespace, identity, api_client)
        self._clock = clock
        self.renewed_at = float("-inf")
        self.over = asyncio.Event()
        """Set once this process has led and may not do so again."""
        self.is_ending = asyncio.Event()
        """Set while another's Lease has not been renewed for so long that its holder acts no more."""
        self.address: str | None = None
        """Of this process: where it takes events of providers."""
        self._foreign: tuple[str, str] | None = None
        self._foreign_since = 0.0

    @override
    async def get(self, name: str, namespace: str) -> Any:
        try:
            async with asyncio.timeout(RETRY_PERIOD):
                answer = await super().get(name, namespace)
        except (ClientError, TimeoutError, OSError, ValueError) as error:
            return False, ApiException(status=0, reason=f"no answer: {type(error).__name__}")
        self._look_at(answer)
        # The election goes by the wall clock, which may have been set back since: for it, nobody holds what has run out.
        return (True, None) if self._has_run_out() else answer

    def _look_at(self, answer: Any) -> None:
        """Somebody else's Lease ends our time at once, and runs from when this process first saw it so."""
        found, record = answer
        if not found or record is None or record.holder_identity in {None, "", self.identity}:
            self._foreign = None
            self.is_ending.clear()
            return
        if self._has_led:
            self.over.set()
        shown = (str(record.holder_identity), str(record.renew_time))
        if shown != self._foreign:
            self._foreign, self._foreign_since = shown, self._clock()
            self.is_ending.clear()
        elif self.runs_out_in < READ_AHEAD:
            self.is_ending.set()

    def _has_run_out(self) -> bool:
        return self._foreign is not None and not self._is_anothers()

    def _is_anothers(self) -> bool:
        """By the monotonic clock: the election goes by the wall clock, and a step of that takes no living Lease."""
        return self._foreign is not None and self.runs_out_in > 0

    @property
    def runs_out_in(self) -> float:
        """Seconds until another's Lease has not been renewed for so long that it may be taken over."""
        if self._foreign is None:
            return float("inf")
        return self._foreign_since + LEASE_DURATION - self._clock()

    @override
    async def create(self, name: str, namespace: str, election_record: LeaderElectionRecord) -> bool:
        # The client's own passes `pretty`, which its generated API refuses.
        annotations = {ADDRESS: self.address} if self.address is not None else None
        lease = client.V1Lease(
            metadata=client.V1ObjectMeta(name=name, annotations=annotations),
            spec=self.update_lease(election_record),
        )
        return await self._timed(self.api_instance.create_namespaced_lease(namespace, lease))

    @override
    async def update(self, name: str, namespace: str, updated_record: LeaderElectionRecord) -> bool:
        lease = self.lease_reference
        if lease is None or self._is_late() or self._is_anothers():
            return False
        lease.spec = self.update_lease(updated_record, lease.spec)
        self._name_address(lease)
        return await self._timed(self.api_instance.replace_namespaced_lease(name, namespace, lease))

    def _name_address(self, lease: client.V1Lease) -> None:
        """Ours instead of the one of whoever led before."""
        if lease.metadata is not None:
            others = {k: v for k, v in _annotations(lease).items() if k != ADDRESS}
            ours = {ADDRESS: self.address} if self.address is not None else {}
            lease.metadata.annotations = {**others, **ours}

    @property
    def leader_address(self) -> str | None:
        """Of the other process that held the Lease at the last look."""
        lease = self.lease_reference
        if lease is None or self._foreign is None:
            return None
        return _annotations(lease).get(ADDRESS)

    async def give_up(self) -> None:
        """Empty the holder, so that nobody has to wait for the Lease to run out."""
        found, record = await self.get(self.name, self.namespace)
        lease = self.lease_reference
        if not found or record is None or record.holder_identity != self.identity:
            return
        if lease is None or lease.spec is None:
            return
        lease.spec.holder_identity, lease.spec.lease_duration_seconds = "", 1
        with suppress(ApiException, ClientError, TimeoutError, OSError):
            async with asyncio.timeout(RETRY_PERIOD):
                await self.api_instance.replace_namespaced_lease(self.name, self.namespace, lease)

    def _is_late(self) -> bool:
        """A leader that missed its deadline does not come back: another may have acted meanwhile."""
        if self._has_led and self._clock() >= self.renewed_at + RENEW_DEADLINE:
            self.over.set()
        return self.over.is_set()

    @property
    def _has_led(self) -> bool:
        return self.renewed_at != float("-inf")

    async def _timed(self, request: Any) -> bool:
        began = self._clock()
        try:
            async with asyncio.timeout(RETRY_PERIOD):
                await request
        except (ApiException, ClientError, TimeoutError, OSError, ValueError) as error:
            log.warning(
                "the Lease could not be written: %s", getattr(error, "reason", None) or type(error).__name__
            )
            return False
        self.renewed_at = began
        return True
