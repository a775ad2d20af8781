"""Several processes beside one, with the same objects in thirty namespaces: what a shard costs, and how long one is missed.

Objects come at a pace that the machine keeps up with: all processes share it, and what is measured is the work of each.
Each has a control plane of its own. A process more than there are shards stands by; the busiest of the others is killed.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from model_operator_demo import programs, shipped
from model_operator_demo.bench import api, figures, phases
from model_operator_demo.bench.api import Api
from model_operator_demo.bench.figures import Figures
from model_operator_demo.bench.process import cpu_seconds, resident_megabytes
from model_operator_demo.bench.stage import (
    TooSlow,
    deployment,
    open_namespace,
    open_provider,
    quick_simulator,
    until,
)
from model_operator_demo.controlplane import ControlPlane
from model_operator_demo.controlplane_access import Cluster
from model_operator_demo.controlplane_cache import Progress
from model_operator_demo.processes import Processes
from model_operator_demo.programs import SYSTEM_NAMESPACE, Part

NAMESPACES = tuple(f"team-{number:02d}" for number in range(30))
_WITHIN = timedelta(minutes=2)
_READY_EACH = timedelta(seconds=0.2)
_PACE = 0.05  # seconds between two creates
_QUIET = 1.0  # seconds without a pass after which all were looked after
_NEWEST = 999_999_999


@dataclass(frozen=True)
class Fleet:
    """Processes that share the namespaces, one simulator's account for all of them."""

    kube: Api
    simulator: Api
    members: Sequence[Part]

    async def metric(self, member: Part, name: str, **labels: str) -> float:
        """The sum of one process's samples of that name with these labels."""
        async with api.open_url(member.url) as health:
            return await api.metric(health, name, **labels)

    async def leaders(self) -> list[Part]:
        """Those that have a shard."""
        return [each for each in self.members if await self.metric(each, "leader_election_master_status")]

    async def last_request(self) -> int:
        """The number of the newest request."""
        return int((await self.simulator.call("GET", f"/__sim/requests?since={_NEWEST}"))["last"])


def measure_shards(count: int, shards: int, say: Progress) -> Figures:
    """Raises `TooSlow` where it does not come to an end."""
    say(f"one process with {count:,} deployments in {len(NAMESPACES)} namespaces")
    alone = _measure(count, 1, say)
    say(f"{shards} shards with as many, and a process that stands by")
    several = _measure(count, shards, say)
    return {
        figures.ALONE_CPU: alone["cpu"],
        figures.ALONE_MEMORY: alone["memory"],
        figures.SHARD_CPU: several["cpu"] / alone["cpu"],
        figures.SHARD_MEMORY: several["memory"] / alone["memory"],
        figures.SHARDS_SERVER_CPU: several["server"] / alone["server"],
        figures.SPARE_CPU: several["spare"] / alone["cpu"],
        **{
            name: several[name]
            for name in (figures.SHARD_NAMESPACES, figures.SHARD_EDIT, figures.SHARD_LOOKED)
        },
    }


def _measure(count: int, shards: int, say: Progress) -> Figures:
    folder = Path(tempfile.mkdtemp(prefix="model-operator-bench-"))
    with Processes(remove=[folder]) as processes, ControlPlane.start(progress=say) as cluster:
        programs.install(cluster, shipped.manifests() / "rbac.yaml")

        async def run() -> Figures:
            async with _fleet(processes, cluster, folder, shards) as fleet:
                say("creating them")
                found = await _bring_up(fleet, count)
                if shards == 1:
                    return found
                say("kill -9 of one of them")
                return {**found, **await _kill_one(fleet)}

        return asyncio.run(run())


@asynccontextmanager
async def _fleet(processes: Processes, cluster: Cluster, folder: Path, shards: int) -> AsyncIterator[Fleet]:
    """All up, each shard taken, and the account read in each namespace."""
    simulator = quick_simulator(processes, folder, phases.CREATION)
    async with api.connect(cluster) as kube, api.open_url(simulator.url) as control:
        await _allow_leases(kube)
        kubeconfig = programs.operator_kubeconfig(cluster, folder / "kubeconfig")
        flags = (
            f"--allowed-provider-host={simulator.url}",
            "--leader-elect",
            f"--lease-namespace={SYSTEM_NAMESPACE}",
            f"--shards={shards}",
        )
        members = []
        for number in range(shards + (shards > 1)):
            own = folder / str(number)
            own.mkdir()
            members.append(
                await asyncio.to_thread(programs.start_operator, processes, own, kubeconfig, *flags)
            )
        fleet = Fleet(kube, control, members)
        await until(fleet.leaders, lambda found: len(found) == shards, _WITHIN, "each shard to be taken")
        for namespace in NAMESPACES:
            await open_namespace(kube, namespace)
        async with asyncio.TaskGroup() as group:
            for namespace in NAMESPACES:
                group.create_task(open_provider(kube, namespace, simulator.url))
        yield fleet


