"""Refusals as providers send them, taken apart or explained."""

import json

from model_operator.providers.account import Cleaner
from model_operator.providers.base import Call, Credentials
from model_operator.providers.complaints import Refused
from model_operator.providers.refusals import explain

KEY, CLIENT = "sk-very-secret-0123456789", "client-4711-abcdef"


CLEAN = Cleaner(Credentials(api_key=KEY, client_id=CLIENT))


def refused(status, body):
    raw = (
        body
        if isinstance(body, bytes)
        else body.encode()
        if isinstance(body, str)
        else json.dumps(body).encode()
    )
    return Refused(status, {}, raw)


def explained(refusal, operation, *, mutates=True):
    call = Call(operation=operation, method="X", path="/", mutates=mutates)
    return explain(refusal, 'parasail: create "a"', call, CLEAN)


def problem(status, detail):
    return {
        "type": "about:blank",
        "title": "Forbidden",
        "status": status,
        "detail": detail,
        "instance": "/api/v1/x",
    }
