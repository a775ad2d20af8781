"""PaiTIENT's webhooks: the vendor names the events; payload, signature and retries are this project's invention.

Events leave in the background, at least once, and a lost one is tried again after 1, 5 and 25 real seconds.
"""

import asyncio
import hashlib
import hmac
import json
from typing import Any

import aiohttp

from model_operator_simulator.call import Json
from model_operator_simulator.chance import seeded
from model_operator_simulator.clock import rfc3339
from model_operator_simulator.core import Core

from .knobs import WebhookKnobs

RETRY_SECONDS = (1.0, 5.0, 25.0)
TIMEOUT = aiohttp.ClientTimeout(total=5)


class Webhooks:
    """Sends events to the knob ``webhooks.url``, as badly as the other knobs of that section say.

    Args:
        core: clock and knobs.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        # Not the core's stream: whether webhooks are on must not change what else is drawn.
        self._chance = seeded(core.seed, "webhooks")
        self._count = 0
        self._counts = {"announced": 0, "dropped": 0, "delivered": 0, "attempts": 0}
        self._kept_back: tuple[str, dict[str, Json]] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def announce(self, kind: str, deployment: Json) -> None:
        """Send an event, unless no URL is set."""
        knobs = self._core.knobs.of(WebhookKnobs)
        if knobs.url is None:
            return
        self._counts["announced"] += 1
        if self._chance.random() < knobs.drop_probability:
            self._counts["dropped"] += 1
            return
        self._count += 1
        created = rfc3339(self._core.clock.now())
        event = {
            "id": f"evt_{self._count:010d}",
            "type": kind,
            "created_at": created,
            "data": {"deployment": deployment},
        }
        if self._kept_back is None and self._chance.random() < knobs.reorder_probability:
            self._kept_back = (knobs.url, event)
            return
        copies = knobs.burst + (self._chance.random() < knobs.duplicate_probability)
        sent = [self._send(knobs.url, event) for _ in range(copies)]
        if self._kept_back is not None:
            sent.append(self._send(*self._kept_back, after=sent[0]))
            self._kept_back = None

    def report(self) -> dict[str, int]:
        """How many events were announced, dropped on purpose, tried, delivered, and are under way."""
        return {**self._counts, "under_way": len(self._tasks)}

    def close(self) -> None:
        """Stop sending."""
        for task in self._tasks:
            task.cancel()

    def _send(
        self, url: str, event: dict[str, Json], after: asyncio.Task[None] | None = None
    ) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(self._deliver(url, event, after))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _deliver(self, url: str, event: dict[str, Json], after: asyncio.Task[None] | None) -> None:
        if after is not None:
            await asyncio.wait([after])
        knobs = self._core.knobs.of(WebhookKnobs)
        body = json.dumps(event).encode()
        secret = "wrong" if self._chance.random() < knobs.bad_signature_probability else knobs.secret
        headers = {
            "Content-Type": "application/json",
            "X-Sim-Signature": signature(secret, int(self._core.clock.real_time()), body),
        }
        await asyncio.sleep(knobs.delay_s)
        async with aiohttp.ClientSession(timeout=TIMEOUT, trust_env=False) as session:
            for pause in (*RETRY_SECONDS, None):
                self._counts["attempts"] += 1
                if await _posted(session, url, body, headers):
                    self._counts["delivered"] += 1
                    return
                if pause is not None:
                    await asyncio.sleep(pause)


def signature(secret: str, at: int, body: bytes) -> str:
    """``t=SECONDS,v1=HEX``: HMAC-SHA256 of ``SECONDS.BODY``."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


async def _posted(session: aiohttp.ClientSession, url: str, body: bytes, headers: dict[str, Any]) -> bool:
    try:
        async with session.post(url, data=body, headers=headers, allow_redirects=False) as response:
            return 200 <= response.status < 300
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
        return False
