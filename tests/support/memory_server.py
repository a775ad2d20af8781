"""An API server in memory: objects, resourceVersions, finalizers, generations, watch events. Its replies are at once.

`Server` is what `kubectl` and the operator both talk to; `memory_store.py` is one process's connection to it. It obeys
the same suite as the real one (tests/kube). Stored bodies are never changed in place, so whoever gets one may keep it.
"""

import copy
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from model_operator.domain import BUDGET, CANARY, DEPLOYMENT, GROUP, PROVIDER, VERSION, Key
from model_operator.kube import KubeError, KubeForbidden, ObjectGone, Shown, Version, WriteConflict
from model_operator.rehearsal.overlay import merged
from support.memory_schema import Object, Refusal, Schema, shipped

_SERVED_BY_US = (PROVIDER, DEPLOYMENT, CANARY, BUDGET)
_PLURALS = {"Secret": "secrets", "ConfigMap": "configmaps", "Event": "events"}
_PLURALS |= {kind: f"{kind.lower()}s.{GROUP}" for kind in _SERVED_BY_US}
_OF_THE_SERVER = ("uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp")
_OF_THE_SERVER += ("deletionGracePeriodSeconds", "namespace", "name")

Told = Callable[[str, Key, Object], None]
"""(ADDED, MODIFIED or DELETED; whose; the body)."""


