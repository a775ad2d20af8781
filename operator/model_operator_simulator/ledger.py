"""What is billed: replica-seconds of every deployment that ever was, by state, on the simulator's clock.

A vendor's state notes each change; what a state costs is a knob and asked when somebody looks, so that one history can be
billed in several ways. Nothing but `/__sim/reset` sets an account back.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .call import Json

HOUR = 3600.0
Seconds = Callable[[float, float], float]
"""Replica-seconds from one clock time to another."""


def constant(replicas: int) -> Seconds:
    """The same number all the time."""
    return lambda begin, end: replicas * (end - begin)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a deployment is from a change to the next one."""

    state: str
    """The vendor's word."""
    machine: str
    """What a price is for: a device, a service tier or an instance type, of one replica."""
    replicas: Seconds


@dataclass(slots=True)
class Account:
    """The account of one deployment."""

    account: str
    name: str
    spent: dict[tuple[str, str], float] = field(default_factory=lambda: defaultdict(float))
    """Replica-seconds by machine and state, but for the usage that goes on."""
    usage: Usage | None = None
    since: float = 0.0

    def until(self, now: float) -> Mapping[tuple[str, str], float]:
        """The same with what goes on."""
        spent = dict(self.spent)
        if self.usage is not None and now > self.since:
            place = (self.usage.machine, self.usage.state)
            spent[place] = spent.get(place, 0.0) + self.usage.replicas(self.since, now)
        return spent


class Ledger:
    """Of one vendor.

    Args:
        now: the clock.
        is_billed: whether a state is, by the vendor's knobs.
        price: of one replica for an hour, by machine; None where no knob has one.
    """

    def __init__(
        self,
        now: Callable[[], float],
        is_billed: Callable[[str], bool],
        price: Callable[[str], float | None],
    ) -> None:
        self._now = now
        self._is_billed = is_billed
        self._price = price
        self._accounts: dict[str, Account] = {}

    def note(self, identifier: str, account: str, name: str, usage: Usage | None) -> None:
        """From now on it is that, or (None) gone."""
        now, known = self._now(), self._accounts.setdefault(identifier, Account(account, name))
        known.spent = dict(known.until(now))
        known.name, known.usage, known.since = name, usage, now

    def report(self) -> list[dict[str, Json]]:
        """Every deployment that ever was, in the order of their creation; seconds and costs up to now."""
        now = self._now()
        return [self._row(identifier, one, one.until(now)) for identifier, one in self._accounts.items()]

    def _row(self, identifier: str, one: Account, spent: Mapping[tuple[str, str], float]) -> dict[str, Json]:
        billed = {place: seconds for place, seconds in spent.items() if self._is_billed(place[1])}
        prices = {machine: self._price(machine) for machine, _ in billed}
        by_state: dict[str, float] = defaultdict(float)
        for (_, state), seconds in spent.items():
            by_state[state] += seconds
        cost = sum(seconds / HOUR * (prices[machine] or 0.0) for (machine, _), seconds in billed.items())
        return {
            "id": identifier,
            "account": one.account,
            "name": one.name,
            "machines": sorted({machine for machine, _ in spent}),
            "state": one.usage.state if one.usage is not None else None,
            "replica_seconds": {state: _rounded(seconds) for state, seconds in by_state.items()},
            "billed_replica_seconds": _rounded(sum(billed.values())),
            "cost": _rounded(cost),
            "unpriced": sorted(machine for machine, price in prices.items() if price is None),
        }


def _rounded(value: float) -> float:
    return round(value, 6)
