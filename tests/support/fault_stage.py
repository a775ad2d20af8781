"""A namespace, both vendors and an operator behind the faulty API proxy, which all tests of a file share.

Each test leaves it empty (`tidy`): no object, no fault, no deployment at either vendor; that, too, is a test.
"""

import secrets
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from model_operator_demo.controlplane_access import Access
from model_operator_demo.processes import Processes, end_of
from support import manifests
from support.apiproxy import ApiProxy
from support.deadlines import NotYet, eventually
from support.kube_api import Object, path_of
from support.namespace import Manifest, Namespace, condition, conditions
from support.operator_process import OperatorProcess, Setting
from support.rows import ROWS
from support.simulator_process import SimulatorProcess, Vendor

A_MINUTE = timedelta(minutes=1)  # many times what it takes, on a machine that does other things too
_BETWEEN_LISTS = 0.1  # seconds: twenty objects are 100 KB
KINDS = ("ModelDeployment", "ModelProvider")
VENDORS: tuple[Vendor, ...] = tuple(ROWS)

QUICK: Mapping[str, Setting] = {
    "default_poll_interval": "500ms",
    "transition_poll": "250ms",
    "request_timeout": "2s",
    "connect_timeout": "1s",
    "recovery_window": "1s",
    "power_grace": "5s",
    "accepted_grace": "2s",
    "secret_refresh": "500ms",
}
"""Every wait of the operator in seconds instead of minutes."""

KNOBS: Mapping[str, Mapping[str, Any]] = {
    # A vendor that refuses a second deployment of a name would hide that one was asked for.
    section: {**knobs, "duplicate_names": "allow"}
    for row in ROWS.values()
    for section, knobs in row.quick.items()
}
"""All vendors on the real clock, in tenths of seconds, without quotas and without mercy for duplicates."""


