"""One namespace per test: what a user does there with kubectl, and what became of it."""

import contextlib
import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import yaml

from model_operator_demo.controlplane_access import Access, write_kubeconfig
from support.deadlines import HALF_A_MINUTE, eventually
from support.kube_api import ApiError, KubeApi, Object, path_of

OUR_KINDS = (
    "CanaryEndpoint",
    "ModelBudget",
    "ModelDeployment",
    "ModelProvider",
)  # in the order in which they are taken down
Manifest = Object | str  # a built object, or YAML as a user writes it, one or more documents


def condition(obj: Object | None, kind: str) -> Object | None:
    """The condition of this type; None where the object, its status or the condition is missing."""
    found = ((obj or {}).get("status") or {}).get("conditions") or []
    return next((entry for entry in found if entry["type"] == kind), None)


def conditions(obj: Object | None) -> dict[str, str]:
    """`{"Ready": "True Available", …}`: all of them at one look, for comparing whole values."""
    found = ((obj or {}).get("status") or {}).get("conditions") or []
    return {entry["type"]: f"{entry['status']} {entry['reason']}" for entry in found}


class Namespace:
    """A namespace of its own, empty at the start, gone after the test with everything in it."""

    def __init__(self, access: Access, name: str) -> None:
        self.access = access
        self.name = name
        self.api = KubeApi(access)

    @classmethod
    def create(cls, access: Access, name: str) -> "Namespace":
        """A new one on the server."""
        namespace = cls(access, name)
        namespace.api.call("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
        return namespace

    def kubectl(
        self, *args: str, input: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """The real kubectl in this namespace. Raises `KubectlFailed` unless `check` is False."""
        return self.access.kubectl("--namespace", self.name, *args, input=input, check=check)

    def apply(self, *manifests: Manifest) -> str:
        """`kubectl apply --server-side`; what kubectl printed. Raises `KubectlFailed` with the server's refusal."""
        return self.kubectl("apply", "--server-side", "--filename=-", input=_as_yaml(*manifests)).stdout

    def refusal(self, *manifests: Manifest) -> str:
        """What the server says against these. Raises `AssertionError` when it accepts them."""
        done = self.kubectl("apply", "--server-side", "--filename=-", input=_as_yaml(*manifests), check=False)
        assert done.returncode != 0, f"accepted: {done.stdout}"
        return done.stderr

    def get(self, kind: str, name: str) -> Object:
        """The live object. Raises `ApiError` (404) where there is none."""
        return self.api.call("GET", path_of(kind, self.name, name))

    def find(self, kind: str, name: str) -> Object | None:
        """The live object, or None."""
        return self.api.find(path_of(kind, self.name, name))

    def objects(self, kind: str) -> list[Object]:
        """All objects of a kind."""
        items: list[Object] = self.api.call("GET", path_of(kind, self.name))["items"]
        return items

    def edit(self, kind: str, name: str, patch: Object) -> Object:
        """A JSON merge patch of the object, as `kubectl patch --type=merge`."""
        return self.api.merge(path_of(kind, self.name, name), patch)

    def delete(self, kind: str, name: str) -> None:
        """Ask for the deletion and return; `gone` waits for it."""
        self.api.call("DELETE", path_of(kind, self.name, name))

    def wait(
        self,
        kind: str,
        name: str,
        until: Callable[[Object], object],
        *,
        within: timedelta = HALF_A_MINUTE,
        what: str = "",
    ) -> Object:
        """The live object as soon as `until` is true of it. Raises `NotYet`, or `ApiError` when there is none."""
        return eventually(
            lambda: self.get(kind, name), until=until, within=within, what=what or f"{kind} {name}"
        )

    def wait_for_condition(
        self,
        kind: str,
        name: str,
        wanted: str,
        *,
        within: timedelta = HALF_A_MINUTE,
    ) -> Object:
        """`wait_for_condition("ModelDeployment", "a", "Ready=True Available")`; the reason may be left out.

        A condition counts when it is about the current generation.
        """
        type_, _, value = wanted.partition("=")
        status, _, reason = value.partition(" ")

        def holds(obj: Object) -> bool:
            found = condition(obj, type_)
            return (
                found is not None
                and found["status"] == status
                and reason in ("", found["reason"])
                and found.get("observedGeneration") == obj["metadata"].get("generation")
            )

        return self.wait(kind, name, holds, within=within, what=f"{kind} {name} {wanted}")

    def wait_gone(self, kind: str, name: str, *, within: timedelta = HALF_A_MINUTE) -> None:
        """Until the object is no longer there."""
        eventually(
            lambda: self.find(kind, name),
            until=lambda obj: obj is None,
            within=within,
            what=f"{kind} {name} gone",
        )

    def events(self, name: str) -> list[Object]:
        """The Kubernetes Events about an object, in the order of their creation."""
        about = [event for event in self.objects("Event") if event["involvedObject"]["name"] == name]
        return sorted(about, key=lambda event: str(event["metadata"]["creationTimestamp"]))

    def operator_kubeconfig(self, path: Path, *, server: str | None = None) -> Path:
        """A kubeconfig for a ServiceAccount that has the shipped ClusterRole in this namespace, and, as with the chart's
        `rbac.connections`, its ConfigMaps.

        `server` is where a proxy listens, in plain HTTP. May be called again: the token is a new one.
        """
        if self.find("ServiceAccount", "model-operator") is None:
            self._bind_shipped_role()
        token = self.kubectl("create", "token", "model-operator", "--duration=24h").stdout.strip()
        return write_kubeconfig(
            path,
            server=server or self.access.url,
            ca=None if server else self.access.ca,
            token=token,
            namespace=self.name,
        )

    def _bind_shipped_role(self) -> None:
        self.api.call("POST", path_of("ServiceAccount", self.name), {"metadata": {"name": "model-operator"}})
        self._bind("model-operator", "ClusterRole")
        rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "create", "patch"]}]
        connections = "model-operator-connections"
        self.api.call("POST", path_of("Role", self.name), {"metadata": {"name": connections}, "rules": rules})
        self._bind(connections, "Role")

    def _bind(self, role: str, kind: str) -> None:
        self.api.call(
            "POST",
            path_of("RoleBinding", self.name),
            {
                "metadata": {"name": role},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role},
                "subjects": [{"kind": "ServiceAccount", "name": "model-operator", "namespace": self.name}],
            },
        )

    @contextlib.contextmanager
    def bound_everywhere(self) -> Iterator[None]:
        """This namespace's operator may act in all namespaces while the block runs, as the shipped binding lets it."""
        bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
        self.api.call(
            "POST",
            bindings,
            {
                "metadata": {"name": self.name},
                "roleRef": {
                    "apiGroup": "rbac.authorization.k8s.io",
                    "kind": "ClusterRole",
                    "name": "model-operator",
                },
                "subjects": [{"kind": "ServiceAccount", "name": "model-operator", "namespace": self.name}],
            },
        )
        yield
        self.api.call("DELETE", f"{bindings}/{self.name}")

    def remove(self) -> None:
        """Everything goes, also what a finalizer holds: its operator is gone by now."""
        for kind in OUR_KINDS:
            with contextlib.suppress(ApiError):  # the CRDs need not be there
                for obj in self.objects(kind):
                    if obj["metadata"].get("finalizers"):
                        self.edit(kind, obj["metadata"]["name"], {"metadata": {"finalizers": None}})
        self.api.call("DELETE", f"/api/v1/namespaces/{self.name}")
        self.api.close()


def _as_yaml(*manifests: Manifest) -> str:
    return "\n---\n".join(
        manifest if isinstance(manifest, str) else yaml.safe_dump(manifest, sort_keys=False)
        for manifest in manifests
    )
