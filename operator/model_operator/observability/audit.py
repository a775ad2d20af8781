"""The audit trail: one line for each request that may have changed something at a provider, right after its answer.

`on_behalf_of` says for which object a pass works; whoever sends requests writes the lines. Their fields are data, not
text: no redaction touches them, and no log level leaves them out.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

LOGGER: Final = "model_operator.audit"

log = logging.getLogger(LOGGER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The object whose pass it is, beside its name, which every line has."""

    uid: str = ""
    generation: int = 0
    manager: str = ""
    """Field manager of the newest entry about the spec: a program, not a person."""


_NOBODY: Final = Subject()
_subject: ContextVar[Subject] = ContextVar("subject", default=_NOBODY)


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    """A 2xx answer."""
    REFUSED = "refused"
    """Any other answer."""
    UNKNOWN = "unknown"
    """No usable answer: the provider may have done it."""
    NOT_SENT = "not sent"
    """Nothing reached the provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One request, and what came of it."""

    provider: str
    operation: str
    remote_id: str
    """Empty where a create was not answered."""
    outcome: Outcome
    status: int | None
    request_id: str
    milliseconds: int


_NAMES: Final = {"remote_id": "remoteID", "request_id": "requestID"}


@contextmanager
def on_behalf_of(subject: Subject) -> Iterator[None]:
    """Requests inside are made for this object; holds across `await`."""
    token = _subject.set(subject)
    try:
        yield
    finally:
        _subject.reset(token)


def write(change: Change) -> None:
    """The line, on the stream before this returns."""
    fields: dict[str, Any] = {**asdict(_subject.get()), **asdict(change)}
    named = {_NAMES.get(name, name): value for name, value in fields.items()}
    log.info("%s %s", change.operation, change.outcome, extra={"audit": named})
