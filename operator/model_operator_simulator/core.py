"""What both vendors' states share: knobs, clock, keys, counters and the seeded source of chance.

One object is handed to every part at the start; nothing in the simulator is global.
"""

import email.utils
import json
import math
import string
from collections.abc import Callable
from dataclasses import dataclass, field

from .accounts import RateLimiter, Tokens
from .call import Call, Json, Refused, Reply, VendorApp
from .chance import seeded
from .clock import Clock
from .counters import Counters
from .knobs import Knobs

ALPHABET = string.digits + string.ascii_lowercase


@dataclass
class Core:
    """The shared part of one simulator. ``seed`` decides every draw of ``random`` and all invented traffic."""

    knobs: Knobs
    clock: Clock
    seed: int = 0
    tokens: Tokens = field(default_factory=Tokens)
    limiter: RateLimiter = field(default_factory=RateLimiter)
    # Told of every PaiTIENT event (its type and the deployment as a GET shows it); the webhooks put themselves here.
    announce: Callable[[str, Json], None] = lambda _kind, _deployment: None

    def __post_init__(self) -> None:
        self.random = seeded(self.seed)
        self.counters = {"parasail": Counters(), "paitient": Counters()}

    def new_id(self, prefix: str, length: int = 10) -> str:
        """``dep_`` and the like with seeded random characters."""
        return prefix + "".join(self.random.choices(ALPHABET, k=length))

    def check_rate(self, app: VendorApp, call: Call, key: str) -> None:
        """Refuse a request beyond the vendor's ``requests_per_minute`` knob.

        Raises:
            Refused: 429 in the vendor's form, with Retry-After as the knob ``retry_after`` says.
        """
        knobs = self.knobs.parasail if app.name == "parasail" else self.knobs.paitient
        wait = self.limiter.wait_for(f"{app.name}/{key}", knobs.requests_per_minute, self.clock.now())
        if wait is not None:
            reply = app.failure(call, 429, "Too many requests")
            self.add_retry_after(reply, self.clock.real_seconds(wait), knobs.retry_after)
            raise Refused(reply)

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
