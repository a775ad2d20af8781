"""What came of a rehearsal, for each object: what would be sent, what refuses it, what it waits for.

Values are as they would be sent, secrets and made-up ids included: `shown.py` makes them fit to be seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from model_operator.domain import Key
from model_operator.reconcile.store import Body
from model_operator.rehearsal.catching import Request
from model_operator.rehearsal.imagined import World


class Outcome(StrEnum):
    CHANGES = "Changes"
    """Requests would be sent that change something."""
    NOTHING = "Nothing"
    """Everything is as the object says."""
    WAITS = "Waits"
    """Nothing would be sent now, and something is under way or missing."""
    REFUSED = "Refused"
    """By the API server, the provider or the operator; a person has to do something."""
    UNKNOWN = "Unknown"
    """It could not be found out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One object of the user's files, as the API server would store it."""

    key: Key
    body: Body | None
    """None: the API server refuses it."""
    is_new: bool
    is_edited: bool = False
    """It is there, and its spec would be another one."""
    refusal: str = ""
    set_aside: str = ""
    """Why it is not rehearsed."""
    immutable: tuple[str, ...] = ()
    """Fields that it sets and that cannot be changed later."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """All that a rehearsal begins with."""

    items: tuple[Item, ...]
    there: Mapping[Key, Body] = field(default_factory=dict)
    """What the API server has."""
    added: Mapping[Key, Body] = field(default_factory=dict)
    """What is added to it: Secrets, and ModelProviders that nobody has written down."""
    hidden: tuple[Body, ...] = ()
    """Secrets of the files that nobody uses: nothing of them may be shown all the same."""
    real_urls: Mapping[Key, Mapping[str, str]] = field(default_factory=dict)
    """By ModelProvider: what stands for the provider's own URL."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectPlan:
    key: Key
    provider: Key | None
    uid: str
    is_new: bool
    is_edited: bool
    outcome: Outcome
    reason: str = ""
    message: str = ""
    requests: tuple[Request, ...] = ()
    steps: tuple[str, ...] = ()
    """Of a CanaryEndpoint: the way to its destination, in words."""
    immutable: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    objects: tuple[ObjectPlan, ...]
    world: World
    """What its made-up ids stand for."""
    secrets: tuple[Body, ...]

    @property
    def has_changes(self) -> bool:
        """Something would be sent, or stored by the API server."""
        return any(o.outcome is Outcome.CHANGES or o.is_new or o.is_edited for o in self.objects)

    @property
    def is_refused(self) -> bool:
        return any(o.outcome in {Outcome.REFUSED, Outcome.UNKNOWN} for o in self.objects)
