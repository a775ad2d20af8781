"""What each ModelDeployment claims at its provider, under names that the cache can look up. Pure.

`id/<the provider's id>`, `name/<chosen name>`, `hash/<hash of the UID>` (the tail of a default name) and `uid/<UID>`.
"""

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from model_operator.domain import PROVIDER, Key, Remote
from model_operator.models.deployment import ModelDeployment
from model_operator.models.deployment_status import ModelDeploymentStatus
from model_operator.models.parse import InvalidResource
from model_operator.owner_marks import OwnerMark

HASH_LENGTH: Final = 8
_DEFAULT: Final = re.compile(rf".-[a-z2-7]{{{HASH_LENGTH}}}\Z")


@lru_cache(maxsize=4096)  # asked for in every pass
def hash_of(uid: str) -> str:
    """The tail of an object's default name: no other object has it."""
    return base64.b32encode(hashlib.sha256(uid.encode()).digest()).decode().lower()[:HASH_LENGTH]


def has_hash(name: str) -> bool:
    """Whether a deployment's name ends as default names do."""
    return _DEFAULT.search(name) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimant:
    key: Key
    uid: str
    provider: Key | None
    """None: it cannot be read whose account it means."""
    ids: frozenset[str]
    """That its status holds or its spec names."""
    holds_id: bool
    adopts: bool
    chosen_name: str | None
    is_pending: bool
    created: datetime | None

    @classmethod
    def of(cls, key: Key, found: "ModelDeployment | InvalidResource") -> "Claimant":
        """Also of an object that this version does not understand, as far as it can be read."""
        status, metadata = found.status, found.metadata
        held = status.external_id if isinstance(status, ModelDeploymentStatus) else None
        if isinstance(found, ModelDeployment):
            wanted, chosen = found.spec.external_id, found.spec.deployment_name
            provider: str | None = found.spec.provider_ref.name
        else:
            wanted, chosen, provider = found.external_id, found.deployment_name, found.provider
        return cls(
            key=key,
            uid=metadata.uid,
            provider=Key(PROVIDER, key.namespace, provider) if provider is not None else None,
            ids=frozenset(id_ for id_ in (held, wanted) if id_ is not None),
            holds_id=held is not None,
            adopts=wanted is not None,
            chosen_name=chosen,
            is_pending=isinstance(status, ModelDeploymentStatus) and status.pending is not None,
            created=metadata.creation_timestamp,
        )

    def has(self, remote: Remote) -> bool:
        """Whether it holds or names that id, or has chosen that name, unless the owner mark names another object."""
        mark = OwnerMark.read(remote.owner)
        is_named = mark is None or (mark.namespace, mark.name) == (self.key.namespace, self.key.name)
        return remote.id in self.ids or (is_named and remote.name == self.chosen_name)

    def terms(self) -> Iterator[str]:
        """Under which names it is looked up."""
        yield from (f"id/{id_}" for id_ in self.ids)
        yield f"uid/{self.uid}"
        yield f"hash/{hash_of(self.uid)}"
        if self.chosen_name is not None:
            yield f"name/{self.chosen_name}"


class Claims:
    """An index of claimants. Every change of an object replaces all that was known of it."""

    def __init__(self) -> None:
        self._by_key: dict[Key, Claimant] = {}
        self._by_term: dict[str, Key | set[Key]] = {}
        """Nearly every term is of one object, and an object has up to four: a set for each would cost 216 bytes."""

    def put(self, claimant: Claimant) -> None:
        self.remove(claimant.key)
        self._by_key[claimant.key] = claimant
        for term in claimant.terms():
            keys = self._by_term.setdefault(term, claimant.key)
            if isinstance(keys, set):
                keys.add(claimant.key)
            elif keys != claimant.key:
                self._by_term[term] = {keys, claimant.key}

    def remove(self, key: Key) -> None:
        before = self._by_key.pop(key, None)
        for term in before.terms() if before is not None else ():
            keys = self._by_term[term]
            if isinstance(keys, set):
                keys.discard(key)
            if not keys or keys == key:
                del self._by_term[term]

    def of(self, key: Key) -> Claimant | None:
        return self._by_key.get(key)

    def find(self, *terms: str) -> frozenset[Key]:
        """The objects with any of these claims."""
        found: set[Key] = set()
        for term in terms:
            keys = self._by_term.get(term)
            if isinstance(keys, set):
                found |= keys
            elif keys is not None:
                found.add(keys)
        return frozenset(found)
