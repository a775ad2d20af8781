"""The rounds: in each a new control plane, and all operators one after the other in a rotated order.

What is counted and not timed (a quiet minute, the storm) is measured in the first round only.
"""

import asyncio
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from model_operator_demo import programs, shipped
from model_operator_demo.bench import api, figures, phases
from model_operator_demo.bench.contenders import Contender, ours
from model_operator_demo.bench.figures import Figures, Round, rotated
from model_operator_demo.bench.stage import Ground, TooSlow, stage
from model_operator_demo.bench.storm import FLAGS, KNOBS, storm, storm_deleted
from model_operator_demo.controlplane import ControlPlane
from model_operator_demo.controlplane_access import Cluster
from model_operator_demo.controlplane_cache import Progress
from model_operator_demo.processes import Processes


@dataclass(frozen=True)
class Size:
    """Of one run."""

    count: int
    edits: int
    steady: float
    storm: int
    rounds: int


def measure(contenders: Sequence[Contender], size: Size, say: Progress) -> tuple[list[Round], list[float]]:
    """What each operator showed in each round, and the load average before it.

    Raises `TooSlow` where ours does not come to an end.
    """
    by_name = {each.name: each for each in contenders}
    found, loads = [], []
    for number in range(size.rounds):
        loads.append(os.getloadavg()[0])
        folder = Path(tempfile.mkdtemp(prefix="model-operator-bench-"))
        with Processes(remove=[folder]) as processes, ControlPlane.start(progress=say) as cluster:
            programs.install(cluster, shipped.manifests() / "rbac.yaml")
            order = [by_name[name] for name in rotated([*by_name], number)]
            run = _Run(processes, cluster, folder, size, say)
            found.append(asyncio.run(run.round(order, number)))
    return found, loads


@dataclass(frozen=True)
class _Run:
    processes: Processes
    cluster: Cluster
    folder: Path
    size: Size
    say: Progress

    async def round(self, order: Sequence[Contender], number: int) -> Round:
        found: dict[str, Figures] = {}
        async with api.connect(self.cluster) as kube:
            ground = Ground(self.processes, self.cluster, kube, self.folder)
            for place, contender in enumerate(order):
                self.say(f"round {number + 1} of {self.size.rounds}, {contender.name}")
                found[contender.name] = await self._one(ground, contender, place, is_first=number == 0)
        return found

    async def _one(self, ground: Ground, contender: Contender, place: int, *, is_first: bool) -> Figures:
        """As far as it came; ours has to come to the end."""
        found: dict[str, float] = {}
        try:
            await self._timed(ground, contender, f"bench-{place}", found, is_first=is_first)
            if is_first:
                await self._stormed(ground, contender, f"storm-{place}", found)
        except TooSlow as error:
            if contender.is_ours:
                raise
            self.say(f"  {contender.name}: {error}")
        return found

    async def _timed(
        self, ground: Ground, contender: Contender, namespace: str, found: dict[str, float], *, is_first: bool
    ) -> None:
        size = self.size
        async with stage(ground, contender, namespace, phases.CREATION) as made:
            self.say(f"  creating {size.count:,} deployments")
            found.update(await phases.bring_up(made, size.count))
            if found[figures.NOT_READY]:
                raise TooSlow(f"{found[figures.NOT_READY]:g} of {size.count} deployments are not Ready")
            if is_first:
                self.say(f"  quiet for {size.steady:g} s")
                found.update(await phases.steady(made, size.steady))
            self.say("  editing, one after the other")
            found.update(await phases.reaction(made, min(size.edits, size.count)))
            self.say("  kill -9")
            found.update(await phases.restart(made, size.count))

    async def _stormed(
        self, ground: Ground, contender: Contender, namespace: str, found: dict[str, float]
    ) -> None:
        self.say("  creates that land late, and kill -9 again and again")
        fitted = ours(*FLAGS) if contender.is_ours else contender
        async with stage(ground, fitted, namespace, *KNOBS) as made:
            found.update(await storm(made, self.size.storm))
            found.update(await storm_deleted(made))
