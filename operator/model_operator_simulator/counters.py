"""Counts that make "at most once" checkable from outside.

A vendor's state reports every committed create, write and end here; nothing but ``/__sim/reset`` sets a count back.
"""

from collections import Counter, defaultdict
from typing import Any


class Counters:
    """The counts of one vendor. ``name`` and ``tag`` are the two identities an owner can give to a deployment."""

    def __init__(self) -> None:
        self.creates: Counter[str] = Counter()
        self.deletes = 0
        self.writes: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.requests: Counter[str] = Counter()
        self._creates_by = {"name": Counter[str](), "tag": Counter[str]()}
        self._live_by = {"name": Counter[str](), "tag": Counter[str]()}
        self._most_by = {"name": Counter[str](), "tag": Counter[str]()}
        self._live = 0
        self._most_live = 0
        self._gpus = 0
        self._most_gpus = 0

    def requested(self, operation: str) -> None:
        """A request of this operation arrived (also one that fails)."""
        self.requests[operation] += 1

    def created(self, kind: str) -> None:
        """An object of ``kind`` (deployment, endpoint, canary_endpoint) was created."""
        self.creates[kind] += 1

    def deployment_created(self, name: str, tag: str | None) -> None:
        """A deployment came to life under this name and, if it has one, this identity tag."""
        self.created("deployment")
        self._live += 1
        self._most_live = max(self._most_live, self._live)
        for by, identity in (("name", name), ("tag", tag)):
            if identity is not None:
                self._creates_by[by][identity] += 1
                self._live_by[by][identity] += 1
                self._most_by[by][identity] = max(self._most_by[by][identity], self._live_by[by][identity])

    def deployment_ended(self, name: str, tag: str | None) -> None:
        """A deployment is gone for good, whoever ended it."""
        self._live -= 1
        for by, identity in (("name", name), ("tag", tag)):
            if identity is not None:
                self._live_by[by][identity] -= 1

    def wrote(self, identifier: str, operation: str) -> None:
        """A write to an existing object was committed."""
        self.writes[identifier][operation] += 1
        if operation == "delete":
            self.deletes += 1

    def gpus(self, change: int) -> None:
        """So many GPUs more (or less) are in use."""
        self._gpus += change
        self._most_gpus = max(self._most_gpus, self._gpus)

    def report(self) -> dict[str, Any]:
        """All counts as JSON; identities that are no longer alive are left out of ``live_by_*`` only."""
        return {
            "creates": dict(self.creates),
            "creates_by_name": dict(self._creates_by["name"]),
            "creates_by_tag": dict(self._creates_by["tag"]),
            "live": self._live,
            "max_live": self._most_live,
            "live_by_name": dict(+self._live_by["name"]),
            "live_by_tag": dict(+self._live_by["tag"]),
            "max_live_by_name": dict(self._most_by["name"]),
            "max_live_by_tag": dict(self._most_by["tag"]),
            "live_gpus": self._gpus,
            "max_live_gpus": self._most_gpus,
            "deletes": self.deletes,
            "writes": {identifier: dict(counts) for identifier, counts in self.writes.items()},
            "requests": dict(self.requests),
        }
