"""Many deployments in several accounts, ours alone: how the time grows, and whether a user still gets a turn meanwhile.

A tenth of them in one account comes first, in a namespace and with an operator of its own: what the whole is compared with.
"""

import asyncio
import math
import statistics
import tempfile
from pathlib import Path

from model_operator_demo import programs, shipped
from model_operator_demo.bench import api, figures, phases
from model_operator_demo.bench.contenders import ours
from model_operator_demo.bench.figures import Figures, percentile
from model_operator_demo.bench.outage import account_outage
from model_operator_demo.bench.stage import PAGE, Ground, open_account, stage
from model_operator_demo.controlplane import ControlPlane
from model_operator_demo.controlplane_cache import Progress
from model_operator_demo.processes import Processes

_EARLY = 50  # deployments that are up before the others come, and are edited while these do
_EDIT_PAUSE = 0.2


def measure_scale(count: int, accounts: int, say: Progress) -> Figures:
    """Raises `TooSlow` where it does not come to an end."""
    folder = Path(tempfile.mkdtemp(prefix="model-operator-bench-"))
    with Processes(remove=[folder]) as processes, ControlPlane.start(progress=say) as cluster:
        programs.install(cluster, shipped.manifests() / "rbac.yaml")

        async def run() -> Figures:
            async with api.connect(cluster) as kube:
                ground = Ground(processes, cluster, kube, folder)
                tenth = await _tenth(ground, max(1, count // 10), say)
                return {**tenth, **await _whole(ground, count, accounts, tenth[figures.TENTH_READY], say)}

        return asyncio.run(run())


async def _tenth(ground: Ground, count: int, say: Progress) -> Figures:
    async with stage(ground, ours(), "tenth", phases.CREATION) as made:
        say(f"creating {count:,} deployments in one account")
        found = await phases.bring_up(made, count)
        return {figures.TENTH_READY: found[figures.READY]}


async def _whole(ground: Ground, count: int, accounts: int, tenth: float, say: Progress) -> Figures:
    async with stage(ground, ours(), "whole", phases.CREATION) as made:
        for number in range(1, accounts):
            made.providers.append(await open_account(made, number))
        early = min(_EARLY, max(1, count // 2))
        await phases.bring_up(made, early)
        say(f"creating {count:,} deployments in {accounts} accounts, and editing some meanwhile")
        since = await made.last_request()
        first = sorted(await api.deployments(made.kube, made.namespace), key=api.name_of)
        async with asyncio.TaskGroup() as group:
            rest = group.create_task(phases.bring_up(made, count - early, already=early))
            edited = group.create_task(phases.edit(made, first, 2, _EDIT_PAUSE))
        delays = await phases.delays(made, since, edited.result())
        lists = len(await made.requests(since, operation="list"))
        say("an outage of one account, and its end")
        outage = await account_outage(made, made.providers[-1], count)
        say("kill -9")
        return {
            **rest.result(),
            figures.TENTH_TIMES: rest.result()[figures.READY] / tenth,
            figures.SYNC_LISTS: lists,
            figures.SYNC_EDIT_P50: statistics.median(delays),
            figures.SYNC_EDIT_P99: percentile(delays, 99),
            **outage,
            **await phases.restart(made, count, pages=accounts * math.ceil(count / accounts / PAGE)),
        }
