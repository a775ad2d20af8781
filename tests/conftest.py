"""Fixtures that all tests share: the API server, a namespace, the simulator, the operator, the faulty API proxy."""

import os
import re
import secrets
import signal
import zlib
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from model_operator_demo.controlplane_access import Access
from model_operator_demo.processes import Processes, end_of
from support.apiproxy import ApiProxy
from support.dealing import dealt
from support.namespace import Namespace
from support.operator_process import OperatorProcess, Setting
from support.shared_cluster import Broker, Said, SharedCluster, ask
from support.simulator_process import SimulatorProcess

pytest_plugins = ["support.debian", "support.helm", "explorer.processes.options"]

CLUSTER = pytest.StashKey[SharedCluster]()
BROKER = pytest.StashKey[Broker]()
SAID = pytest.StashKey[Said]()
LOGS = pytest.StashKey[list[Path]]()


def pytest_configure(config: pytest.Config) -> None:
    """Whoever the user started owns the API server; workers ask their controller for it."""
    # A shell starts what goes to the background deaf to ^C, and children inherit that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(config, "workerinput"):
        return

    def say(line: str) -> None:
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.ensure_newline()
            reporter.write_line(f"control plane: {line}")

    config.stash[CLUSTER] = SharedCluster(say)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """xdist: tell a worker where to ask."""
    stash = node.config.stash
    if BROKER not in stash:
        stash[BROKER] = Broker(stash[CLUSTER])
    node.workerinput["cluster_broker"] = (stash[BROKER].port, stash[BROKER].key)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items[:] = dealt(items, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")), _seconds)


def _seconds(item: pytest.Item) -> float:
    """That it is said to take; nothing for what takes no time."""
    mark = item.get_closest_marker("slow")
    return 0 if mark is None else next(iter(mark.args), 10)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Start the server before the first test that needs it: not within that test's time-out."""
    needs = any("cluster" in getattr(item, "fixturenames", ()) for item in session.items)
    if not needs or session.config.option.collectonly:
        return
    worker = getattr(session.config, "workerinput", None)
    session.config.stash[SAID] = (
        ask(*worker["cluster_broker"]) if worker else session.config.stash[CLUSTER].get()
    )


def pytest_unconfigure(config: pytest.Config) -> None:
    """The end of the session, also after ^C."""
    if BROKER in config.stash:
        config.stash[BROKER].close()
    if CLUSTER in config.stash:
        config.stash[CLUSTER].stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test shows the logs of its processes."""
    report = yield
    if report.failed:
        for log in item.stash.get(LOGS, []):
            report.sections.append((f"{log.name} ({log})", end_of(log, lines=200)))
    return report


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Access:
    """A real API server with the shipped CRDs and roles, the same one for the whole session."""
    said = request.config.stash[SAID]
    if isinstance(said, str):
        pytest.fail(said, pytrace=False)
    return said


@pytest.fixture(scope="session")
def controllers(cluster: Access) -> Access:
    """For tests of what Kubernetes' controllers do: namespaces that empty themselves, owners that are followed."""
    if not cluster.has_controllers:
        pytest.fail(
            "needs kube-controller-manager, which prebuilt programs lack: install Go 1.26", pytrace=False
        )
    return cluster


@pytest.fixture
def namespace(cluster: Access, request: pytest.FixtureRequest) -> Iterator[Namespace]:
    """An empty namespace of this test's own."""
    slug = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[:40].strip("-")
    created = Namespace.create(cluster, f"{slug}-{secrets.token_hex(3)}")
    yield created
    created.remove()


@pytest.fixture(scope="session")
def processes() -> Iterator[Processes]:
    """Processes that end with this session, whatever ends it."""
    with Processes() as group:
        yield group


@pytest.fixture
def simulator(
    processes: Processes, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[SimulatorProcess]:
    """Both providers, empty, for this test alone. `@pytest.mark.simulator("--clock=manual")` adds flags."""
    marker = request.node.get_closest_marker("simulator")
    flags = marker.args if marker else ("--clock=scaled", "--time-scale=20")
    if request.node.get_closest_marker("own_ids"):
        flags = (*flags, f"--seed={zlib.crc32(request.node.nodeid.encode())}")
    running = SimulatorProcess(processes, tmp_path, *flags)
    request.node.stash.setdefault(LOGS, []).append(running.log)
    yield running
    running.stop()


@pytest.fixture
def api_proxy(cluster: Access) -> Iterator[ApiProxy]:
    """A way to the API server on which requests go wrong: `operator(api_proxy=api_proxy)`."""
    with ApiProxy(cluster) as proxy:
        yield proxy


StartOperator = Callable[..., OperatorProcess]


@pytest.fixture
def operator(
    processes: Processes,
    namespace: Namespace,
    simulator: SimulatorProcess,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[StartOperator]:
    """`operator(recovery_window="2s")` starts one that may act in this test's namespace alone, and waits for it.

    Keywords are settings; `api_proxy` puts the proxy between; `ready=False` does not wait; `clean=False` forgives
    tracebacks in the log. It has the shipped ClusterRole there, and no other right.
    """
    started: list[tuple[OperatorProcess, bool]] = []

    def start(
        *, api_proxy: ApiProxy | None = None, ready: bool = True, clean: bool = True, **settings: Setting
    ) -> OperatorProcess:
        folder = tmp_path / f"operator-{len(started)}"
        folder.mkdir()
        server = api_proxy.url if api_proxy else None
        kubeconfig = namespace.operator_kubeconfig(folder / "kubeconfig", server=server)
        defaults: dict[str, Setting] = {
            "kubeconfig": str(kubeconfig),
            "namespaces": [namespace.name],
            "allowed_provider_hosts": [simulator.url],
        }
        process = OperatorProcess(processes, folder, {**defaults, **settings})
        started.append((process, clean))
        request.node.stash.setdefault(LOGS, []).append(process.log)
        process.start()
        if ready:
            process.wait_ready()
        return process

    yield start
    for process, _ in started:
        if process.is_running:
            process.kill()
    complaints = [line for process, clean in started if clean for line in process.complaints()]
    assert not complaints, complaints
