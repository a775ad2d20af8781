"""One `World` for all tests of a worker: `pytest_plugins = ("support.shared_world",)` gives the fixture `shared`.

Starting an operator costs seconds and most tests need nothing of their own; each leaves the world empty for the next.
"""

import sys
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from e2e.conftest import QUICK, World
from model_operator_demo.controlplane_access import Access
from model_operator_demo.processes import Processes, end_of
from support.deadlines import NotYet, eventually
from support.kube_api import path_of
from support.namespace import OUR_KINDS, Namespace
from support.operator_process import OperatorProcess, Setting
from support.rows import INSTALLATION, ROWS
from support.simulator_process import SimulatorProcess

SETTINGS: Mapping[str, Setting] = {**QUICK, "create_retry": "1s", "log_format": "json"}

KNOBS: Mapping[str, Mapping[str, Any]] = {
    section: knobs for row in ROWS.values() for section, knobs in row.quick.items()
}
"""All vendors on the real clock, in tenths of seconds, without quotas."""

_A_WHILE = timedelta(seconds=20)


@pytest.fixture(scope="session")
def _shared_world(
    cluster: Access, processes: Processes, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("shared")
    namespace = Namespace.create(cluster, f"shared-{folder.parent.name[-12:].replace('_', '-')}")
    simulator = SimulatorProcess(processes, folder, "--clock=real")
    simulator.knobs(**KNOBS)
    kubeconfig = namespace.operator_kubeconfig(folder / "kubeconfig")
    own: dict[str, Setting] = {
        "kubeconfig": str(kubeconfig),
        "namespaces": [namespace.name],
        "allowed_provider_hosts": [simulator.url],
        "installation": INSTALLATION,
    }
    operator = OperatorProcess(processes, folder, {**SETTINGS, **own})
    operator.start()
    operator.wait_ready()
    yield World(namespace, simulator, operator)
    if operator.is_running:
        operator.kill()
    simulator.stop()
    namespace.remove()


@pytest.fixture
def shared(_shared_world: World) -> Iterator[World]:
    """Both ModelProviders are applied, and nothing else; the operator has run for a while."""
    world = _shared_world
    complaints = len(world.operator.complaints())
    world.apply_providers()
    yield world
    sys.stdout.write(f"{end_of(world.operator.log, lines=100)}\n")  # shown with a failure
    _tidy(world)
    assert world.operator.complaints()[complaints:] == []


def _tidy(world: World) -> None:
    """No object, no deployment, no fault, every knob and key as at the start."""
    world.simulator.clear_faults()
    if not world.operator.is_running:
        world.operator.restart()
    api, namespace = world.namespace.api, world.namespace.name
    try:
        for kind in OUR_KINDS:
            api.call("DELETE", path_of(kind, namespace))
        eventually(lambda: _left(world), until=lambda left: not left, within=_A_WHILE, what="an empty world")
    except NotYet:
        _start_over(world)
        raise
    finally:
        for kind in ("Secret", "ConfigMap"):
            api.call("DELETE", path_of(kind, namespace))
        defects = world.simulator.control("GET", "/counters")["defects"]
        world.simulator.reset()
        world.simulator.knobs(**KNOBS)
    assert defects == 0, "the simulator failed; see its log"


def _left(world: World) -> list[str]:
    return [obj["metadata"]["name"] for kind in OUR_KINDS for obj in world.namespace.objects(kind)]


def _start_over(world: World) -> None:
    """One test's ruins must not be the next one's."""
    world.operator.kill()
    for kind in OUR_KINDS:
        for obj in world.namespace.objects(kind):
            world.namespace.edit(kind, obj["metadata"]["name"], {"metadata": {"finalizers": None}})
    world.operator.restart()
