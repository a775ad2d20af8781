"""One world: every part of the simulator, built once and wired together here.

`/__sim/reset` throws the world away and builds the next one, so nothing has to know how to become new again.
"""

import asyncio
from collections.abc import Callable

from .chance import seeded
from .clock import Clock
from .control import Control
from .core import Core
from .exchange import Exchange
from .faults import Faults
from .journal import Journal
from .registry import VENDORS
from .sections import KnobSet


class World:
    """All vendors with their shared parts.

    Args:
        knobs: what the vendors' documents leave open.
        clock: its time.
        seed: of everything that is drawn.
        closing: set when the process ends.
        reset: called to replace this world; its argument says whether to keep the knobs.
    """

    def __init__(
        self,
        knobs: KnobSet,
        clock: Clock,
        seed: int,
        closing: asyncio.Event,
        reset: Callable[[bool], None],
    ) -> None:
        self.core = Core(knobs, clock, seed)
        for key in (key for vendor in VENDORS for key in vendor.keys):
            self.core.tokens.put(key)
        self._apps = {vendor.name: vendor.open(self.core) for vendor in VENDORS}
        self.faults = Faults(seeded(seed, "faults"), self._apps)
        journal = Journal(knobs.http.journal_size)
        self.exchange = Exchange(self.core, self._apps, self.faults, journal, closing)
        self.control = Control(self.core, self._apps, self.exchange, self.faults, journal, reset)

    def end(self) -> None:
        """Let go of everything that is held or under way."""
        self.faults.clear()
        for app in self._apps.values():
            app.close()