@dataclass(slots=True)
class Server:
    """All methods answer at once or raise `KubeError`, in the server's own words where somebody reads them."""

    clock: Callable[[], datetime]
    random: Random = field(default_factory=lambda: Random(0))
    """UIDs come from here, so that a seed repeats them."""
    schemas: dict[str, Schema] = field(default_factory=lambda: dict(shipped()))
    objects: dict[Key, Object] = field(default_factory=dict)
    terminating: set[str] = field(default_factory=set)
    """Namespaces that are being deleted: nothing can be created there."""
    watchers: list[Told] = field(default_factory=list)
    writes: int = 0
    version: int = 1000

    def get(self, key: Key) -> Object:
        if key not in self.objects:
            raise ObjectGone(404, f'{_PLURALS[key.kind]} "{key.name}" not found')
        return self.objects[key]

    def find(self, key: Key) -> Object | None:
        """The object, or None."""
        return self.objects.get(key)

    def list(self, kind: str, namespace: str | None = None) -> Iterator[Object]:
        found = [key for key in self.objects if key.kind == kind and namespace in (None, key.namespace)]
        for key in sorted(found):
            yield self.objects[key]

    def versions(self, kind: str, namespace: str | None = None) -> Shown:
        found = {
            Key(kind, body["metadata"]["namespace"], body["metadata"]["name"]): Version(
                body["metadata"]["uid"], int(body["metadata"]["resourceVersion"])
            )
            for body in self.list(kind, namespace)
        }
        return Shown(self.version, found)

    def create(self, kind: str, namespace: str, body: Mapping[str, Any]) -> Object:
        key = Key(kind, namespace, body["metadata"]["name"])
        if namespace in self.terminating:
            raise KubeForbidden(403, f"unable to create new content in namespace {namespace}")
        if key in self.objects:
            raise WriteConflict(409, f'{_PLURALS[kind]} "{key.name}" already exists')
        made = self._pruned(kind, body)
        given = {k: v for k, v in made["metadata"].items() if k not in _OF_THE_SERVER}
        made["metadata"] = {
            "name": key.name,
            "namespace": namespace,
            "uid": str(uuid.UUID(int=self.random.getrandbits(128), version=4)),
            "creationTimestamp": self._time(),
            **given,
        }
        schema = self.schemas.get(kind)
        if schema is not None:
            made["metadata"]["generation"] = 1
            made.pop("status", None)
            if schema.status_default is not None:
                made["status"] = schema.status_default
        if kind == "Event":
            made.setdefault("eventTime", None)
        self._check(key, made, None)
        return self._store("ADDED", key, made)

    def merge(self, key: Key, patch: Mapping[str, Any]) -> Object:
        """A JSON merge patch (RFC 7396) of the object; one that names a resourceVersion is guarded by it."""
        before = self.get(key)
        after = merged(before, patch)
        return self._update(key, before, after, after["metadata"].get("resourceVersion"))

    def replace(self, key: Key, body: Mapping[str, Any]) -> Object:
        """A PUT, as `kubectl replace`: whatever the body leaves out is gone, finalizers too; the status stays."""
        before = self.get(key)
        after = copy.deepcopy(dict(body))
        named = after["metadata"].get("resourceVersion")
        kept = {k: v for k, v in before["metadata"].items() if k in _OF_THE_SERVER}
        given = {k: v for k, v in after["metadata"].items() if k not in _OF_THE_SERVER}
        after["metadata"] = {**kept, **given}
        return self._update(key, before, after, named)

    def replace_finalizers(self, key: Key, version: str, finalizers: tuple[str, ...]) -> Object:
        before = self.get(key)
        added = [f for f in finalizers if f not in before["metadata"].get("finalizers", ())]
        after = {**before, "metadata": {**before["metadata"], "finalizers": list(finalizers)}}
        if not finalizers:
            del after["metadata"]["finalizers"]
        self._guard(key, before, version)
        if added and before["metadata"].get("deletionTimestamp"):
            raise KubeError(422, self._invalid(key, "metadata.finalizers: Forbidden: no new finalizers"))
        return self._update(key, before, after, version)

    def replace_status(self, key: Key, version: str | None, status: Mapping[str, Any]) -> Object:
        before = self.get(key)
        after = {**before, "status": dict(status)}
        return self._update(key, before, after, version, is_status=True)

    def delete(self, key: Key) -> Object:
        """Gone at once, or terminating while it has finalizers."""
        before = self.get(key)
        metadata = before["metadata"]
        if not metadata.get("finalizers"):
            return self._remove(key, before)
        if metadata.get("deletionTimestamp"):
            return before
        changed = {**metadata, "deletionTimestamp": self._time(), "deletionGracePeriodSeconds": 0}
        if "generation" in metadata:
            changed["generation"] += 1
        return self._store("MODIFIED", key, {**before, "metadata": changed})

    def snapshot(self) -> tuple[int, dict[Key, Object]]:
        """For `restore`, as of an etcd backup."""
        return self.version, dict(self.objects)

    def restore(self, snapshot: tuple[int, dict[Key, Object]]) -> None:
        """The objects as they were, and resourceVersions that go back. No watch tells of it."""
        self.version, self.objects = snapshot[0], dict(snapshot[1])

    def _update(
        self, key: Key, before: Object, after: Object, version: str | None, *, is_status: bool = False
    ) -> Object:
        self._guard(key, before, version)
        after = self._pruned(key.kind, after)
        if key.kind in self.schemas and not is_status:
            after.pop("status", None)
            after |= {"status": before["status"]} if "status" in before else {}
        self._check(key, after, before)
        metadata = {**after["metadata"], "resourceVersion": before["metadata"]["resourceVersion"]}
        after["metadata"] = metadata
        if after == before:
            return before
        if "generation" in metadata and _content(after) != _content(before):
            metadata["generation"] = before["metadata"]["generation"] + 1
        if metadata.get("deletionTimestamp") and not metadata.get("finalizers"):
            self._remove(key, before)
            return after
        return self._store("MODIFIED", key, after)

    def _guard(self, key: Key, before: Object, version: str | None) -> None:
        if version is not None and version != before["metadata"]["resourceVersion"]:
            message = (
                f'Operation cannot be fulfilled on {_PLURALS[key.kind]} "{key.name}": the object has been'
                " modified; please apply your changes to the latest version and try again"
            )
            raise WriteConflict(409, message)

    def _check(self, key: Key, new: Object, old: Object | None) -> None:
        schema = self.schemas.get(key.kind)
        if schema is None:
            return
        try:
            schema.check(new, old)
        except Refusal as error:
            raise KubeError(422, self._invalid(key, str(error))) from error

    def _invalid(self, key: Key, problem: str) -> str:
        return f'{key.kind}.{GROUP} "{key.name}" is invalid: {problem}'

    def _pruned(self, kind: str, body: Mapping[str, Any]) -> Object:
        schema = self.schemas.get(kind)
        found = schema.pruned(body) if schema else copy.deepcopy(dict(body))
        found["metadata"] = dict(found["metadata"])
        return {**found, "apiVersion": f"{GROUP}/{VERSION}" if schema else "v1", "kind": kind}

    def _store(self, type_: str, key: Key, body: Object) -> Object:
        self.version += 1
        self.writes += 1
        stored = {**body, "metadata": {**body["metadata"], "resourceVersion": str(self.version)}}
        self.objects[key] = stored
        self._tell(type_, key, stored)
        return stored

    def _remove(self, key: Key, before: Object) -> Object:
        self.version += 1
        self.writes += 1
        del self.objects[key]
        metadata = {**before["metadata"], "resourceVersion": str(self.version)}
        self._tell("DELETED", key, {**before, "metadata": metadata})
        return before

    def _tell(self, type_: str, key: Key, body: Object) -> None:
        for watcher in tuple(self.watchers):
            watcher(type_, key, body)

    def _time(self) -> str:
        return self.clock().strftime("%Y-%m-%dT%H:%M:%SZ")


def _content(body: Object) -> Object:
    """All that a generation counts."""
    return {k: v for k, v in body.items() if k not in ("metadata", "status")}
