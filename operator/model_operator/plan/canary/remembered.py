"""What the process remembers of one CanaryEndpoint, as far as decisions look at it. All of it can be lost without harm.

Its methods say what happened; `reconcile/canary/memory.py` holds the present one.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from model_operator.domain import Canary, Split


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    """What this process remembers from nothing to an id in the status; it can be lost without harm."""

    intent: datetime | None = None
    """`pending.startedAt` of the intent that this process wrote, or tried to, and whose request it has not sent."""
    created: Canary | None = None
    """The answer to our POST, should its id not have reached the status yet."""

    def announced(self, started_at: datetime) -> "Creation":
        """Once the API server shows this intent, its request can be sent."""
        return replace(self, intent=started_at)

    def sent(self) -> "Creation":
        """From here on the outcome may be unknown."""
        return replace(self, intent=None)

    def answered(self, reply: Canary, sent: Split) -> "Creation":
        """An answer that shows no split is about the one that was sent."""
        return replace(self, created=replace(reply, split=sent if reply.split is None else reply.split))

    def recorded(self, external_id: str | None) -> "Creation":
        """A status with that id was written. What it does not say is still to be said."""
        is_said = self.created is not None and self.created.id == external_id
        return replace(self, created=None) if is_said else self
