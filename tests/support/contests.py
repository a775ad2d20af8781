"""Two objects that may claim one name, id or mark, in a cache."""

from collections.abc import Callable, Collection
from datetime import timedelta

from model_operator.accounts.account import Account, Snapshot
from model_operator.domain import DEPLOYMENT, PROVIDER, Key, Remote
from model_operator.providers.registry import PROVIDERS
from model_operator.reconcile.cache import Cache
from model_operator.reconcile.claims import Claimant
from model_operator.reconcile.deployment.rivals import Contest
from support import bodies
from support.provider_world import OpenGate
from support.signals import Told
from support.situations import NOW

ACCOUNTS = {
    "acme": ("acme", "same-account"),
    "same-account": ("acme", "same-account"),
    "elsewhere": ("elsewhere",),
}
"""Which ModelProviders lead to the same account."""


CREATED = {"externalID": "1"}


PENDING = {
    "pending": {
        "operation": "Create",
        "startedAt": "2026-03-01T12:00:00Z",
        "deadline": "2026-03-01T12:01:00Z",
        "absentBefore": True,
    }
}


NAMED = {"deploymentName": "chosen"}


ADOPTING = {"externalID": "1", "deletionPolicy": "Orphan"}


YOUNGER = {"creationTimestamp": "2026-03-01T12:00:05Z"}


def contest(
    name: str,
    *objects: dict,
    claims: Collection[str] = (),
    shown: Collection[Remote] = (),
    is_ours: Callable[[str], bool] = lambda _: True,
) -> Contest:
    cache = Cache(Told())
    for body in objects:
        metadata = body["metadata"]
        cache.put(Key(DEPLOYMENT, metadata["namespace"], metadata["name"]), body)
    key = Key(DEPLOYMENT, "team", name)
    own = cache.deployment(key)
    account = Account(
        signals=Told(),
        id="a",
        vendor=PROVIDERS["parasail"],
        provider=None,
        gate=OpenGate(),
        poll_interval=timedelta(seconds=30),
        members={Key(PROVIDER, "team", member) for member in ACCOUNTS[own.spec.provider_ref.name]},
        snapshot=Snapshot.of(NOW, shown),
    )
    known = {Key(PROVIDER, "team", member) for account in ACCOUNTS.values() for member in account}
    return Contest(Claimant.of(key, own), account, cache.claims, claims, known.__contains__, is_ours)


def rival_of(name: str, *objects: dict, **more) -> str | None:
    return contest(name, *objects, **more).rival()


def pair(elder: dict, younger: dict) -> tuple[dict, dict]:
    return bodies.deployment("elder", **elder), bodies.deployment("younger", about=YOUNGER, **younger)
