"""A status that somebody else wrote may be of a megabyte; what is kept of it, and what it costs, has a bound."""

import time
import tracemalloc
from typing import Any

import pytest

from model_operator.models.canary_status import CanaryEndpointStatus
from model_operator.models.deployment_status import ModelDeploymentStatus

MEGABYTE = 1_000_000
CONDITION = {
    "type": "Ready",
    "status": "True",
    "reason": "Available",
    "message": "",
    "lastTransitionTime": "2026-01-01T00:00:00Z",
}
OURS = {"externalID": "dep_1", "phase": "Serving", "conditions": [CONDITION], "lastApplied": {"replicas": 1}}


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


HUGE = {
    "conditions": {"conditions": [CONDITION] + [{**CONDITION, "type": f"T{n}"} for n in range(10_000)]},
    "drift": {"drift": [{"field": "f", "desired": n} for n in range(50_000)]},
    "many values": {"drift": [{"field": "f", "desired": [0] * 300_000}]},
    "a text": {"providerState": "x" * MEGABYTE},
    "what nobody knows": {"fromTheFuture": ["x" * 100] * 10_000},
    "an intent": {"pending": {"operation": "Create", "sent": {f"f{n}": n for n in range(100_000)}}},
    "nested": {"lastApplied": {"tags": nested(500)}},
}


@pytest.mark.parametrize("more", [pytest.param(more, id=name) for name, more in HUGE.items()])
def test_of_a_huge_status_what_fits_is_kept(more: dict[str, Any]) -> None:
    tracemalloc.start()
    try:
        status = ModelDeploymentStatus.parse(OURS | more)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < MEGABYTE
    assert (status.external_id, status.phase) == ("dep_1", "Serving")
    assert status.conditions[0].type == "Ready"


@pytest.mark.parametrize("more", [pytest.param(more, id=name) for name, more in HUGE.items()])
def test_a_huge_status_costs_the_loop_little(more: dict[str, Any]) -> None:
    before = time.thread_time()
    ModelDeploymentStatus.parse(OURS | more)
    assert time.thread_time() - before < 0.2


def test_a_canarys_huge_history_is_cut() -> None:
    past = {"id": "r", "result": "Completed", "startedAt": "2026-01-01T00:00:00Z"}
    past |= {"finishedAt": "2026-01-01T00:00:00Z", "to": "x" * 100}
    status = CanaryEndpointStatus.parse({"externalID": "cep_1", "history": [past] * 20_000})
    assert status.external_id == "cep_1"
    assert 0 < len(status.history) < 2_000


def test_the_largest_status_that_we_may_write_comes_back_whole() -> None:
    """A spec may have 40,000 characters, and the status repeats it in three places."""
    fields = {f"paitient.tags.{n}": "v" * 300 for n in range(120)}
    drift = [{"field": name, "desired": value, "observed": value[::-1]} for name, value in fields.items()]
    pending = {"operation": "Create", "startedAt": "2026-01-01T00:00:00Z", "deadline": "2026-01-01T00:01:00Z"}
    raw = OURS | {"lastApplied": fields, "pending": pending | {"sent": fields}, "drift": drift}
    raw |= {"conditions": [{**CONDITION, "type": f"T{n}", "message": "m" * 1024} for n in range(12)]}
    status = ModelDeploymentStatus.parse(raw)
    assert status.last_applied == fields
    assert status.pending is not None
    assert status.pending.sent == fields
    assert (len(status.drift), len(status.conditions)) == (120, 12)
