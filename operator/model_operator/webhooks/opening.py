"""The receiver of a whole process: its address, who leads, and where the other replicas find it."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from model_operator.observability.metrics import Metrics
from model_operator.setting_values import ListenAddress
from model_operator.shard_lease import Election
from model_operator.webhooks.handover import Handover, reached_at
from model_operator.webhooks.receiver import Inside, Receiver, listen

log = logging.getLogger(__name__)


@asynccontextmanager
async def take_events(
    where: ListenAddress, inside: Inside, metrics: Metrics, election: Election | None
) -> AsyncIterator[str]:
    """Events of providers are taken while the block runs; yields the URL. `OSError` where the address cannot be had.

    Before the first request: the Lease that this process gets names its address.
    """
    receiver = Receiver(
        inside,
        leads=lambda namespace: election is None or election.leads(namespace),
        handover=Handover(
            lambda namespace: election.address_for(namespace) if election is not None else None
        ),
        count=metrics.webhook_event,
    )
    async with listen(receiver, where.host, where.port) as address:
        if election is not None:
            election.take_events_at(reached_at(address))
        log.info("events of providers are taken at %s", address)
        yield f"http://{address}"
