"""The real API server, as a plan asks it: what is there, and what it would say to an apply. Nothing is stored."""

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import quote

from typing_extensions import override

from model_operator.domain import BUDGET, CANARY, DEPLOYMENT, PROVIDER, Key
from model_operator.kube import KubeError, KubeForbidden, Media, ObjectGone, path_of
from model_operator.reconcile.store import Body
from model_operator.rehearsal.overlay import Reads

KINDS: Final = (PROVIDER, BUDGET, DEPLOYMENT, CANARY)
_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
_MERGE: Final = Media(sent="application/merge-patch+json")
_APPLY: Final = Media(sent="application/apply-patch+yaml")
_KUBECTL: Final = "kubectl-client-side-apply"
_SERVERS_OWN: Final = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields")


class Api(Protocol):
    """`Kube`, as far as it is needed here."""

    async def get(self, kind: str, namespace: str, name: str) -> Body: ...

    def list(self, kind: str, namespace: str | None) -> AsyncIterator[Body]: ...

    async def request(
        self, method: str, path: str, body: object = None, media: Media | None = None
    ) -> Body: ...


@dataclass(frozen=True, slots=True)
class Cluster(Reads):
    kube: Api

    @override
    async def get(self, kind: str, namespace: str, name: str) -> Body:
        return await self.kube.get(kind, namespace, name)

    async def everything(self, namespaces: Iterable[str]) -> tuple[dict[Key, Body], bool]:
        """All objects of ours: those of the whole cluster, or (False) of these namespaces where no more may be read."""
        try:
            return {key: body async for key, body in self._list((None,))}, True
        except KubeForbidden:
            return {key: body async for key, body in self._list(namespaces)}, False

    async def _list(self, namespaces: Iterable[str | None]) -> AsyncIterator[tuple[Key, Body]]:
        for namespace in namespaces:
            for kind in KINDS:
                try:
                    async for body in self.kube.list(kind, namespace):
                        yield Key(kind, body["metadata"]["namespace"], body["metadata"]["name"]), body
                except KubeForbidden:
                    if (
                        kind != CANARY
                    ):  # the roles of a chart with canaryEndpoints.enabled: false leave that kind out
                        raise

    async def apply(self, key: Key, wanted: Body, before: Body | None) -> Body:
        """What the API server would store. Raises `KubeError` with its own words where it would refuse.

        As whoever applied the object last: on the server's side where that was done so, else as `kubectl apply`.
        """
        wanted = cleaned(wanted)
        manager = _applier(before) if before is not None else None
        if manager is not None:
            return await self._patch(key, wanted, _APPLY, manager)
        if before is None:
            query = f"?{_dry(_KUBECTL)}"
            return await self.kube.request("POST", path_of(key.kind, key.namespace) + query, wanted)
        patch = _both(wanted, _deletions(_last_applied(before), wanted))
        return await self._patch(key, patch, _MERGE, _KUBECTL)

    async def _patch(self, key: Key, body: Body, media: Media, manager: str) -> Body:
        query = _dry(manager)
        if media is _APPLY and manager != "kubectl":
            query += "&force=true"  # as Argo CD and Flux do
        return await self.kube.request("PATCH", f"{path_of(*key)}?{query}", body, media)


def _dry(manager: str) -> str:
    return f"dryRun=All&fieldValidation=Strict&fieldManager={quote(manager, safe='')}"


def cleaned(body: Mapping[str, Any]) -> Body:
    """Without what only the server writes: a file may come from `kubectl get -o yaml`."""
    metadata = {k: v for k, v in (body.get("metadata") or {}).items() if k not in _SERVERS_OWN}
    return {**{k: v for k, v in body.items() if k != "status"}, "metadata": metadata}


def _applier(before: Body) -> str | None:
    """Who applied the spec on the server's side, if the last to do so did."""
    applied = [
        entry
        for entry in before["metadata"].get("managedFields") or ()
        if entry.get("operation") == "Apply" and "f:spec" in (entry.get("fieldsV1") or {})
    ]
    if not applied:
        return None
    return str(max(applied, key=lambda entry: str(entry.get("time") or ""))["manager"])


def _last_applied(before: Body) -> Any:
    text = (before["metadata"].get("annotations") or {}).get(_LAST_APPLIED)
    try:
        return json.loads(text) if text else {}
    except ValueError:
        return {}


def _deletions(original: Any, wanted: Any) -> Body:
    """What was applied the last time and is wanted no more, as a merge patch."""
    if not isinstance(original, Mapping) or not isinstance(wanted, Mapping):
        return {}
    found: Body = {}
    for name, value in original.items():
        if name not in wanted:
            found[name] = None
        elif inner := _deletions(value, wanted[name]):
            found[name] = inner
    return found


def _both(one: Any, other: Any) -> Any:
    if not isinstance(one, Mapping) or not isinstance(other, Mapping):
        return other
    return {**one, **{name: _both(one.get(name), value) for name, value in other.items()}}


def explained(error: KubeError) -> str:
    """For people: the server's words, and what to do where they do not say it."""
    if isinstance(error, ObjectGone) and "namespaces" not in str(error):
        return f"{error}. Install the CRDs first: model-operator crds | kubectl apply --server-side -f -"
    return str(error)
