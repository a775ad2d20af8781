"""What one replica of a Parasail deployment runs on, and what that costs by the vendor's own word. Pure.

`cost` of a `deviceConfigs` entry is in no document: clients that were tested against the live API have it beside the
device, as a number. It is taken for US dollars, for that entry's devices, for an hour.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from model_operator.providers.reading import boolean, integer, number, text

_MOST: Final = 1_000_000.0
"""Per hour; above it is no price."""


def machine_of(item: Mapping[str, Any]) -> str | None:
    """`2x H100SXM`, or the name of a service tier; None where the reply shows neither."""
    row = _selected(item)
    return text(item.get("serviceTierName")) if row is None else _name_of(row)


def price_of(item: Mapping[str, Any]) -> Decimal | None:
    row = _selected(item)
    return _cost_of(row) if row is not None else None


def offers_of(item: Mapping[str, Any]) -> Mapping[str, Decimal]:
    """What each of the devices costs among which the deployment may choose."""
    configs = item.get("deviceConfigs")
    return prices_of(row for row in configs if isinstance(row, dict)) if isinstance(configs, list) else {}


def prices_of(rows: Iterable[Mapping[str, Any]]) -> Mapping[str, Decimal]:
    """Of entries of `deviceConfigs`, or of the catalogue: those with a price."""
    found = ((_name_of(row), _cost_of(row)) for row in rows)
    return {name: cost for name, cost in found if name is not None and cost is not None}


def _name_of(row: Mapping[str, Any]) -> str | None:
    device, count = text(row.get("device")), integer(row.get("count"))
    return None if device is None or count is None else f"{count}x {device[:64]}"


def _cost_of(row: Mapping[str, Any]) -> Decimal | None:
    cost = number(row.get("cost"))
    # By its shortest spelling: that is what the vendor has written.
    return Decimal(repr(cost)) if cost is not None and 0 < cost < _MOST else None


def _selected(item: Mapping[str, Any]) -> Mapping[str, Any] | None:
    configs = item.get("deviceConfigs")
    if not isinstance(configs, list):
        return None
    return next((row for row in configs if isinstance(row, dict) and boolean(row.get("selected"))), None)
