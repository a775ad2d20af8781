"""One operator as a whole, with one served deployment: engine, passes and accounts on virtual time, the API server in
memory, and the vendor's simulator in the process."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
from typing_extensions import override

from model_operator.domain import DEPLOYMENT, PROVIDER, Key
from model_operator.engine.engine import Engine
from model_operator.observability.metrics import Metrics
from model_operator.providers.http import HttpTransport
from model_operator.providers.registry import PROVIDERS
from model_operator.redaction import Redactor
from model_operator.settings import Settings
from model_operator_simulator import Simulator
from support.in_process import Body, InProcess
from support.manifests import deployment, provider, secret_of
from support.memory_server import Server
from support.memory_store import MemoryStore
from support.memory_watch import Watch
from support.rows import ROWS
from support.virtual_time import START, Wall, run

SIM = "http://sim"


@dataclass
class Forgetful(httpx.AsyncBaseTransport):
    """A vendor that does not show some of its deployments for a while: no LIST has them, and a GET answers 404."""

    inner: httpx.AsyncBaseTransport
    forgotten: set[str] = field(default_factory=set)

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        id_ = request.url.path.rpartition("/")[2]
        if id_ in self.forgotten:
            words = {"error": {"code": "resource_not_found", "message": f"Deployment {id_} not found"}}
            return _json(404, words)
        reply = await self.inner.handle_async_request(request)
        if request.method != "GET" or not self.forgotten:
            return reply
        body = json.loads(await reply.aread())
        items = body.get("deployments") if isinstance(body, dict) else body
        if isinstance(items, list):
            items[:] = [item for item in items if str(item["id"]) not in self.forgotten]
        if isinstance(body, dict) and "pagination" in body:
            body["pagination"]["total"] = len(body["deployments"])  # all are on one page
        return _json(reply.status_code, body)


def _json(status: int, body: Any) -> httpx.Response:
    headers = {"Content-Type": "application/json"}
    return httpx.Response(status, headers=headers, stream=Body((json.dumps(body).encode(),)))


class World:
    def __init__(self, vendor: str) -> None:
        loop = asyncio.get_running_loop()
        self.vendor = vendor
        self.wall = Wall(loop)
        self.server = Server(self.wall)
        self.simulator = Simulator(source=lambda: START.timestamp() + loop.time())
        self.forgetful = Forgetful(InProcess(self.simulator))
        self.watch: Watch | None = None

    async def start(self, *names: str, **spec: Any) -> None:
        """The vendor's account, and these deployments, served."""
        await self.simulator.control("PATCH", "/knobs", dict(ROWS[self.vendor].knobs))
        self.apply(secret_of(self.vendor))
        self.apply(provider(self.vendor, SIM, pollInterval="30s"))
        for name in names:
            self.apply(deployment(self.vendor, name, **spec))
        await self.restart()
        await asyncio.sleep(120)
        assert {self.ready(name) for name in names} <= {"True Available"}

    async def restart(self) -> None:
        """A new process, which remembers nothing."""
        if self.watch is not None:
            self.watch.go_deaf()
            await self.engine.stop()
        self.engine = Engine(
            settings=Settings(allowed_provider_hosts=(SIM,)),
            kube=MemoryStore(self.server),
            transport=HttpTransport(request_timeout=timedelta(seconds=30), client=self.forgetful),
            vendors=PROVIDERS,
            metrics=Metrics(),
            redactor=Redactor(),
            clock=self.wall,
        )
        self.watch = Watch(self.server, self._hear)
        await self.engine.prime()
        self.engine.start()
        self.watch.open()

    def _hear(self, type_: str, key: Key, body: Mapping[str, Any]) -> None:
        tell = self.engine.deleted if type_ == "DELETED" else self.engine.shown
        tell(key, dict(body))

    def apply(self, body: Mapping[str, Any]) -> None:
        self.server.create(body["kind"], "team", body)

    def key(self, name: str) -> Key:
        return Key(DEPLOYMENT, "team", name)

    def status(self, name: str) -> Mapping[str, Any]:
        return self.server.get(self.key(name))["status"]

    def is_there(self, name: str) -> bool:
        return self.server.find(self.key(name)) is not None

    def account(self) -> Mapping[str, Any]:
        """The ModelProvider's status."""
        return self.server.get(Key(PROVIDER, "team", self.vendor))["status"]

    def ready(self, name: str) -> str:
        return _ready(self.status(name))

    def id(self, name: str) -> str:
        return str(self.status(name)["externalID"])

    def confirm(self) -> str:
        """As a person does who has looked; the token."""
        token = str(self.account()["missing"]["token"])
        annotations = {"modeloperator.dev/confirm-absence": token}
        self.server.merge(Key(PROVIDER, "team", self.vendor), {"metadata": {"annotations": annotations}})
        return token

    async def set(self, **knobs: Any) -> None:
        await self.simulator.control("PATCH", "/knobs", {self.vendor: knobs})

    async def fault(self, kind: str, **rule: Any) -> None:
        await self.simulator.control("POST", "/faults", {"kind": kind, "vendor": self.vendor, **rule})

    async def mend(self) -> None:
        await self.simulator.control("DELETE", "/faults")

    async def remove(self, id_: str) -> None:
        """Somebody does it at the vendor."""
        await self.simulator.control("DELETE", f"/deployments/{self.vendor}/{id_}")

    async def live(self) -> list[str]:
        """Ids of what is paid for."""
        state = await self.simulator.control("GET", "/state")
        return sorted(str(one["id"]) for one in state[self.vendor] if one.get("status") != "deleted")

    async def count(self, operation: str) -> int:
        found = await self.simulator.control("GET", f"/requests?vendor={self.vendor}&operation={operation}")
        return len(found["requests"])


def _ready(status: Mapping[str, Any]) -> str:
    return next(f"{c['status']} {c['reason']}" for c in status["conditions"] if c["type"] == "Ready")


def provider_ready(world: World) -> str:
    return _ready(world.account())


def play(vendor: str, story: Callable[[World], Awaitable[None]], *names: str, **spec: Any) -> None:
    async def main() -> None:
        world = World(vendor)
        await world.start(*names, **spec)
        await story(world)
        await world.engine.stop()
        await world.simulator.aclose()

    run(main())
