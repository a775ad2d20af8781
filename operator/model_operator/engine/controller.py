"""Queue, workers and retries of one kind: around a pass, and knowing nothing of what it does."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from model_operator.domain import Key
from model_operator.engine.queue import WorkQueue
from model_operator.kube import KubeError, ObjectGone, WriteConflict
from model_operator.observability.logs import about
from model_operator.observability.metrics import ControllerMetrics, Result
from model_operator.reconcile.store import Store

Pass = Callable[[Key], Awaitable[timedelta | None]]

_SOON = timedelta(milliseconds=100)
_KUBE_CAP = timedelta(seconds=30)
_BUG_FIRST, _BUG_CAP = timedelta(seconds=1), timedelta(minutes=5)

log = logging.getLogger(__name__)


class Controller:
    """`refresh` puts a body into the cache, `vanished` is told of objects that a write did not find."""

    def __init__(
        self,
        *,
        reconcile: Pass,
        kube: Store,
        refresh: Callable[[Key, dict[str, object]], object],
        vanished: Callable[[Key], None],
        metrics: ControllerMetrics,
        workers: int,
    ) -> None:
        self._reconcile = reconcile
        self._kube = kube
        self._refresh = refresh
        self._vanished = vanished
        self._metrics = metrics
        self._workers = workers
        self._tasks: list[asyncio.Task[None]] = []
        self.queue: WorkQueue[Key] = WorkQueue(metrics)
        metrics.set_workers(workers)

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self.queue.work(self._handle)) for _ in range(self._workers)]

    async def stop(self, timeout: timedelta) -> None:  # noqa: ASYNC109  a bound on finishing, then cancellation
        """Running passes may finish within `timeout`; what is left then is cancelled."""
        self.queue.close(self._workers)
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=timeout.total_seconds())
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    @property
    def problem(self) -> str | None:
        """For /healthz: None while all workers live."""
        dead = sum(task.done() for task in self._tasks)
        return f"{dead} of {len(self._tasks)} workers have ended" if dead else None

    async def _handle(self, key: Key) -> None:
        with about(key):
            self._metrics.ended(await self._run(key))

    async def _run(self, key: Key) -> Result:
        """One pass and what follows from how it ended. Never raises."""
        try:
            again = await self._reconcile(key)
        except WriteConflict:
            return await self._read_again(key)
        except ObjectGone:
            return await self._read_again(key)
        except KubeError as error:
            log.warning("%s", error)
            self.queue.retry(key, first=_SOON, cap=_KUBE_CAP)
            return "error"
        except Exception:
            log.exception("the pass failed in an unforeseen way")
            self.queue.retry(key, first=_BUG_FIRST, cap=_BUG_CAP)
            return "error"
        self.queue.forget(key)
        if again is None:
            return "success"
        self.queue.add_after(key, again)
        return "requeue_after" if again else "requeue"

    async def _read_again(self, key: Key) -> Result:
        """The cache was behind: a watch may be late or deaf, so ask."""
        try:
            self._refresh(key, await self._kube.get(*key))
        except ObjectGone:
            self._vanished(key)
            return "success"
        except KubeError as error:
            log.warning("%s", error)
        self.queue.retry(key, first=_SOON, cap=_KUBE_CAP)
        return "requeue"
