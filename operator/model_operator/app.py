"""The composition root: what the process needs is made here, started in order and stopped in reverse.

What runs inside the engine is made in engine/parts.py.
"""

import asyncio
import itertools
import logging
import signal
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial
from typing import Any

from model_operator import __version__, handlers
from model_operator.electing import elected, read_ahead
from model_operator.engine.comparison import WentBack
from model_operator.engine.engine import Engine
from model_operator.engine.garbage import search_rarely, spare_start_up
from model_operator.engine.lag import watch_lag
from model_operator.kube import PLURALS, Kube, KubeError, KubeForbidden
from model_operator.kubeconfig import KubeConfigError
from model_operator.observability import server
from model_operator.observability.access import Access
from model_operator.observability.logs import dump_on_sigusr1, set_up
from model_operator.observability.metrics import Metrics
from model_operator.providers.http import HttpTransport
from model_operator.providers.registry import PROVIDERS
from model_operator.redaction import Redactor
from model_operator.settings import Settings
from model_operator.shard_lease import Election
from model_operator.sharding import Shards
from model_operator.webhooks.opening import take_events

OLDEST_SERVER = (1, 31)
"""Of Kubernetes, as the chart's kubeVersion has it."""

log = logging.getLogger(__name__)


class CannotStart(Exception):
    """Something outside is missing; `str()` says what and how to get it."""


def run(settings: Settings) -> int:
    """Until SIGTERM or SIGINT. Exit code 0 after a clean end, 1 if it cannot start or cannot continue."""
    search_rarely()
    redactor = Redactor()
    set_up(settings.log_format, settings.log_level, redactor)
    with asyncio.Runner(loop_factory=_loop_factory(settings)) as runner:
        try:
            runner.run(_main(settings, redactor))
        except (CannotStart, KubeConfigError) as error:
            log.error("cannot start: %s", error)  # noqa: TRY400  the message is the whole story
            return 1
        except Exception:
            log.exception("cannot continue")
            return 1
    return 0


def _loop_factory(settings: Settings) -> Callable[[], asyncio.AbstractEventLoop] | None:
    if not settings.uvloop:
        return None
    try:
        import uvloop  # noqa: PLC0415  not on every platform
    except ImportError:
        return None
    return uvloop.new_event_loop


async def _main(settings: Settings, redactor: Redactor) -> None:
    metrics, told = Metrics(), asyncio.Event()
    _on_signal(told.set)
    async with AsyncExitStack() as stack:
        kube = await stack.enter_async_context(await Kube.connect(settings.kubeconfig))
        shards = Shards(settings.shards)
        leadership = await elected(stack, settings, metrics, shards)
        transport = await stack.enter_async_context(
            HttpTransport(
                request_timeout=settings.request_timeout,
                connect_timeout=settings.connect_timeout,
                observe=metrics.provider_request,
                may_send=lambda: leadership is None or leadership.is_held,
                ca_file=settings.provider_ca_file,
            )
        )
        engine = Engine(
            settings=settings,
            kube=kube,
            transport=transport,
            vendors=PROVIDERS,
            metrics=metrics,
            redactor=redactor,
            shards=shards,
        )
        urls = await _listen(stack, settings, kube, _health(settings, engine, metrics, leadership), metrics)
        log.info("model-operator %s, health at %s", __version__, urls["health"])
        if settings.webhook_address is not None:
            events = take_events(settings.webhook_address, engine, metrics, leadership)
            where = f"{settings.webhook_address.host}:{settings.webhook_address.port}"
            urls["webhooks"] = await _open(stack, events, where, "the receiver of webhooks")
        if settings.ready_file is not None:
            server.write_ready_file(settings.ready_file, urls)
        dump_on_sigusr1(asyncio.get_running_loop())
        version = await _check_cluster(kube, settings.kinds)
        if leadership is not None:
            ahead = asyncio.create_task(read_ahead(leadership, engine.reading.ahead))
            stack.callback(ahead.cancel)
            await _stand_by(leadership, told)
        if told.is_set():
            return
        lag = asyncio.create_task(watch_lag(metrics.loop_lag.observe))
        stack.callback(lag.cancel)
        await _prime(engine, told, None if settings.installation else kube)
        if told.is_set():
            return
        spare_start_up()
        stop_watching = asyncio.Event()
        tasks = await handlers.spawn(engine, kube, settings, version, stop_watching)
        _on_signal(told.set)  # Kopf has installed handlers of its own; ours let running passes finish first
        try:
            await _operate(engine, leadership, told, handlers.Watch(tasks, stop_watching))
        except Exception:
            await _check_cluster(kube, settings.kinds)  # where the kinds have gone, that is the whole story
            raise


async def _stand_by(leadership: Election, told: asyncio.Event) -> None:
    """Until the Lease is ours or we are told to stop. Raises `CannotStart` where it cannot be ours."""
    if refusal := await leadership.refusal():
        raise CannotStart(
            f"a permission is missing: {refusal}. Bind the Role of manifests/rbac.yaml for the Lease to it: get,"
            " create and update of leases there"
        )
    leading = asyncio.create_task(leadership.acquire())
    ending = asyncio.create_task(told.wait())
    await asyncio.wait({leading, ending}, return_when=asyncio.FIRST_COMPLETED)
    for task in (leading, ending):
        task.cancel()
    if told.is_set():
        await leadership.release()
    elif (error := leading.exception()) is not None:
        raise CannotStart(f"{error}; another start will see to it") from error


def _on_signal(stop: Callable[[], None]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)


