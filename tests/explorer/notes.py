"""What is noted while a history is played, for the oracle and the judges."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(slots=True, eq=False, kw_only=True)
class Notes:
    """Sets of UIDs and ids name what has happened to those, so that something else may be expected of them."""

    events: list[tuple[float, str]] = field(default_factory=list)
    """When which Event was written, or counted once more."""
    violations: list[tuple[str, str]] = field(default_factory=list)
    strangers: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    """(vendor, id) of what colleagues made, as it was; what an object adopts by its spec is no stranger's any more."""
    noted: set[tuple[str, str]] = field(default_factory=set)
    """All that ever were strangers'."""
    excused: set[str] = field(default_factory=set)
    """UIDs whose deployments a person orphaned: no process could know of their end."""
    stripped: set[str] = field(default_factory=set)
    """UIDs of objects whose finalizer was taken off by hand: only a process that lives on can end what they left."""
    twins: set[str] = field(default_factory=set)
    unused: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    """By id at PaiTIENT: from when until when nobody sends it a request, in the loop's time; the last may be without end."""
    taken: dict[tuple[str, str], str] = field(default_factory=dict)
    """(vendor, id) of what another cluster has taken over, and the UID of the object that had it."""
    observed_at: dict[str, float] = field(default_factory=dict)
    """When each ModelProvider was last seen in mode Observe while an object of it ended."""
    orphaned: set[str] = field(default_factory=set)
    """UIDs of objects that had deletionPolicy Orphan at some time: what they leave is left on purpose."""
    born: dict[str, datetime] = field(default_factory=dict)
    """When the API server had each object of the team first, by its UID."""
    uids: dict[str, str] = field(default_factory=dict)
    """Default name → UID, of every object that ever was."""
    names: dict[str, str] = field(default_factory=dict)
    """UID → name, likewise."""
    splits: dict[str, dict[str, int]] = field(default_factory=dict)
    killed_in_create: bool = False
    """A process died while the create of a CanaryEndpoint was under way."""
    failing: dict[str, float] = field(default_factory=dict)
    figures_end: float | None = None
    """Since when the providers' metrics have stood still."""
    points: list[tuple[float, str]] = field(default_factory=list)
    """All moments at which a trap could have sprung, with their times."""
    marks: set[str] = field(default_factory=set)
    """What has happened in this history that changes what may be expected of its end."""
