"""The running operator between the watch and the passes: cache in, keys out, pollers beside.

Every trigger only puts a key into a queue; what it means is found out by the pass.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from model_operator.accounts.account import Binding
from model_operator.accounts.registry import Accounts
from model_operator.domain import CANARY, DEPLOYMENT, PROVIDER, Key
from model_operator.engine.controller import Controller
from model_operator.engine.garbage import collect_when_idle
from model_operator.models.deployment import DeletionPolicy, ModelDeployment
from model_operator.observability.metrics import Metrics
from model_operator.plan.deployment.situation import Timing
from model_operator.providers.base import Transport, Vendor
from model_operator.reconcile.cache import Cache, provider_key
from model_operator.reconcile.canary.loop import CanaryPass
from model_operator.reconcile.canary.view import views
from model_operator.reconcile.deployment.loop import DeploymentPass
from model_operator.reconcile.members import deployments_of, member_names
from model_operator.reconcile.provider import ProviderPass
from model_operator.reconcile.recorder import Recorder
from model_operator.reconcile.store import ListingStore
from model_operator.redaction import Redactor
from model_operator.settings import Settings

_PROVIDER_WORKERS = 4
_CANARY_WORKERS = 4
_COUNT_AFTER = timedelta(seconds=5)
"""A ModelProvider's status counts its deployments; those of one `kubectl apply` together."""

log = logging.getLogger(__name__)


def now() -> datetime:
    return datetime.now(UTC)


