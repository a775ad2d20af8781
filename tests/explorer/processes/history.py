"""What will happen: the moves of a history, drawn from its seed alone, as data that can be printed and kept.

A history is made of rounds: something is set to go wrong, and people do what makes the operator come by there.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

from explorer.processes.troubles import ALL_OPERATIONS, KILLS, TROUBLES
from support.rows import ROWS

Args = dict[str, Any]


class Step(NamedTuple):
    """A move, after so many writes of the operator to the API server since the move before, or when it rests."""

    move: str
    arguments: Args
    after: int = 0


History = tuple[Step, ...]

VENDORS = ("parasail", "paitient")
_NAMES = tuple(f"m{number}" for number in range(10))
_FIRST = 6
_ROUNDS = 6
_MOST_KILLS = 2  # in a history: a start costs as much time as a dozen moves
_AFTER = (0, 0, 1, 2, 4, 8)


def draw(seed: int) -> History:
    """The history of a seed."""
    return _Author(Random(seed)).write()


def literal(history: History) -> str:
    """As Python, to be kept in `named`."""
    steps = (f"    Step({move!r}, {arguments!r}, {after})," for move, arguments, after in history)
    return "\n".join(["(", *steps, ")"])


def vendor_of_name(name: str) -> str:
    """Bound to the name: the block of an object cannot be swapped."""
    return VENDORS[_NAMES.index(name) % 2]


@dataclass(slots=True)
class _Author:
    random: Random
    steps: list[Step] = field(default_factory=list)
    applied: list[str] = field(default_factory=list)
    """The names that are there, unless a fault of the product says otherwise."""
    kills: int = 0

    def write(self) -> History:
        trouble = self._trouble() if self.random.random() < 0.7 else None
        for _ in range(_FIRST):
            self._apply()
        for _ in range(_ROUNDS):
            trouble = self._trouble() if self.random.random() < 0.8 else None
            self._provoke(trouble)
            if trouble is not None and self.random.random() < 0.5:
                self._add("meet_fault", {}, 0)
            for _ in range(self.random.randint(0, 2)):
                self.random.choice((self._apply, self._edit, self._edit, self._delete))()
        return tuple(self.steps)

    def _trouble(self) -> str | None:
        """Sets one, or two at once; the operation of a provider that the first is about."""
        operation: str | None = None
        for _ in range(self.random.choice((1, 1, 2))):
            kinds = [kind for kind in TROUBLES if kind.move not in KILLS or self.kills < _MOST_KILLS]
            kind = self.random.choices(kinds, [kind.weight for kind in kinds])[0]
            self.kills += kind.move in KILLS
            arguments = kind.draw(self.random)
            operation = operation or arguments.get("operation")
            self._add(kind.move, arguments, self.random.choice(_AFTER))
        return operation

    def _provoke(self, operation: str | None) -> None:
        by_operation: dict[str, Callable[[], None]] = {
            "create": self._apply,
            "update": self._edit,
            "delete": self._delete,
            "pause": lambda: self._power(paused=True),
            "resume": lambda: self._power(paused=False),
        }
        act = by_operation.get(operation or self.random.choice(ALL_OPERATIONS), self._edit)
        for _ in range(self.random.choice((1, 2))):
            act()

    def _apply(self) -> None:
        """One that is not there, as long as there is one."""
        name = self.random.choice([name for name in _NAMES if name not in self.applied] or _NAMES)
        vendor, random = vendor_of_name(name), self.random
        spec: Args = {"replicas": random.randint(1, 3)}
        if ROWS[vendor].vendor.capabilities.pauses and random.random() < 0.15:
            spec["paused"] = True
        if random.random() < 0.3:
            spec["connection"] = {"configMapName": f"{name}-connection"}
        if random.random() < 0.2:
            spec["deploymentName"] = f"chosen-{name}"
        self.applied.append(name)
        self._add("apply", {"name": name, "vendor": vendor, "spec": spec})

    def _edit(self) -> None:
        random = self.random
        if not self.applied:
            return self._apply()
        edits: tuple[Args, ...] = (
            {"replicas": random.randint(1, 3)},
            {"contextLength": 1024 * random.randint(1, 8)},
        )
        self._add("edit", {"name": random.choice(self.applied), "spec": random.choice(edits)})
        return None

    def _power(self, *, paused: bool) -> None:
        """Not every provider can pause; nothing can be resumed that does not pause first."""
        names = [n for n in self.applied if ROWS[vendor_of_name(n)].vendor.capabilities.pauses]
        if not names:
            return self._apply()
        name = self.random.choice(names)
        if not paused:
            self._add("edit", {"name": name, "spec": {"paused": True}})
        self._add("edit", {"name": name, "spec": {"paused": paused}}, self.random.choice(_AFTER))
        return None

    def _delete(self) -> None:
        if not self.applied:
            return self._apply()
        name, random = self.random.choice(self.applied), self.random
        move = random.choices(("delete", "delete_and_apply", "orphan"), (5, 4, 1))[0]
        if move != "delete_and_apply":
            self.applied = [one for one in self.applied if one != name]
        self._add(move, {"name": name})
        return None

    def _add(self, move: str, arguments: Args, after: int | None = None) -> None:
        if "name" not in arguments and move.endswith("_by_hand"):
            arguments = {"name": self.random.choice(self.applied or _NAMES), **arguments}
        self.steps.append(Step(move, arguments, self.random.choice((0, 0, 1, 2)) if after is None else after))
