"""The composition root: everything that runs is made here, started in order and stopped in reverse."""

import asyncio
import logging
import signal
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack

from model_operator import __version__, handlers
from model_operator.engine.engine import Engine
from model_operator.kube import PLURALS, Kube, KubeConfigError, KubeError, KubeForbidden
from model_operator.observability import server
from model_operator.observability.logs import dump_on_sigusr1, set_up
from model_operator.observability.metrics import Metrics
from model_operator.providers.http import HttpTransport
from model_operator.providers.registry import PROVIDERS
from model_operator.redaction import Redactor
from model_operator.settings import Settings

log = logging.getLogger(__name__)


class CannotStart(Exception):
    """Something outside is missing; `str()` says what and how to get it."""


def run(settings: Settings) -> int:
    """Until SIGTERM or SIGINT. Exit code 0 after a clean end, 1 if it cannot start or cannot go on."""
    redactor = Redactor()
    set_up(settings.log_format, settings.log_level, redactor)
    with asyncio.Runner(loop_factory=_loop_factory(settings)) as runner:
        try:
            runner.run(_main(settings, redactor))
        except (CannotStart, KubeConfigError) as error:
            log.error("cannot start: %s", error)  # noqa: TRY400  the message is the whole story
            return 1
        except Exception:
            log.exception("cannot go on")
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
    metrics = Metrics()
    async with AsyncExitStack() as stack:
        kube = await stack.enter_async_context(await Kube.connect(settings.kubeconfig))
        transport = await stack.enter_async_context(
            HttpTransport(
                request_timeout=settings.request_timeout,
                connect_timeout=settings.connect_timeout,
                observe=metrics.provider_request,
            )
        )
        engine = Engine(
            settings=settings,
            kube=kube,
            transport=transport,
            vendors=PROVIDERS,
            metrics=metrics,
            redactor=redactor,
        )
        url = await stack.enter_async_context(_health(settings, engine, metrics))
        log.info("model-operator %s, health at %s", __version__, url)
        if settings.ready_file is not None:
            server.write_ready_file(settings.ready_file, {"health": url})
        dump_on_sigusr1(asyncio.get_running_loop())
        version = await _check_cluster(kube)
        await _prime(engine)
        await _operate(settings, engine, kube, version)


async def _prime(engine: Engine) -> None:
    """Raises `CannotStart` where the objects cannot be read."""
    try:
        await engine.prime()
    except KubeForbidden as error:
        raise CannotStart(
            f"a permission is missing: {error}. Bind the ClusterRole of manifests/rbac.yaml to it, in all namespaces"
            " or, with --namespace, in each of those"
        ) from error
    except KubeError as error:
        raise CannotStart(f"the objects could not be read: {error}") from error


async def _operate(settings: Settings, engine: Engine, kube: Kube, version: tuple[int, int]) -> None:
    """Watch and work until told to stop or until the watch fails."""
    stop_watching, told = asyncio.Event(), asyncio.Event()
    engine.start()
    tasks = await handlers.spawn(engine, kube, settings.namespaces, version, stop_watching)
    # Kopf has installed handlers of its own; ours let running passes finish first.
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    watching = asyncio.create_task(handlers.watch(tasks, asyncio.all_tasks()))
    ending = asyncio.create_task(told.wait())
    await asyncio.wait({watching, ending}, return_when=asyncio.FIRST_COMPLETED)
    log.info("stopping: %s", "told to" if told.is_set() else "the watch has ended")
    await engine.stop()
    stop_watching.set()
    ending.cancel()
    await watching
    if not told.is_set():
        raise CannotStart("the watch of the API server has ended")


def _health(settings: Settings, engine: Engine, metrics: Metrics) -> AbstractAsyncContextManager[str]:
    checks: Mapping[str, server.Check] = {"engine": lambda: engine.problem}
    return server.serve(
        settings.health_host,
        settings.health_port,
        healthy=checks,
        ready={**checks, "primed": lambda: engine.unready},
        metrics=metrics,
    )


async def _check_cluster(kube: Kube) -> tuple[int, int]:
    """The server's version. Raises `CannotStart` where it cannot be reached or does not know our kinds."""
    try:
        version, served = await kube.version(), await kube.served_kinds()
    except KubeError as error:
        raise CannotStart(f"the API server refused the first request: {error}") from error
    missing = sorted(set(PLURALS.values()) - served)
    if missing:
        raise CannotStart(
            f"the cluster does not know {' and '.join(missing)} of modeloperator.dev. Install the CRDs first:"
            " model-operator crds | kubectl apply --server-side -f -"
        )
    return version
