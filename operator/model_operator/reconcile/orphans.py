"""Looks for orphaned deployments: what an account's LIST shows beside the objects, and a read of these where it is in doubt.

The read is of metadata alone, of all namespaces that this process watches, and it is made only while something looks
orphaned. Objects of other shards are objects like any others.
"""

import logging
from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime

from model_operator.accounts.account import Account, is_live
from model_operator.accounts.bindings import Bindings
from model_operator.billing.prices import price_of
from model_operator.billing.usage import usage_of
from model_operator.domain import DEPLOYMENT, Key, Priority, Remote
from model_operator.errors import ProviderError
from model_operator.kube import KubeError
from model_operator.models.orphans import Orphan, Orphans
from model_operator.models.provider import ModelProvider
from model_operator.owner_marks import OwnerMark
from model_operator.plan.orphans import Sightings, Unheld, unheld
from model_operator.reconcile.cache import Cache
from model_operator.reconcile.claims import Claimant, hash_of
from model_operator.reconcile.store import ListingStore
from model_operator.status.orphans import orphans_of

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class OrphanWatch:
    """Of all accounts of this process."""

    store: ListingStore | None
    """None: nothing is called an orphan."""
    cache: Cache
    bindings: Bindings
    namespaces: Collection[str]
    """Those that are watched; empty: all."""
    installation: str
    unknown: dict[Key, int] = field(default_factory=dict)
    """Deployments that no object here holds and that are not known to be ours, by the ModelProvider that tells of them."""
    _sightings: dict[str, Sightings] = field(default_factory=dict)
    """By account."""

    async def look(
        self, key: Key, before: Orphans | None, account: Account | None, now: datetime
    ) -> Orphans | None:
        """What the ModelProvider `key` says of its account from now on. Of each deployment one ModelProvider tells."""
        if account is None or account.snapshot is None:
            return before
        found = self._unheld(account)
        members = account.all_members
        self._note_unknown(key, found.unknown if key == min(members) else 0)
        orphaned = await self._orphaned(account, account.snapshot.begun, found)
        ours = {id_: r for id_, r in found.suspects.items() if reporter(members, r) == key}
        return await self._priced(key, account, before, orphans_of(before, ours, orphaned, now))

    async def _priced(
        self, key: Key, account: Account, before: Orphans | None, after: Orphans | None
    ) -> Orphans | None:
        """With what each of the new ones costs, and each after an edit: one GET, since a LIST does not show replicas."""
        provider = self.cache.provider(key)
        known = {one.id for one in before.items} if before is not None else set[str]()
        if after is None or provider is None:
            return after
        if provider.status.observed_generation != provider.metadata.generation:
            known = set()  # it may have other prices
        if known >= {one.id for one in after.items}:
            return after
        items = [
            one if one.id in known else one.with_(per_hour=await _per_hour(account, provider, one))
            for one in after.items
        ]
        return after.with_(items=tuple(items))

    def forget(self, key: Key) -> None:
        """That ModelProvider is gone."""
        self.unknown.pop(key, None)

    def _note_unknown(self, key: Key, number: int) -> None:
        if number:
            self.unknown[key] = number
        else:
            self.unknown.pop(key, None)

    def _unheld(self, account: Account) -> Unheld:
        remotes = account.snapshot.by_id.values() if account.snapshot is not None else ()
        return unheld(
            filter(is_live, remotes),
            self.installation,
            lambda namespace: not self.namespaces or namespace in self.namespaces,
            lambda remote: self._is_held(remote, account),
        )

    def _is_held(self, remote: Remote, account: Account) -> bool:
        """By a UID, an id or a name that an object claims; or its mark names an object that holds no other one."""
        terms = (f"id/{remote.id}", f"uid/{remote.owner_uid}", f"name/{remote.name}")
        tail = remote.name.rpartition("-")[2]
        claims = self.cache.claims
        found = [one for key in claims.find(*terms, f"hash/{tail}") if (one := claims.of(key)) is not None]
        if any(one.uid == remote.owner_uid or hash_of(one.uid) == tail for one in found):
            return True
        if any(one.has(remote) and self._may_be_of(one, account) for one in found):
            return True
        mark = OwnerMark.read(remote.owner)
        return mark is not None and self._waits_for_it(mark, remote)

    def _may_be_of(self, claimant: Claimant, account: Account) -> bool:
        """Ids and chosen names mean something only within one account; where nobody can tell which it is, they count."""
        provider = claimant.provider
        return provider is None or provider in account.all_members or self.bindings.account(provider) is None

    def _waits_for_it(self, mark: OwnerMark, remote: Remote) -> bool:
        named = self.cache.claims.of(Key(DEPLOYMENT, mark.namespace, mark.name))
        return named is not None and (not named.holds_id or remote.id in named.ids)

    async def _orphaned(self, account: Account, begun: datetime, found: Unheld) -> AbstractSet[str]:
        seen = self._sightings.get(account.id, Sightings()).among(found.suspects.keys())
        due = seen.due(found.suspects.keys(), begun, account.poll_interval)
        objects = await self._read() if due else None
        if objects is not None:
            suspects = {id_: found.suspects[id_] for id_ in due}
            seen = seen.read(due, self._ownerless(suspects, objects), begun)
        self._sightings[account.id] = seen
        return seen.orphaned

    async def _read(self) -> Mapping[Key, str] | None:
        """The UIDs of all ModelDeployments, as they are now. None where the API server does not say."""
        if self.store is None:
            return None
        objects: dict[Key, str] = {}
        try:
            for namespace in self.namespaces or (None,):
                shown = await self.store.versions(DEPLOYMENT, namespace)
                objects |= {key: version.uid for key, version in shown.objects.items()}
        except KubeError as error:
            log.warning("whether deployments are orphaned cannot be told: %s", error)
            return None
        return objects

    def _ownerless(self, suspects: Mapping[str, Remote], objects: Mapping[Key, str]) -> AbstractSet[str]:
        """Those whose UID no object has, and whose namespace and name none, or one that is known to hold another."""
        uids = set(objects.values())
        return {
            id_ for id_, r in suspects.items() if r.owner_uid not in uids and not self._is_named(r, objects)
        }

    def _is_named(self, remote: Remote, objects: Mapping[Key, str]) -> bool:
        mark = OwnerMark.read(remote.owner)
        if mark is None:
            return False
        key = Key(DEPLOYMENT, mark.namespace, mark.name)
        if key not in objects:
            return False
        known = self.cache.claims.of(key)
        return known is None or known.uid != objects[key] or self._waits_for_it(mark, remote)


async def _per_hour(account: Account, provider: ModelProvider, orphan: Orphan) -> str | None:
    """`9.80 USD`; None where no price is known; as before where it cannot be read."""
    try:
        remote = await account.provider.at(Priority.SWEEP).get(orphan.id)
    except ProviderError:
        return orphan.per_hour
    usage = usage_of(remote, account.vendor.capabilities.bills, None)
    price = price_of(remote.machine, remote.price, provider.spec.prices or ())
    if usage is None or price is None:
        return None
    return f"{usage.at(price).likely:f} {price.currency}"


def reporter(members: Collection[Key], remote: Remote) -> Key:
    """Which ModelProvider of an account tells of a deployment: one of its object's namespace, if there is any."""
    mark = OwnerMark.read(remote.owner)
    near = [key for key in members if mark is not None and key.namespace == mark.namespace]
    return min(near or members)
