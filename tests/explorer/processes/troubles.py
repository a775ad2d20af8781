"""The table of what may go wrong, and how its arguments are drawn; `moves` does it."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, NamedTuple

Args = dict[str, Any]

VENDORS = ("parasail", "paitient")
ACTS = ("create", "update", "delete", "pause", "resume")
ALL_OPERATIONS = (*ACTS, "create", "update", "delete", "list", "get")

GATEWAY: Args = {"kind": "error", "status": 404, "body": "html"}
"""One that has lost its route."""
OUTAGES: tuple[Args, ...] = (
    {"kind": "error", "status": 500},
    {"kind": "error", "status": 503, "body": "html"},
    GATEWAY,
    {"kind": "error", "status": 429, "retry_after": 1},
    {"kind": "reset"},
    {"kind": "timeout", "seconds": 3},
)
"""What a gateway says for a whole API."""
FAULTS: tuple[Args, ...] = (
    *OUTAGES,
    {"kind": "error", "status": 500, "commit": True},
    {"kind": "error", "status": 504, "body": "empty", "commit": True},
    {"kind": "commit_then_reset"},
    {"kind": "commit_then_reset"},
    {"kind": "commit_then_timeout", "seconds": 3},
    {"kind": "late_commit", "seconds": 1},
    {"kind": "late_commit", "seconds": 1},
    {"kind": "truncate"},
    {"kind": "cut"},
    {"kind": "invalid_json"},
    {"kind": "oversize"},
    {"kind": "content_type", "value": "text/html"},
    {"kind": "redirect"},
    {"kind": "fields", "drop": ["id"]},
    {"kind": "unknown_status", "value": "HIBERNATING"},
    {"kind": "latency", "seconds": 0.7},
    {"kind": "hold", "seconds": 0.8, "when": "before"},
    {"kind": "hold", "seconds": 0.8, "when": "after"},
)
"""What waiting mends. A 400, 401 or 403 is tried again after minutes: the explorer on virtual time has those."""

API_TARGETS: Mapping[str, tuple[str, str]] = {
    "status": ("PATCH", r"/modeldeployments/[^/]+/status$"),
    "finalizer": ("PATCH", r"/modeldeployments/[^/]+$"),
    "provider status": ("PATCH", r"/modelproviders/[^/]+/status$"),
    "look": ("GET", r"/modeldeployments/[^/]+$"),
    "event": ("POST", r"/events$"),
    "config map": ("POST", r"/configmaps$"),
    "secret": ("GET", r"/secrets/[^/]+$"),
}
REFUSALS = ("conflict", "forbidden", "invalid", "throttled")
"""What the API server says instead of doing it; `failed` and `cut` may also come after it was done."""


class Trouble(NamedTuple):
    """A move that people do not make."""

    move: str
    draw: Callable[[Random], Args]
    weight: float


def _nothing(random: Random) -> Args:
    return {}


def _at_write(random: Random) -> Args:
    target = random.choices(("status", "finalizer", "event", "config map"), (5, 3, 1, 1))[0]
    return {"target": target, "nth": random.randint(1, 3), "done": random.random() < 0.5}


def _at_request(random: Random) -> Args:
    return {"operation": random.choice(ACTS), "done": random.random() < 0.5}


def _for_some_moves(random: Random) -> Args:
    return {"moves": random.randint(1, 4)}


def _deaf(random: Random) -> Args:
    return {"how": random.choice(("cut", "refused", "expired")), **_for_some_moves(random)}


def _outage(random: Random) -> Args:
    rule = {**random.choice((GATEWAY, *OUTAGES)), "vendor": random.choice((*VENDORS, None))}
    return {"rule": rule, "moves": random.randint(2, 6)}


def _fault(random: Random) -> Args:
    operation = random.choice(ALL_OPERATIONS)
    count = random.choice((1, 1, 2, 4))
    return {**random.choice(FAULTS), "operation": operation, "count": count}


def _lag(random: Random) -> Args:
    return {"vendor": random.choice(VENDORS), "knob": random.choice(("list_lag_s", "stale_read_s"))}


def _api_trouble(random: Random) -> Args:
    how = random.choice((*REFUSALS, "failed", "failed", "cut", "cut"))
    return {
        "target": random.choices(list(API_TARGETS), (6, 4, 1, 2, 1, 2, 1))[0],
        "how": how,
        "done": how not in REFUSALS and random.random() < 0.5,
        "times": random.randint(1, 3),
    }


def _by_hand(random: Random) -> Args:
    return {"replicas": random.randint(4, 6)}


TROUBLES = (
    Trouble("fault", _fault, 16),
    Trouble("outage", _outage, 3),
    Trouble("lag", _lag, 1),
    Trouble("api_trouble", _api_trouble, 9),
    Trouble("deaf_watch", _deaf, 3),
    Trouble("api_away", _for_some_moves, 1),
    Trouble("freeze", _for_some_moves, 1),
    Trouble("kill", _nothing, 3),
    Trouble("kill_at_write", _at_write, 6),
    Trouble("kill_at_request", _at_request, 6),
    Trouble("terminate", _nothing, 1),
    Trouble("edit_by_hand", _by_hand, 2),
    Trouble("remove_by_hand", _nothing, 2),
)
KILLS = frozenset({"kill", "kill_at_write", "kill_at_request", "terminate"})
