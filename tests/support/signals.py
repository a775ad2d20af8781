"""Signals that nobody acts on, kept for a look."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from typing_extensions import override

from model_operator.domain import Key
from model_operator.signals import Signals


class Told(Signals):
    """What was said, in its order."""

    def __init__(self) -> None:
        self.changes: list[set[Key]] = []
        self.cache_changes: list[tuple[Key, frozenset[str]]] = []
        self.refreshes: list[Key] = []
        self.ends: list[tuple[Key, str]] = []
        self.rebinds: list[Key] = []
        self.orphans = 0
        self.results: list[str] = []
        self.rests: list[tuple[str, str, timedelta]] = []
        self.away: dict[Key, Callable[[], None]] = {}

    @override
    def changed(self, keys: Iterable[Key]) -> None:
        self.changes.append(set(keys))

    @override
    def cached(self, key: Key, members_before: frozenset[str]) -> None:
        self.cache_changes.append((key, members_before))

    @override
    def refreshed(self, key: Key, body: dict[str, Any]) -> None:
        self.refreshes.append(key)

    @override
    def gone(self, key: Key, uid: str) -> None:
        self.ends.append((key, uid))

    @override
    def rebound(self, provider: Key) -> None:
        self.rebinds.append(provider)

    @override
    def orphaned(self) -> None:
        self.orphans += 1

    @override
    def rollout_ended(self, result: str) -> None:
        self.results.append(result)

    @override
    def throttled(self, provider: str, account: str, rest: timedelta) -> None:
        self.rests.append((provider, account, rest))

    @override
    def leaves(self, key: Key, on_news: Callable[[], None]) -> None:
        self.away[key] = on_news

    @override
    def comes_back(self, key: Key) -> None:
        del self.away[key]
