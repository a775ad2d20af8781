"""Queue, workers and retries of one kind: around a pass, and knowing nothing of what it does."""

import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import Protocol

from model_operator.domain import Key
from model_operator.engine.queue import WorkQueue
from model_operator.errand import Outdated
from model_operator.kube import KubeError, ObjectGone, WriteConflict
from model_operator.observability.logs import about
from model_operator.observability.metrics import ControllerMetrics, Result
from model_operator.reconcile.recorder import is_refusal
from model_operator.reconcile.store import Store
from model_operator.signals import Signals

_SOON = timedelta(milliseconds=100)
_KUBE_CAP = timedelta(seconds=30)
_BUG_FIRST, _BUG_CAP = timedelta(seconds=1), timedelta(minutes=5)

log = logging.getLogger(__name__)


class Pass(Protocol):
    """One kind's passes, as far as the engine needs them."""

    async def reconcile(self, key: Key) -> timedelta | None:
        """One pass. Returns when to look again at the latest. Raises `KubeError`."""

    def ended(self, key: Key) -> Iterable[Key]:
        """The object is gone. Returns the keys that need a pass because of it."""

    async def refused(self, key: Key, error: KubeError) -> None:
        """The API server refuses what the last pass needed. Never raises."""

    def uid(self, key: Key) -> str | None:
        """Of the object of that name that is known."""


class Controller:
    def __init__(
        self, passes: Pass, store: Store, signals: Signals, metrics: ControllerMetrics, workers: int
    ) -> None:
        self._passes = passes
        self._store = store
        self._signals = signals
        self._metrics = metrics
        self._workers = workers
        self.queue: WorkQueue[Key] = WorkQueue(metrics, lambda key: key.namespace)
        metrics.set_workers(workers)

    def ended(self, key: Key) -> Iterable[Key]:
        """The object is gone: nothing of it waits any more. Returns the keys that need a pass because of it."""
        news = self._passes.ended(key)
        self.queue.drop(key)
        return news

    def start(self) -> None:
        self.queue.start(self._handle, self._workers)

    async def stop(self, timeout: timedelta) -> None:  # noqa: ASYNC109  a bound on finishing, then cancellation
        """Running passes may finish within `timeout`; what is left then is cancelled."""
        self.queue.close()
        await self.queue.finished(timeout)

    @property
    def problem(self) -> str | None:
        """For /healthz."""
        return self.queue.problem

    async def _handle(self, key: Key) -> None:
        with about(key):
            self._metrics.ended(await self._run(key))

    async def _run(self, key: Key) -> Result:
        """One pass and what follows from how it ended. Never raises."""
        try:
            again = await self._passes.reconcile(key)
        except Outdated:
            self.queue.add(key, is_urgent=True)
            return "requeue"
        except WriteConflict:
            return await self._read_again(key)
        except ObjectGone:
            return await self._read_again(key)
        except KubeError as error:
            log.warning("%s", error)
            if is_refusal(error):
                await self._passes.refused(key, error)
            self.queue.retry(key, first=_SOON, cap=_KUBE_CAP)
            return "error"
        except Exception:
            log.exception("the pass failed unexpectedly")
            self.queue.retry(key, first=_BUG_FIRST, cap=_BUG_CAP)
            return "error"
        self.queue.forget(key)
        if again is None:
            return "success"
        self.queue.add_after(key, again)
        return "requeue_after" if again else "requeue"

    async def _read_again(self, key: Key) -> Result:
        """The cache was behind: a watch may be late or deaf, so ask."""
        uid = self._passes.uid(key)
        try:
            self._signals.refreshed(key, await self._store.get(*key))
        except ObjectGone:
            self._signals.gone(key, uid or "")
            return "success"
        except KubeError as error:
            log.warning("%s", error)
        self.queue.retry(key, first=_SOON, cap=_KUBE_CAP)
        return "requeue"
