"""Every documented reply of a vendor, recorded from its simulator, and a client that answers with them, changed or not."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from typing_extensions import override

from model_operator.domain import Desired
from model_operator.providers.base import Provider
from model_operator.providers.paitient.client import PaitientProvider
from model_operator.providers.paitient.reports import LogQuery, MetricsQuery, read_logs, read_metrics
from support.in_process import Body

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes
    method: str = "GET"


Change = Callable[[str, Answer], Answer]
"""(operation's request as `GET /path`, the sound answer) → what is sent."""


@dataclass
class Recorder(httpx.AsyncBaseTransport):
    """Passes requests on, and keeps the last good answer to each."""

    inner: httpx.AsyncBaseTransport
    answers: dict[tuple[str, str], Answer] = field(default_factory=dict)

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self.inner.handle_async_request(request)
        body = b"".join([chunk async for chunk in response.aiter_raw()])
        headers = {name: value for name, value in response.headers.items() if name != "content-length"}
        if response.is_success:
            self.answers[request.method, request.url.path] = Answer(
                response.status_code, headers, body, request.method
            )
        return httpx.Response(response.status_code, headers=headers, stream=Body((body,)))


@dataclass
class Replay(httpx.AsyncBaseTransport):
    """Answers as was recorded, after `change`; what was never asked is a router's 404."""

    answers: Mapping[tuple[str, str], Answer]
    change: Change = lambda _, answer: answer
    served: list[Answer] = field(default_factory=list)
    """What was sent since the last `clear`."""

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        key = (request.method, request.url.path)
        sound = self.answers.get(key) or Answer(
            404, {"content-type": "text/plain"}, b"no such page", request.method
        )
        answer = self.change(" ".join(key), sound)
        self.served.append(answer)
        raw = [(name.encode(), value.encode("latin-1", "replace")) for name, value in answer.headers.items()]
        return httpx.Response(answer.status, headers=raw, stream=Body((answer.body,)))


Operation = Callable[[], Awaitable[Any]]


def operations(
    provider: Provider, held: Desired, wanted: Desired, id: str, canary_id: str
) -> dict[str, Operation]:
    """Every operation that the adapter offers, by name: about `id`, which `held` asks for, or to create `wanted`."""
    offers = provider.capabilities
    every = {
        "list": provider.list,
        "get": lambda: provider.get(id),
        "find": lambda: provider.find(held),
        "create": lambda: provider.create(wanted),
        "update": lambda: provider.update(id, {"replicas": 2}, frozenset(), None, held),
        "clear": lambda: provider.update(id, {}, frozenset({"contextLength"})),
        "adopt": lambda: provider.adopt(id, held.uid),
    }
    if offers.pauses:
        every |= {"pause": lambda: provider.pause(id), "resume": lambda: provider.resume(id)}
    if offers.has_endpoints:
        every |= {"create_endpoint": lambda: provider.create_endpoint("front", id)}
    if offers.splits_traffic:
        every |= {
            "create_canary": lambda: provider.create_canary("split", {id: 100}),
            "update_canary": lambda: provider.update_canary(canary_id, {id: 100}),
            "figures": lambda: provider.figures(id, START, START + HOUR, MINUTE),
        }
    if offers.chats:
        every |= {"probe": lambda: _probe(provider, id)}
    if isinstance(provider, PaitientProvider):
        every |= {
            "logs": lambda: _all(read_logs(provider, id, LogQuery(limit=50))),
            "metrics": lambda: read_metrics(provider, id, MetricsQuery()),
        }
    return every | {"delete": lambda: provider.delete(id, force=False)}


async def _probe(provider: Provider, id: str) -> None:
    await provider.probe(await provider.get(id), "ping", timedelta(seconds=5))


async def _all(lines: AsyncIterator[Any]) -> list[Any]:
    return [line async for line in lines]
