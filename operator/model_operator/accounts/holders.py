"""What an account asks of the objects that have something in it."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Protocol

from model_operator.domain import Key


@dataclass(frozen=True, slots=True)
class Ids:
    held: dict[Key, str]
    expected: set[str]
    """Those whose absence would be a surprise: neither being deleted nor known to be gone."""
    leaving: set[str] = field(default_factory=set)
    """Those of objects that are being deleted."""
    foreign: set[Key] = field(default_factory=set)
    """Objects of other shards: what they hold counts, and news of it is theirs."""


class Holders(Protocol):
    """The objects of ModelProviders, as far as an account asks for them."""

    def ids(self, providers: AbstractSet[Key]) -> Ids:
        """The remote ids that ModelDeployments of these ModelProviders hold."""

    def dependents(self, provider: Key) -> frozenset[Key]:
        """ModelDeployments that name that ModelProvider, terminating ones included."""
