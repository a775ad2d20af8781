"""What the oracle looks at: the world at rest, and what an object and a deployment have to do with each other."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from explorer.world import OWN_ACCOUNT, World
from model_operator.domain import UID_TAG
from model_operator.durations import parse_duration
from support.manifests import vendor_of
from support.memory_schema import Object

Id = tuple[str, str]


@dataclass(frozen=True)
class End:
    """The world when it has come to rest."""

    world: World
    ledger: dict[Id, dict[str, Any]]
    writes: int
    """Of the API server, in the last minutes."""
    requests: Counter[str]
    """Of the operator to the providers, in the last minutes."""
    bill: dict[Id, dict[str, Any]]
    """What each deployment that ever was has cost."""


def uid_of(body: Object) -> str:
    uid: str = body["metadata"]["uid"]
    return uid


def condition(body: Object, type_: str) -> dict[str, Any]:
    conditions = body.get("status", {}).get("conditions", [])
    return next((c for c in conditions if c["type"] == type_), {"status": "Unknown", "reason": ""})


def is_terminating(body: Object) -> bool:
    return "deletionTimestamp" in body["metadata"]


def expiry(body: Object) -> datetime | None:
    """By the spec, or because it was found idle."""
    record, rule = body.get("status", {}).get("idle") or {}, body["spec"].get("idle") or {}
    is_found = "foundAt" in record and record["generation"] == body["metadata"]["generation"]
    found = datetime.fromisoformat(record["foundAt"]) if is_found and rule.get("then") == "Expire" else None
    return min((due for due in (_by_spec(body), found) if due is not None), default=None)


def _by_spec(body: Object) -> datetime | None:
    spec = body["spec"]
    if "expiresAfter" in spec:
        created = datetime.fromisoformat(body["metadata"]["creationTimestamp"])
        return created + parse_duration(spec["expiresAfter"])
    return datetime.fromisoformat(spec["expiresAt"]) if "expiresAt" in spec else None


def is_over(body: Object) -> bool:
    """Its end is recorded, and it was not extended since."""
    expired = body.get("status", {}).get("expired") or {}
    if not expired.get("isFinal") or body["spec"].get("deletionPolicy") == "Orphan":
        return False
    return expiry(body) == datetime.fromisoformat(expired["at"])


def holder(body: Object) -> Id | None:
    found = body.get("status", {}).get("externalID")
    return (vendor_of(body), str(found)) if found else None


def marked(end: End) -> dict[str, list[Id]]:
    """UID → the live deployments that carry its mark: the tag, or the hash in the default name."""
    found: dict[str, list[Id]] = defaultdict(list)
    for id_, remote in end.ledger.items():
        if id_ in end.world.strangers:
            continue
        uid = (remote.get("tags") or {}).get(UID_TAG) or end.world.uids.get(remote.get("deploymentName", ""))
        if uid:
            found[uid].append(id_)
    return found


def is_elsewhere(end: End, id_: Id | None) -> bool:
    """Made while the Secret had another account's key: with the right one it cannot be seen."""
    return id_ in end.ledger and end.ledger[id_]["sim"]["account"] != OWN_ACCOUNT
