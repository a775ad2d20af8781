"""What one pass wants of a provider: it holds no worker while it waits there, and goes only while it is still wanted.

The passes say for which object they work; whoever sends requests asks here, right before each of them.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar

from model_operator.modes import Mode


class Outdated(Exception):
    """The object has changed while the request waited for its turn. Nothing was sent: what to do is decided again."""


class Errand:
    """Of a pass over one object. `is_current` says whether it would still decide about the same object and spec."""

    def __init__(
        self,
        is_current: Callable[[], bool],
        leave: Callable[[Callable[[], None]], None],
        come_back: Callable[[], None],
        mode: Callable[[], Mode] = lambda: Mode.MANAGE,
        changing: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """`leave` gives the worker back, and is given what to call on news; `come_back` tells that the pass goes on.

        `mode` is that of the ModelProvider as last shown; a request that changes something runs inside `changing`.
        """
        self._mode = mode
        self.changing = changing
        self._is_current = is_current
        self._leave = leave
        self._come_back = come_back
        self._patience: asyncio.Timeout | None = None

    @contextmanager
    def away(self) -> Iterator[None]:
        """Inside, the pass holds no worker."""
        self._leave(self._look)
        try:
            yield
        finally:
            self._come_back()

    @contextmanager
    def queueing(self, patience: asyncio.Timeout) -> Iterator[None]:
        """Inside, the request waits for its turn; news that make it pointless end `patience` at once."""
        self._patience = patience
        try:
            yield
        finally:
            self._patience = None

    @property
    def mode(self) -> Mode:
        """What may be sent now."""
        return self._mode()

    def check(self) -> None:
        """Raises `Outdated`."""
        if not self._is_current():
            raise Outdated

    def _look(self) -> None:
        if self._patience is not None and not self._is_current():
            self._patience.reschedule(0)


NOBODY = Errand(lambda: True, lambda _: None, lambda: None)
"""No pass waits for it, and no edit makes it pointless."""
POLL = Errand(lambda: True, lambda _: None, lambda: None, lambda: Mode.OBSERVE)
"""A poll's: it reads, and nothing else."""
_errand: ContextVar[Errand] = ContextVar("errand", default=NOBODY)


@contextmanager
def sent_on(errand: Errand) -> Iterator[None]:
    """Requests inside are part of that errand; holds across `await`."""
    token = _errand.set(errand)
    try:
        yield
    finally:
        _errand.reset(token)


def current_errand() -> Errand:
    return _errand.get()
