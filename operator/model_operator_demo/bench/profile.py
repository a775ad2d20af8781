"""Where the CPU goes while deployments come up: py-spy's samples of the operator, and the API server's own profile.

A profile costs CPU itself, so it has a control plane of its own, and no figure comes from it.
"""

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from signal import SIGINT

from model_operator_demo import programs, shipped
from model_operator_demo.bench import api, phases
from model_operator_demo.bench.contenders import ours
from model_operator_demo.bench.stage import Ground, Stage, stage
from model_operator_demo.controlplane import ControlPlane
from model_operator_demo.controlplane_access import Cluster
from model_operator_demo.controlplane_cache import Progress
from model_operator_demo.processes import Processes, end_of

_SERVER_SECONDS = 30  # of the server's profile, for a thousand deployments
_RATE = 100  # samples of the operator a second
_WRITTEN_WITHIN = timedelta(seconds=60)


class NoSampler(Exception):
    """py-spy is not here; the text says how to get it."""


def find_sampler() -> Path:
    """Of the virtual environment or the PATH. Raises `NoSampler`."""
    beside = Path(sys.executable).parent
    found = shutil.which("py-spy", path=os.pathsep.join([str(beside), os.environ.get("PATH", os.defpath)]))
    if found is None:
        raise NoSampler(f"--profile needs py-spy: {beside / 'pip'} install py-spy")
    return Path(found)


def profile(count: int, target: Path, say: Progress) -> None:
    """Leave `operator.txt` (stacks with their samples) and `apiserver.pb.gz` in the folder. Raises `NoSampler`."""
    sampler = find_sampler()
    target.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="model-operator-bench-"))
    with Processes(remove=[folder]) as processes, ControlPlane.start(progress=say) as cluster:
        programs.install(cluster, shipped.manifests() / "rbac.yaml")
        asyncio.run(_Profile(processes, folder, sampler, target, say).of(cluster, count))


@dataclass(frozen=True)
class _Profile:
    processes: Processes
    folder: Path
    sampler: Path
    target: Path
    say: Progress

    async def of(self, cluster: Cluster, count: int) -> None:
        async with api.connect(cluster) as kube:
            ground = Ground(self.processes, cluster, kube, self.folder)
            async with stage(ground, ours(), "profile", phases.CREATION) as made:
                self.say(f"a profile while {count:,} deployments come up")
                async with self._sampled(made), asyncio.TaskGroup() as group:
                    group.create_task(self._server(made, max(10, _SERVER_SECONDS * count // 1000)))
                    group.create_task(phases.bring_up(made, count))

    async def _server(self, made: Stage, seconds: int) -> None:
        written = self.target / "apiserver.pb.gz"
        written.write_bytes(await made.kube.binary(f"/debug/pprof/profile?seconds={seconds}"))
        self.say(f"  the API server: go tool pprof -top -cum {written}")

    @asynccontextmanager
    async def _sampled(self, made: Stage) -> AsyncIterator[None]:
        """py-spy writes when it is interrupted. Without the right to look into a process it ends at once."""
        written = self.target / "operator.txt"
        argv = [str(self.sampler), "record", "--format=raw", f"--rate={_RATE}", "--nonblocking"]
        argv += [f"--pid={made.pid}", f"--output={written}"]
        log = self.folder / "py-spy.log"
        process = self.processes.start("py-spy", argv, log=log, stop_signal=SIGINT)
        try:
            yield
        finally:
            process.signal(SIGINT)
            await asyncio.to_thread(process.wait, _WRITTEN_WITHIN)
        self.say(f"  the operator: {written}" if written.exists() else f"  no profile: {end_of(log)}")
