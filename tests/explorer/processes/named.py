"""Histories that once went wrong, by what they showed. Paste what a failure prints, made as short as it can be.

A name begins with the fault's; while that is in `known`, the history is played only by `--with-known`.
"""

from explorer.processes.history import History, Step
from explorer.processes.troubles import GATEWAY

_REST = 8  # more writes than there will be: until the operator has nothing left to do
_WAIT = Step("rest", {}, _REST)  # some half a second


def _parasail(name: str) -> Step:
    return Step("apply", {"name": name, "vendor": "parasail", "spec": {"replicas": 1}})


def _paitient(name: str) -> Step:
    return Step("apply", {"name": name, "vendor": "paitient", "spec": {"replicas": 1}})


NAMED: dict[str, History] = {
    "C1: deleted while the API answers 404 for everything": (
        _parasail("m0"),
        _parasail("m2"),
        *(_WAIT,) * 3,  # seen in a LIST, under a proven credential
        Step("outage", {"rule": {**GATEWAY, "vendor": "parasail"}, "moves": 17}, _REST),
        *(_WAIT,) * 12,
        Step("delete", {"name": "m0"}),
        Step("delete", {"name": "m2"}),
        _WAIT,
    ),
    "C2: edited within its create": (
        Step("fault", {"kind": "hold", "seconds": 0.8, "operation": "create", "count": 1}),
        _paitient("m1"),
        Step("meet_fault", {}),
        Step("edit", {"name": "m1", "spec": {"contextLength": 2048}}),
    ),
    "M8: orphaned while its DELETE waits for a turn": (
        _parasail("m0"),
        Step(
            "fault",
            {
                "kind": "error",
                "vendor": "parasail",
                "status": 429,
                "retry_after": 3,
                "operation": "list",
                "count": 1,
            },
            _REST,
        ),
        Step("meet_fault", {}),
        Step("delete", {"name": "m0"}),
        Step("orphan", {"name": "m0"}, 1),
    ),
    "orphaned when its DELETE was sent: not said to stay": (
        _parasail("m0"),
        Step(
            "fault",
            {"kind": "hold", "seconds": 0.8, "operation": "delete", "count": 1, "when": "after"},
            _REST,
        ),
        Step("delete", {"name": "m0"}),
        Step("meet_fault", {}),
        Step("orphan", {"name": "m0"}),
    ),
    "orphan event: refused while the finalizer goes": (
        _parasail("m0"),
        Step("api_trouble", {"target": "event", "how": "failed", "done": False, "times": 3}, _REST),
        Step("orphan", {"name": "m0"}),
        _WAIT,
    ),
}
