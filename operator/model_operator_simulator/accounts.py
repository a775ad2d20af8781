"""Who may call: the vendors' API keys, the accounts they belong to, and the limit of requests per minute.

Deployments belong to an account, not to a key: a rotated key sees the same world, another account's key an empty one.
"""

from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

DEFAULT_ACCOUNT = "sim"

MINUTE = 60.0


@dataclass(frozen=True)
class Token:
    """One API key. `client_id` is its second half where the vendor has one; `read_only` keys may only GET."""

    vendor: str
    key: str
    account: str = DEFAULT_ACCOUNT
    client_id: str | None = None
    read_only: bool = False


class Tokens:
    """All keys in force, by vendor and key, and every key that ever was (for redaction)."""

    def __init__(self) -> None:
        self._tokens: dict[tuple[str, str], Token] = {}
        self.known: set[str] = set()

    def put(self, token: Token) -> None:
        """Add a key, or change the one of the same name."""
        self._tokens[token.vendor, token.key] = token
        self.known.add(token.key)
        if token.client_id:
            self.known.add(token.client_id)

    def find(self, vendor: str, key: str | None) -> Token | None:
        """The key if it is in force."""
        return None if key is None else self._tokens.get((vendor, key))

    def revoke(self, vendor: str, key: str) -> bool:
        """Take a key out of force; ``False`` if it was not in it."""
        return self._tokens.pop((vendor, key), None) is not None

    def listed(self) -> list[dict[str, Any]]:
        """All keys in force, for the control plane (these are the simulator's own keys, not secrets)."""
        return [asdict(token) for token in self._tokens.values()]


class RateLimiter:
    """A sliding window of one minute per key, on the simulator's clock."""

    def __init__(self) -> None:
        self._windows: dict[str, deque[float]] = {}

    def wait_for(self, key: str, limit: int | None, now: float) -> float | None:
        """Count a request, or say how many clock seconds to wait if the minute is full.

        Args:
            key: whose minute it is.
            limit: requests per minute; ``None`` never refuses.
            now: clock time.
        """
        if limit is None:
            return None
        window = self._windows.setdefault(key, deque())
        while window and window[0] <= now - MINUTE:
            window.popleft()
        if len(window) < limit:
            window.append(now)
            return None
        return window[0] + MINUTE - now if window else MINUTE


class TokenBody(BaseModel):
    """``POST /__sim/tokens``: a key to add or to change."""

    model_config = ConfigDict(extra="forbid")

    vendor: str
    key: str = Field(min_length=1)
    account: str = DEFAULT_ACCOUNT
    client_id: str | None = None
    read_only: bool = False
