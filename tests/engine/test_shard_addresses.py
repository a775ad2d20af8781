"""By Leases, each process knows where the others take events."""

import asyncio

from support.lease_cluster import NAMESPACES, Cluster
from support.running import on_virtual_time


@on_virtual_time
async def test_each_process_knows_where_the_others_take_events() -> None:
    cluster = Cluster()
    addresses = {}
    for process in cluster.start(2, replicas=2):
        addresses[process] = f"10.0.0.{len(addresses)}:8090"
        process.election.take_events_at(addresses[process])
    await cluster.until_whole(within=5)
    await asyncio.sleep(12)
    for name in NAMESPACES:
        told = {p.election.address_for(name): p.election.leads(name) for p in cluster.processes}
        (acts,) = [p for p in cluster.processes if p.election.leads(name)]
        assert told == {None: True, addresses[acts]: False}
    cluster.check()
