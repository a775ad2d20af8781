"""Leases of an API server in memory, behind the real Kubernetes client: what is replaced is its HTTP, and no more.

For several processes that want the same Leases, on one virtual clock.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientConnectionError
from kubernetes.aio.client import Configuration
from multidict import CIMultiDict

from model_operator.kube import Kube

_TIMES = ("acquireTime", "renewTime")


@dataclass(slots=True)
class Leases:
    """By name. A PUT is guarded by the resourceVersion that it names."""

    latency: Callable[[], float] = lambda: 0.0
    """Seconds of one way."""
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    writes: int = 0
    refused: int = 0
    """Writes that came second."""

    def holder(self, name: str) -> str | None:
        found = self.objects.get(name)
        return str(found["spec"].get("holderIdentity") or "") if found else None

    def answer(self, method: str, path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        name = path.rpartition("/leases")[2].strip("/")
        if method == "GET":
            return (200, self.objects[name]) if name in self.objects else (404, _status(404, "not found"))
        assert body is not None
        name = body["metadata"]["name"]
        before = self.objects.get(name)
        version = before["metadata"]["resourceVersion"] if before else None
        if (method == "POST") == bool(before) or version != body["metadata"].get("resourceVersion"):
            self.refused += 1
            return 409, _status(409, "the object has been modified")
        self.writes += 1
        body["metadata"]["resourceVersion"] = str(self.writes)
        self.objects[name] = body
        return 200, body


def _status(code: int, message: str) -> dict[str, Any]:
    return {"kind": "Status", "code": code, "message": message}


@dataclass(slots=True)
class Reply:
    """As the client's own, already read."""

    status: int
    data: bytes
    reason: str = ""
    headers: CIMultiDict[str] = field(
        default_factory=lambda: CIMultiDict({"content-type": "application/json"})
    )

    async def read(self) -> bytes:
        return self.data

    def getheaders(self) -> CIMultiDict[str]:
        return self.headers


@dataclass(slots=True)
class Line:
    """One process's connection. `is_cut`: no request arrives; `is_mute`: they do, and no answer comes back.

    `is_dead`: nor does the process that asks go on.
    """

    leases: Leases
    is_cut: bool = False
    is_mute: bool = False
    is_dead: bool = False
    frozen: str = ""
    """A Lease that this process may not write any more."""

    async def request(self, method: str, url: str, body: Any = None, **_: Any) -> Reply:
        self._check(is_silent=self.is_cut)
        await asyncio.sleep(self.leases.latency())
        if self.frozen and method == "PUT" and url.endswith(f"/{self.frozen}"):
            return Reply(403, json.dumps(_status(403, "forbidden")).encode())
        sent = json.loads(json.dumps(body, default=str)) if body is not None else None
        status, answer = self.leases.answer(method, url, sent)
        await asyncio.sleep(self.leases.latency())
        self._check(is_silent=self.is_cut or self.is_mute)
        return Reply(status, json.dumps(answer).encode())

    def _check(self, *, is_silent: bool) -> None:
        if self.is_dead:
            raise asyncio.CancelledError
        if is_silent:
            raise ClientConnectionError("cut")

    async def close(self) -> None:
        """As the client's own."""

    def kube(self) -> Kube:
        kube = Kube(Configuration(host="http://memory"))
        kube.api_client.rest_client = self
        return kube