class Engine:
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
    ) -> None:
        self._settings = settings
        self._kube = kube
        self._clock = clock
        self.cache = Cache()
        self._recorder = Recorder(kube, clock)
        self._is_primed = False
        self._background: dict[str, asyncio.Task[None]] = {}
        bindings: dict[Key, Binding] = {}
        self.accounts = Accounts(
            transport=transport,
            holders=self.cache,
            clock=clock,
            metrics=metrics,
            redactor=redactor,
            most_in_flight=settings.max_concurrent_requests,
            transition_poll=settings.transition_poll,
            add=self.add,
        )
        self._deployments = DeploymentPass(
            kube=kube,
            cache=self.cache,
            bindings=bindings,
            vendors=vendors,
            timing=_timing(settings),
            full_read_interval=settings.full_read_interval,
            clock=clock,
            record=self._recorder,
            on_orphan=metrics.orphaned.inc,
            vanished=self._vanished,
        )
        self._canaries = CanaryPass(
            kube=kube,
            cache=self.cache,
            bindings=bindings,
            vendors=vendors,
            grace=settings.accepted_grace,
            clock=clock,
            record=self._recorder,
            on_gone=self._vanished,
            on_end=metrics.rollout_ended,
        )
        metrics.show_canaries(lambda: views(self.cache, clock()))
        self.cache.on_change = self._told
        providers = ProviderPass(
            kube=kube,
            cache=self.cache,
            bindings=bindings,
            vendors=vendors,
            allows=settings.allows,
            open_account=self.accounts.open,
            close_account=self.accounts.close,
            on_rebound=self._rebound,
            vanished=self._vanished,
            clock=clock,
            record=self._recorder,
            secret_refresh=settings.secret_refresh,
            default_poll_interval=settings.default_poll_interval,
            grace=settings.accepted_grace,
            salt=secrets.token_bytes(16),
        )
        self._controllers = {
            kind: Controller(
                reconcile=reconcile,
                kube=kube,
                refresh=self._refreshed,
                vanished=self._vanished,
                metrics=metrics.controller(kind),
                workers=workers,
            )
            for kind, reconcile, workers in (
                (PROVIDER, providers.reconcile, _PROVIDER_WORKERS),
                (DEPLOYMENT, self._deployments.reconcile, settings.workers),
                (CANARY, self._canaries.reconcile, _CANARY_WORKERS),
            )
        }
        metrics.count_resources(self.cache.phases)

    async def prime(self) -> None:
        """Read all objects once before anything is decided: claims and absences need the whole picture."""
        for kind in (PROVIDER, DEPLOYMENT, CANARY):
            for namespace in self._settings.namespaces or (None,):
                async for body in self._kube.list(kind, namespace):
                    self.cache.put(_key(kind, body), body)
        self._is_primed = True
        self.add(self.cache.keys())

    def start(self) -> None:
        self._background = {
            "the event recorder": asyncio.create_task(self._recorder.run()),
            "the garbage collection": asyncio.create_task(collect_when_idle(self._is_idle)),
        }
        for controller in self._controllers.values():
            controller.start()

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

    def add(self, keys: Iterable[Key]) -> None:
        for key in keys:
            self._controllers[key.kind].queue.add(key)

    def changed(self, key: Key, body: dict[str, Any]) -> None:
        """The API server shows this body."""
        before = self.cache.generation(key)
        if not self.cache.put(key, body):
            return
        queue = self._controllers[key.kind].queue
        has_new_spec = before != self.cache.generation(key)
        if has_new_spec:
            queue.forget(key)
        # A new object may be one of thousands; an edit is somebody waiting.
        queue.add(key, is_urgent=has_new_spec and before is not None)
        if before is None and (deployment := self.cache.deployment(key)):
            self._controllers[PROVIDER].queue.add_after(provider_key(deployment), _COUNT_AFTER)

    def _refreshed(self, key: Key, body: dict[str, Any]) -> None:
        """A GET has brought this body; meanwhile the watch may have shown the object's end."""
        if self.cache.entry(key) is not None:
            self.changed(key, body)

    def deleted(self, key: Key, body: dict[str, Any]) -> None:
        """The API server has dropped the object; this is its last body."""
        if self.cache.entry(key) is None:
            return  # known since our finalizer was removed
        self.cache.put(key, body)
        self._vanished(key)

    def _vanished(self, key: Key) -> None:
        if key.kind == PROVIDER:
            self.cache.remove(key)
            self.add((key, *self.cache.dependents(key), *self.cache.canaries(key)))
            return
        if key.kind == CANARY:
            canary = self.cache.canary(key)
            self._controllers[CANARY].queue.drop(key)
            self._canaries.vanished(key)
            self.add([provider_key(canary)] if canary and self.cache.provider(provider_key(canary)) else [])
            return
        resource = self.cache.deployment(key)
        memory = self._deployments.memories.get(key)
        self._controllers[key.kind].queue.drop(key)
        self._deployments.forget(key)
        if resource is None:
            return
        if not (memory is not None and memory.is_finished) and _leaves_something(resource):
            self._haunt(resource)
        self.add([provider_key(resource)] if self.cache.provider(provider_key(resource)) else [])

    def _haunt(self, resource: ModelDeployment) -> None:
        """It went without our finalizer: finish its deletion from what was last known."""
        metadata = resource.metadata
        log.warning(
            "%s/%s vanished without its finalizer; its deployment %s is deleted at the provider",
            metadata.namespace,
            metadata.name,
            resource.status.external_id or "(of a pending create)",
        )
        gone = metadata.model_copy(
            update={"deletion_timestamp": metadata.deletion_timestamp or self._clock(), "finalizers": ()}
        )
        self.add([self.cache.haunt(resource.model_copy(update={"metadata": gone}))])

    def _rebound(self, provider: Key) -> None:
        """Other credentials, another account: what failed before may work now."""
        for key in self.cache.dependents(provider):
            memory = self._deployments.memories.get(key)
            if memory is not None:
                memory.failure, memory.version, memory.missed_at = None, None, None
            self._controllers[DEPLOYMENT].queue.forget(key)
        self.add((*self.cache.dependents(provider), *self.cache.canaries(provider)))

    def _told(self, key: Key, before: frozenset[str]) -> None:
        """Splits follow the state of their deployments, and deletions wait for splits."""
        if not self._is_primed:
            return
        if key.kind == DEPLOYMENT:
            self.add(self.cache.users(*member_names(key, self.cache.deployment(key))))
        elif key.kind == CANARY:
            named = deployments_of(before | self.cache.members(key))
            self.add(k for k in named if (d := self.cache.deployment(k)) and d.metadata.is_terminating)

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


def _leaves_something(resource: ModelDeployment) -> bool:
    status = resource.status
    is_orphaned = resource.spec.deletion_policy is DeletionPolicy.ORPHAN
    return not is_orphaned and (status.external_id is not None or status.pending is not None)


def _key(kind: str, body: Mapping[str, Any]) -> Key:
    return Key(kind, body["metadata"]["namespace"], body["metadata"]["name"])


def _timing(settings: Settings) -> Timing:
    return Timing(
        recovery_window=settings.recovery_window,
        power_grace=settings.power_grace,
        accepted_grace=settings.accepted_grace,
        # Half of it for the wait for a turn, half for the request itself.
        request_deadline=2 * settings.request_timeout,
        poll_interval=settings.default_poll_interval,
        transition_poll=settings.transition_poll,
        create_retry=settings.create_retry,
    )
