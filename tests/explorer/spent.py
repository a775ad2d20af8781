"""What a ModelBudget says has been spent, against the providers' own book: the cost of what is gone is in it, and once."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from explorer.bills import ANOTHER_BILL
from explorer.looks import End, holder, uid_of
from explorer.objects import TEAM
from explorer.oracle import rule
from model_operator.billing.budgets import Member, figures_of, period_at
from model_operator.domain import BUDGET
from model_operator.models.budget import ModelBudget
from model_operator.models.cost import Cost
from support.memory_schema import Object

_A_PENNY: Final = 0.002
_WATCH: Final = timedelta(seconds=30)
"""So long the operator may not have heard of a budget."""
_UNSEEN: Final = ANOTHER_BILL | {"deaf", "taken", "unproven"}


@rule
def what_a_budget_has_spent_is_in_the_providers_book(end: End) -> Iterator[str]:
    process = end.world.process
    if process is None or end.world.marks & _UNSEEN:
        return
    now, all_of_it = process.wall(), sum(row["cost"] for row in end.bill.values())
    for key, body in sorted(end.world.server.objects.items()):
        if key.kind != BUDGET or key.namespace != TEAM or not body.get("status", {}).get("periodStart"):
            continue
        budget = ModelBudget.parse(body)
        members = [_member(k.name, found) for k, found in end.world.deployments() if k.namespace == TEAM]
        later = _later(end, datetime.fromisoformat(body["metadata"]["creationTimestamp"]) + _WATCH)
        bounds, those = period_at(budget, now), [one for one in members if one.uid in later]
        spent, by_those = (figures_of(budget, bounds, part, now).spent for part in (members, those))
        cost = sum(row["cost"] for row in end.bill.values() if end.world.uids.get(row["name"]) in later)
        if cost > float(by_those.accrued + by_those.uncertain) + _A_PENNY:
            yield f"{key.name} says {by_those} of what was made after it, and that has cost {cost}"
        if float(spent.accrued - spent.uncertain) > all_of_it + _A_PENNY:
            yield f"{key.name} says {spent}, and all that ever was has cost {all_of_it}"


def _member(name: str, body: Object) -> Member:
    cost = body.get("status", {}).get("cost")
    return Member(
        name=name,
        uid=uid_of(body),
        cost=None if cost is None else Cost.read(cost),
        is_counted=True,
        is_unpriced=holder(body) is not None and cost is None,
    )


def _later(end: End, begin: datetime) -> set[str]:
    """UIDs of objects that came after that, and whose end the operator has seen, if they have ended."""
    world = end.world
    unseen = world.excused | world.stripped | world.orphaned | world.twins
    return {uid for uid, born in world.born.items() if born > begin} - unseen
