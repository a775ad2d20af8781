"""Times of PaiTIENT: ISO 8601 in query parameters, and the `Date` of replies that are about time."""

from datetime import UTC, datetime
from email.utils import formatdate

from model_operator_simulator.call import Call
from model_operator_simulator.clock import LAST_TIME, Clock

from .errors import PaitientError


def parsed_time(call: Call, name: str, default: float) -> float:
    """A time parameter in seconds since the epoch; without an offset it is UTC.

    Raises:
        PaitientError: not an ISO 8601 time.
    """
    text = call.param(name)
    if text is None:
        return default
    try:
        # A '+' of an offset arrives as a blank when the client did not encode it.
        moment = datetime.fromisoformat(text.strip().replace(" ", "+") if "T" in text else text.strip())
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = aware.timestamp()
    except (ValueError, OverflowError) as error:
        raise PaitientError("invalid_parameters", f"{name} must be an ISO 8601 time", name) from error
    if not 0 <= seconds < LAST_TIME:
        raise PaitientError("invalid_parameters", f"{name} must be a time from 1970 to 8999", name)
    return seconds


def date_of(clock: Clock) -> dict[str, str]:
    """The header by which a client learns what time the vendor's clock, also a scaled one, shows."""
    return {"Date": formatdate(clock.now(), usegmt=True)}
