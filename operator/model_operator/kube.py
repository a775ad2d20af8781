"""The one Kubernetes client.

Bodies go in and out as plain JSON: the generated models cost four times the CPU of the request itself.
"""

import json
import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self
from urllib.parse import quote

from aiohttp import ClientError

from model_operator.domain import BUDGET, CANARY, DEPLOYMENT, FINALIZER, GROUP, PROVIDER, VERSION, Key
from model_operator.kubeconfig import Login, load_configuration
from model_operator.kubernetes_client import ApiClient, Configuration
from model_operator.models.rules import OBJECT_NAME

PLURALS: Final = {
    PROVIDER: "modelproviders",
    DEPLOYMENT: "modeldeployments",
    CANARY: "canaryendpoints",
    BUDGET: "modelbudgets",
}
_CORE: Final = {"Secret": "secrets", "ConfigMap": "configmaps", "Event": "events"}
_NAME: Final = re.compile(OBJECT_NAME)
_TIMEOUT: Final = 30
_FIRST_PAGE: Final = 20
_LARGEST_PAGE: Final = 500
_PAGE_BYTES: Final = 4 << 20
"""About as much as one page should have."""
Body = dict[str, Any]


class Media(NamedTuple):
    """The types of what is sent and of what is accepted."""

    sent: str = "application/json"
    accepted: str = "application/json"


_JSON: Final = Media()
_ANYTHING: Final = Media(accepted="*/*")
_JSON_PATCH: Final = Media(sent="application/json-patch+json")
_MERGE_PATCH: Final = Media(sent="application/merge-patch+json")
_METADATA: Final = Media(accepted="application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1")


class Version(NamedTuple):
    """One state of one life of an object."""

    uid: str
    number: int
    """Its resourceVersion. All objects of a server count on from one another."""


class Shown(NamedTuple):
    """A consistent LIST: which objects there are, and at which resourceVersion of the whole that was."""

    revision: int
    objects: Mapping[Key, Version]


class KubeError(Exception):
    """The API server did not do it. `str()` has its own words; `status` 0 means that there was no answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status

    @property
    def may_pass(self) -> bool:
        """Whether the same request may succeed another time, such as a list of whose pages one came too late (410)."""
        return self.status not in range(400, 500) or self.status in {408, 409, 410, 429}


class ObjectGone(KubeError):
    """404."""


class WriteConflict(KubeError):
    """409: somebody else wrote first (or, of a create, it exists). Read again, then decide again."""


class KubeForbidden(KubeError):
    """403: a permission is missing, or the namespace is terminating."""


class NoSuchName(KubeError):
    """No object can have that name, and as part of a URL it could lead elsewhere: nothing was sent."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(400, f"{name[:64]!a} is not a name that a {kind} can have")


