"""Namespaces divided among processes: to which shard each belongs, and which shard is this process's. No I/O."""

import hashlib
from collections.abc import Iterable
from typing import Final

MOST: Final = 64
"""Shards that there may be: each process reads the Leases of all of them."""


def shard_of(namespace: str, count: int) -> int:
    """0 to `count` - 1, the same in every process and release: two that differ would both write in one namespace.

    A cryptographic hash, so that names that differ in their last letter fall as far apart as any others.
    """
    return int.from_bytes(hashlib.sha256(namespace.encode()).digest()[:8]) % count


def title(shard: int, count: int) -> str:
    """As people and Leases name it, from 1."""
    return f"{shard + 1}-of-{count}"


class Shards:
    """How many shards there are, and which of them is ours. One shard alone is ours from the start."""

    def __init__(self, count: int = 1) -> None:
        self.count = count
        self.mine: int | None = 0 if count == 1 else None

    def take(self, shard: int) -> None:
        """Ours from now on, until the end of the process."""
        self.mine = shard

    def of(self, namespace: str) -> int:
        return shard_of(namespace, self.count) if self.count > 1 else 0

    def owns(self, namespace: str) -> bool:
        """Whether this process looks after the objects of that namespace."""
        return self.of(namespace) == self.mine

    def excludes(self, namespace: str) -> bool:
        """Whether another process looks after it for sure: while none is ours, any may become so."""
        return self.mine is not None and not self.owns(namespace)

    def part(self, total: int, namespaces: Iterable[str]) -> int:
        """What this process may use of `total`, which the shards of these namespaces share evenly; at least 1.

        Whether such a shard is held by anybody does not count: its part is there for whoever takes it next.
        """
        users = sorted({self.of(namespace) for namespace in namespaces})
        if self.mine not in users or len(users) == 1:
            return total
        left_over = users.index(self.mine) < total % len(users)
        return max(1, total // len(users) + left_over)
