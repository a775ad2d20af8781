"""What most end-to-end tests begin with: an operator with quick clocks and one served deployment per vendor."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support import manifests
from support.kube_api import Object
from support.namespace import Namespace
from support.operator_process import OperatorProcess, Setting
from support.simulator_process import Json, SimulatorProcess, Vendor

QUICK: dict[str, Setting] = {
    "default_poll_interval": "400ms",
    "transition_poll": "200ms",
    "power_grace": "1s",
    "accepted_grace": "1s",
    "secret_refresh": "1s",
    "recovery_window": "2s",
    "request_timeout": "2s",
    "connect_timeout": "1s",
}
"""Every wait of the operator, shortened; providers have no pollInterval of their own."""


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder for a program's temporary files; pytest's own names are too long for a unix socket in it."""
    with tempfile.TemporaryDirectory(prefix="mo-") as folder:
        yield Path(folder)


@dataclass
class World:
    """One namespace with its operator and both vendors, as a user sees them."""

    namespace: Namespace
    simulator: SimulatorProcess
    operator: OperatorProcess

    def apply_providers(self, **spec: Any) -> None:
        """Secrets and ModelProviders `parasail` and `paitient`."""
        self.namespace.apply(
            manifests.parasail_secret(),
            manifests.paitient_secret(),
            manifests.parasail_provider(self.simulator.url, pollInterval=None, **spec),
            manifests.paitient_provider(self.simulator.url, pollInterval=None, **spec),
        )

    def serve(self, *deployments: Object) -> list[Object]:
        """Apply and wait until all serve; the live objects."""
        self.namespace.apply(*deployments)
        return [self.until(d["metadata"]["name"], "Ready=True Available") for d in deployments]

    def until(self, name: str, wanted: str) -> Object:
        """The ModelDeployment once the condition holds for its current generation."""
        return self.namespace.wait_for_condition("ModelDeployment", name, wanted)

    def when(self, name: str, until: Callable[[Object], object], what: str = "") -> Object:
        return self.namespace.wait("ModelDeployment", name, until, what=what)

    def edit(self, name: str, **spec: Any) -> None:
        """A merge patch of the spec."""
        self.namespace.edit("ModelDeployment", name, {"spec": spec})

    def remote(self, vendor: Vendor, live: Object) -> Json:
        return self.simulator.deployment(vendor, live["status"]["externalID"])

    def writes(self, since: int, vendor: Vendor) -> list[tuple[str, str]]:
        """(method, outcome-free path) of every change that reached the vendor after that request."""
        found = self.simulator.requests(since, vendor=vendor)
        return [(r["method"], r["path"]) for r in found if r["method"] != "GET"]


@pytest.fixture
def world(
    namespace: Namespace, simulator: SimulatorProcess, operator: Callable[..., OperatorProcess]
) -> World:
    """Both ModelProviders are applied; the operator runs with quick clocks."""
    created = World(namespace, simulator, operator(**QUICK))
    created.apply_providers()
    return created
