"""One world: every part of the simulator, built once and wired together here.

`/__sim/reset` throws the world away and builds the next one, so nothing has to know how to become new again.
"""

import asyncio
from collections.abc import Callable

from .call import VendorApp
from .chance import seeded
from .clock import Clock
from .control import Control
from .core import Core
from .exchange import Exchange
from .faults import Faults
from .hands import Hands
from .journal import Journal
from .knobs import Knobs
from .paitient.routes import PaitientApp
from .paitient.state import Paitient
from .parasail.routes import ParasailApp
from .parasail.state import Parasail
from .webhooks import Webhooks


class World:
    """Both vendors with their shared parts.

    Args:
        knobs: what the vendors' documents leave open.
        clock: its time.
        seed: of everything that is drawn.
        closing: set when the process ends.
        reset: called to replace this world; its argument says whether to keep the knobs.
    """

    def __init__(
        self,
        knobs: Knobs,
        clock: Clock,
        seed: int,
        closing: asyncio.Event,
        reset: Callable[[bool], None],
    ) -> None:
        self.core = Core(knobs, clock, seed)
        self.faults = Faults(seeded(seed, "faults"))
        self.webhooks = Webhooks(self.core)
        journal = Journal(knobs.http.journal_size)
        parasail, paitient = Parasail(self.core), Paitient(self.core)
        apps: dict[str, VendorApp] = {
            "parasail": ParasailApp(self.core, parasail),
            "paitient": PaitientApp(self.core, paitient),
        }
        self.exchange = Exchange(self.core, apps, self.faults, journal, closing)
        hands = Hands(self.core, parasail, paitient)
        self.control = Control(self.core, self.exchange, self.faults, journal, hands, self.webhooks, reset)

    def end(self) -> None:
        """Let go of everything that is held or under way."""
        self.faults.clear()
        self.webhooks.close()
