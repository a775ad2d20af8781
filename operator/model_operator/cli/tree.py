"""`status`: from objects to rows, and from rows to lines. Pure: the time is an argument.

A provider stands before the deployments that name it, and a deployment before the canaries that split traffic to it.
A canary between several deployments stands once, after the last of them.
"""

import textwrap
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

import click

from model_operator.cli import spending
from model_operator.cli.objects import Seen, age, by_key, telling
from model_operator.cli.showing import table
from model_operator.conditions import ConditionType, Reason, reason_of
from model_operator.domain import BUDGET, CANARY, DEPLOYMENT, PROVIDER, Key
from model_operator.meanings import MEANINGS

_FINE: Final = frozenset(
    {
        Reason.ACCEPTED,
        Reason.AVAILABLE,
        Reason.COMPLETED,
        Reason.PAUSED,
        Reason.SCALED_DOWN,
        Reason.OUTSIDE_ACTIVE_HOURS,
        Reason.EXPIRED,
    }
)
"""Reasons that need no sentence."""
_SEE_ORPHANS: Final = "Adopt or delete them: kubectl models orphans."
_SHORT: Final = {PROVIDER: "provider", DEPLOYMENT: "deployment", CANARY: "canary", BUDGET: "budget"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One object, and what a person should know of it."""

    depth: int
    kind: str
    namespace: str
    name: str
    full_name: str
    state: str
    reason: str
    message: str = ""
    remedy: str = ""
    age: str = ""
    is_bad: bool = False
    """Only a person can help."""
    is_good: bool = False
    cost: tuple[str, ...] = ()
    """Of an hour, and of this month."""
    costs: Mapping[str, str] | None = None
    """The same for programs."""
    spent: str = ""
    """Of a budget, beside its state: `812.40/1500.00 USD`."""
    budget: Mapping[str, str] | None = None
    orphans: int = 0

    def document(self) -> Mapping[str, Any]:
        """For programs."""
        names = ("kind", "namespace", "name", "state", "reason", "message", "remedy", "age")
        told = {name: value for name, value in asdict(self).items() if name in names}
        more = {"cost": self.costs, "budget": self.budget, "orphans": self.orphans}
        return told | {name: value for name, value in more.items() if value}


def rows(objects: Iterable[Seen], now: datetime) -> Iterator[Row]:
    """The tree, from top to bottom."""
    found = by_key(objects)
    providers = defaultdict[tuple[str, str], list[Seen]](list)
    for one in found.values():
        if one.key.kind != BUDGET:
            providers[one.key.namespace, one.provider].append(one)
    for (namespace, name), mine in sorted(providers.items()):
        provider = found.get(Key(PROVIDER, namespace, name))
        yield _row(provider, 0, now) if provider else _absent(namespace, name)
        yield from _below(mine, now)
    yield from (_row(one, 0, now) for one in found.values() if one.key.kind == BUDGET)


def _below(mine: Sequence[Seen], now: datetime) -> Iterator[Row]:
    """Deployments, and each canary after the last deployment that it sends traffic to."""
    deployments = [one for one in mine if one.key.kind == DEPLOYMENT]
    order = {one.key.name: position for position, one in enumerate(deployments)}
    after = defaultdict[int, list[Seen]](list)
    for one in mine:
        if one.key.kind == CANARY:
            after[max((order[target] for target in one.targets if target in order), default=-1)].append(one)
    yield from (_row(one, 1, now) for one in after[-1])
    for position, deployment in enumerate(deployments):
        yield _row(deployment, 1, now)
        yield from (_row(one, 2, now) for one in after[position])


def related(objects: Iterable[Seen], name: str) -> list[Seen]:
    """Those of that name, with their provider and with what hangs on them; empty if nothing has the name."""
    found = by_key(objects)
    named = [one for one in found.values() if one.key.name == name]
    wanted: set[Key] = set()
    for one in named:
        kind, namespace, _ = one.key
        wanted |= {one.key, Key(PROVIDER, namespace, one.provider)}  # a budget has none
        wanted |= {Key(DEPLOYMENT, namespace, target) for target in one.targets}
        wanted |= {other.key for other in found.values() if _hangs_on(other, one)}
        if kind == PROVIDER:
            wanted |= {k for k, o in found.items() if k.namespace == namespace and o.provider == name}
    return [one for key, one in found.items() if key in wanted]


def _hangs_on(other: Seen, one: Seen) -> bool:
    is_near = other.key.namespace == one.key.namespace
    return is_near and one.key.kind == DEPLOYMENT and one.key.name in other.targets


def _row(one: Seen, depth: int, now: datetime) -> Row:
    condition = telling(one.conditions)
    reason = condition.reason if condition else str(Reason.PENDING)
    is_bad = condition is not None and condition.type == "Stalled"
    known = reason_of(reason)
    meaning = MEANINGS[known] if isinstance(known, Reason) else None
    is_fine = known in _FINE and not (condition and condition.type == ConditionType.EXPIRING)
    told = "" if is_fine else _message(one, condition.message if condition else "")
    remedy = "" if is_fine or meaning is None else meaning.remedy
    return Row(
        depth=depth,
        kind=one.key.kind,
        namespace=one.key.namespace,
        name=one.key.name,
        full_name=one.full_name,
        state=_state(one),
        spent=spending.of_limit(one.budget, now) if one.budget is not None else "",
        reason=reason,
        message=" ".join(said for said in (told, _besides(one)) if said),
        remedy=remedy or (_SEE_ORPHANS if one.orphans else ""),
        age=age(one.created, now),
        is_bad=is_bad,
        is_good=is_fine and not one.orphans,
        cost=tuple(spending.cells(one.cost, now)),
        costs=None if one.cost is None else spending.document(one.cost, now),
        budget=None if one.budget is None else spending.budget_document(one.budget, now),
        orphans=one.orphans,
    )


def _state(one: Seen) -> str:
    if one.is_terminating:
        return "Deleting"
    if one.key.kind == BUDGET:
        return _within(one)
    if one.key.kind == PROVIDER:
        ready = one.conditions.get("Ready")
        said = {"True": "Ready", "False": "NotReady"}.get(str(ready.status) if ready else "", "Unknown")
        orphaned = f"{one.orphans} orphaned" if one.orphans else ""
        return " ".join(part for part in (said, one.mode, orphaned) if part)
    return " ".join(part for part in (one.phase or "Pending", one.split) if part)


def _within(one: Seen) -> str:
    within = one.conditions.get(ConditionType.WITHIN_LIMIT)
    return {"True": "WithinLimit", "False": "Exceeded"}.get(str(within.status) if within else "", "Unknown")


def _besides(one: Seen) -> str:
    """What is worth a sentence whatever the conditions say."""
    if one.budget is not None:
        return spending.outlook(one.budget)
    if one.orphans:
        what = "1 deployment" if one.orphans == 1 else f"{one.orphans} deployments"
        return (
            f"No object manages {what} that this cluster created. Until adopted or deleted, they cost money."
        )
    return ""


def _message(one: Seen, said: str) -> str:
    return one.message or said


def _absent(namespace: str, name: str) -> Row:
    meaning = MEANINGS[Reason.PROVIDER_NOT_FOUND]
    return Row(
        depth=0,
        kind=PROVIDER,
        namespace=namespace,
        name=name,
        full_name=f"modelprovider.modeloperator.dev/{name}",
        state="Missing",
        reason=str(Reason.PROVIDER_NOT_FOUND),
        message="This ModelProvider does not exist.",
        remedy=meaning.remedy,
        is_bad=True,
    )


def lines(found: Sequence[Row], width: int, *, with_namespace: bool = False) -> Iterator[str]:
    """The rows for people: a table, and under each row that needs one a sentence and what to do."""
    has_costs = any(row.costs is not None for row in found)
    head = ["NAMESPACE"] * with_namespace + ["NAME", "STATE", "REASON", "AGE", *spending.HEAD * has_costs]
    cells = [
        [row.namespace] * with_namespace + _cells(row) + list(row.cost or ("", "")) * has_costs
        for row in found
    ]
    first, *rest = table([head, *cells])
    yield first
    for row, line in zip(found, rest, strict=True):
        yield line
        indent = "  " * row.depth + "    "
        for mark, text in (("", row.message), ("→ ", row.remedy)):
            if text:
                yield from textwrap.wrap(
                    mark + text,
                    max(width, 40),
                    initial_indent=indent,
                    subsequent_indent=indent + " " * len(mark),
                )


def _cells(row: Row) -> list[str]:
    colour = "red" if row.is_bad else "green" if row.is_good else "yellow"
    branch = "  " * (row.depth - 1) + "└ " if row.depth else ""
    name = f"{branch}{_SHORT[row.kind]}/{row.name}"
    state = f"{row.state} {row.spent}".rstrip()
    return [name, click.style(state, fg=colour), click.style(row.reason, fg=colour), row.age]
