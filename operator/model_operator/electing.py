"""Which election this process takes part in, by its settings, and what the metrics show of it."""

import asyncio
import socket
import uuid
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from functools import partial

from model_operator.kube import Kube, KubeError
from model_operator.kubeconfig import namespace_of
from model_operator.lease import READ_AHEAD, Leadership
from model_operator.observability.metrics import Metrics
from model_operator.settings import Settings
from model_operator.shard_lease import Election, ShardLeadership, lease_name
from model_operator.sharding import Shards


async def elected(
    stack: AsyncExitStack, settings: Settings, metrics: Metrics, shards: Shards
) -> Election | None:
    """None where this process is the only one. Raises `KubeConfigError`.

    The Lease has connections of its own: writes that a webhook holds up for seconds would use up all of the others,
    and the Lease would be lost for want of one.
    """
    if not settings.leader_elect:
        return None
    kube = await stack.enter_async_context(await Kube.connect(settings.kubeconfig))
    return _election(settings, kube, metrics, shards)


def _election(settings: Settings, kube: Kube, metrics: Metrics, shards: Shards) -> Election:
    """Raises `KubeConfigError` where its namespace cannot be told."""
    name, identity = settings.lease_name, f"{socket.gethostname()}_{uuid.uuid4()}"
    namespace = settings.lease_namespace or namespace_of(settings.kubeconfig)
    if shards.count == 1:
        leadership = Leadership(kube, name=name, namespace=namespace, identity=identity)
        metrics.leads(name, lambda: leadership.is_held)
        return leadership
    sharded = ShardLeadership(kube, name=name, namespace=namespace, identity=identity, shards=shards)
    for shard in range(shards.count):
        metrics.leads(lease_name(name, shard, shards.count), partial(sharded.holds, shard))
    return sharded


async def read_ahead(leadership: Election, read: Callable[[], Awaitable[None]]) -> None:
    """What takes longest between a Lease and the first request, done while the Lease of another runs out."""
    while not leadership.is_held:
        await leadership.nearly()
        with suppress(KubeError):  # then it is read when the Lease is ours
            await read()
        await asyncio.sleep(READ_AHEAD)
