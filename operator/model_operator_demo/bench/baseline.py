"""The same deployments with a simple operator in place of ours, in the same run.

Absolute figures are those of one machine; what is left when ours are divided by these holds on any.
"""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from model_operator_demo.bench.phases import (
    CREATION,
    OPERATOR_CPU,
    OPERATOR_MEMORY,
    BroughtUp,
    Targets,
    bring_up,
)
from model_operator_demo.bench.rows import Row
from model_operator_demo.bench.stage import Ground, stage_of

_NAME = "simple Kopf operator"
_WITHIN = timedelta(seconds=240)


async def compare(
    ground: Ground, script: Path, count: int, ours: Sequence[Row], target: Targets
) -> list[Row]:
    """What the script takes for so many, beside ours. Raises `TooSlow` if none becomes Ready."""
    async with stage_of(ground, "baseline", script, CREATION) as made:
        found = await bring_up(made, count, _WITHIN)
    return beside(found, count, ours, target)


def beside(found: BroughtUp, count: int, ours: Sequence[Row], target: Targets) -> list[Row]:
    """Its figures and ours divided by them. If some were not Ready in time, how many were."""
    value = {row.name: row.value for row in ours}
    done = Row(f"{_NAME}: all Ready", found.seconds, "s")
    if found.ready < count:
        done = Row(f"{_NAME}: Ready after {found.seconds:.0f} s", found.ready, "")
    return [
        done,
        Row(f"{_NAME}: CPU per deployment", found.operator, "ms"),
        Row(f"{_NAME}: API server CPU", found.server, "ms"),
        Row(f"{_NAME}: memory, all", found.memory, "MB"),
        Row("CPU, ours / simple Kopf", value[OPERATOR_CPU] / found.operator, "", target(0.3)),
        Row("memory, ours / simple Kopf", value[OPERATOR_MEMORY] / found.memory, ""),
    ]
