"""Prometheus metrics under controller-runtime's names, so that its dashboards and alerts work unchanged.

Every label has few values by construction: kinds, results, operations, HTTP statuses. What names objects is bounded:
their conditions (objects.py), and the splits and verdicts of CanaryEndpoints (canaries.py).
"""

import platform
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.process_collector import ProcessCollector

from model_operator import __version__
from model_operator.observability.canaries import Canaries, CanaryView
from model_operator.observability.costs import Costs, CostView
from model_operator.observability.objects import Objects, ObjectView, Resources
from model_operator.observability.orphans import UnheldDeployments, UnheldView

Result = Literal["success", "error", "requeue", "requeue_after"]
"""How a pass ended: nothing left to do · an error · again at once · again after a while."""

RESULTS: tuple[Result, ...] = ("success", "error", "requeue", "requeue_after")

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """The process's metrics on a registry of their own. Nothing here blocks or raises."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        # Else every counter has a _created series beside it that no dashboard reads.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self._clock = clock
        self._families = _Families(self.registry)
        self._controllers: dict[str, ControllerMetrics] = {}
        self._requests: dict[tuple[str, str, str], tuple[Counter, Histogram]] = {}
        self._throttles: dict[str, _Throttle] = {}
        self.orphaned = Counter(
            "model_operator_orphaned",
            "Remote deployments left running on purpose after their resource was deleted.",
            registry=self.registry,
        )
        self._rollouts = Counter(
            "model_operator_canary_rollouts",
            "Rollouts of CanaryEndpoints that ended, by result.",
            ["result"],
            registry=self.registry,
        )
        self._events = Counter(
            "model_operator_webhook_events",
            "Requests to /webhooks by type of provider and result; `accepted` ones made the operator list the"
            " account.",
            ["provider", "result"],
            registry=self.registry,
        )
        Gauge(
            "model_operator_build_info", "Always 1.", ["version", "python_version"], registry=self.registry
        ).labels(__version__, platform.python_version()).set(1)
        self.loop_lag = Histogram(
            "model_operator_loop_lag_seconds",
            "Delay of a timer: how long one piece of work blocked everything else.",
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._leader = Gauge(
            "leader_election_master_status",
            "1 while this process holds the Lease of that name.",
            ["name"],
            registry=self.registry,
        )
        ProcessCollector(registry=self.registry)

    def controller(self, kind: str) -> "ControllerMetrics":
        """The metrics of one kind; the same object each time."""
        if kind not in self._controllers:
            self._controllers[kind] = ControllerMetrics(kind.lower(), self._families, self._clock)
        return self._controllers[kind]

    def provider_request(self, provider: str, operation: str, status: int | None, seconds: float) -> None:
        """One request was answered with `status`, or (None) not at all, after `seconds`."""
        code = "error" if status is None else str(status)
        labels = (provider, operation, code)
        if labels not in self._requests:
            counter = self._families.requests.labels(*labels)
            self._requests[labels] = (counter, self._families.request_seconds.labels(provider, operation))
        counter, histogram = self._requests[labels]
        counter.inc()
        histogram.observe(seconds)

    def provider_throttled(self, provider: str, account: str, seconds: float) -> None:
        """An account rests for `seconds` from now; a rest that overlaps an earlier one counts once."""
        if provider not in self._throttles:
            self._throttles[provider] = _Throttle(provider, self._families, self._clock)
        self._throttles[provider].rest(account, seconds)

    def webhook_event(self, provider: str, result: str) -> None:
        """A request has come where events are taken. `provider` is a type, or unknown."""
        self._events.labels(provider, result).inc()

    def leads(self, name: str, is_held: Callable[[], bool]) -> None:
        """Ask `is_held` at every scrape whether this process is the leader."""
        self._leader.labels(name).set_function(lambda: float(is_held()))

    def count_resources(self, count: Callable[[], Mapping[tuple[str, str], int]]) -> None:
        """Ask `count` at every scrape for the number of resources by (kind, phase)."""
        self.registry.register(Resources(count))

    def count_namespaces(self, count: Callable[[], int]) -> None:
        """Ask `count` at every scrape for the number of namespaces that this process looks after."""
        text = "Namespaces with objects that this process looks after."
        Gauge("model_operator_shard_namespaces", text, registry=self.registry).set_function(count)

    def rollout_ended(self, result: str) -> None:
        """Completed, RolledBack, Aborted or Superseded."""
        self._rollouts.labels(result).inc()

    def show_canaries(self, look: Callable[[], Iterable[CanaryView]]) -> None:
        """Ask `look` at every scrape."""
        self.registry.register(Canaries(look))

    def show_unheld(self, look: Callable[[], Iterable[UnheldView]]) -> None:
        """Ask `look` at every scrape for deployments that no object manages."""
        self.registry.register(UnheldDeployments(look))

    def show_objects(self, look: Callable[[], Iterable[ObjectView]], most: int) -> None:
        """Ask `look` at every scrape, and show the conditions of `most` objects."""
        self.registry.register(Objects(look, most))

    def show_costs(self, look: Callable[[], Iterable[CostView]], labels: Sequence[str]) -> None:
        """Ask `look` at every scrape what deployments cost, by these labels of theirs."""
        self.registry.register(Costs(look, labels))

    def render(self, accept: str = "") -> tuple[bytes, str]:
        """The page that Prometheus reads and its content type, in the best format that it accepts."""
        return self.collected().render(accept)

    def collected(self) -> "Page":
        """What is measured now; a thread may write it down."""
        return Page(tuple(self.registry.collect()))


class Page:
    """All families with their samples, of one moment."""

    def __init__(self, families: tuple[Metric, ...]) -> None:
        self._families = families

    def render(self, accept: str = "") -> tuple[bytes, str]:
        """Content and content type, in the best format that `accept` names."""
        encode, content_type = choose_encoder(accept)
        return encode(self), content_type

    def collect(self) -> Iterable[Metric]:
        """What the encoders ask for."""
        return self._families


class ControllerMetrics:
    """One kind's queue and passes, bound once so that each call is a few additions."""

    def __init__(self, controller: str, families: "_Families", clock: Callable[[], float]) -> None:
        self._clock = clock
        self._running: dict[int, float] = {}
        self._passes = 0
        self._results = {result: families.reconciles.labels(controller, result) for result in RESULTS}
        self._errors = families.errors.labels(controller)
        self._seconds = families.seconds.labels(controller)
        self._active = families.active.labels(controller)
        self._away = families.away.labels(controller)
        self._workers = families.workers.labels(controller)
        queue = (controller, controller)
        self.depth = families.depth.labels(*queue)
        """Objects that wait in the queue now (`.set`, `.inc`, `.dec`)."""
        self.adds = families.adds.labels(*queue)
        self.retries = families.retries.labels(*queue)
        self._waited = families.waited.labels(*queue)
        self._worked = families.worked.labels(*queue)
        families.unfinished.labels(*queue).set_function(lambda: sum(self._ages()))
        families.longest.labels(*queue).set_function(lambda: max(self._ages(), default=0.0))

    def set_workers(self, workers: int) -> None:
        self._workers.set(workers)

    def waited(self, seconds: float) -> None:
        """An object left the queue for a worker after `seconds`."""
        self._waited.observe(seconds)

    @contextmanager
    def working(self) -> Iterator[None]:
        """A worker has one object in hand."""
        self._passes += 1
        pass_number, started = self._passes, self._clock()
        self._running[pass_number] = started
        self._active.inc()
        try:
            yield
        finally:
            seconds = self._clock() - started
            del self._running[pass_number]
            self._active.dec()
            self._seconds.observe(seconds)
            self._worked.observe(seconds)

    def away(self, change: int) -> None:
        """So many passes more (or less) wait for a provider, without a worker."""
        self._away.inc(change)
        self._active.dec(change)

    def ended(self, result: Result) -> None:
        """How the pass in hand ended."""
        self._results[result].inc()
        if result == "error":
            self._errors.inc()

    def _ages(self) -> list[float]:
        now = self._clock()
        return [now - started for started in list(self._running.values())]


