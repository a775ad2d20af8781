"""What will happen: the moves of a history, drawn from its seed alone, as data that can be printed and kept."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, NamedTuple

Args = dict[str, Any]


class Step(NamedTuple):
    """A move, after so many writes of the operator to the API server since the move before."""

    move: str
    arguments: Args
    after: int = 0


History = tuple[Step, ...]

VENDORS = ("parasail", "paitient")
_OBJECTS = 10
_FIRST = 5
_MOVES = 26

PROVIDER_FAULTS: tuple[Args, ...] = (
    {"kind": "error", "status": 500},
    {"kind": "error", "status": 500, "commit": True},
    {"kind": "error", "status": 502, "body": "html"},
    {"kind": "error", "status": 503, "body": "empty"},
    {"kind": "error", "status": 504, "body": "empty", "commit": True},
    {"kind": "error", "status": 429, "retry_after": 1},
    {"kind": "error", "status": 404, "body": "html"},
    {"kind": "reset"},
    {"kind": "timeout", "seconds": 3},
    {"kind": "commit_then_reset"},
    {"kind": "commit_then_timeout", "seconds": 3},
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
)
"""What waiting mends. A 400, 401 or 403 is tried again after minutes: the explorer on virtual time has those."""
OPERATIONS = ("create", "get", "list", "update", "delete", "pause", "resume", None)

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


def draw(seed: int) -> History:
    """The history of a seed."""
    random = Random(seed)
    first = [Step("apply", _applied(random, number)) for number in range(_FIRST)]
    return (*first, *(_step(random) for _ in range(_MOVES)))


def _step(random: Random) -> Step:
    move, arguments = random.choices([(m, d) for m, d, _ in _TABLE], [weight for _, _, weight in _TABLE])[0]
    return Step(move, arguments(random), random.choice((0, 0, 1, 2, 3, 5)))


def _name(random: Random) -> str:
    return f"m{random.randrange(_OBJECTS)}"


def _applied(random: Random, number: int | None = None) -> Args:
    """A vendor is bound to the number: the block of an object cannot be swapped."""
    number = random.randrange(_OBJECTS) if number is None else number
    vendor = VENDORS[number % 2]
    spec: Args = {"replicas": random.randint(1, 3)}
    if vendor == "parasail" and random.random() < 0.15:
        spec["paused"] = True
    if random.random() < 0.3:
        spec["connection"] = {"configMapName": f"m{number}-connection"}
    if random.random() < 0.2:
        spec["deploymentName"] = f"chosen-m{number}"
    return {"name": f"m{number}", "vendor": vendor, "spec": spec}


def _edited(random: Random) -> Args:
    edits: tuple[Args, ...] = (
        {"replicas": random.randint(1, 3)},
        {"contextLength": 1024 * random.randint(1, 8)},
    )
    return {"name": _name(random), "spec": random.choice(edits)}


def _powered(random: Random) -> Args:
    """Parasail alone can pause."""
    return {"name": f"m{2 * random.randrange(_OBJECTS // 2)}", "spec": {"paused": random.random() < 0.5}}


def _named(random: Random) -> Args:
    return {"name": _name(random)}


def _nothing(random: Random) -> Args:
    return {}


def _killed_at_write(random: Random) -> Args:
    return {
        "target": random.choice(("status", "finalizer", "event", "config map")),
        "nth": random.randint(1, 4),
        "done": random.random() < 0.5,
    }


def _killed_at_request(random: Random) -> Args:
    return {
        "operation": random.choice([one for one in OPERATIONS if one is not None]),
        "done": random.random() < 0.5,
    }


def _until(random: Random) -> Args:
    return {"moves": random.randint(1, 3)}


def _deaf(random: Random) -> Args:
    return {"how": random.choice(("cut", "refused", "expired")), **_until(random)}


def _fault(random: Random) -> Args:
    operation = random.choice(OPERATIONS)
    return {
        **random.choice(PROVIDER_FAULTS),
        "vendor": random.choice((*VENDORS, None)),
        "operation": operation,
        "count": random.randint(1, 3) * (1 if operation else 3),
    }


def _lag(random: Random) -> Args:
    return {"vendor": random.choice(VENDORS), "knob": random.choice(("list_lag_s", "stale_read_s"))}


def _api_trouble(random: Random) -> Args:
    how = random.choice((*REFUSALS, "failed", "cut"))
    return {
        "target": random.choice(list(API_TARGETS)),
        "how": how,
        "done": how not in REFUSALS and random.random() < 0.5,
        "times": random.randint(1, 3),
    }


def _edited_by_hand(random: Random) -> Args:
    return {"name": _name(random), "replicas": random.randint(4, 6)}


_TABLE: tuple[tuple[str, Callable[[Random], Args], int], ...] = (
    ("apply", _applied, 8),
    ("edit", _edited, 10),
    ("edit", _powered, 6),
    ("delete", _named, 6),
    ("delete_and_apply", _named, 5),
    ("orphan", _named, 2),
    ("kill", _nothing, 3),
    ("kill_at_write", _killed_at_write, 4),
    ("kill_at_request", _killed_at_request, 4),
    ("terminate", _nothing, 1),
    ("freeze", _until, 1),
    ("fault", _fault, 16),
    ("lag", _lag, 2),
    ("api_trouble", _api_trouble, 10),
    ("deaf_watch", _deaf, 3),
    ("api_away", _until, 1),
    ("edit_by_hand", _edited_by_hand, 2),
    ("remove_by_hand", _named, 2),
)
"""(move, what it is done to, weight)."""


def literal(history: History) -> str:
    """As Python, to be kept in `named`."""

    return "\n".join(
        ["(", *(f"    Step({m!r}, {arguments!r}, {after})," for m, arguments, after in history), ")"]
    )
