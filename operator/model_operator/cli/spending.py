"""What `status` says of costs: the checkpoint in an object's status, continued until now. Pure."""

from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from pydantic import ValidationError

from model_operator.billing.accrual import extrapolated
from model_operator.models.cost import Cost

_CENT: Final = Decimal("0.01")
HEAD: Final = ["COST/H", "MONTH"]


def cost_in(status: Mapping[str, Any]) -> Cost | None:
    """None where there is none, or somebody has spoilt it."""
    try:
        return Cost.read(status.get("cost"))
    except ValidationError:
        return None


def cells(cost: Cost | None, now: datetime) -> list[str]:
    """`6.40 USD` and `46.21 ±0.02`: of an hour, and of this month."""
    if cost is None:
        return ["", ""]
    known = extrapolated(cost, now)
    doubt = known.uncertain.quantize(_CENT, ROUND_CEILING)
    month = f"{known.accrued.quantize(_CENT, ROUND_HALF_EVEN)}" + (f" ±{doubt}" if doubt else "")
    return [f"{cost.per_hour.quantize(_CENT, ROUND_HALF_EVEN)} {cost.currency[:3]}", month]


def document(cost: Cost, now: datetime) -> Mapping[str, str]:
    """For programs, as of now."""
    known = extrapolated(cost, now)
    at = cost.with_(at=now, accrued=known.accrued, uncertain=known.uncertain, period=f"{now:%Y-%m}")
    return dict(at.dump())
