"""Shards as processes: a release's operators with its own rights, on a real API server with real Leases."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from model_operator.lease import LEASE_DURATION, RENEW_DEADLINE
from model_operator.shard_lease import lease_name
from model_operator.sharding import shard_of
from model_operator_demo.controlplane_access import Access
from model_operator_demo.processes import Processes
from support import manifests
from support.deadlines import eventually
from support.namespace import Namespace
from support.release import Installed, unique
from support.simulator_process import SimulatorProcess

pytestmark = pytest.mark.long
START_UP = 6.0
"""Seconds that a spare may take to read all objects, on a machine that does other things, too."""


@pytest.fixture
def of_two_shards(cluster: Access) -> Iterator[tuple[Namespace, Namespace]]:
    """A namespace of each of two shards."""
    names = iter([unique("team") for _ in range(40)])
    found = [next(name for name in names if shard_of(name, 2) == shard) for shard in (0, 1)]
    both = Namespace.create(cluster, found[0]), Namespace.create(cluster, found[1])
    yield both
    for one in both:
        one.remove()


def apply_llamas(teams: tuple[Namespace, ...], simulator: SimulatorProcess) -> None:
    """One deployment in each, with its account."""
    for team in teams:
        team.apply(
            manifests.parasail_secret(),
            manifests.parasail_provider(simulator.url),
            manifests.parasail_deployment("llama"),
        )


def test_of_three_replicas_two_have_a_shard_each_and_the_third_takes_that_of_one_that_was_killed(
    installed: Installed,
    of_two_shards: tuple[Namespace, Namespace],
    simulator: SimulatorProcess,
    processes: Processes,
    tmp_path: Path,
) -> None:
    watched = [one.name for one in of_two_shards]
    release = installed(*watched, shards=2, replicaCount=3)
    replicas = [release.operator(processes, tmp_path / str(n)) for n in range(3)]
    for replica in replicas:
        replica.start()
        replica.wait_ready()
    apply_llamas(of_two_shards, simulator)
    for team in of_two_shards:
        team.wait_for_condition("ModelDeployment", "llama", "Ready=True Available")
    leases = [lease_name(release.fullname, shard, 2) for shard in (0, 1)]
    held = [[r.metric("leader_election_master_status", name=name) for name in leases] for r in replicas]
    assert sorted(held) == [[0, 0], [0, 1], [1, 0]]
    assert sorted(r.metric("model_operator_shard_namespaces") for r in replicas) == [0, 1, 1]

    killed = replicas[held.index([1, 0])]
    killed.kill()
    first, second = of_two_shards
    began = time.monotonic()
    first.edit("ModelDeployment", "llama", {"spec": {"replicas": 2}})
    second.edit("ModelDeployment", "llama", {"spec": {"replicas": 2}})
    eventually(
        lambda: [sent["operation"] for sent in simulator.requests() if sent["operation"] != "list"],
        until=lambda sent: sent.count("update") == 2,
        within=timedelta(seconds=40),
        what="both edits at the provider",
    )
    assert time.monotonic() - began < LEASE_DURATION + 2 + START_UP
    for team in of_two_shards:
        team.wait_for_condition("ModelDeployment", "llama", "Ready=True Available")
    assert simulator.counters("parasail")["live"] == 2
    left = [replica for replica in replicas if replica is not killed]
    for replica in left:
        replica.terminate()
    assert [complaint for replica in left for complaint in replica.complaints()] == []


def test_another_number_of_shards_and_back_again(
    installed: Installed,
    of_two_shards: tuple[Namespace, Namespace],
    simulator: SimulatorProcess,
    processes: Processes,
    tmp_path: Path,
) -> None:
    """Both acts of a rolling update: the new ones are there before the old one ends."""
    release = installed(*[one.name for one in of_two_shards])
    before = release.operator(processes, tmp_path / "before")
    before.start()
    before.wait_ready()
    apply_llamas(of_two_shards, simulator)
    for team in of_two_shards:
        team.wait_for_condition("ModelDeployment", "llama", "Ready=True Available")

    release.upgrade("--reuse-values", values={"shards": 2, "replicaCount": 2})
    shards = [release.operator(processes, tmp_path / f"shard-{n}") for n in range(2)]
    for replica in shards:
        replica.start()
        replica.wait_ready()
    first, second = of_two_shards
    first.edit("ModelDeployment", "llama", {"spec": {"replicas": 2}})
    first.wait_for_condition("ModelDeployment", "llama", "Ready=True Available")
    assert [r.metric("leader_election_master_status") for r in (before, *shards)] == [1, 0, 0]
    before.terminate()
    second.edit("ModelDeployment", "llama", {"spec": {"replicas": 2}})
    second.wait_for_condition("ModelDeployment", "llama", "Ready=True Available")
    assert [r.metric("leader_election_master_status") for r in shards] == [1, 1]

    release.upgrade("--reuse-values", values={"shards": 1, "replicaCount": 1})
    after = release.operator(processes, tmp_path / "after")
    after.start()
    for replica in shards:  # their right to their Leases is gone
        eventually(
            lambda replica=replica: not replica.is_running, within=timedelta(seconds=RENEW_DEADLINE + 10)
        )
    second.edit("ModelDeployment", "llama", {"spec": {"replicas": 1}})
    eventually(
        lambda: after.metric("leader_election_master_status"),
        within=timedelta(seconds=LEASE_DURATION + 10),
        what="the single operator's turn",
    )
    second.wait_for_condition("ModelDeployment", "llama", "Ready=True Available")
    assert simulator.counters("parasail")["live"] == 2
    after.terminate()
    assert before.complaints() + after.complaints() == []
