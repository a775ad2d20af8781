"""How sure a rate is: one-sided 95 % bounds, by Wilson's score and Newcombe's difference of two of them.

Sources: Wilson, JASA 22 (1927) 209; Newcombe, Statistics in Medicine 17 (1998) 873, method 10.
"""

import math
from typing import Final

Z: Final = 1.6448536269514722
"""Of a one-sided 95 % bound."""

CERTAINTY: Final = 0.95
"""With which a rate that is called detectable is seen in one look."""


def wilson(errors: float, requests: float) -> tuple[float, float]:
    """Lower and upper bound of the true rate, each as a fraction and with 95 % confidence by itself."""
    if requests <= 0:
        return 0.0, 1.0
    rate = min(1.0, max(0.0, errors / requests))
    denominator = 1 + Z * Z / requests
    centre = (rate + Z * Z / (2 * requests)) / denominator
    spread = Z * math.sqrt(rate * (1 - rate) / requests + Z * Z / (4 * requests * requests)) / denominator
    return max(0.0, centre - spread), min(1.0, centre + spread)


def least_difference(errors: float, requests: float, base_errors: float, base_requests: float) -> float:
    """By how much the first rate is above the second at least, as a fraction, with 95 % confidence."""
    rate, base = errors / requests, base_errors / base_requests
    low, _ = wilson(errors, requests)
    _, base_high = wilson(base_errors, base_requests)
    return rate - base - math.hypot(rate - low, base_high - base)


def least_breach(requests: int, limit: float) -> int | None:
    """The fewest errors in so many requests that are a breach of the limit (a fraction) for certain."""
    low, high = 0, requests + 1
    while low < high:
        middle = (low + high) // 2
        if wilson(middle, requests)[0] > limit:
            high = middle
        else:
            low = middle + 1
    return low if low <= requests else None


def detectable(requests: int, limit: float) -> float:
    """The lowest true rate that one look at so many requests would find to be a breach, 95 times of 100."""
    needed = least_breach(requests, limit) if requests > 0 else None
    if needed is None:
        return 1.0
    low, high = limit, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        if _at_least(needed, requests, middle) >= CERTAINTY:
            high = middle
        else:
            low = middle
    return high


def _at_least(count: int, requests: int, rate: float) -> float:
    """The probability of `count` or more errors."""
    if rate >= 1:
        return 1.0
    if rate <= 0:
        return 0.0 if count else 1.0
    log_rate, log_rest = math.log(rate), math.log1p(-rate)
    below = 0.0
    for k in range(count):
        ways = math.lgamma(requests + 1) - math.lgamma(k + 1) - math.lgamma(requests - k + 1)
        below += math.exp(ways + k * log_rate + (requests - k) * log_rest)
    return max(0.0, 1 - below)
