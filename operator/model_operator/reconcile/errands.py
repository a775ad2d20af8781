"""What a pass wants of a provider, and for how long it may have it."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from model_operator.accounts.bindings import Bindings
from model_operator.domain import Key
from model_operator.errand import Errand
from model_operator.modes import Mode
from model_operator.reconcile.cache import Cache
from model_operator.reconcile.modes import mode_of
from model_operator.signals import Signals


@dataclass(frozen=True, slots=True)
class Errands:
    """Of passes over any kind of object."""

    cache: Cache
    bindings: Bindings
    signals: Signals
    changing: Counter[Key]
    """By ModelProvider: requests that change something and have left, and are not answered yet."""

    def of(self, key: Key, provider: Key | None, is_same: Callable[[], bool]) -> Errand:
        """As long as the pass would decide about the same object and spec (`is_same`), account and mode.

        `provider` is the object's ModelProvider; None: it is one, and asks nothing of anybody.
        """
        whose = key if provider is None else provider
        began, account = self._mode(whose), self._account(provider)

        def is_current() -> bool:
            return is_same() and self._account(provider) is account and self._mode(whose) is began

        return Errand(
            is_current,
            lambda on_news: self.signals.leaves(key, on_news),
            lambda: self.signals.comes_back(key),
            lambda: self._mode(whose),
            lambda: self._changing(provider),
        )

    def _mode(self, provider: Key) -> Mode:
        return mode_of(self.cache, provider)

    def _account(self, provider: Key | None) -> object:
        return self.bindings.account(provider) if provider is not None else None

    @contextmanager
    def _changing(self, provider: Key | None) -> Iterator[None]:
        """A ModelProvider says that it is in another mode than Manage once nothing of this is under way."""
        if provider is None:
            yield
            return
        self.changing[provider] += 1
        try:
            yield
        finally:
            self.changing[provider] -= 1
            if self._mode(provider) is not Mode.MANAGE:
                self.signals.changed((provider,))
