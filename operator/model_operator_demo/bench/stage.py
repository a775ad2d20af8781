"""What a measurement runs on: a namespace, a simulator without quotas, and an operator that can be killed."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from model_operator_demo import programs
from model_operator_demo.bench import api
from model_operator_demo.bench.api import Api
from model_operator_demo.bench.contenders import Contender, Place
from model_operator_demo.controlplane_access import Cluster
from model_operator_demo.processes import Processes
from model_operator_demo.programs import Part

Object = dict[str, Any]
T = TypeVar("T")

PAGE = 100  # deployments per page of PaiTIENT's list
_KNOBS = ("http.latency_s=0.02", "http.journal_size=200000", "paitient.max_deployments=null")
_PAUSE = 0.2  # seconds between two looks
_WITHIN = timedelta(minutes=1)


class TooSlow(Exception):
    """A measurement did not come to its end; the text says which, and what was seen last."""


@dataclass(frozen=True)
class Ground:
    """What all measurements of a round share."""

    processes: Processes
    cluster: Cluster
    kube: Api
    folder: Path


@dataclass
class Stage:
    """One namespace with its simulator and operator. `operator` is another one after each restart."""

    ground: Ground
    contender: Contender
    place: Place
    simulator: Part
    control: Api
    operator: Part
    providers: list[str] = field(default_factory=lambda: ["paitient"])
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def kube(self) -> Api:
        """The API server."""
        return self.ground.kube

    @property
    def namespace(self) -> str:
        """Where everything happens."""
        return self.place.namespace

    @property
    def pid(self) -> int:
        """The operator's."""
        return self.operator.process.pid

    async def restart(self) -> None:
        """kill -9, and start again; returns when the new one is up."""
        self.operator.process.kill()
        self.operator = await asyncio.to_thread(self.contender.start, self.place)

    def health(self) -> Any:
        """The operator's own endpoints, to be entered with `async with`."""
        return api.open_url(self.operator.url)

    def bodies(self, count: int) -> list[Object]:
        """New ModelDeployments, of names that were never used, in turn for each ModelProvider."""
        numbers = itertools.islice(self._numbers, count)
        return [
            deployment(number, provider)
            for number, provider in zip(numbers, itertools.cycle(self.providers), strict=False)
        ]

    def path(self, name: str) -> str:
        """Of a ModelDeployment."""
        return f"{api.GROUP}/namespaces/{self.namespace}/modeldeployments/{name}"

    async def requests(self, since: int = 0, **filters: str) -> list[Object]:
        """The simulator's journal, oldest first."""
        query = "".join(f"&{name}={value}" for name, value in filters.items())
        found = await self.control.call("GET", f"/__sim/requests?since={since}{query}")
        entries: list[Object] = found["requests"]
        return entries

    async def last_request(self) -> int:
        """The number of the newest request."""
        return int((await self.control.call("GET", "/__sim/requests?since=999999999"))["last"])

    async def until_quiet(self) -> None:
        """Until nothing has been written for a second: Events follow what they are about."""
        path = f"/api/v1/namespaces/{self.namespace}/configmaps?limit=1"
        seen: list[str] = []

        async def look() -> list[str]:
            seen.append((await self.kube.call("GET", path))["metadata"]["resourceVersion"])
            return seen[-6:]

        await until(
            look, lambda last: len(last) == 6 and len(set(last)) == 1, _WITHIN, "nothing to be written"
        )

    async def until_ready(self, count: int, within: timedelta) -> None:
        """Until the API server shows so many Ready, all for what their spec says now. Raises `TooSlow`."""
        found = await self.ready_within(count, within)
        if found < count:
            waited = f"waited {within.total_seconds():g} s for {count} deployments to be Ready"
            raise TooSlow(f"{waited}; {found} are")

    async def ready_within(self, count: int, within: timedelta) -> int:
        """How many are Ready for what their spec says now: `count`, or fewer when the time is over."""
        return await self.counted(api.is_ready, count, within)

    async def counted(self, holds: Callable[[Object], bool], count: int, within: timedelta) -> int:
        """For how many ModelDeployments it holds: `count`, or fewer when the time is over. By a watch: looks at ten
        thousand would be what is measured."""
        found: dict[str, bool] = {}
        try:
            async with asyncio.timeout(within.total_seconds()):
                while True:  # a watch may end at any time: the server drops slow readers
                    async for item in api.follow(self.kube, self.namespace):
                        found[api.name_of(item)] = holds(item)
                        if sum(found.values()) >= count:
                            return count
        except TimeoutError:
            return sum(found.values())


