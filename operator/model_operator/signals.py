"""What is told upwards: the one arrow from accounts, cache and passes back to the engine that runs them."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, Protocol

from model_operator.domain import Key


class Signals(Protocol):
    """Each says what happened; what follows from it is the engine's business. None of them waits."""

    def changed(self, keys: Iterable[Key]) -> None:
        """There is news for these objects: each of them needs a pass."""

    def cached(self, key: Key, members_before: frozenset[str]) -> None:
        """The cache shows another body of this object; a CanaryEndpoint may have had other members before."""

    def refreshed(self, key: Key, body: dict[str, Any]) -> None:
        """A GET has brought this body of the object."""

    def gone(self, key: Key, uid: str) -> None:
        """The API server has that object no more. It says nothing of another one of the same name."""

    def rebound(self, provider: Key) -> None:
        """That ModelProvider leads to another account, or with other credentials: its dependents start afresh."""

    def orphaned(self) -> None:
        """A deployment was left at its provider, as its object asked."""

    def rollout_ended(self, result: str) -> None:
        """A canary's rollout has ended with that result."""

    def throttled(self, provider: str, account: str, rest: timedelta) -> None:
        """An account at that type of provider was asked to rest for so long."""

    def leaves(self, key: Key, on_news: Callable[[], None]) -> None:
        """The object's pass waits for its provider until `comes_back`; `on_news` is called if it is wanted again."""

    def comes_back(self, key: Key) -> None:
        """Its pass goes on."""
