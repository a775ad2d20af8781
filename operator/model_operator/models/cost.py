"""What a ModelDeployment costs, as its status keeps it: a checkpoint, from which readers go on by the rate.

Amounts are decimal strings, never floats; whatever somebody else writes into them is bounded or left out.
"""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from model_operator.models.wire import DecimalText, Model, Time

PLACES: Final = Decimal("0.000001")
"""Amounts are kept to a millionth of the currency."""
MOST: Final = Decimal(10) ** 15
"""No amount is as large: 10,000 replicas at the highest price for a thousand years are not."""


def amount(number: Decimal, rounding: str = ROUND_HALF_EVEN) -> Decimal:
    """To a millionth, and not beyond what an amount can be."""
    return min(max(number, Decimal(0)), MOST).quantize(PLACES, rounding).normalize() + 0


def _is_one(number: Decimal) -> Decimal:
    if not 0 <= number <= MOST:
        raise ValueError("not an amount of money")
    return amount(number)


Amount = Annotated[DecimalText, AfterValidator(_is_one)]


class Share(Model):
    budget: str = Field(max_length=253, description="Name of the ModelBudget.")
    since: Time = Field(
        description="When it began to count in the budget; in a later period, the beginning of that."
    )
    until: Time | None = Field(
        default=None, description="When it no longer counted in the budget. Absent while it counts."
    )
    accrued: Amount = Field(description="Cost since then, up to the checkpoint.")
    uncertain: Amount = Field(description="By how much accrued may be off either way.")


class Cost(Model):
    currency: str = Field(max_length=3, description="Currency of the amounts, by its ISO 4217 code.")
    per_hour: Amount = Field(description="Cost of an hour from the checkpoint on.")
    uncertain_per_hour: Amount | None = Field(
        default=None,
        description="By how much the cost of an hour may be off, because the provider does not say whether it bills"
        " the present state, or how many replicas run. Absent if by nothing.",
    )
    accrued: Amount = Field(description="Cost since the beginning of the period, up to the checkpoint.")
    uncertain: Amount = Field(
        description="By how much accrued may be off either way, because nobody saw when something changed."
    )
    at: Time = Field(
        description="Time of the checkpoint. It is written when the state, the rate or the period change."
    )
    period: str = Field(max_length=7, description="The calendar month in UTC, such as 2026-11.")
    shares: tuple[Share, ...] | None = Field(
        default=None,
        description="What the deployment cost while it counted in a ModelBudget, in the budget's present period.",
    )

    @property
    def parts(self) -> tuple[Share, ...]:
        """The shares, if any."""
        return self.shares or ()