async def _prime(engine: Engine, told: asyncio.Event, nameless: Kube | None) -> None:
    """Until the objects are read or we are told to stop. Raises `CannotStart` where waiting does not help.

    `nameless`: who is asked for a name of this installation, if no setting gives one.
    """
    for pause in itertools.chain((0.5, 1.0, 2.0, 4.0), itertools.repeat(8.0)):
        if await _has_primed(engine, nameless):
            return
        await asyncio.wait({asyncio.ensure_future(told.wait())}, timeout=pause)
        if told.is_set():
            return


async def _has_primed(engine: Engine, nameless: Kube | None) -> bool:
    """False if the server may do it another time. Raises `CannotStart`."""
    try:
        if nameless is not None:
            engine.call_installation(await nameless.cluster())
        await engine.prime()
    except WentBack as error:
        raise CannotStart(f"{error} Another start will see to it") from error
    except KubeForbidden as error:
        raise CannotStart(
            f"a permission is missing: {error}. Bind the ClusterRole of manifests/rbac.yaml to it, in all namespaces"
            " or, with --namespace, in each of those"
        ) from error
    except KubeError as error:
        if not error.may_pass:
            raise CannotStart(f"the objects could not be read: {error}") from error
        log.warning("the objects could not be read; retrying: %s", error)
        return False
    return True


async def _operate(
    engine: Engine, leadership: Election | None, told: asyncio.Event, watch: handlers.Watch
) -> None:
    """Watch and work until told to stop, until the watch fails, or until the Lease is lost."""
    engine.start()
    ending = asyncio.create_task(told.wait())
    losing = asyncio.create_task(leadership.lost() if leadership is not None else asyncio.Event().wait())
    breaking = asyncio.create_task(engine.broken())
    watching = asyncio.create_task(watch.run(asyncio.all_tasks()))
    await asyncio.wait({watching, ending, losing, breaking}, return_when=asyncio.FIRST_COMPLETED)
    why = _why(told, losing, breaking)
    log.info("stopping: %s", why)
    await engine.stop()
    if leadership is not None:
        await leadership.release()
    watch.stop.set()
    for task in (ending, losing, breaking):
        task.cancel()
    await watching
    if not told.is_set():
        raise CannotStart(f"{why}; another start will see to it")


def _why(told: asyncio.Event, losing: asyncio.Task[Any], breaking: asyncio.Task[str]) -> str:
    if told.is_set():
        return "told to"
    if losing.done():
        return "the Lease is lost"
    return breaking.result() if breaking.done() else "the watch has ended"


def _health(
    settings: Settings, engine: Engine, metrics: Metrics, leadership: Election | None
) -> AbstractAsyncContextManager[str]:
    checks: Mapping[str, server.Check] = {"engine": lambda: engine.problem}

    def unready() -> str | None:
        """A replica that stands by is ready to take over."""
        stands_by = leadership is not None and not leadership.is_held
        return None if stands_by else engine.unready

    return server.serve(
        settings.health_host,
        settings.health_port,
        healthy=checks,
        ready={**checks, "primed": unready},
        metrics=metrics if settings.metrics_port is None else None,
    )


async def _listen(
    stack: AsyncExitStack,
    settings: Settings,
    kube: Kube,
    health: AbstractAsyncContextManager[str],
    metrics: Metrics,
) -> dict[str, str]:
    """The URLs, by what is there. Raises `CannotStart` where an address or a certificate cannot be had."""
    urls = {"health": await _open(stack, health, f"{settings.health_host}:{settings.health_port}")}
    port, files = settings.metrics_port, (settings.metrics_cert_file, settings.metrics_key_file)
    if port is None or files[0] is None or files[1] is None:
        return urls
    try:
        certificate = server.Certificate(files[0], files[1])
    except OSError as error:  # an SSLError is one
        raise CannotStart(f"the certificate of /metrics cannot be used: {error}") from error
    guarded = server.serve_guarded(
        settings.health_host, port, certificate, Access(partial(_review, kube)), metrics
    )
    return {**urls, "metrics": await _open(stack, guarded, f"{settings.health_host}:{port}")}


async def _open(
    stack: AsyncExitStack,
    serving: AbstractAsyncContextManager[str],
    where: str,
    what: str = "the health endpoints",
) -> str:
    try:
        return await stack.enter_async_context(serving)
    except OSError as error:
        raise CannotStart(f"{what} cannot listen on {where}: {error.strerror or error}") from error


async def _review(kube: Kube, path: str, body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    try:
        return await kube.request("POST", path, body)
    except KubeError as error:
        log.warning("readers of /metrics cannot be authenticated: %s", error)
        return None


async def _check_cluster(kube: Kube, kinds: Collection[str]) -> tuple[int, int]:
    """The server's version. Raises `CannotStart` where it is too old, not reached, or does not know our kinds."""
    try:
        version, served = await kube.version(), await kube.served_kinds()
    except KubeError as error:
        refused = "the API server refused the first request: " if error.status else ""
        raise CannotStart(f"{refused}{error}") from error
    if version < OLDEST_SERVER:
        found, oldest = (".".join(str(part) for part in parts) for parts in (version, OLDEST_SERVER))
        raise CannotStart(f"the API server is Kubernetes {found}; at least {oldest} is required")
    missing = sorted({PLURALS[kind] for kind in kinds} - served)
    if missing:
        raise CannotStart(
            f"the cluster does not know {' and '.join(missing)} of modeloperator.dev. Install the CRDs first:"
            " model-operator crds | kubectl apply --server-side -f -"
        )
    return version
