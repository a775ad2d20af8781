"""How many replicas a provider bills a deployment for, by what it shows of it.

What a provider does not document is an assumption (`Capabilities.bills`, named in docs/costs.md), and all of it is in
doubt: the bounds hold whichever way it is.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from model_operator.billing.accrual import Usage
from model_operator.domain import Fields, Remote, RunState
from model_operator.providers.vocabulary import shortage

SERVED: Final = frozenset({RunState.SERVING, RunState.UPDATING})
_MOST: Final = 1_000_000
"""Replicas; a reply with more of them is no reason for a bill that nothing pays."""
_FREE: Final = frozenset({RunState.STOPPED, RunState.GONE})


@dataclass(frozen=True, slots=True)
class Asked:
    """Replicas that a deployment was given, or the bounds within which its provider moves them."""

    least: int
    most: int

    @classmethod
    def of(cls, fields: Fields | None) -> "Asked | None":
        """None where nothing is said of replicas."""
        match (fields or {}).get("replicas"):
            case int(number):
                return cls(_bounded(number), _bounded(number))
            case {"minReplicas": int(least), "maxReplicas": int(most)}:
                return cls(_bounded(least), _bounded(max(least, most)))
            case _:
                return None


def usage_of(remote: Remote, assumed: frozenset[RunState], applied: Fields | None) -> Usage | None:
    """`assumed`: states that are taken for billed, besides those in which it serves. `applied`: what was last sent, for
    replies that do not show it. None where the number of replicas is not known.
    """
    if remote.state in _FREE:
        return Usage(remote.machine)
    asked = Asked.of(remote.fields) or Asked.of(applied)
    if asked is None:
        return None
    if remote.state in SERVED:
        return _serving(remote, asked)
    is_waiting = remote.shortage is not None  # no machine is its own yet
    likely = Decimal(asked.least if remote.state in assumed and not is_waiting else 0)
    return Usage(remote.machine, likely, max(asked.most - likely, likely))


def _serving(remote: Remote, asked: Asked) -> Usage:
    running = asked.least if remote.replicas is None else _bounded(remote.replicas)
    if asked.least < asked.most:
        likely = Decimal(min(max(running, asked.least), asked.most))
        return Usage(remote.machine, likely, max(asked.most - likely, likely - min(asked.least, running)))
    # Those that do not run yet are starting, as a rule; or they wait for a machine, and cost nothing.
    is_short = running < asked.least and shortage(remote.message) is not None
    likely = Decimal(running if is_short else asked.least)
    return Usage(remote.machine, likely, abs(Decimal(asked.least - running)))


def _bounded(number: int) -> int:
    return min(max(number, 0), _MOST)