async def _allow_leases(kube: Api) -> None:
    """Those of shards, which the shipped Role does not name."""
    path = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{SYSTEM_NAMESPACE}"
    rule = {
        "apiGroups": ["coordination.k8s.io"],
        "resources": ["leases"],
        "verbs": ["get", "update", "create"],
    }
    await kube.call("POST", f"{path}/roles", {"metadata": {"name": "shards"}, "rules": [rule]})
    binding = {
        "metadata": {"name": "shards"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "shards"},
        "subjects": [{"kind": "ServiceAccount", "name": "model-operator", "namespace": SYSTEM_NAMESPACE}],
    }
    await kube.call("POST", f"{path}/rolebindings", binding)


async def _bring_up(fleet: Fleet, count: int) -> Figures:
    """Until all are Ready: of the busiest process the CPU, of the largest the memory of the objects."""
    leaders = await fleet.leaders()
    spares = [each for each in fleet.members if each not in leaders]
    empty = {each.url: resident_megabytes(each.process.pid) for each in leaders}
    before = {each.url: cpu_seconds(each.process.pid) for each in fleet.members}
    server = await api.cpu(fleet.kube)
    for number in range(count):
        await api.create_all(fleet.kube, NAMESPACES[number % len(NAMESPACES)], [deployment(number)])
        await asyncio.sleep(_PACE)
    await _until_ready(fleet.kube, count)

    def used(member: Part) -> float:
        return cpu_seconds(member.process.pid) - before[member.url]

    return {
        "cpu": max(map(used, leaders)),
        "memory": max(resident_megabytes(each.process.pid) - empty[each.url] for each in leaders),
        "server": await api.cpu(fleet.kube) - server,
        "spare": max(map(used, spares), default=0.0),
    }


async def _until_ready(kube: Api, count: int) -> None:
    within = max(_WITHIN, count * _READY_EACH)
    ready: dict[str, bool] = {}
    try:
        async with asyncio.timeout(within.total_seconds()):
            while sum(ready.values()) < count:  # a watch may end at any time
                async for item in api.follow(kube, ""):
                    ready[api.name_of(item)] = api.is_ready(item)
                    if sum(ready.values()) >= count:
                        return
    except TimeoutError:
        raise TooSlow(
            f"waited {within.total_seconds():g} s for {count} deployments to be Ready; {sum(ready.values())} are"
        ) from None


async def _kill_one(fleet: Fleet) -> Figures:
    """One deployment in each namespace is edited right after the kill, so some of them are the killed one's."""
    leaders = await fleet.leaders()
    sizes = [await fleet.metric(each, "model_operator_shard_namespaces") for each in leaders]
    victim = leaders[sizes.index(max(sizes))]
    (spare,) = (each for each in fleet.members if each not in leaders)
    orphaned = await fleet.metric(victim, "model_operator_resources", kind="ModelDeployment")
    since, killed = await fleet.last_request(), time.time()
    victim.process.kill()
    edited = set()
    for place, namespace in enumerate(NAMESPACES):
        path = f"{api.path_of(namespace)}/{api.name_of(deployment(place))}"
        item = await fleet.kube.call("PATCH", path, {"spec": {"replicas": 2}}, "application/merge-patch+json")
        edited.add(item["status"]["externalID"])

    async def look() -> float | None:
        found = await fleet.simulator.call("GET", f"/__sim/requests?since={since}&operation=update")
        return phases.all_seen_at(found["requests"], edited)

    looked = asyncio.create_task(_looked_after(fleet, spare, orphaned))
    last = await until(look, lambda at: at is not None, _WITHIN, "the edits at the provider")
    return {
        figures.SHARD_NAMESPACES: max(sizes),
        figures.SHARD_EDIT: (last or killed) - killed,
        figures.SHARD_LOOKED: await looked - killed,
    }


async def _looked_after(fleet: Fleet, spare: Part, orphaned: float) -> float:
    """The time of the last of the passes with which the one that stood by has looked at all that it took over."""
    passes, changed = -1.0, time.time()
    deadline = time.time() + _WITHIN.total_seconds()
    while time.time() < deadline:
        now = time.time()
        total = await fleet.metric(spare, "controller_runtime_reconcile_total", controller="modeldeployment")
        if total != passes:
            passes, changed = total, now
        if passes >= orphaned and now - changed > _QUIET:
            return changed
        await asyncio.sleep(0.1)
    raise TooSlow(f"waited {_WITHIN} for passes over {orphaned:g} deployments; there were {passes:g}")
