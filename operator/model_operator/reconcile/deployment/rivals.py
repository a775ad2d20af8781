"""Which of several ModelDeployments has the claim to one remote name or id of an account. Pure over cache and account.

Every object claims the id that it holds or names, and the name that it chose or that has its UID's hash; one that this
version does not understand claims, too. What is at the provider decides first (the UID tag, the UID's hash in the name),
then who has it already, then the intent in the status, then who was let through in this process (its intent may still
be on its way to the API server), and only then the age. The order of arrival decides nothing.
"""

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Self

from model_operator.accounts.account import Account
from model_operator.domain import Key, Remote
from model_operator.models.deployment import ModelDeployment
from model_operator.modes import Mode
from model_operator.reconcile.base import Surroundings
from model_operator.reconcile.claims import Claimant, Claims, hash_of
from model_operator.reconcile.deployment.desire import default_name
from model_operator.reconcile.modes import mode_of

_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)

Rank = tuple[bool, bool, bool, bool, datetime, str]


@dataclass(frozen=True, slots=True)
class Contest:
    """One object among all others of its account."""

    own: Claimant
    account: Account
    claims: Claims
    let_through: Container[str]
    """UIDs of those that no pass has refused so far."""
    has_account: Callable[[Key], bool]
    """Whether it is known where a ModelProvider leads."""
    is_ours: Callable[[str], bool] = lambda _: True
    """Whether this process looks after the objects of a namespace."""
    observes: Callable[[Key], bool] = lambda _: False
    """Whether a ModelProvider is in mode Observe."""

    @classmethod
    def over(
        cls,
        around: Surroundings,
        key: Key,
        resource: ModelDeployment,
        account: Account,
        let_through: Container[str],
    ) -> Self:
        return cls(
            Claimant.of(key, resource),
            account,
            around.cache.claims,
            let_through,
            lambda provider: around.bindings.account(provider) is not None,
            around.shards.owns,
            lambda provider: mode_of(around.cache, provider) is Mode.OBSERVE,
        )

    def rival(self) -> str | None:
        """Who comes first, in words for a message; None: nobody does."""
        for other in self._others():
            common = self.own.ids & other.ids
            takes_turns = self.is_ours(other.key.namespace)
            if self._rank(other, common, takes_turns) < self._rank(self.own, common, takes_turns):
                return self._words(other)
        return None

    def owner(self, remote: Remote) -> str | None:
        """The living object whose UID a deployment carries, in words for a message, unless that is this one."""
        marks = (f"uid/{remote.owner_uid}", f"hash/{remote.name.rpartition('-')[2]}")
        for other in self._found(*marks):
            if other.uid != self.own.uid and self._is_marked(remote, other):
                return self._words(other)
        return None

    def is_free(self, remote: Remote) -> bool:
        """Whether no object that is known, this one included, holds a deployment, has its mark or has chosen its name."""
        if remote.owner_uid == self.own.uid or remote.name == self._default_name(self.own):
            return False
        marks = (f"uid/{remote.owner_uid}", f"hash/{remote.name.rpartition('-')[2]}")
        for other in self._found(f"id/{remote.id}", f"name/{remote.name}", *marks):
            if self._is_marked(remote, other) or (other.has(remote) and not self._is_elsewhere(other)):
                return False
        return True

    def _is_elsewhere(self, other: Claimant) -> bool:
        """It is known to be of another account, where the same id or name is another deployment."""
        provider = other.provider
        return (
            provider is not None and provider not in self.account.all_members and self.has_account(provider)
        )

    def _others(self) -> Iterator[Claimant]:
        """Those of the account with a claim to the same."""
        name = self._name(self.own)
        terms = [f"id/{id_}" for id_ in self.own.ids]
        if name is not None:
            terms += [f"name/{name}", f"hash/{name.rpartition('-')[2]}"]
        for other in self._found(*terms):
            if not self._may_be_of_the_account(other):
                continue
            if not self.own.ids.isdisjoint(other.ids) or (name is not None and name == self._name(other)):
                yield other

    def _may_be_of_the_account(self, other: Claimant) -> bool:
        """Also one of the namespace that has something at a provider while nobody can tell in whose account."""
        has_something = other.holds_id or other.is_pending
        if other.provider is not None and not has_something and self.observes(other.provider):
            return False  # it makes nothing and adopts nothing
        if other.provider in self.account.all_members:
            return True
        is_near = other.key.namespace == self.own.key.namespace and has_something
        return is_near and (other.provider is None or not self.has_account(other.provider))

    def _found(self, *terms: str) -> Iterator[Claimant]:
        for key in sorted(self.claims.find(*terms) - {self.own.key}):
            other = self.claims.of(key)
            if other is not None:
                yield other

    def _name(self, claimant: Claimant) -> str | None:
        """The name that it has or would have at the provider; that of an adopted deployment is not its to claim."""
        return None if claimant.adopts else claimant.chosen_name or self._default_name(claimant)

    def _default_name(self, claimant: Claimant) -> str:
        limit = self.account.vendor.capabilities.name_limit
        return default_name(claimant.key.name.partition("@")[0], claimant.uid, limit)

    def _rank(self, claimant: Claimant, common: frozenset[str], takes_turns: bool) -> Rank:
        """`common` are the ids that both want; without any it is a name.

        Whom the passes of another shard have let through nobody knows here: both shards go by what the server shows.
        """
        return (
            not self._has_mark(claimant, common),
            not claimant.holds_id,
            not claimant.is_pending,
            takes_turns and claimant.uid not in self.let_through,
            claimant.created or _FIRST,
            claimant.uid,
        )

    def _has_mark(self, claimant: Claimant, common: frozenset[str]) -> bool:
        """Whether what both want carries that one's UID, or would carry it in its name."""
        if not common:
            return self._name(self.own) == self._default_name(claimant)
        by_id = self.account.snapshot.by_id if self.account.snapshot is not None else {}
        return any(self._is_marked(by_id[id_], claimant) for id_ in common if id_ in by_id)

    def _is_marked(self, remote: Remote, claimant: Claimant) -> bool:
        if remote.owner_uid == claimant.uid:
            return True
        # Who has chosen a name has made nothing under another, whoever has that.
        has_hash = claimant.chosen_name is None and remote.name.endswith(f"-{hash_of(claimant.uid)}")
        return has_hash and remote.name == self._default_name(claimant)

    def _words(self, other: Claimant) -> str:
        """Names of other namespaces are nobody's business here."""
        if other.key.namespace != self.own.key.namespace:
            return "a ModelDeployment in another namespace"
        return f'ModelDeployment "{other.key.name.partition("@")[0]}"'
