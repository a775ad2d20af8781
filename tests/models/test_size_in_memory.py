"""What an ordinary resource takes in memory, of which the operator keeps every one that there is."""

import json
import tracemalloc
from datetime import UTC, datetime
from typing import Final

from model_operator.models.deployment import ModelDeployment
from support.manifests import deployment

COUNT: Final = 200
NOW: Final = datetime(2026, 1, 1, tzinfo=UTC).isoformat()
STATUS: Final = {
    "externalID": "dep_1",
    "phase": "Serving",
    "replicas": 1,
    "observedGeneration": 1,
    "cost": {"perHour": "3.20", "currency": "USD", "accrued": "1.00", "at": NOW},
    "lastApplied": {"model": "org/model", "replicas": 1},
    "conditions": [
        {"type": kind, "status": "True", "reason": "Fine", "message": "It is.", "lastTransitionTime": NOW}
        for kind in ("Ready", "Synced", "Accepted", "Stalled")
    ],
}


def test_a_resource_takes_five_kilobytes_at_most() -> None:
    body = {**deployment("paitient", "chat"), "status": STATUS}
    body["metadata"] |= {"uid": "u", "resourceVersion": "7", "generation": 1, "creationTimestamp": NOW}
    text = json.dumps(body)
    kept = [ModelDeployment.parse(json.loads(text))]
    tracemalloc.start()
    try:
        kept += [ModelDeployment.parse(json.loads(text)) for _ in range(COUNT)]
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken / COUNT < 5_000
