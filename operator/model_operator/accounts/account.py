"""One account at one vendor, as all passes share it: its provider, its last complete LIST, and what that proves.

The poller of the engine fills it; passes only read it and say what they wait for.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from model_operator.accounts.holders import Ids
from model_operator.domain import Key, Remote, RunState
from model_operator.errors import ProviderError, Unavailable, retry_for
from model_operator.providers.base import Gate, Provider, Vendor
from model_operator.signals import Signals

Version = tuple[str | None, str, int | None]
"""Of an item of a LIST: the vendor's own version of it, its state in the vendor's word, its replicas."""

HICCUPS = 2
"""Failed polls in a row that change nothing in any status."""

LOOKS_AFTER_A_HINT = 2
"""LISTs after an event: one at once, and one for what the first is too early to show."""

_NEVER: Version = (None, "", None)
_NOT_THERE = frozenset({RunState.GONE, RunState.DELETING})


def is_live(remote: Remote) -> bool:
    """Neither a tombstone nor on its way to one."""
    return remote.state not in _NOT_THERE


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One complete LIST: everything in it existed some time after `begun`, everything not in it did not before."""

    begun: datetime
    """From here on it waited for its turn under the account's limits."""
    ended: datetime
    by_id: Mapping[str, Remote]
    by_name: Mapping[str, Sequence[Remote]]
    by_owner: Mapping[str, Sequence[Remote]]
    by_mark: Mapping[str, Sequence[Remote]] = field(default_factory=dict)
    """By the owner mark."""
    by_stem: Mapping[str, Sequence[Remote]] = field(default_factory=dict)
    """By the name without what stands behind its last hyphen: of a default name, without the UID's hash."""
    shared: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Ids of live deployments by the UID that more than one of them carries."""

    @classmethod
    def of(cls, begun: datetime, remotes: Iterable[Remote], *, ended: datetime | None = None) -> "Snapshot":
        by_id = {remote.id: remote for remote in remotes}
        by_name: dict[str, list[Remote]] = {}
        by_owner: dict[str, list[Remote]] = {}
        by_mark: dict[str, list[Remote]] = {}
        by_stem: dict[str, list[Remote]] = {}
        for remote in by_id.values():
            by_name.setdefault(remote.name, []).append(remote)
            by_stem.setdefault(remote.name.rpartition("-")[0], []).append(remote)
            if remote.owner_uid is not None:
                by_owner.setdefault(remote.owner_uid, []).append(remote)
            if remote.owner is not None:
                by_mark.setdefault(remote.owner, []).append(remote)
        live = {
            uid: frozenset(r.id for r in ours if is_live(r)) for uid, ours in by_owner.items() if ours[1:]
        }
        shared = {uid: ids for uid, ids in live.items() if len(ids) > 1}
        return cls(begun, ended or begun, by_id, by_name, by_owner, by_mark, by_stem, shared)

    def changed_owners(self, before: "Snapshot | None") -> frozenset[str]:
        """Ids of deployments whose UID is carried by others than in the LIST before."""
        was = before.shared if before is not None else {}
        changed = {uid for uid in self.shared.keys() | was.keys() if self.shared.get(uid) != was.get(uid)}
        return frozenset(id_ for uid in changed for ids in (self.shared, was) for id_ in ids.get(uid, ()))

    def candidates(self, name: str, uid: str) -> tuple[Remote, ...]:
        """Live deployments of that name or with that UID tag."""
        found = {r.id: r for r in (*self.by_owner.get(uid, ()), *self.by_name.get(name, ()))}
        return tuple(r for r in found.values() if is_live(r))


@dataclass(slots=True)
class Account:
    """Mutable, used from the event loop alone."""

    id: str
    """Keyed hash of vendor, URL and key: the same for all ModelProviders of one account."""
    vendor: Vendor
    provider: Provider
    gate: Gate
    poll_interval: timedelta
    signals: Signals
    members: set[Key] = field(default_factory=set)
    """The ModelProviders that lead here."""

    others: Callable[[], Iterable["Account"]] = tuple
    """Other open accounts at the same URL."""
    held_elsewhere: Callable[[], AbstractSet[str]] = frozenset
    """Ids that objects of an account hold which only other shards list: their statuses say what its LIST has shown."""
    snapshot: Snapshot | None = None
    can_list: bool = True
    error: ProviderError | None = None
    failures: int = 0

    has_listed: bool = False
    """A LIST has worked, now or in an earlier process: an API that has none any more is sick."""
    is_proven: bool = False
    """A known id was seen with this credential or it created something, so that a miss means something."""
    confirmed: dict[Key, frozenset[str]] = field(default_factory=dict)
    """For whose absence a person has vouched, by the ModelProvider on which that was said (confirm-absence)."""
    missing: frozenset[str] = frozenset()
    """Held ids that the last look did not show and whose absence is not known yet."""
    is_mass_missing: bool = False
    """Two or more known ids and over half of them are missing."""
    is_doubtful: bool = False
    """Known ids are missing, and none was ever seen with this credential."""
    answered: dict[Key, tuple[str, bool]] = field(default_factory=dict)
    """Without LISTs: each key's id, and whether its last GET was answered 2xx rather than 404."""

    moving: set[Key] = field(default_factory=set)
    waiting: set[Key] = field(default_factory=set)
    """Passes that need a complete LIST that begins from now on."""
    seen: dict[Key, Version | None] = field(default_factory=dict)
    """Version of each key's deployment at its last pass; None: it was missing."""
    unchanged: dict[Key, datetime] = field(default_factory=dict)
    """Begin of the last LIST that showed a key's deployment as its last pass saw it, of those that a later one shows
    otherwise."""
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    hinted_looks: int = 0
    """LISTs that are still owed to events of the provider, and begin soon."""

    def want_list(self, key: Key) -> None:
        """That key runs again after the next complete LIST, which is begun soon."""
        self.waiting.add(key)
        self.wake.set()

    def hint(self) -> None:
        """The provider tells that something has changed. It is believed in nothing: the next LIST comes sooner."""
        self.hinted_looks = LOOKS_AFTER_A_HINT
        self.wake.set()

    def settle(self, key: Key, *, is_moving: bool) -> None:
        """After a pass: how closely the key's deployment is to be watched."""
        if is_moving:
            if key not in self.moving:
                self.wake.set()
            self.moving.add(key)
        else:
            self.moving.discard(key)

    def paused_until(self, now: datetime) -> datetime | None:
        """The end of the rest that the provider asked for, if it rests."""
        left = self.gate.resting
        return now + left if left > timedelta() else None

    def forget(self, key: Key) -> None:
        self.moving.discard(key)
        self.waiting.discard(key)
        self.seen.pop(key, None)
        self.unchanged.pop(key, None)
        self.answered.pop(key, None)

    def listed_no_more(self) -> None:
        """Only other shards have to do with it now: what its last LIST showed is believed no longer."""
        self.snapshot = self.error = None
        self.failures, self.can_list, self.missing = 0, True, frozenset()
        self.is_mass_missing = self.is_doubtful = False
        for known in (self.answered, self.seen, self.unchanged, self.moving, self.waiting):
            known.clear()

    def listed(self, snapshot: Snapshot, ids: Ids) -> set[Key]:
        """A LIST has succeeded. Returns the keys that it is news for."""
        was_fine = self.snapshot is not None and self.error is None
        before = (was_fine, self.has_listed, self._standing())
        changed_owners, last = snapshot.changed_owners(self.snapshot), self.snapshot
        self.snapshot, self.error, self.failures = snapshot, None, 0
        self.can_list = self.has_listed = True
        self.answered.clear()
        there = {id_ for id_ in ids.held.values() if self.is_shown(id_)}
        self.is_proven = self.is_proven or bool(there)
        self._weigh(ids.expected - there, ids.leaving - there, len(ids.expected))
        held = {key: id_ for key, id_ in ids.held.items() if key not in ids.foreign}
        news = {key for key, id_ in held.items() if self._version(id_) != self.seen.get(key, _NEVER)}
        if last is not None:
            first_changed = (news - self.unchanged.keys()) & self.seen.keys()
            self.unchanged.update(dict.fromkeys(first_changed, last.begun))
        news |= {key for key, id_ in held.items() if id_ in changed_owners}
        if before != (True, True, self._standing()):
            news |= held.keys()
            self.signals.changed(self.members)
        news |= self.waiting
        self.waiting = set()
        return news

    def looked_up(self, key: Key, id_: str, *, is_there: bool) -> None:
        """Without LISTs, GETs have to tell whether most of the account is missing."""
        before = self._standing()
        self.answered[key] = (id_, is_there)
        missing = {id_ for id_, there in self.answered.values() if not there}
        self._weigh(missing, set(), len(self.answered))
        if before != self._standing():
            self.signals.changed(self.members)

    def _weigh(self, surprising: AbstractSet[str], leaving: AbstractSet[str], expected: int) -> None:
        self.missing = frozenset(surprising | leaving)
        self.is_mass_missing = len(surprising) >= 2 and 2 * len(surprising) > expected
        self.is_doubtful = bool(self.missing) and not self.is_proven

    def _standing(self) -> tuple[object, ...]:
        suspect = self.missing if self.is_mismatch else frozenset[str]()
        return self.is_proven, self.is_mass_missing, self.is_doubtful, suspect

    def list_refused(self, error: ProviderError) -> ProviderError | None:
        """The API says that it has no LIST. Not None: it had one before, so that is no answer of this API."""
        if not self.has_listed:
            return None
        return Unavailable(
            f"{error}. It has listed its deployments before, so this answer is not believed.",
            may_have_landed=False,
        )

    def failed(self, error: ProviderError) -> bool:
        """A LIST has failed; True if passes should now say so."""
        is_new = self.error is None or self.error.reason != error.reason
        self.error, self.failures = error.to_keep(), self.failures + 1
        if retry_for(error).needs_person:
            self.failures = max(
                self.failures, HICCUPS + 1
            )  # no hiccup: 401 and 403 do not pass by themselves
        is_news = is_new or self.failures == HICCUPS + 1
        if is_news:
            self.signals.changed(self.members)
        return is_news

    def saw(self) -> None:
        """A request about an id that we know, or our own create, was answered 2xx."""
        if not self.is_proven:
            self.is_proven, self.is_doubtful = True, False
            self.signals.changed(self.members)

    def note(self, key: Key, id_: str | None) -> None:
        """The pass has looked at what the last LIST said of that id."""
        if id_ is not None and self.snapshot is not None:
            self.seen[key] = self._version(id_)

    def is_as_seen(self, key: Key, id_: str) -> bool:
        """Whether the last LIST shows it as the key's last pass saw it."""
        return key in self.seen and self.seen[key] == self._version(id_)

    def doubt(self, key: Key) -> None:
        """A GET has shown another state than the last LIST: the next one is news, also if it says the same again."""
        self.seen.pop(key, None)

    @property
    def all_members(self) -> AbstractSet[Key]:
        """The ModelProviders that lead here, also by other keys: two whose LISTs show a common id are one account."""
        if self.snapshot is None:
            return self.members
        ids = self.snapshot.by_id.keys()
        kin = [a for a in self.others() if not ids.isdisjoint(a.shown)]
        return self.members.union(*(account.members for account in kin))

    @property
    def shown(self) -> AbstractSet[str]:
        """Ids that are known to be of this account."""
        return self.snapshot.by_id.keys() if self.snapshot is not None else self.held_elsewhere()

    @property
    def has_answered(self) -> bool:
        """False until the first LIST has ended, in whatever way."""
        return self.snapshot is not None or self.error is not None or not self.can_list

    def is_shown(self, id_: str) -> bool:
        """Whether the last LIST shows it, and not as a tombstone."""
        item = self.snapshot.by_id.get(id_) if self.snapshot is not None else None
        return item is not None and not item.is_gone

    def is_confirmed(self, provider: Key, id_: str) -> bool:
        """Whether a person has vouched on that ModelProvider that this one is gone."""
        return id_ in self.confirmed.get(provider, ())

    @property
    def is_mismatch(self) -> bool:
        """Whether these credentials look like those of another account."""
        return self.is_mass_missing or self.is_doubtful

    @property
    def lasting_error(self) -> ProviderError | None:
        """The poll's error once it is more than a hiccup."""
        return self.error if self.failures > HICCUPS else None

    def _version(self, id_: str) -> Version | None:
        item = self.snapshot.by_id.get(id_) if self.snapshot else None
        return (item.version, item.word, item.replicas) if item else None


Clock = Callable[[], datetime]
