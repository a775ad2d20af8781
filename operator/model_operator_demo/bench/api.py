"""The API server and the simulator as the benchmark uses them: many requests at a time over kept-alive connections."""

import asyncio
import json
import re
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import yaml

from model_operator_demo.controlplane_access import Cluster

Object = dict[str, Any]

GROUP = "/apis/modeloperator.dev/v1alpha1"
_CONNECTIONS = 20
_WRITES = re.compile(r"^apiserver_request_total\{([^}]*)\} (\S+)$", re.MULTILINE)
_OURS = frozenset({"modeldeployments", "modelproviders", "events", "configmaps"})
_READS = frozenset({"GET", "LIST", "WATCH", "CONNECT"})


class ApiRefused(Exception):
    """An answer that is no 2xx; the text has what was asked and what was said."""


class Api:
    """One HTTP base with its headers."""

    def __init__(self, session: aiohttp.ClientSession, base: str) -> None:
        self._session = session
        self._base = base

    async def call(
        self, method: str, path: str, body: object = None, content: str = "application/json"
    ) -> Any:
        """The JSON of a 2xx answer. Raises `ApiRefused`."""
        return json.loads(await self.text(method, path, body, content) or "{}")

    async def text(
        self, method: str, path: str, body: object = None, content: str = "application/json"
    ) -> str:
        """The text of a 2xx answer. Raises `ApiRefused`."""
        data = None if body is None else json.dumps(body)
        headers = {"Content-Type": content}
        async with self._session.request(method, self._base + path, data=data, headers=headers) as reply:
            text = await reply.text()
        if reply.status >= 300:
            raise ApiRefused(f"{method} {path}: {reply.status} {text[:500]}")
        return text

    async def binary(self, path: str) -> bytes:
        """The body of a 2xx answer as it came. Raises `ApiRefused`."""
        async with self._session.get(self._base + path) as reply:
            body = await reply.read()
        if reply.status >= 300:
            raise ApiRefused(f"GET {path}: {reply.status}")
        return body

    async def lines(self, path: str) -> AsyncIterator[bytes]:
        """The lines of an answer that does not end."""
        forever = aiohttp.ClientTimeout(total=None)
        async with self._session.get(self._base + path, timeout=forever, read_bufsize=2**20) as reply:
            async for line in reply.content:
                yield line


@asynccontextmanager
async def connect(cluster: Cluster) -> AsyncIterator[Api]:
    """The API server, as administrator."""
    user = yaml.safe_load(cluster.kubeconfig.read_text(encoding="utf-8"))["users"][0]["user"]
    connector = aiohttp.TCPConnector(
        limit=_CONNECTIONS, ssl=ssl.create_default_context(cafile=str(cluster.ca))
    )
    headers = {"Authorization": f"Bearer {user['token']}"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        yield Api(session, cluster.url)


@asynccontextmanager
async def open_url(base: str) -> AsyncIterator[Api]:
    """The simulator, or the operator's health endpoints."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=_CONNECTIONS)) as session:
        yield Api(session, base)


def path_of(namespace: str) -> str:
    """Of the ModelDeployments of a namespace, of all with an empty one."""
    return f"{GROUP}/namespaces/{namespace}/modeldeployments" if namespace else f"{GROUP}/modeldeployments"


async def create_all(kube: Api, namespace: str, bodies: Iterable[Object]) -> None:
    """Create ModelDeployments, twenty at a time."""
    path = path_of(namespace)
    async with asyncio.TaskGroup() as group:
        for body in bodies:
            group.create_task(kube.call("POST", path, body))


async def listed(kube: Api, namespace: str) -> tuple[list[Object], str]:
    """All ModelDeployments of a namespace, and the resourceVersion to watch from."""
    found = await kube.call("GET", path_of(namespace))
    return found["items"], found["metadata"]["resourceVersion"]


async def deployments(kube: Api, namespace: str) -> list[Object]:
    """All ModelDeployments of a namespace."""
    return (await listed(kube, namespace))[0]


async def follow(kube: Api, namespace: str) -> AsyncIterator[Object]:
    """Each ModelDeployment as it is, then each as it changes; until the server ends the watch."""
    items, version = await listed(kube, namespace)
    for item in items:
        yield item
    query = f"watch=1&resourceVersion={version}"
    async for line in kube.lines(f"{path_of(namespace)}?{query}"):
        event = json.loads(line)
        if event["type"] == "ERROR":
            return
        yield event["object"]


def name_of(item: Object) -> str:
    """Within its namespace."""
    return str(item["metadata"]["name"])


def is_ready(item: Object) -> bool:
    """Whether Ready is True for what the spec says now."""
    conditions = item.get("status", {}).get("conditions", ())
    generation = item["metadata"]["generation"]
    return any(
        c["type"] == "Ready" and c["status"] == "True" and c.get("observedGeneration") == generation
        for c in conditions
    )


async def writes(kube: Api) -> int:
    """How often anybody has written what the operator writes, by the API server's own count."""
    total = 0.0
    for labels, value in _WRITES.findall(await kube.text("GET", "/metrics")):
        label = dict(re.findall(r'(\w+)="([^"]*)"', labels))
        if label["resource"] in _OURS and label["verb"] not in _READS:
            total += float(value)
    return int(total)


async def cpu(kube: Api) -> float:
    """CPU seconds that the API server has used so far, its etcd included where that is inside."""
    found = re.search(r"^process_cpu_seconds_total (\S+)$", await kube.text("GET", "/metrics"), re.MULTILINE)
    return float(found[1]) if found else 0.0


async def metric(operator: Api, name: str, **labels: str) -> float:
    """The sum of the operator's samples of that name with these labels."""
    total = 0.0
    for line in (await operator.text("GET", "/metrics")).splitlines():
        series, _, value = line.rpartition(" ")
        sample, _, found = series.partition("{")
        if sample == name and all(f'{key}="{wanted}"' in found for key, wanted in labels.items()):
            total += float(value)
    return total
