"""Tests of the store in memory need no cluster; the same tests of the real one say so while they are collected."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        callspec = getattr(item, "callspec", None)
        if isinstance(item, pytest.Function) and callspec and callspec.params.get("world") == "real":
            item.fixturenames.append("cluster")
