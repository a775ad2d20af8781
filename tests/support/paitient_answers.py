"""What a server that answers for PaiTIENT says."""

import json

from model_operator.domain import UID_TAG

UID = "11111111-2222"


def answering(*bodies):
    """Replies with each body in turn, the last one for ever."""
    rest = list(bodies)

    async def script(visit):
        body = rest.pop(0) if len(rest) > 1 else rest[0]
        await visit.reply("200 OK", json.dumps(body).encode())

    return script


def item(id, uid=UID, **more):
    return {
        "id": id,
        "status": "running",
        "created_at": "2026-01-01T00:00:00Z",
        "tags": {UID_TAG: uid},
        **more,
    }
