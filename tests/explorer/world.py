"""Everything that a history happens to: the API server, both providers, the operator's processes, the people.

All on one virtual clock; nothing here decides anything about the operator.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass, field
from datetime import timedelta
from io import StringIO
from random import Random
from typing import Any

import httpx

from explorer.notes import Notes
from explorer.objects import CLIENTS, KEYS, OTHER_KEYS, TEAM, by_device
from explorer.process import URL, Process
from explorer.way import Sent, Way
from model_operator.domain import CANARY, DEPLOYMENT, FINALIZER, Key
from model_operator.kube import KubeError
from model_operator.observability.logs import TextFormatter
from model_operator.providers.registry import PROVIDERS
from model_operator.reconcile.deployment.desire import default_name
from model_operator_simulator import Knobs, Simulator
from support.in_process import InProcess
from support.manifests import vendor_of
from support.memory_schema import Object
from support.memory_server import Server
from support.memory_store import MemoryStore, Request, Trouble
from support.virtual_time import START, Wall

_PATHS = {"parasail": "/parasail/api/v1/dedicated/deployments", "paitient": "/paitient/v1/deployments"}
OWN_ACCOUNT = "sim"
THEIR_MODEL = "somebody/elses-70b"
"""What only colleagues run."""
_THEIRS = ("deploymentName", "deployment_name", "modelName", "model_name", "replicas", "max_replicas")
KNOBS: dict[str, Any] = {
    "parasail": {"gpu_quota": None},
    "paitient": {"max_deployments": None, "tombstone_s": 20},
    "metrics": {"noise": 0, "endpoint_rps": 100},
}
Move = tuple[str, dict[str, Any]]


@dataclass(slots=True)
class Trap:
    """A move that waits for a moment: `create.sent` at a provider, `api.status.done` at the API server, …"""

    point: str
    spring: Callable[[], None]
    left: int = 1  # at the first of them


@dataclass(slots=True, eq=False)
class World(Notes):
    """`open` before the first move. The oracle reads it."""

    seed: int
    has_devices: bool = False
    """Of Parasail's two kinds of account the one that chooses machines by device."""
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    random: Random = field(init=False)
    server: Server = field(init=False)
    simulator: Simulator = field(init=False)
    processes: list[Process] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    traps: list[Trap] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    asked: list[Request] = field(default_factory=list)
    log: StringIO = field(default_factory=StringIO)
    ends_on_purpose: Callable[["World", str, Object], bool] = lambda *_: False
    """Whether what an object that ends leaves at the provider is left on purpose."""
    watch_delay: float = 0.01
    provider_latency: float = 0.02
    cluster_latency: float = 0.0
    forgotten: set[str] = field(default_factory=set)
    lies: list[tuple[str, str]] = field(default_factory=list)
    """(vendor, operation) of requests that are refused under a 200."""
    empties: list[tuple[str, str]] = field(default_factory=list)
    """Likewise: carried out, and answered with nothing."""
    judges: list[Callable[["World", Sent], str | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        now = lambda: START.timestamp() + self.loop.time()  # noqa: E731
        self.server = Server(Wall(self.loop), Random(self.seed))
        self.server.watchers.append(self._note)
        profile = "extended" if self.has_devices else "documented"
        knobs = Knobs().changed(KNOBS).changed({"parasail.profile": profile})
        self.simulator = Simulator(knobs, seed=self.seed, source=now)

    async def open(self) -> None:
        """The providers' keys, the log, and one operator."""
        await self.furnish()
        self.start()

    async def furnish(self) -> None:
        """The providers' keys."""
        for vendor, key in OTHER_KEYS.items():
            token = {"vendor": vendor, "key": key, "account": "other", "client_id": CLIENTS.get(key)}
            await self.simulator.control("POST", "/tokens", token)

    def _note(self, type_: str, key: Key, body: Object) -> None:
        """The book about all objects that ever were; and what Kubernetes' garbage collector does."""
        if key.kind == "Event":
            self.events.append((self.loop.time(), str(body["message"])))
        for owner in body["metadata"].get("ownerReferences", ()):
            if all(other["metadata"]["uid"] != owner["uid"] for other in self.server.objects.values()):
                self.loop.call_later(1, self._collect, owner["uid"], context=Context())
        if key.kind != DEPLOYMENT:
            return
        if type_ == "DELETED":
            is_running = self.process is not None and self.process.is_running and self.process.has_read
            if not is_running and FINALIZER not in body["metadata"].get("finalizers", ()):
                self.excused.add(body["metadata"]["uid"])  # it went while nobody could see it, and unguarded
            self.loop.call_later(1, self._collect, body["metadata"]["uid"], context=Context())
        uid, spec = body["metadata"]["uid"], body["spec"]
        vendor = PROVIDERS[vendor_of(body)]
        self.names[uid] = key.name
        if key.namespace == TEAM:
            self.born.setdefault(uid, START + timedelta(seconds=self.loop.time()))
        self.uids[default_name(key.name, uid, vendor.capabilities.name_limit)] = uid
        if "deploymentName" in spec:
            self.marks.add("shared")
        if spec.get("deletionPolicy") == "Orphan" or self.ends_on_purpose(self, type_, body):
            self.orphaned.add(uid)

    def _collect(self, uid: str) -> None:
        for key, body in tuple(self.server.objects.items()):
            if any(owner["uid"] == uid for owner in body["metadata"].get("ownerReferences", ())):
                self.try_(lambda key=key: self.server.delete(key))

    def told(self, key: Key, uid: str) -> bool:
        """Whether a process may know of that object."""
        known = self.process.known.get(key) if self.process else None
        return known is not None and known[1]["metadata"]["uid"] == uid

    def trap(self, point: str, spring: Callable[[], None], nth: int = 1) -> None:
        self.traps.append(Trap(point, spring, nth))

    def start(self, kind: Callable[..., Process] = Process) -> Process:
        """One more operator process."""
        store = MemoryStore(self.server, self.troubles, self.asked, self.met_store, self.api_latency)
        way = Way(
            InProcess(self.simulator),
            self.met,
            self.latency,
            self.forgotten,
            lambda: self.figures_end,
            self.lies,
            self.empties,
        )
        process = kind(store, way, Wall(self.loop), watch_delay=lambda: self.watch_delay)
        self.processes.append(process)
        handler = logging.StreamHandler(self.log)
        handler.setFormatter(TextFormatter(process.redactor))
        logging.getLogger("model_operator").handlers[:] = [handler]
        process.start()
        return process

    @property
    def process(self) -> Process | None:
        """The one that leads."""
        return next((p for p in self.processes if p.is_running and p.leads), None)

    def latency(self) -> float:
        """Of one way to a provider."""
        return self.provider_latency * (0.5 + self.random.random())

    def api_latency(self) -> float:
        """Of one way to the API server."""
        return self.cluster_latency * (0.5 + self.random.random())

    def met(self, point: str, sent: Sent) -> None:
        """A request to a provider has got so far."""
        if point.endswith(".sent"):
            self.sent.append(sent)
            for judge in self.judges:
                if problem := judge(self, sent):
                    self.violations.append((judge.__name__, problem))
        self._spring(point)

    def met_store(self, point: str, request: Request) -> None:
        """A request to the API server has got so far."""
        self._spring(f"api.{point}")
        self._spring(f"{request.key.kind}.{point}")

    def _spring(self, point: str) -> None:
        self.points.append((self.loop.time(), point))
        found = [trap for trap in self.traps if trap.point == point]
        for trap in found:
            trap.left -= 1
            if not trap.left:
                self.traps.remove(trap)
                trap.spring()

    # What people do. A command that the server refuses has no effect.

    def try_(self, command: Callable[[], object]) -> bool:
        try:
            command()
        except KubeError:
            return False
        return True

    def create(self, body: Object, namespace: str = TEAM) -> bool:
        body = by_device(body) if self.has_devices else body
        return self.try_(lambda: self.server.create(body["kind"], namespace, body))

    def edit(self, key: Key, patch: Object) -> bool:
        return self.try_(lambda: self.server.merge(key, patch))

    def later(self, doing: Any) -> None:
        """Somebody's script, in no process of the operator's."""
        self.loop.create_task(doing, context=Context())

    # What the providers hold, and what others do there.

    async def ledger(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Live deployments by (vendor, id)."""
        state = await self.simulator.control("GET", "/state")
        live = {("parasail", str(one["id"])): one for one in state["parasail"] if not one["sim"]["deleting"]}
        ended = ("deleting", "deleted")
        return live | {
            ("paitient", one["id"]): one for one in state["paitient"] if one["status"] not in ended
        }

    async def bill(self) -> dict[tuple[str, str], dict[str, Any]]:
        """What each deployment that ever was has cost, by (vendor, id)."""
        rows = (await self.simulator.control("GET", "/ledger"))["deployments"]
        return {(row["vendor"], row["id"]): row for row in rows}

    async def colleague_creates(self, vendor: str, body: dict[str, Any]) -> None:
        """Somebody uses the account without Kubernetes."""
        key = KEYS[vendor]
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        headers |= {"X-Client-ID": CLIENTS[key]} if key in CLIENTS else {}
        request = httpx.Request("POST", URL + _PATHS[vendor], headers=headers, content=json.dumps(body))
        with contextlib.suppress(httpx.HTTPError):
            await InProcess(self.simulator).handle_async_request(request)
        await self.note_strangers()

    async def note_strangers(self) -> None:
        """What colleagues have made since the last look, by what only they run: an answer may have been lost."""
        for id_, remote in (await self.ledger()).items():
            if THEIR_MODEL in remote.values() and id_ not in self.noted:
                self.noted.add(id_)
                self.strangers[id_] = {k: remote[k] for k in _THEIRS if k in remote}

    async def hand(self, method: str, vendor: str, id_: str, body: dict[str, Any] | None = None) -> None:
        """A person in the vendor's console."""
        try:
            await self.simulator.control(method, f"/deployments/{vendor}/{id_}", body)
        except Exception as error:  # noqa: BLE001  what is not there cannot be edited
            logging.getLogger("explorer").debug("%s", error)

    # Looks.

    def deployments(self) -> list[tuple[Key, Object]]:
        return [(key, body) for key, body in sorted(self.server.objects.items()) if key.kind == DEPLOYMENT]

    def canaries(self) -> list[tuple[Key, Object]]:
        return [(key, body) for key, body in sorted(self.server.objects.items()) if key.kind == CANARY]

    def id_of(self, name: str) -> tuple[str, str] | None:
        """(vendor, id) that the status of that object has."""
        body = self.server.find(Key(DEPLOYMENT, TEAM, name))
        found = body.get("status", {}).get("externalID") if body else None
        return (vendor_of(body), found) if body and found else None
