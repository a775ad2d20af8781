"""A write of ours names the version that it was made for: what somebody has changed since is not overwritten."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from kubernetes.aio.client import Configuration
from typing_extensions import override

from model_operator.domain import DEPLOYMENT, FINALIZER, Key
from model_operator.kube import Kube

KEY = Key(DEPLOYMENT, "team", "llama")
GUARD = {"op": "replace", "path": "/metadata/resourceVersion", "value": "7"}


@dataclass
class Written:
    sent: list[Any] = field(default_factory=list)


class Noting(Kube):
    """Sends nothing."""

    def __init__(self, written: Written) -> None:
        super().__init__(Configuration())
        self._written = written

    @override
    async def request(
        self, method: str, path: str, body: object = None, *_: Any, **__: Any
    ) -> dict[str, Any]:
        self._written.sent.append(body)
        return {}


@pytest.fixture
async def kube():
    written = Written()
    async with Noting(written) as kube:
        yield kube, written.sent


async def test_a_status(kube) -> None:
    store, sent = kube
    await store.replace_status(KEY, "7", {"phase": "Ready"})
    assert sent == [[GUARD, {"op": "add", "path": "/status", "value": {"phase": "Ready"}}]]


async def test_a_finalizer(kube) -> None:
    store, sent = kube
    await store.add_finalizer(KEY, "7", ("other",))
    await store.remove_finalizer(KEY, "7", ("other", FINALIZER))
    path = {"op": "add", "path": "/metadata/finalizers"}
    assert sent == [[GUARD, {**path, "value": ["other", FINALIZER]}], [GUARD, {**path, "value": ["other"]}]]
