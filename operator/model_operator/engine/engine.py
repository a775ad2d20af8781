"""The running operator between the watch and the passes: cache in, keys out, pollers beside.

Every trigger only puts a key into a queue; what it means is found out by the pass.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from typing_extensions import override

from model_operator.domain import BUDGET, CANARY, DEPLOYMENT, PROVIDER, Key
from model_operator.engine.clock import SteadyClock
from model_operator.engine.comparison import Comparison, WentBack
from model_operator.engine.garbage import collect_when_idle
from model_operator.engine.parts import Outside, make
from model_operator.engine.reading import Reading
from model_operator.observability.metrics import Metrics
from model_operator.providers.base import Transport, Vendor
from model_operator.reconcile.budget.metrics import show_budgets
from model_operator.reconcile.cache import provider_key
from model_operator.reconcile.canary.metrics import views
from model_operator.reconcile.members import deployments_of, member_names
from model_operator.reconcile.metrics import object_views, unheld_views
from model_operator.reconcile.store import ListingStore
from model_operator.redaction import Redactor
from model_operator.settings import Settings
from model_operator.sharding import Shards
from model_operator.signals import Signals
from model_operator.webhooks.hooks import Hooks

_COUNT_AFTER = timedelta(seconds=5)
"""ModelProviders count their deployments, and ModelBudgets what those cost; those of one `kubectl apply` together."""

log = logging.getLogger(__name__)


def now() -> datetime:
    return datetime.now(UTC)


class Engine(Signals):
    """`prime`, then `start`; `changed` and `deleted` from the watch; `stop` at the end."""

    def __init__(  # noqa: PLR0913  made once, by keyword
        self,
        *,
        settings: Settings,
        kube: ListingStore,
        transport: Transport,
        vendors: Mapping[str, Vendor],
        metrics: Metrics,
        redactor: Redactor,
        clock: Callable[[], datetime] = now,
        shards: Shards | None = None,
    ) -> None:
        """`shards`: which objects are ours. It may be told after this and has to be before `prime`."""
        clock = SteadyClock(clock, asyncio.get_running_loop().time)
        self._settings = settings
        self._kube = kube
        self._metrics = metrics
        self._shards = shards or Shards()
        self._is_primed = False
        self._background: dict[str, asyncio.Task[None]] = {}
        outside = Outside(
            settings=settings,
            store=kube,
            transport=transport,
            vendors=vendors,
            metrics=metrics,
            redactor=redactor,
            clock=clock,
            shards=self._shards,
            listing=kube,
        )
        self._parts = make(outside, signals=self)
        self.cache, self.accounts = self._parts.cache, self._parts.accounts
        self._controllers, self._recorder = self._parts.controllers, self._parts.recorder
        self.reading = Reading(kube, self.cache, settings.kinds, settings.namespaces)
        metrics.show_canaries(lambda: views(self.cache, clock()))
        metrics.count_resources(self.cache.phases)
        metrics.count_namespaces(lambda: len({key.namespace for key in self.cache.own_keys()}))
        metrics.show_unheld(lambda: unheld_views(self.cache, self._parts.providers.orphans))
        metrics.show_objects(lambda: object_views(self.cache), settings.metrics_objects)
        show_budgets(metrics.registry, self.cache, clock)
        metrics.show_costs(self._parts.spending.views, settings.cost_labels)

    async def prime(self) -> None:
        """Read all objects once before anything is decided."""
        await self.reading.whole()
        self._is_primed = True
        self.changed(self._not_early(self.cache.keys()))

    def call_installation(self, name: str | None) -> None:
        """What this cluster is called in the marks of what is created, where no setting says so."""
        self._parts.deployments.installation = self._parts.providers.orphans.installation = name or ""

    def start(self) -> None:
        self._background = {
            "the event recorder": asyncio.create_task(self._recorder.run(self._is_idle)),
            "the garbage collection": asyncio.create_task(collect_when_idle(self._is_idle)),
            "the comparison with the API server": asyncio.create_task(self._comparison().run()),
        }
        for controller in self._controllers.values():
            controller.start()

    def _comparison(self) -> Comparison:
        return Comparison(
            store=self._kube,
            cache=self.cache,
            kinds=self._settings.kinds,
            namespaces=self._settings.namespaces,
            shown=self.shown,
            gone=self.gone,
        )

    async def broken(self) -> str:
        """Returns why this process cannot go on, should it come to that."""
        comparison = self._background["the comparison with the API server"]
        await asyncio.wait({comparison})
        error = None if comparison.cancelled() else comparison.exception()
        if isinstance(error, WentBack):
            return str(error)
        log.error("the comparison with the API server failed unexpectedly", exc_info=error)
        return "the comparison with the API server has ended"

    async def stop(self) -> None:
        """Let running passes finish, then their Events, within the shutdown timeout."""
        async with asyncio.TaskGroup() as group:
            for controller in self._controllers.values():
                group.create_task(controller.stop(self._settings.shutdown_timeout))
        await self.accounts.stop()
        try:
            async with asyncio.timeout(1):
                await self._recorder.flush()
        except TimeoutError:
            log.warning("some events were not posted before the end")
        for task in self._background.values():
            task.cancel()
        await asyncio.gather(*self._background.values(), return_exceptions=True)

    # From the watch.

    def shown(self, key: Key, body: dict[str, Any]) -> None:
        """The API server shows this body."""
        self._end_former(key, body)
        before = self.cache.generation(key)
        if not self.cache.put(key, body) or not self._concerns_us(key):
            return
        queue = self._controllers[key.kind].queue
        has_new_spec = before != self.cache.generation(key)
        if has_new_spec:
            queue.forget(key)
        # A new object may be one of thousands; an edit is somebody waiting.
        queue.add(key, is_urgent=has_new_spec and before is not None)
        if before is None and (deployment := self.cache.deployment(key)):
            self._controllers[PROVIDER].queue.add_after(provider_key(deployment), _COUNT_AFTER)

    def deleted(self, key: Key, body: dict[str, Any]) -> None:
        """The API server has dropped the object; this is its last body."""
        if self.cache.version(key) is None:
            return  # known since our finalizer was removed
        self._end_former(key, body)
        if self.cache.uid(key) in {None, body["metadata"]["uid"]}:
            self.cache.put(key, body)
        self.gone(key, body["metadata"]["uid"])

    def _end_former(self, key: Key, body: dict[str, Any]) -> None:
        """Another object has the name by now: the end of the one before was not told."""
        known, metadata = self.cache.version(key), body["metadata"]
        if (
            known is not None
            and known.uid != metadata["uid"]
            and known.number < int(metadata["resourceVersion"])
        ):
            self.gone(key, known.uid)

    # From accounts, cache, controllers and passes: `Signals`.

    @override
    def changed(self, keys: Iterable[Key]) -> None:
        ours = [key for key in keys if self._concerns_us(key)]
        # After a start the watch has shown nobody's edit of meanwhile.
        edited = set(filter(self.cache.is_behind, ours))
        for key in edited:
            self._controllers[key.kind].queue.add(key, is_urgent=True)
        for key in ours:
            if key not in edited:
                self._controllers[key.kind].queue.add(key)

    def _concerns_us(self, key: Key) -> bool:
        """Ours, or a ModelProvider: passes over those of other shards see where they lead."""
        return key.kind == PROVIDER or self._shards.owns(key.namespace)

    @override
    def cached(self, key: Key, members_before: frozenset[str]) -> None:
        """Splits follow the state of their deployments, and deletions wait for splits."""
        if not self._is_primed:
            return
        if key.kind == DEPLOYMENT:
            for budget, _ in self.cache.budgets(key.namespace):
                self._controllers[BUDGET].queue.add_after(budget, _COUNT_AFTER)
            self.changed(self.cache.users(*member_names(key, self.cache.deployment(key))))
        elif key.kind == CANARY:
            named = deployments_of(members_before | self.cache.members(key))
            self.changed(k for k in named if (d := self.cache.deployment(k)) and d.metadata.is_terminating)

    @override
    def refreshed(self, key: Key, body: dict[str, Any]) -> None:
        """Meanwhile the watch may have shown the object's end."""
        if self.cache.entry(key) is not None:
            self.shown(key, body)

    @override
    def gone(self, key: Key, uid: str) -> None:
        if self.cache.uid(key) == uid:
            self.changed(self._ended(key))

    def _ended(self, key: Key) -> Iterable[Key]:
        if self._concerns_us(key):
            return self._controllers[key.kind].ended(key)
        self.cache.remove(key)  # what it may have left is the other shard's to end
        return ()

    @override
    def rebound(self, provider: Key) -> None:
        for key in self._parts.deployments.rebound(provider):
            self._controllers[DEPLOYMENT].queue.forget(key)
        self.changed(self._not_early(self.cache.dependents(provider)))
        self.changed(self.cache.canaries(provider))

    def _not_early(self, keys: Iterable[Key]) -> Iterator[Key]:
        """Without those whose pass could only find that their account has not answered yet, and that brings them back.

        A start is a thousand of them, before the first LIST and before its answer. What the queue knows is told in any
        case: a pass may wait for its turn at an account that is no longer its own.
        """
        for key in filter(self._concerns_us, keys):
            controller = self._controllers[key.kind]
            if (
                controller.queue.knows(key)
                or key.kind != DEPLOYMENT
                or not self._parts.deployments.waits(key)
            ):
                yield key

    @override
    def orphaned(self) -> None:
        self._metrics.orphaned.inc()

    @override
    def rollout_ended(self, result: str) -> None:
        self._metrics.rollout_ended(result)

    @override
    def leaves(self, key: Key, on_news: Callable[[], None]) -> None:
        self._controllers[key.kind].queue.leave(key, on_news)

    @override
    def comes_back(self, key: Key) -> None:
        self._controllers[key.kind].queue.come_back(key)

    @override
    def throttled(self, provider: str, account: str, rest: timedelta) -> None:
        self._metrics.provider_throttled(provider, account, rest.total_seconds())

    # From the receiver of webhooks: `Inside`.

    @property
    def hooks(self) -> Hooks:
        """The ModelProviders that take events."""
        return self._parts.hooks

    def is_early(self, provider: Key) -> bool:
        """Its first pass, which reads its secret, is still to come; or nobody knows yet whether it is there."""
        known = self.cache.provider(provider)
        return not self._is_primed or (known is not None and self._parts.bindings.get(provider) is None)

    def hinted(self, provider: Key) -> None:
        """An event of that ModelProvider has come: its account is listed soon."""
        account = self._parts.bindings.account(provider)
        if account is not None:
            account.hint()

    def _is_idle(self) -> bool:
        return all(controller.queue.is_idle for controller in self._controllers.values())

    @property
    def problem(self) -> str | None:
        """For /healthz: why this process should be restarted."""
        problems = [c.problem for c in self._controllers.values()] + [self.accounts.problem]
        problems += [f"{name} has ended" for name, task in self._background.items() if task.done()]
        return "; ".join(p for p in problems if p) or None

    @property
    def unready(self) -> str | None:
        """For /readyz: None once all objects have been read."""
        return None if self._is_primed else "the objects have not been read yet"
