"""What an object of another shard costs a process: CPU for each of its events, and memory while it is there.

`python tools/shard_cost.py [OBJECTS]` feeds the real engine, as the watch does, with bodies as the API server sends
them: each object comes into being in six events. docs/scaling.md reckons with these figures.
"""

import asyncio
import json
import resource
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, cast

from model_operator.domain import DEPLOYMENT, Key
from model_operator.engine.engine import Engine
from model_operator.observability.metrics import Metrics
from model_operator.providers.http import HttpTransport
from model_operator.providers.registry import PROVIDERS
from model_operator.reconcile.store import ListingStore
from model_operator.redaction import Redactor
from model_operator.settings import Settings
from model_operator.sharding import Shards

EVENTS: Final = 6
"""Of one object until it is Ready: created, finalizer, id, Ready, and two of what the provider showed meanwhile."""

SPEC: Final[dict[str, Any]] = {
    "providerRef": {"name": "acme"},
    "model": "org/llama-3.1-8b-instruct",
    "replicas": 1,
    "paitient": {"instanceType": "g5.2xlarge", "region": "us-west-2", "computeType": "gpu"},
}
CONDITIONS: Final = ("Ready", "Accepted", "Synced", "Serving", "Reconciling", "Stalled")


def body(number: int, version: int) -> dict[str, Any]:
    """A ModelDeployment that serves, in one of thirty namespaces."""
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    said = {
        "status": "True",
        "reason": "Available",
        "message": "It serves as its spec says.",
        "lastTransitionTime": now,
    }
    return {
        "apiVersion": "modeloperator.dev/v1alpha1",
        "kind": DEPLOYMENT,
        "metadata": {
            "name": f"llama-{number}",
            "namespace": f"team-{number % 30}",
            "uid": f"00000000-0000-4000-8000-{number:012}",
            "generation": 1,
            "resourceVersion": str(version),
            "creationTimestamp": now,
            "finalizers": ["modeloperator.dev/finalizer"],
        },
        "spec": SPEC,
        "status": {
            "observedGeneration": 1,
            "phase": "Ready",
            "externalID": f"dep-{number:08}",
            "providerState": "running",
            "replicas": 1,
            "lastApplied": {"max_replicas": 1, "min_replicas": 1},
            "conditions": [{"type": type_, **said, "observedGeneration": 1} for type_ in CONDITIONS],
        },
    }


def resident() -> int:
    """KiB."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * resource.getpagesize() // 1024


async def measure(objects: int) -> None:
    shards = Shards(1000)  # of which no namespace here is in the one that this process has
    shards.take(next(n for n in range(1000) if not any(shards.of(f"team-{m}") == n for m in range(30))))
    async with HttpTransport(request_timeout=timedelta(seconds=1)) as transport:
        engine = Engine(
            settings=Settings(),
            kube=cast("ListingStore", None),  # never asked here
            transport=transport,
            vendors=PROVIDERS,
            metrics=Metrics(),
            redactor=Redactor(),
            shards=shards,
        )
        lines = [json.dumps(body(number, 1)).encode() for number in range(objects)]
        before, began = resident(), time.process_time()
        for version in range(1, EVENTS + 1):
            for line in lines:
                event = json.loads(line)
                event["metadata"]["resourceVersion"] = str(version)
                key = Key(DEPLOYMENT, event["metadata"]["namespace"], event["metadata"]["name"])
                engine.shown(key, event)
        spent, held = time.process_time() - began, resident() - before
    sys.stdout.write(
        f"objects                     {objects}\n"
        f"bytes of a body             {len(lines[0])}\n"
        f"CPU of an event             {spent / objects / EVENTS * 1e6:.0f} us\n"
        f"memory of an object         {held / objects:.1f} KiB\n"
    )


if __name__ == "__main__":
    asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 3000))
