"""Tests of the store in memory need no cluster; the same tests of the real one say so while they are collected."""

from collections.abc import AsyncIterator

import pytest

from model_operator.kube import Kube
from support.namespace import Namespace
from support.two_servers import MemoryWorld, RealWorld, World


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        callspec = getattr(item, "callspec", None)
        if isinstance(item, pytest.Function) and callspec and callspec.params.get("world") == "real":
            item.fixturenames.append("cluster")


@pytest.fixture(params=["memory", "real"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    if request.param == "memory":
        yield MemoryWorld()
        return
    namespace: Namespace = request.getfixturevalue("namespace")
    async with await Kube.connect(namespace.access.kubeconfig) as kube:
        yield RealWorld(namespace, kube)
