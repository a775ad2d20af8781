"""What the oracle looks at: the world at rest, and what an object and a deployment have to do with each other."""

from dataclasses import dataclass
from typing import Any

from explorer.processes.people import KIND
from explorer.processes.play import Play
from support.by_hand import word_of
from support.fault_stage import VENDORS
from support.kube_api import Object
from support.manifests import vendor_of
from support.namespace import conditions
from support.rows import ROWS

_ENDED = ("deleting", "deleted")
Id = tuple[str, str]


@dataclass(frozen=True, slots=True)
class End:
    """The world when it has come to rest."""

    play: Play
    objects: dict[str, Object]
    ledger: dict[Id, dict[str, Any]]
    """Everything that lives at the vendors."""

    @staticmethod
    def of(play: Play) -> "End":
        state = play.stage.simulator.state()
        ledger: dict[Id, dict[str, Any]] = {
            (vendor, str(one["id"])): one
            for vendor in VENDORS
            for one in state[vendor]
            if word_of(one) not in _ENDED
        }
        objects = {obj["metadata"]["name"]: obj for obj in play.stage.namespace.objects(KIND)}
        return End(play, objects, ledger)


def holder(obj: Object) -> Id | None:
    """What its status says it holds."""
    found = (obj.get("status") or {}).get("externalID")
    return (vendor_of(obj), str(found)) if found else None


def is_terminating(obj: Object) -> bool:
    return "deletionTimestamp" in obj["metadata"]


def objects_of(play: Play) -> dict[str, Object]:
    return {obj["metadata"]["name"]: obj for obj in play.stage.namespace.objects(KIND)}


def wanted_of(obj: Object) -> dict[str, Any]:
    spec = obj["spec"]
    wanted = {"replicas": spec["replicas"], "model": spec["model"]}
    if "contextLength" in spec:
        wanted["contextLength"] = spec["contextLength"]
    if spec.get("paused"):  # edits are held until it runs again
        return {"model": spec["model"], "runs": False}
    return wanted | {"runs": True}


def shown_of(obj: Object, remote: dict[str, Any]) -> dict[str, Any]:
    runs = word_of(remote) in ("ONLINE", "running")
    api = ROWS[vendor_of(obj)].api
    return {**{field: api.shown(field, remote) for field in api.fields}, "runs": runs}


def said_of(obj: Object) -> str:
    ready = next((c for c in (obj.get("status") or {}).get("conditions", []) if c["type"] == "Ready"), {})
    generation = f"generation {obj['metadata']['generation']}, said of {ready.get('observedGeneration')}"
    return f"{conditions(obj)} ({ready.get('message')}; {generation}; holds {holder(obj)})"
