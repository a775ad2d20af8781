"""What people do at a vendor without the operator: deployments made by hand, and what the journal says of both."""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from support.deadlines import eventually
from support.rows import ROWS
from support.simulator_process import Json, SimulatorProcess, Vendor


def create_by_hand(simulator: SimulatorProcess, vendor: Vendor, name: str, **fields: Any) -> str:
    """The id of a serving deployment of that name that the operator knows nothing of; `fields` are the vendor's."""
    api = ROWS[vendor].api
    body = {**api.least, api.name: name, **fields}
    connection = http.client.HTTPConnection(urlsplit(simulator.url).netloc, timeout=30)
    try:
        connection.request(
            "POST",
            api.deployments,
            body=json.dumps(body),
            headers={**api.headers, "Content-Type": "application/json"},
        )
        reply = connection.getresponse()
        answer = json.loads(reply.read())
    finally:
        connection.close()
    assert reply.status < 300, answer
    id_ = str(answer["id"])
    eventually(
        lambda: word_of(simulator.deployment(vendor, id_)), until=lambda word: word in ("ONLINE", "running")
    )
    return id_


def word_of(remote: Json) -> str:
    """The vendor's word for the state of a deployment."""
    status = remote["status"]
    return str(status["status"] if isinstance(status, dict) else status)


def after_sweeps(simulator: SimulatorProcess, *vendors: Vendor, sweeps: int = 3) -> None:
    """Until the operator has listed these accounts so many times more: what it wanted to do by then, it has done."""
    since = simulator.last_request
    for vendor in vendors:
        eventually(
            lambda vendor=vendor: simulator.requests(since, vendor=vendor, operation="list"),
            until=lambda lists: len(lists) > sweeps,
            what=f"{sweeps} sweeps of {vendor}",
        )
