"""The rates in docs/canary.md, by simulation: how often a healthy version is taken back, and a bad one is found.

Run it with `python tools/canary_rates.py`; the same seed prints the same table. It uses the operator's own bounds.
"""

import random
import sys
from itertools import pairwise

from model_operator.plan.canary.statistics import wilson

SEED = 20260101
RUNS = 2000
LOOKS = 40
LIMIT = 0.02


def errors_of(chance: random.Random, requests: int, rate: float) -> int:
    return sum(chance.random() < rate for _ in range(requests))


def false_rollbacks(requests: int, rate: float = 0.01) -> dict[str, float]:
    """Of rollouts with `LOOKS` independent looks at a version whose true rate is within the limit."""
    chance = random.Random(SEED)  # noqa: S311  a simulation
    counts = dict.fromkeys(("one bad look", "two in a row", "certain, two in a row"), 0)
    for _ in range(RUNS):
        seen = [errors_of(chance, requests, rate) for _ in range(LOOKS)]
        bad = [errors / requests > LIMIT for errors in seen]
        certain = [wilson(errors, requests)[0] > LIMIT for errors in seen]
        counts["one bad look"] += any(bad)
        counts["two in a row"] += _has_pair(bad)
        counts["certain, two in a row"] += _has_pair(certain)
    return {name: count / RUNS for name, count in counts.items()}


def found_in_one_look(requests: int, rate: float) -> float:
    """Of single looks at a version whose true rate is this."""
    chance = random.Random(SEED + 1)  # noqa: S311  a simulation
    hits = sum(wilson(errors_of(chance, requests, rate), requests)[0] > LIMIT for _ in range(RUNS))
    return hits / RUNS


def _has_pair(flags: list[bool]) -> bool:
    return any(a and b for a, b in pairwise(flags))


def table() -> str:
    """As it stands in docs/canary.md."""
    lines = [
        "| requests per check | rolled back: one bad check | two consecutive | certain, two consecutive | 6 % found | 10 % found |",
        "|---|---|---|---|---|---|",
    ]
    for requests in (50, 100, 200, 500):
        wrong = false_rollbacks(requests)
        found = [found_in_one_look(requests, rate) for rate in (0.06, 0.10)]
        cells = [f"{value:.0%}" for value in (*wrong.values(), *found)]
        lines.append(f"| {requests} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")
