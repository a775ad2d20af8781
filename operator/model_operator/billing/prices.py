"""What a replica costs: by the provider's own word, else by the prices that a ModelProvider lists."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final, Protocol

from model_operator.billing.money import Price

PROVIDERS_CURRENCY: Final = "USD"
"""Of prices in replies, which name none."""
ANY: Final = "*"


class Row(Protocol):
    """One of a ModelProvider's `spec.prices`."""

    @property
    def match(self) -> str: ...
    @property
    def per_replica_hour(self) -> Decimal: ...
    @property
    def currency(self) -> str: ...


def price_of(machine: str | None, offered: Decimal | None, rows: Iterable[Row]) -> Price | None:
    """The provider's price comes first; then the row that names the machine; then the one for any."""
    if offered is not None:
        return Price(offered, PROVIDERS_CURRENCY)
    listed = {row.match: Price(row.per_replica_hour, row.currency) for row in rows}
    return (listed.get(machine) if machine is not None else None) or listed.get(ANY)
