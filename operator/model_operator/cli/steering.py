"""From a verb to the annotation that moves a rollout. Pure.

The operator takes an action only for the rollout and the step that it names. A person names neither: they are read from
the status at the last moment, and what a script names must still be true then.
"""

from dataclasses import dataclass
from enum import StrEnum

from model_operator.models.canary_status import CanaryEndpointStatus, LastAction


class Verb(StrEnum):
    """What a person can do to a rollout."""

    ADVANCE = "advance"
    PROMOTE = "promote"
    ABORT = "abort"
    PAUSE = "pause"
    RESUME = "resume"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class Meant:
    """What the person saw when they decided; None: whatever is there now."""

    rollout: str | None = None
    step: int | None = None


class Stale(Exception):
    """The rollout is not the one that was meant; `str()` says what it is now."""


def token(verb: Verb, status: CanaryEndpointStatus, meant: Meant) -> str:
    """`advance:f6fe35/2`. Raises `Stale`, also where there is nothing to move."""
    rollout = status.rollout
    if rollout is None:
        raise Stale("the CanaryEndpoint has no rollout yet")
    if meant.rollout not in (None, rollout.id):
        raise Stale(f"rollout {meant.rollout} is over; the current rollout is {rollout.id}")
    step = (status.step or "").partition("/")[0]
    if meant.step is not None and str(meant.step) != step:
        raise Stale(f"rollout {rollout.id} is now at step {step or 'none'}, not {meant.step}")
    short = f"{verb}:{rollout.id}"
    full = f"{short}/{step}" if step else short
    # The step is the sharper word; a verb that was told before needs another word to be told again.
    usual, other = (full, short) if verb is Verb.ADVANCE or meant.step is not None else (short, full)
    last = status.last_action.token if status.last_action else None
    return usual if usual != last else other


def answer(sent: str, last: LastAction | None) -> LastAction | None:
    """What the operator said to that action; None as long as it has not."""
    return last if last is not None and last.token == sent else None