@asynccontextmanager
async def stage(ground: Ground, contender: Contender, namespace: str, *knobs: str) -> AsyncIterator[Stage]:
    """A namespace in which the operator is up; it and the simulator end with it."""
    folder = ground.folder / namespace
    folder.mkdir()
    await open_namespace(ground.kube, namespace)
    simulator = quick_simulator(ground.processes, folder, *knobs)
    place = Place(ground.processes, ground.cluster, folder, namespace, simulator.url)
    async with api.open_url(simulator.url) as control:
        operator = await asyncio.to_thread(contender.start, place)
        made = Stage(ground, contender, place, simulator, control, operator)
        try:
            if contender.is_ours:
                await open_provider(made.kube, namespace, simulator.url)
            yield made
        finally:
            made.operator.process.kill()
            simulator.process.kill()


def quick_simulator(processes: Processes, folder: Path, *knobs: str) -> Part:
    """Without quotas, and with answers in 20 ms. Raises `NotUp`."""
    given = [f"--knob={knob}" for knob in (*_KNOBS, *knobs)]
    return programs.start_simulator(processes, folder, "--port=0", *given)


async def open_namespace(kube: Api, namespace: str) -> None:
    """With the keys of the simulator's first account."""
    await kube.call("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
    await _put_keys(kube, namespace, "paitient", "sim-paitient-key")


async def open_account(made: Stage, number: int) -> str:
    """One more account of the simulator, with a ModelProvider of this name that is Ready on return."""
    name, key = f"paitient-{number}", f"sim-paitient-key-{number}"
    token = {"vendor": "paitient", "key": key, "account": name, "client_id": "sim-client"}
    await made.control.call("POST", "/__sim/tokens", token)
    await _put_keys(made.kube, made.namespace, name, key)
    await open_provider(made.kube, made.namespace, made.simulator.url, name)
    return name


async def _put_keys(kube: Api, namespace: str, name: str, key: str) -> None:
    secret = {"metadata": {"name": name}, "stringData": {"apiKey": key, "clientID": "sim-client"}}
    await kube.call("POST", f"/api/v1/namespaces/{namespace}/secrets", secret)


async def open_provider(kube: Api, namespace: str, simulator: str, name: str = "paitient") -> None:
    """Ready on return."""
    spec = {
        "type": "paitient",
        "baseURL": f"{simulator}/paitient",
        "credentials": {"secretRef": {"name": name}},
    }
    path = f"{api.GROUP}/namespaces/{namespace}/modelproviders"
    await kube.call("POST", path, resource("ModelProvider", name, spec))

    async def look() -> Object:
        found: Object = await kube.call("GET", f"{path}/{name}")
        return found

    await until(look, api.is_ready, _WITHIN, f"the ModelProvider {name} to be Ready")


async def until(
    look: Callable[[], Awaitable[T]], holds: Callable[[T], bool], within: timedelta, what: str
) -> T:
    """What `look` returned when it was as wanted. Raises `TooSlow` with the last look."""
    deadline = time.monotonic() + within.total_seconds()
    while not holds(seen := await look()):
        if time.monotonic() > deadline:
            raise TooSlow(f"waited {within.total_seconds():g} s for {what}; at last: {str(seen)[:300]}")
        await asyncio.sleep(_PAUSE)
    return seen


def deployment(number: int, provider: str = "paitient") -> Object:
    """A ModelDeployment for the provider of that name."""
    spec = {
        "providerRef": {"name": provider},
        "model": "NCIT/DeepSeek-R1-8B",
        "replicas": 1,
        "paitient": {"computeType": "gpu", "instanceType": "g5.2xlarge", "region": "us-west-2"},
    }
    return resource("ModelDeployment", f"model-{number:05d}", spec)


def resource(kind: str, name: str, spec: Object) -> Object:
    """A custom resource of ours."""
    return {
        "apiVersion": "modeloperator.dev/v1alpha1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": spec,
    }
