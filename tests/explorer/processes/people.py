"""What people do with kubectl. A command that the server refuses has no effect, as in life."""

import contextlib
from dataclasses import dataclass, field

from support import manifests
from support.kube_api import ApiError, Object, path_of
from support.namespace import Namespace

KIND = "ModelDeployment"


@dataclass(slots=True, eq=False)
class People:
    """`replaced` are new objects that wait for the end of the old ones of their names."""

    namespace: Namespace
    replaced: dict[str, Object] = field(default_factory=dict)

    def apply(self, body: Object) -> None:
        """`kubectl apply --server-side --force-conflicts`."""
        path = f"{self._path(body['metadata']['name'])}?fieldManager=people&force=true"
        with contextlib.suppress(ApiError):
            self.namespace.api.call("PATCH", path, body, "application/apply-patch+yaml")

    def edit(self, name: str, **spec: object) -> None:
        """A merge patch of the spec."""
        with contextlib.suppress(ApiError):
            self.namespace.edit(KIND, name, {"spec": spec})

    def delete(self, name: str) -> None:
        """Without waiting."""
        with contextlib.suppress(ApiError):
            self.namespace.delete(KIND, name)

    def delete_and_apply(self, name: str) -> None:
        """`kubectl replace --force`: delete, and create with the same spec as soon as the name is free."""
        found = self.namespace.find(KIND, name)
        if found is not None and "deletionTimestamp" not in found["metadata"]:
            self.replaced[name] = {
                "apiVersion": manifests.API_VERSION,
                "kind": KIND,
                "metadata": {"name": name},
                "spec": found["spec"],
            }
            self.delete(name)

    def apply_again(self) -> bool:
        """Create what is replaced and can be created by now; whether none is left."""
        for name, body in list(self.replaced.items()):
            try:
                self.namespace.api.call("POST", path_of(KIND, self.namespace.name), body)
            except ApiError as error:
                if error.reason != "AlreadyExists":
                    raise
                found = self.namespace.find(KIND, name)
                if found is not None and "deletionTimestamp" not in found["metadata"]:
                    del self.replaced[name]  # somebody else was first
            else:
                del self.replaced[name]
        return not self.replaced

    def find(self, name: str) -> Object | None:
        """The live object."""
        return self.namespace.find(KIND, name)

    def _path(self, name: str) -> str:
        return path_of(KIND, self.namespace.name, name)
