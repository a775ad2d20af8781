"""Amounts of money over time: rates, and what a span of time at a rate comes to. Exact: no float is near it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Final

from model_operator.models.cost import amount

ZERO: Final = Decimal(0)
_AN_HOUR: Final = Decimal(3_600_000_000)
_A_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Price:
    """Of one replica for an hour."""

    per_replica_hour: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Sum:
    """So much, more or less."""

    accrued: Decimal = ZERO
    uncertain: Decimal = ZERO

    def __add__(self, other: "Sum") -> "Sum":
        return Sum(self.accrued + other.accrued, self.uncertain + other.uncertain)


NOTHING: Final = Sum()


@dataclass(frozen=True, slots=True)
class Rate:
    """Cost of an hour: what it is taken for, and by how much that may be off either way."""

    likely: Decimal = ZERO
    doubt: Decimal = ZERO

    @property
    def most(self) -> Decimal:
        return self.likely + self.doubt

    def for_(self, span: timedelta) -> Sum:
        """Nothing for a span that ends before it begins."""
        length = max(Decimal(span // _A_MICROSECOND), ZERO)
        return Sum(self.likely * length / _AN_HOUR, self.doubt * length / _AN_HOUR)


@dataclass(frozen=True, slots=True)
class Span:
    """From one time to another at a rate."""

    begin: datetime
    end: datetime
    rate: Rate

    def since(self, start: datetime) -> Sum:
        """What it comes to, without what lies before `start`."""
        return self.rate.for_(self.end - max(self.begin, start))


def total(spans: Iterable[Span], since: datetime) -> Sum:
    """What they come to from `since` on."""
    return sum((span.since(since) for span in spans), NOTHING)


def rounded(known: Sum) -> tuple[Decimal, Decimal]:
    """Accrued and uncertain for a status; what rounding takes from the one is added to the other."""
    accrued = amount(known.accrued)
    return accrued, amount(known.uncertain + abs(accrued - known.accrued), ROUND_CEILING)
