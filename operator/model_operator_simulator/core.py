"""What all vendors' states share: knobs, clock, keys and the seeded source of chance.

One object is handed to every part at the start; nothing in the simulator is global.
"""

import email.utils
import json
import math
import string
from dataclasses import dataclass, field

from .accounts import RateLimiter, Tokens
from .call import Json, Reply
from .chance import seeded
from .clock import Clock
from .sections import KnobSet

ALPHABET = string.digits + string.ascii_lowercase


@dataclass
class Core:
    """The shared part of one simulator. ``seed`` decides every draw of ``random`` and all invented traffic."""

    knobs: KnobSet
    clock: Clock
    seed: int = 0
    tokens: Tokens = field(default_factory=Tokens)
    limiter: RateLimiter = field(default_factory=RateLimiter)

    def __post_init__(self) -> None:
        self.random = seeded(self.seed)

    def new_id(self, prefix: str, length: int = 10) -> str:
        """``dep_`` and the like with seeded random characters."""
        return prefix + "".join(self.random.choices(ALPHABET, k=length))

    def wait_for(self, key: str, limit: int | None) -> float | None:
        """Count a request under this key, or say how many clock seconds to wait if its minute is full."""
        return self.limiter.wait_for(key, limit, self.clock.now())

    def later(self, reply: Reply, wait: float, form: str) -> Reply:
        """The reply with a Retry-After of so many clock seconds."""
        self.add_retry_after(reply, self.clock.real_seconds(wait), form)
        return reply

    def add_retry_after(self, reply: Reply, seconds: float, form: str) -> None:
        """Set Retry-After as whole `seconds`, as an HTTP `date` in real time, or not (`absent`)."""
        whole = max(1, math.ceil(seconds))
        if form == "seconds":
            reply.headers["Retry-After"] = str(whole)
        elif form == "date":
            reply.headers["Retry-After"] = email.utils.formatdate(self.clock.real_time() + whole, usegmt=True)


def compact(value: Json) -> bytes:
    """JSON as bytes without spaces."""
    return json.dumps(value, separators=(",", ":")).encode()