class Kube:
    """A connection to one API server. Every method raises `KubeError`."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._client = ApiClient(configuration=configuration)

    @property
    def api_client(self) -> ApiClient:
        """For the client's own helpers, such as its leader election."""
        return self._client

    @classmethod
    async def connect(cls, path: Path | None = None, context: str | None = None) -> Self:
        """Raises `KubeConfigError`; nothing is sent yet."""
        return cls(await load_configuration(path, context))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._client.close()  # type: ignore[no-untyped-call]

    async def login(self) -> Login:
        """Fresh each time it is asked, since tokens rotate."""
        configuration = self._configuration
        header = await configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
        scheme, _, token = (header or "").partition(" ")
        return Login(
            server=configuration.host,
            ca_path=configuration.ssl_ca_cert,
            is_insecure=not configuration.verify_ssl,
            scheme=scheme or None,
            token=token or None,
            certificate_path=configuration.cert_file,
            private_key_path=configuration.key_file,
        )

    async def request(self, method: str, path: str, body: object = None, media: Media | None = None) -> Body:
        """One request; the JSON of a 2xx answer."""
        return _parsed(await self._fetch(method, path, body, media or _JSON))

    async def text(self, path: str) -> str:
        """What a GET answers that is no JSON, such as the log of a Pod."""
        return (await self._fetch("GET", path, None, _ANYTHING)).decode("utf-8", "replace")

    async def _fetch(self, method: str, path: str, body: object, media: Media) -> bytes:
        headers = {"Accept": media.accepted, "Content-Type": media.sent}
        auth = await self._configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
        if auth:
            headers["Authorization"] = auth
        try:
            reply = await self._client.rest_client.request(  # type: ignore[no-untyped-call]
                method, self._configuration.host + path, headers=headers, body=body, _request_timeout=_TIMEOUT
            )
            data: bytes = await reply.read()
        except (ClientError, TimeoutError, OSError) as error:
            raise KubeError(
                0, f"the API server {self._configuration.host} does not answer: {type(error).__name__}"
            ) from error
        if not 200 <= reply.status <= 299:
            raise _refusal(reply.status, data)
        return data

    async def get(self, kind: str, namespace: str, name: str) -> Body:
        return await self.request("GET", path_of(kind, namespace, name))

    async def list(self, kind: str, namespace: str | None) -> AsyncIterator[Body]:
        """All objects of a kind, in one namespace or (None) in all: few at a time where they are large."""
        path, limit, token = path_of(kind, namespace), _FIRST_PAGE, ""
        while True:
            query = f"?limit={limit}" + (f"&continue={quote(token, safe='')}" if token else "")
            data = await self._fetch("GET", path + query, None, _JSON)
            page = _parsed(data)
            for item in page["items"]:
                yield item
            token = page["metadata"].get("continue") or ""
            if not token:
                return
            limit = page_size(len(data), len(page["items"]))

    async def versions(self, kind: str, namespace: str | None) -> Shown:
        """All objects of a kind as they are now, without their contents. Consistent: no cache of the server answers."""
        start, query = path_of(kind, namespace), "?limit=500"
        objects: dict[Key, Version] = {}
        while True:
            page = await self.request("GET", start + query, media=_METADATA)
            for item in page["items"] or ():  # null where there are none: the API server's, of metadata alone
                metadata = item["metadata"]
                key = Key(kind, metadata["namespace"], metadata["name"])
                objects[key] = Version(metadata["uid"], int(metadata["resourceVersion"]))
            token = page["metadata"].get("continue")
            if not token:
                return Shown(int(page["metadata"]["resourceVersion"]), objects)
            query = f"?limit=500&continue={quote(token, safe='')}"

    async def cluster(self) -> str | None:
        """What names the cluster: the UID of kube-system. None where that may not be read."""
        try:
            found = await self.request("GET", "/api/v1/namespaces/kube-system")
        except (KubeForbidden, ObjectGone):
            return None
        return str(found["metadata"]["uid"])

    async def version(self) -> tuple[int, int]:
        """(major, minor) of the API server."""
        found = await self.request("GET", "/version")
        return int(found["major"]), int("".join(c for c in found["minor"] if c.isdigit()) or 0)

    async def served_kinds(self) -> frozenset[str]:
        """Which of our plurals the server knows; empty if the CRDs are not installed."""
        try:
            found = await self.request("GET", f"/apis/{GROUP}/{VERSION}")
        except ObjectGone:
            return frozenset()
        return frozenset(resource["name"] for resource in found.get("resources", ()))

    async def replace_status(self, key: Key, version: str, status: Mapping[str, Any]) -> Body:
        """The whole status, if the object is still at that resourceVersion; else `WriteConflict`."""
        patch = [
            {"op": "replace", "path": "/metadata/resourceVersion", "value": version},
            {"op": "add", "path": "/status", "value": status},
        ]
        return await self.request("PATCH", f"{path_of(*key)}/status", patch, _JSON_PATCH)

    async def replace_finalizers(self, key: Key, version: str, finalizers: tuple[str, ...]) -> Body:
        patch = [
            {"op": "replace", "path": "/metadata/resourceVersion", "value": version},
            {"op": "add", "path": "/metadata/finalizers", "value": list(finalizers)},
        ]
        return await self.request("PATCH", path_of(*key), patch, _JSON_PATCH)

    async def add_finalizer(self, key: Key, version: str, present: tuple[str, ...]) -> Body:
        return await self.replace_finalizers(key, version, (*present, FINALIZER))

    async def remove_finalizer(self, key: Key, version: str, present: tuple[str, ...]) -> Body:
        return await self.replace_finalizers(key, version, tuple(f for f in present if f != FINALIZER))

    async def create(self, kind: str, namespace: str, body: Mapping[str, Any]) -> Body:
        return await self.request("POST", path_of(kind, namespace), body)

    async def patch(self, kind: str, namespace: str, name: str, patch: Mapping[str, Any]) -> Body:
        """A JSON merge patch (RFC 7396)."""
        return await self.request("PATCH", path_of(kind, namespace, name), patch, _MERGE_PATCH)


def page_size(length: int, objects: int) -> int:
    """How many objects to ask for after a page of so many bytes: one object may have 1.5 MB, and all of a page at once."""
    return max(1, min(_LARGEST_PAGE, _PAGE_BYTES * objects // max(1, length)))


def _parsed(data: bytes) -> Body:
    try:
        parsed: Body = json.loads(data)
    except ValueError as error:
        raise KubeError(0, "the API server's answer is not JSON") from error
    return parsed


def path_of(kind: str, namespace: str | None, name: str = "") -> str:
    """`/apis/modeloperator.dev/v1alpha1/namespaces/…` or `/api/v1/namespaces/…`. Raises `NoSuchName`."""
    # Quoting is not enough: the server decodes, and `.` and `..` are paths of their own.
    for part in (namespace, name or None):
        if part is not None and not _NAME.fullmatch(part):
            raise NoSuchName("Namespace" if part is namespace else kind, part)
    base, plural = (
        (f"/apis/{GROUP}/{VERSION}", PLURALS[kind]) if kind in PLURALS else ("/api/v1", _CORE[kind])
    )
    within = f"/namespaces/{namespace}" if namespace is not None else ""
    path = f"{base}{within}/{plural}"
    return f"{path}/{name}" if name else path


def _refusal(status: int, data: bytes) -> KubeError:
    try:
        message = str(json.loads(data)["message"])
    except (ValueError, KeyError, TypeError):
        message = f"the API server answered {status}"
    kinds: dict[int, type[KubeError]] = {403: KubeForbidden, 404: ObjectGone, 409: WriteConflict}
    return kinds.get(status, KubeError)(status, message[:1024])
