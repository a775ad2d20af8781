"""Which ModelProviders take events, and what each may cost: a rate, and copies that are known.

Written by the passes over ModelProviders, read by the receiver.
"""

import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from model_operator.domain import Key
from model_operator.models.provider import SignatureAlgorithm, SignatureScheme
from model_operator.redaction import Redactor
from model_operator.webhooks.signature import Hook, Verdict, judge

BURST: Final = 200.0
PER_SECOND: Final = 20.0
"""Of one ModelProvider, signed or not: so many at once, and so many a second from then on."""
_MOST_KNOWN: Final = 10_000
"""More than the rate lets through within the usual tolerance."""


@dataclass(slots=True)
class Allowance:
    """Requests that may still come. Times are seconds on any clock that only goes forward."""

    left: float = BURST
    at: float = 0.0

    def take(self, now: float) -> bool:
        """Whether one more may come."""
        self.left, self.at = min(BURST, self.left + (now - self.at) * PER_SECOND), now
        if self.left < 1:
            return False
        self.left -= 1
        return True


@dataclass(slots=True)
class Inlet:
    """Where the events of one ModelProvider arrive."""

    hook: Hook
    allowance: Allowance = field(default_factory=Allowance)
    known: OrderedDict[bytes, datetime] = field(default_factory=OrderedDict)
    """Until when each accepted signature is remembered, oldest first."""

    def judge(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Verdict:
        """Of an event that has arrived now."""
        verdict, signature = judge(self.hook, headers, body, now)
        if verdict is not Verdict.ACCEPTED or signature is None:
            return verdict
        while self.known and (len(self.known) > _MOST_KNOWN or next(iter(self.known.values())) <= now):
            self.known.popitem(last=False)
        if signature in self.known:
            return Verdict.REPEATED
        # A signature from the future is good for twice the tolerance.
        self.known[signature] = now + 2 * self.hook.tolerance
        return Verdict.ACCEPTED


class Hooks:
    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._inlets: dict[Key, Inlet] = {}
        self._nobody = Inlet(_unknown())

    def put(self, provider: Key, hook: Hook) -> None:
        """That ModelProvider takes events from now on. Its rate, and what is known, stay with the same hook."""
        before = self._inlets.get(provider)
        if before is not None and before.hook == hook:
            return
        self.drop(provider)
        self._redactor.register(hook.text, provider.namespace)
        self._inlets[provider] = Inlet(hook, before.allowance if before is not None else Allowance())

    def drop(self, provider: Key) -> None:
        """It takes none any more."""
        inlet = self._inlets.pop(provider, None)
        if inlet is not None:
            self._redactor.forget(inlet.hook.text, provider.namespace)

    def inlet(self, provider: Key) -> Inlet:
        """Of a ModelProvider that takes no events, one whose secret nobody has: strangers learn no names by answers."""
        return self._inlets.get(provider, self._nobody)


def _unknown() -> Hook:
    return Hook(
        provider="unknown",
        text="",
        secret=secrets.token_bytes(32),
        scheme=SignatureScheme.BODY,
        header="x-signature",
        algorithm=SignatureAlgorithm.SHA256,
        tolerance=timedelta(minutes=5),
    )
