"""Looks at and changes live objects over one kept-alive connection: what a test does fifty times a second.

What users do goes through the real kubectl (`Namespace.apply`); this is for watching what comes of it.
"""

import contextlib
import http.client
import json
import socket
import ssl
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import yaml

from model_operator_demo.controlplane_access import Access

Object = dict[str, Any]

_IDLE = 30.0  # seconds; the server hangs up after 90
GROUP = "/apis/modeloperator.dev/v1alpha1"
_COLLECTIONS: Mapping[str, tuple[str, str]] = {
    "ConfigMap": ("/api/v1", "configmaps"),
    "Event": ("/api/v1", "events"),
    "Secret": ("/api/v1", "secrets"),
    "ServiceAccount": ("/api/v1", "serviceaccounts"),
    "Role": ("/apis/rbac.authorization.k8s.io/v1", "roles"),
    "RoleBinding": ("/apis/rbac.authorization.k8s.io/v1", "rolebindings"),
    "ModelProvider": (GROUP, "modelproviders"),
    "ModelDeployment": (GROUP, "modeldeployments"),
    "CanaryEndpoint": (GROUP, "canaryendpoints"),
    "ModelBudget": (GROUP, "modelbudgets"),
}


class ApiError(Exception):
    """The API server's refusal: `status` is the HTTP code, `reason` Kubernetes' word for it.

    `causes` are the fields that it names, each with its message.
    """

    def __init__(self, status: int, body: Object) -> None:
        super().__init__(f"{status} {body.get('reason')}: {body.get('message')}")
        self.status = status
        self.reason = body.get("reason")
        named = body.get("details", {}).get("causes", [])
        self.causes = tuple((cause.get("field", ""), cause["message"]) for cause in named)


def path_of(kind: str, namespace: str, name: str = "", subresource: str = "") -> str:
    """`path_of("ModelDeployment", "a", "x", "status")`: the URL's path of an object or, unnamed, of its collection."""
    group, plural = _COLLECTIONS[kind]
    return "/".join(filter(None, [f"{group}/namespaces/{namespace}/{plural}", name, subresource]))


class KubeApi:
    """JSON over HTTP with an administrator's token. One connection, so one thread at a time."""

    def __init__(self, access: Access) -> None:
        user = yaml.safe_load(access.kubeconfig.read_text())["users"][0]["user"]
        self._headers = {"Authorization": f"Bearer {user['token']}"}
        self._used_at = time.monotonic()
        address = urlsplit(access.url)
        self._connection: http.client.HTTPConnection
        if address.scheme == "http":  # through a proxy of the test
            self._connection = http.client.HTTPConnection(address.netloc, timeout=60)
        else:
            context = ssl.create_default_context(cafile=str(access.ca))
            self._connection = http.client.HTTPSConnection(address.netloc, timeout=60, context=context)

    def call(self, method: str, path: str, body: object = None, content: str = "application/json") -> Object:
        """One request and its reply. Raises `ApiError` for every status from 400 on."""
        try:
            return self._call(method, path, body, content)
        except (http.client.RemoteDisconnected, BrokenPipeError):
            if method != "GET":
                raise  # it may have been done
            return self._call(method, path, body, content)  # idle for too long: the server had hung up

    def _call(self, method: str, path: str, body: object, content: str) -> Object:
        self.send(method, path, body, content)
        with self.receive() as reply:
            answer: Object = json.loads(reply.read() or b"{}")
        if reply.status >= 400:
            raise ApiError(reply.status, answer)
        return answer

    def send(self, method: str, path: str, body: object = None, content: str = "application/json") -> None:
        """Only the request; `receive` has the reply."""
        if time.monotonic() - self._used_at > _IDLE:
            self._connection.close()  # the server may have hung up already; the next request opens it anew
        self._used_at = time.monotonic()
        data = None if body is None else json.dumps(body)
        self._connection.request(method, path, body=data, headers={**self._headers, "Content-Type": content})

    def receive(self) -> http.client.HTTPResponse:
        """The reply to what was sent, its body not yet read: a watch's comes line by line."""
        return self._connection.getresponse()

    def find(self, path: str) -> Object | None:
        """The object, or None if there is none."""
        try:
            return self.call("GET", path)
        except ApiError as error:
            if error.status == http.HTTPStatus.NOT_FOUND:
                return None
            raise

    def merge(self, path: str, patch: Object) -> Object:
        """A JSON merge patch."""
        return self.call("PATCH", path, patch, "application/merge-patch+json")

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def interrupt(self) -> None:
        """From another thread: whoever waits for a reply gets an end instead."""
        if self._connection.sock is not None:
            with contextlib.suppress(OSError):
                self._connection.sock.shutdown(socket.SHUT_RDWR)
