"""Final costs on their way into ModelBudgets: told by the passes over ModelDeployments, written by those over budgets.

One writer for each status. An object is let go only once its final cost is written: after a crash in between, its
pass finds the same again. Where that takes too long, it is let go, and only this process knows what is to be written.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from model_operator.billing.money import Sum
from model_operator.domain import Key
from model_operator.models.budget import Settled

PATIENCE: Final = 3600.0
"""Seconds for which an object waits until it is settled: a budget that cannot be written must not keep it for ever."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """For how many seconds a final cost had waited at the last look, and has now."""

    before: float
    now: float

    def passes(self, seconds: float) -> bool:
        """Since the last look."""
        return self.before < seconds <= self.now

    @property
    def is_over(self) -> bool:
        return self.now >= PATIENCE


@dataclass(frozen=True, slots=True)
class _Final:
    amount: Sum
    start: datetime
    """Of the budget's period."""
    owner: Key
    since: float
    """By the event loop's clock, as the next."""
    looked: float


@dataclass(slots=True)
class Book:
    """Of one process. All of it may be lost with the process."""

    _finals: dict[Key, dict[str, _Final]] = field(default_factory=dict)
    """By budget, then by UID."""

    def note(self, budget: Key, uid: str, owner: Key, start: datetime, amount: Sum) -> Waiting:
        """To be settled. It stays noted, also once its object need not wait any more."""
        now, finals = asyncio.get_running_loop().time(), self._finals.setdefault(budget, {})
        before = finals.get(uid)
        since, looked = (before.since, before.looked) if before is not None else (now, now)
        finals[uid] = _Final(amount, start, owner, since, now)
        return Waiting(looked - since, now - since)

    def finals(self, budget: Key, start: datetime) -> Mapping[str, Sum]:
        """What is to be settled in the period that began then; of a former one nothing is any more."""
        found = self._finals.get(budget, {})
        for uid in [uid for uid, final in found.items() if final.start < start]:
            del found[uid]
        return {uid: final.amount for uid, final in found.items() if final.start == start}

    def settled(self, budget: Key, settled: Iterable[Settled]) -> Iterator[Key]:
        """These are written. Returns the objects that may have waited for it."""
        finals = self._finals.get(budget)
        if not finals:
            return
        for one in settled:
            found = finals.pop(one.uid, None)
            if found is not None:
                yield found.owner
        if not finals:
            del self._finals[budget]

    def forget(self, uid: str) -> None:
        """The object is let go, and nothing of it is left to be settled."""
        for finals in self._finals.values():
            finals.pop(uid, None)

    def ended(self, budget: Key) -> None:
        """It is gone, and another one of its name counts from then on."""
        self._finals.pop(budget, None)
