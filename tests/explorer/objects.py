"""What people apply in a history, and what they have for it: namespaces, keys, prices."""

from typing import Any

from explorer.process import URL
from support import manifests
from support.memory_schema import Object
from support.rows import LIVE, ROWS

TEAM = "team-a"
OTHER_TEAM = "team-b"
KEYS = {"parasail": "sim-parasail-key", "paitient": "sim-paitient-key"}
OTHER_KEYS = {"parasail": "other-parasail-key", "paitient": "other-paitient-key"}
CLIENTS = {"sim-paitient-key": "sim-client", "other-paitient-key": "other-client"}
SECRETS = (*KEYS.values(), *OTHER_KEYS.values(), *CLIENTS.values())
PRICES: dict[str, Any] = {
    "parasail": [{"match": "H100", "perReplicaHour": "3.2", "currency": "USD"}],
    "paitient": [{"match": "g5.2xlarge", "perReplicaHour": "1.21", "currency": "USD"}],
}
"""What the simulator charges, but for devices, of which it shows the price itself."""


def secret(vendor: str, key: str, name: str | None = None) -> Object:
    client = {"clientID": CLIENTS.get(key, "sim-client")} if "clientID" in ROWS[vendor].secret else {}
    return manifests.secret(name or vendor, apiKey=key, **client)


def provider(vendor: str, name: str | None = None, **spec: Any) -> Object:
    default = {"pollInterval": None, "prices": PRICES.get(vendor)}
    return manifests.provider(vendor, URL, name or vendor, name or vendor, **{**default, **spec})


def deployment(vendor: str, name: str, **spec: Any) -> Object:
    return manifests.deployment(
        vendor, name, block=spec.pop(vendor, None), **{"progressDeadline": "5m", **spec}
    )


def by_device(body: Object) -> Object:
    """What names a service tier names devices instead."""
    block = body.get("spec", {}).get("parasail")
    if not block or "serviceTierName" not in block:
        return body
    chosen = {name: value for name, value in block.items() if name != "serviceTierName"}
    return {
        **body,
        "spec": {**body["spec"], "parasail": {**chosen, "devices": LIVE.manifest["parasail"]["devices"]}},
    }
