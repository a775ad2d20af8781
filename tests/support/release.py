"""A release of the chart on a cluster, and its operator as a process: with the pod's environment and ServiceAccount.

There are no nodes, so no pod runs; the process has what the pod would have, and no other right.
"""

import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from model_operator_demo.controlplane_access import Access, write_kubeconfig
from model_operator_demo.processes import Processes
from support.helm import CHART, Helm
from support.kube_api import Object
from support.operator_process import OperatorProcess, Setting


class Release:
    """One release, named and with a namespace; `install`, `upgrade` and the rest are Helm's."""

    def __init__(self, helm: Helm, access: Access, name: str, namespace: str) -> None:
        self.helm = helm.on(access)
        self.access = access
        self.name = name
        self.namespace = namespace

    @property
    def fullname(self) -> str:
        """Of its objects."""
        return self.name if "model-operator" in self.name else f"{self.name}-model-operator"

    def install(self, *args: str, chart: Path = CHART, values: Object | None = None) -> str:
        """`helm install`. Raises `HelmFailed`."""
        return self._helm("install", self.name, chart, "--create-namespace", *args, values=values)

    def upgrade(self, *args: str, chart: Path = CHART, values: Object | None = None) -> str:
        """`helm upgrade`. Raises `HelmFailed`."""
        return self._helm("upgrade", self.name, chart, *args, values=values)

    def rollback(self, revision: int) -> str:
        """`helm rollback`. Raises `HelmFailed`."""
        return self._helm("rollback", self.name, str(revision))

    def uninstall(self) -> str:
        """`helm uninstall`. Raises `HelmFailed`."""
        return self._helm("uninstall", self.name)

    def refusal_to_install(self, *args: str) -> str:
        """What Helm or the server says against it."""
        return self.helm.refusal("install", self.name, CHART, f"--namespace={self.namespace}", *args)

    def objects(self, *kinds: str) -> list[str]:
        """`kind/name` of what is there in its name, in its namespace or in none."""
        selector = f"app.kubernetes.io/instance={self.name}"
        said = self._kubectl("get", ",".join(kinds), f"--selector={selector}", "--output=name").stdout
        return sorted(said.split())

    def operator(self, processes: Processes, folder: Path, **settings: Setting) -> OperatorProcess:
        """Its operator, not started yet. `settings` are added to those that the pod has."""
        deployment: Any = json.loads(
            self._kubectl("get", "deployment", self.fullname, "--output=json").stdout
        )
        pod = deployment["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        assert container["args"] == ["run"]
        token = self._kubectl("create", "token", pod["serviceAccountName"], "--duration=24h").stdout.strip()
        folder.mkdir(parents=True, exist_ok=True)
        kubeconfig = write_kubeconfig(
            folder / "kubeconfig", server=self.access.url, ca=self.access.ca, token=token
        )
        from_the_pod: dict[str, Setting] = {
            entry["name"].removeprefix("MODEL_OPERATOR_").lower(): entry["value"]
            for entry in container["env"]
        }
        here: dict[str, Setting] = {"kubeconfig": str(kubeconfig), "health_port": 0}
        return OperatorProcess(processes, folder, {**from_the_pod, **here, **settings})

    def can(self, verb: str, resource: str, namespace: str) -> bool:
        """Whether its ServiceAccount may."""
        user = f"system:serviceaccount:{self.namespace}:{self.fullname}"
        asked = self.access.kubectl(
            "auth", "can-i", verb, resource, f"--namespace={namespace}", f"--as={user}", check=False
        )
        return asked.stdout.strip() == "yes"

    def _helm(self, command: str, *args: str | Path, values: Object | None = None) -> str:
        return self.helm(command, *args, f"--namespace={self.namespace}", values=values)

    def _kubectl(self, *args: str) -> Any:
        return self.access.kubectl(f"--namespace={self.namespace}", *args)


def unique(prefix: str) -> str:
    """A name that no other test has."""
    return f"{prefix}-{secrets.token_hex(3)}"


Installed = Callable[..., Release]
"""Of the fixture `installed`: a release that watches the named namespaces, with these values."""
