"""The GPUs of the accounts: who has how many, and who waits for some.

A deployment starts with all it needs or not at all; one that grows while ONLINE takes whole replicas as they come.
"""

from collections.abc import Callable

from model_operator_simulator.core import Core
from model_operator_simulator.counters import Counters

from .deployment import Deployment
from .knobs import ParasailKnobs


class Gpus:
    """GPU grants per account, against the knob ``parasail.gpu_quota`` (read at each use).

    Args:
        core: knobs.
        counters: told of every change.
        wake: called with a waiting deployment when GPUs came free.
    """

    def __init__(self, core: Core, counters: Counters, wake: Callable[[Deployment], None]) -> None:
        self._core = core
        self._counters = counters
        self._wake = wake
        self._used: dict[str, int] = {}
        self._waiting: dict[int, Deployment] = {}

    def free(self, account: str) -> float:
        """GPUs left; infinite without a quota."""
        quota = self._core.knobs.of(ParasailKnobs).gpu_quota
        return float("inf") if quota is None else quota - self._used.get(account, 0)

    def claim(self, deployment: Deployment) -> bool:
        """Grant exactly what it needs, or nothing and let it wait."""
        self._take(deployment, -deployment.granted_gpus)
        if deployment.gpus <= self.free(deployment.account):
            self._take(deployment, deployment.gpus)
            self._waiting.pop(deployment.id, None)
            return True
        self._waiting[deployment.id] = deployment
        return False

    def top_up(self, deployment: Deployment) -> int:
        """Grant or take back whole replicas until it has what it needs; how many replicas it has GPUs for."""
        each = deployment.gpus_per_replica
        replicas = deployment.granted_gpus // each
        while replicas < deployment.replicas and each <= self.free(deployment.account):
            self._take(deployment, each)
            replicas += 1
        if replicas < deployment.replicas:
            self._waiting[deployment.id] = deployment
        else:
            self._waiting.pop(deployment.id, None)
            self._take(deployment, deployment.gpus - deployment.granted_gpus)
        return min(replicas, deployment.replicas)

    def release(self, deployment: Deployment) -> None:
        """Take all back; whoever waits gets them, the oldest deployment first."""
        self._waiting.pop(deployment.id, None)
        if deployment.granted_gpus:
            self._take(deployment, -deployment.granted_gpus)
            self.wake()

    def wake(self) -> None:
        """Let all that wait try again (GPUs came free, or the quota changed)."""
        for identifier in sorted(self._waiting):
            if identifier in self._waiting:
                self._wake(self._waiting[identifier])

    def _take(self, deployment: Deployment, count: int) -> None:
        self._used[deployment.account] = self._used.get(deployment.account, 0) + count
        deployment.granted_gpus += count
        self._counters.gpus(count)