class FaultStage:
    """Use in `with`. `operator` runs with `QUICK` and `settings`; `namespace`, `simulator`, `proxy` are its world."""

    def __init__(self, access: Access, processes: Processes, folder: Path, **settings: Setting) -> None:
        self._closing = ExitStack()
        self.namespace = Namespace.create(access, f"faults-{secrets.token_hex(4)}")
        self._closing.callback(self.namespace.remove)
        self.simulator = SimulatorProcess(processes, folder, "--clock=real")
        self._closing.callback(self.simulator.stop)
        self.simulator.knobs(**KNOBS)
        self.proxy = ApiProxy(access)
        self._closing.callback(self.proxy.close)
        kubeconfig = self.namespace.operator_kubeconfig(folder / "kubeconfig", server=self.proxy.url)
        self.operator = OperatorProcess(
            processes,
            folder,
            {
                **QUICK,
                "kubeconfig": str(kubeconfig),
                "namespaces": [self.namespace.name],
                "allowed_provider_hosts": [self.simulator.url],
                **settings,
            },
        )
        self._complaints = 0

    def apply_providers(self, *vendors: Vendor, **spec: Any) -> None:
        """Secret and ModelProvider of each vendor (both, if none is named), under the vendor's name."""
        made: list[Object] = []
        for vendor in vendors or VENDORS:
            made += [self.secret(vendor), self.provider(vendor, **spec)]
        self.namespace.apply(*made)

    def secret(self, vendor: Vendor, **keys: str) -> Object:
        """The vendor's Secret; `keys` replace those that the simulator knows."""
        return manifests.secret_of(vendor, **keys)

    def provider(self, vendor: Vendor, **spec: Any) -> Object:
        """The vendor's ModelProvider, polled as often as the operator's default says."""
        return manifests.provider(vendor, self.simulator.url, **{"pollInterval": None, **spec})

    def deploy(self, *deployments: Manifest) -> None:
        """Apply ModelDeployments."""
        self.namespace.apply(*deployments)

    def until(self, name: str, wanted: str, *, within: timedelta = A_MINUTE) -> Object:
        """The ModelDeployment once it has that condition for its present generation."""
        return self._until("ModelDeployment", wanted, within, name)[0]

    def provider_until(self, name: str, wanted: str) -> Object:
        """The ModelProvider once it has that condition."""
        return self._until("ModelProvider", wanted, A_MINUTE, name)[0]

    def all_until(self, wanted: str, *, within: timedelta = A_MINUTE) -> list[Object]:
        """All ModelDeployments once each has that condition for its present generation."""
        return self._until("ModelDeployment", wanted, within)

    def _until(self, kind: str, wanted: str, within: timedelta, name: str | None = None) -> list[Object]:
        seen: list[Object] = []

        def others() -> dict[str, dict[str, str]]:
            """Short, for the message of what was not in time."""
            if name is None:
                time.sleep(_BETWEEN_LISTS)
            seen[:] = [self.namespace.get(kind, name)] if name else self.namespace.objects(kind)
            assert seen, f"there is no {kind}"
            return {obj["metadata"]["name"]: conditions(obj) for obj in seen if not is_so(obj, wanted)}

        eventually(others, until=lambda left: not left, within=within, what=f"{kind} {name or ''} {wanted}")
        return seen

    def edit(self, name: str, **spec: Any) -> None:
        """A merge patch of the spec."""
        self.namespace.edit("ModelDeployment", name, {"spec": spec})

    def edit_all(self, **spec: Any) -> None:
        """The same edit of every ModelDeployment."""
        for obj in self.namespace.objects("ModelDeployment"):
            self.edit(obj["metadata"]["name"], **spec)

    def delete_all(self) -> None:
        """Ask for the deletion of every ModelDeployment; `all_gone` waits for it."""
        self.namespace.api.call("DELETE", path_of("ModelDeployment", self.namespace.name))

    def all_gone(self, *, within: timedelta = A_MINUTE) -> None:
        """Until there is no ModelDeployment any more."""
        eventually(
            lambda: self._left("ModelDeployment"),
            until=lambda left: not left,
            within=within,
            what="all ModelDeployments gone",
        )

    def live(self) -> int:
        """How many deployments exist at both vendors together."""
        return sum(self.simulator.counters(vendor)["live"] for vendor in VENDORS)

    def creates(self) -> dict[str, int]:
        """How often each deployment, by the name that its owner gave it, was created at either vendor."""
        return {
            name: count
            for vendor in VENDORS
            for name, count in self.simulator.counters(vendor)["creates_by_name"].items()
        }

    def assert_created_once(self, how_many: int) -> None:
        """So many deployments were ever created, none of them twice."""
        creates = self.creates()
        assert len(creates) == how_many
        assert set(creates.values()) == {1}, {name: n for name, n in creates.items() if n > 1}

    def assert_nothing_is_left(self) -> None:
        """Delete all ModelDeployments; then neither vendor has anything, and nothing was created on the way."""
        creates = self.creates()
        self.delete_all()
        self.all_gone()
        assert self.live() == 0, self.simulator.state()
        assert self.creates() == creates

    def tidy(self) -> None:
        """Empty again, whatever the test left. Raises what a failed test must not hide: complaints in the log."""
        self.proxy.clear()
        self.proxy.up()
        self.simulator.clear_faults()
        if not self.operator.is_running:
            self.operator.start()
            self.operator.wait_ready()
        sys.stdout.write(f"{end_of(self.operator.log, lines=150)}\n")  # shown with a failure
        try:
            for kind in KINDS:
                self.namespace.api.call("DELETE", path_of(kind, self.namespace.name))
            eventually(
                lambda: self._left(*KINDS),
                until=lambda left: not left,
                within=A_MINUTE / 2,
                what="all objects gone after the test",
            )
            left = self.live()
        except NotYet:
            self._start_over()
            raise
        finally:
            self.namespace.api.call("DELETE", path_of("Secret", self.namespace.name))
            self.simulator.reset()
            self.simulator.knobs(**KNOBS)
        complaints = self.operator.complaints()[self._complaints :]
        self._complaints += len(complaints)
        assert not complaints, complaints
        assert left == 0, "deployments are left at a vendor"

    def _left(self, *kinds: str) -> dict[str, str | None]:
        objects = [obj for kind in kinds for obj in self.namespace.objects(kind)]
        return {obj["metadata"]["name"]: conditions(obj).get("Ready") for obj in objects}

    def _start_over(self) -> None:
        self.operator.kill()
        for kind in KINDS:
            for obj in self.namespace.objects(kind):
                self.namespace.edit(kind, obj["metadata"]["name"], {"metadata": {"finalizers": None}})
        self.operator.start()
        self.operator.wait_ready()

    def __enter__(self) -> Self:
        try:
            self.operator.start()
            self.operator.wait_ready()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Everything ends, in reverse."""
        if self.operator.is_running:
            self.operator.kill()
        self._closing.close()


def is_so(obj: Object, wanted: str) -> bool:
    """Whether `Ready=True Available` (the reason may be left out) holds for the object's present generation."""
    type_, _, value = wanted.partition("=")
    found = condition(obj, type_)
    if found is None or found.get("observedGeneration") != obj["metadata"].get("generation"):
        return False
    return conditions(obj)[type_].startswith(value)


@dataclass(frozen=True)
class Fleet:
    """So many deployments of each vendor, to be under way all at once."""

    parasail: int = 10
    paitient: int = 10

    def __len__(self) -> int:
        return self.parasail + self.paitient

    def manifests(self, **spec: Any) -> list[Object]:
        """Named `parasail-0`, `paitient-0` and so on; `spec` is added to each."""
        return [
            *(manifests.parasail_deployment(f"parasail-{n}", **spec) for n in range(self.parasail)),
            *(manifests.paitient_deployment(f"paitient-{n}", **spec) for n in range(self.paitient)),
        ]
