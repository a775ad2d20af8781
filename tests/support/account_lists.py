"""One account, and LISTs of it."""

from datetime import timedelta

from model_operator.accounts.account import Account, Snapshot
from model_operator.accounts.holders import Ids
from model_operator.domain import DEPLOYMENT, PROVIDER, Key
from model_operator.providers.registry import PROVIDERS
from support.provider_world import OpenGate
from support.signals import Told
from support.situations import NOW, remote

ONE, TWO, THREE, FOUR = (Key(DEPLOYMENT, "team", name) for name in ("one", "two", "three", "four"))
HELD = {ONE: "1", TWO: "2", THREE: "3", FOUR: "4"}
MEMBER = Key(PROVIDER, "team", "acme")


def new_account(**changes) -> Account:
    account = Account(
        id="a",
        vendor=PROVIDERS["parasail"],
        provider=None,
        gate=OpenGate(),
        poll_interval=timedelta(seconds=30),
        signals=Told(),
        members={MEMBER},
    )
    for name, value in changes.items():
        setattr(account, name, value)
    return account


def shows(*ids: str, **changes) -> Snapshot:
    return Snapshot.of(NOW, [remote(**{"id": id_, "owner_uid": f"uid-{id_}", **changes}) for id_ in ids])


def listed(account: Account, *ids: str, held=HELD, expected=None) -> set[Key]:
    return account.listed(shows(*ids), Ids(held, set(held.values()) if expected is None else expected))
