"""Prices and labels that people change, and what the statuses then have to say of costs."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from random import Random
from typing import Any, Final

from explorer.looks import End, condition, holder, is_terminating, uid_of
from explorer.moves import a_name, move
from explorer.objects import TEAM
from explorer.oracle import rule
from explorer.people import key_of
from explorer.world import World
from model_operator.billing.accrual import extrapolated
from model_operator.domain import PROVIDER, Key
from model_operator.models.cost import Cost
from support.manifests import vendor_of
from support.memory_schema import Object

_A_PENNY: Final = 0.001
"""A second or so of what runs: clocks are read one after the other."""
_LABEL: Final = "team"
_TAG: Final = "cost-centre"


def _prices(random: Random, vendors: tuple[str, ...]) -> dict[str, Any]:
    row = {"match": "*", "perReplicaHour": random.choice(("0", "0.5", "999999.99")), "currency": "USD"}
    return {
        "vendor": random.choice(vendors),
        "prices": random.choice(([row], [{**row, "currency": "EUR"}], None)),
    }


@move(1, _prices)
def change_prices(world: World, vendor: str, prices: list[dict[str, Any]] | None) -> None:
    """The provider's own book goes on with the old ones."""
    world.marks.add("prices")
    world.edit(Key(PROVIDER, TEAM, vendor), {"spec": {"prices": prices}})


@move(
    1,
    lambda random, vendors: {"name": a_name(random, vendors), "team": random.choice(("search", "ads", None))},
)
def label(world: World, name: str, team: str | None) -> None:
    world.edit(Key(PROVIDER, TEAM, "paitient"), {"spec": {"labelsToTags": {_LABEL: _TAG}}})
    world.edit(key_of(name), {"metadata": {"labels": {_LABEL: team}}})


ANOTHER_BILL: Final = frozenset(
    {
        "clock",
        "copied",
        "credentials",
        "lied",
        "newer",
        "prices",
        "rebuilt",
        "restored",
        "shared",
        "squatted",
        "status",
        "stranger",
    }
)
"""After these a status is not of its object's own making, or the clock was not the provider's."""


@rule
def what_was_billed_lies_within_what_is_said(end: End) -> Iterator[str]:
    process = end.world.process
    if process is None or end.world.marks & ANOTHER_BILL:
        return
    for key, body in end.world.deployments():
        uid, cost = uid_of(body), body.get("status", {}).get("cost")
        if cost is None or uid in end.world.twins or is_terminating(body) or "externalID" in body["spec"]:
            continue
        if condition(body, "Ready")["status"] != "True":
            continue
        ids = {id_ for id_, row in end.bill.items() if end.world.uids.get(row["name"]) == uid}
        if holder(body) not in ids:
            continue  # it has taken over what was another object's
        billed, known = (
            sum(end.bill[id_]["cost"] for id_ in ids),
            extrapolated(Cost.read(cost), process.wall()),
        )
        if abs(float(known.accrued) - billed) > float(known.uncertain) + _A_PENNY:
            yield f"{key.name} has cost {billed}, and its status says {known}"


def late_bills(world: World, before: Mapping[Key, Object]) -> int:
    """Whose cost of before this process began came into its status since: a LIST of PaiTIENT names no machine, so that
    it is known only from the hourly read, as for a change of while nobody looked."""
    process = world.process
    return (
        0
        if process is None
        else sum(_is_late(before.get(key, {}), body, process.began) for key, body in world.deployments())
    )


def _is_late(before: Object, after: Object, began: datetime) -> bool:
    cost = before.get("status", {}).get("cost")
    if cost is None or Cost.read(cost).at >= began or cost == after["status"].get("cost"):
        return False
    return before["spec"] == after["spec"] and before["status"] == {**after["status"], "cost": cost}


@rule
def a_label_that_is_carried_is_a_tag(end: End) -> Iterator[str]:
    provider = end.world.server.find(Key(PROVIDER, TEAM, "paitient"))
    if provider is None or _LABEL not in provider["spec"].get("labelsToTags", {}):
        return
    for key, body in end.world.deployments():
        id_ = holder(body)
        is_synced = condition(body, "Synced")["status"] == "True"
        if "rebuilt" in end.world.marks:
            continue  # what the label was in a former life is in no file
        if vendor_of(body) != "paitient" or is_terminating(body) or not is_synced or id_ not in end.ledger:
            continue
        wanted = body["metadata"].get("labels", {}).get(_LABEL, "")
        shown = (end.ledger[id_].get("tags") or {}).get(_TAG, "")
        if wanted != shown:
            yield f"{key.name} has the label {wanted!r}, and its deployment the tag {shown!r}"