class _Families:
    """The metrics with labels, as they are named and explained to Prometheus."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(name, text, labels, registry=registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(name, text, labels, registry=registry)

        def histogram(name: str, text: str, *labels: str) -> Histogram:
            return Histogram(name, text, labels, buckets=_BUCKETS, registry=registry)

        reconcile, queue = "controller_runtime", ("name", "controller")
        self.reconciles = counter(f"{reconcile}_reconcile", "Passes by result.", "controller", "result")
        self.errors = counter(f"{reconcile}_reconcile_errors", "Passes that ended in an error.", "controller")
        self.seconds = histogram(f"{reconcile}_reconcile_time_seconds", "Length of a pass.", "controller")
        self.active = gauge(f"{reconcile}_active_workers", "Workers that are running a pass.", "controller")
        self.workers = gauge(
            f"{reconcile}_max_concurrent_reconciles", "Maximum number of concurrent passes.", "controller"
        )
        self.away = gauge(
            "model_operator_passes_waiting",
            "Passes that wait for a provider: for the rate limit or for its answer.",
            "controller",
        )
        self.depth = gauge("workqueue_depth", "Objects that wait in the queue.", *queue)
        self.adds = counter("workqueue_adds", "Objects put into the queue.", *queue)
        self.retries = counter("workqueue_retries", "Objects put back after an error.", *queue)
        self.waited = histogram(
            "workqueue_queue_duration_seconds", "Time in the queue before processing.", *queue
        )
        self.worked = histogram("workqueue_work_duration_seconds", "Processing time of an object.", *queue)
        self.unfinished = gauge(
            "workqueue_unfinished_work_seconds", "Total age of all running passes.", *queue
        )
        self.longest = gauge(
            "workqueue_longest_running_processor_seconds", "Age of the oldest running pass.", *queue
        )
        provider = "model_operator_provider"
        self.requests = counter(
            f"{provider}_requests",
            "Requests to providers by operation and HTTP status; `error` where no answer came.",
            *("provider", "operation", "code"),
        )
        self.request_seconds = histogram(
            f"{provider}_request_duration_seconds", "Time to a provider's answer.", "provider", "operation"
        )
        self.throttled_seconds = counter(
            f"{provider}_throttled_seconds", "Time that accounts were paused after a 429.", "provider"
        )
        self.throttled = gauge(
            f"{provider}_throttled", "Accounts whose requests are paused after a 429.", "provider"
        )


class _Throttle:
    """Until when each account of one provider rests."""

    def __init__(self, provider: str, families: _Families, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}
        self._seconds = families.throttled_seconds.labels(provider)
        families.throttled.labels(provider).set_function(self._resting)

    def rest(self, account: str, seconds: float) -> None:
        now = self._clock()
        before = max(now, self._until.get(account, now))
        self._until[account] = max(before, now + seconds)
        self._seconds.inc(self._until[account] - before)

    def _resting(self) -> float:
        now = self._clock()
        return float(sum(until > now for until in list(self._until.values())))
