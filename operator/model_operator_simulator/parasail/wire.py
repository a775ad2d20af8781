"""What Parasail's replies look like: deployments as JSON, and errors as RFC 7807 problems or plain text.

A deployment's JSON is kept until the deployment changes: a list of a thousand is then a join of bytes.
"""

from typing import Any

from model_operator_simulator.call import Json, Refused, Reply
from model_operator_simulator.clock import milliseconds
from model_operator_simulator.core import compact

from .catalogue import CONTEXT, properties, shown_configs
from .deployment import Deployment, Instance
from .fields import DOCUMENTED, OBSERVED
from .knobs import ParasailKnobs

TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    413: "Payload Too Large",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}

# As a client's authors saw it on the live API.
UNAUTHORIZED_TEXT = "Unauthorized. Invalid token format."


def problem(status: int, detail: str, path: str) -> Reply:
    """The control API's error: an RFC 7807 object."""
    payload = {"type": "about:blank", "title": TITLES.get(status, "Error"), "status": status}
    payload |= {"detail": detail, "instance": path}
    return Reply(status, payload, content_type="application/problem+json")


def refuse(status: int, detail: str, path: str) -> Refused:
    """The same, to raise."""
    return Refused(problem(status, detail, path))


def encoded(deployment: Deployment, knobs: ParasailKnobs, base: str, now: float) -> bytes:
    """A deployment as the JSON text of a reply."""
    alias = None if now < deployment.created_at + knobs.alias_delay_s else deployment.alias
    key = (
        *(
            base,
            alias or "",
            knobs.reply_fields,
            knobs.unset_fields,
            knobs.context_field,
            knobs.autoscale_shows,
        ),
        *(str(knobs.device_choices), str(knobs.chat_template_bytes), *knobs.hidden_fields),
    )
    if key not in deployment.wire_cache:
        deployment.wire_cache[key] = compact(shape(deployment, knobs, base, alias))
    return deployment.wire_cache[key]


def shape(deployment: Deployment, knobs: ParasailKnobs, base: str, alias: str | None) -> dict[str, Json]:
    """A deployment as a reply shows it, by the knobs ``reply_fields`` and ``unset_fields``."""
    shown = {"id": deployment.id, **_written(deployment, knobs), "externalAlias": alias}
    if knobs.reply_fields == "documented":
        shown |= {"status": {"status": deployment.status}}
    else:
        shown |= {**_observed(deployment, knobs, base), "status": _status(deployment)}
    return {name: value for name, value in shown.items() if name not in knobs.hidden_fields}


def _written(deployment: Deployment, knobs: ParasailKnobs) -> dict[str, Json]:
    shown: dict[str, Json] = {}
    for field in DOCUMENTED:
        if field.name in deployment.fields:
            shown[field.name] = deployment.fields[field.name]
        elif knobs.unset_fields != "absent":
            shown[field.name] = field.default if knobs.unset_fields == "default" else None
    hidden = {field.name for field in OBSERVED}
    shown |= {name: value for name, value in deployment.fields.items() if name not in hidden}
    if knobs.autoscale_shows == "replicas":
        shown["replicas"] = deployment.replicas
    if knobs.context_field == "contextLengthOverride":
        shown["contextLength"] = CONTEXT
    return shown


def _observed(deployment: Deployment, knobs: ParasailKnobs, base: str) -> dict[str, Json]:
    shown = {
        field.name: deployment.fields.get(field.name, field.default)
        for field in OBSERVED
        if not field.write_only
    }
    times: dict[str, float | None] = {
        "createdAt": deployment.created_at,
        "startedAt": deployment.started_at,
        "deploymentAvailableAt": deployment.online_at,
        "modifiedAt": deployment.modified_at,
    }
    return {
        "accountName": deployment.account,
        **shown,
        "displayName": deployment.fields.get("displayName", deployment.name),
        "baseUrl": f"{base}/v1",
        "deviceConfigs": shown_configs(deployment.fields, knobs),
        "modelProperties": properties(deployment.fields["modelName"], knobs),
        **{name: None if at is None else milliseconds(at) for name, at in times.items()},
        "creatorUsername": "simulator",
        "creatorEmail": None,
        "creatorUserId": 1,
    }


def _status(deployment: Deployment) -> dict[str, Json]:
    return {
        "id": deployment.id,
        "status": deployment.status,
        "statusMessage": deployment.message,
        "statusLastUpdated": milliseconds(deployment.status_at),
        "instances": [_instance(deployment, instance) for instance in deployment.instances],
    }


def _instance(deployment: Deployment, instance: Instance) -> dict[str, Any]:
    serving = instance.status == "ONLINE"
    return {
        "id": instance.id,
        "name": f"{deployment.name}-{instance.id}",
        "status": instance.status,
        "statusMessage": instance.message,
        "statusLastUpdated": milliseconds(instance.at),
        "observedContext": 8192 if serving else None,
        "kvCacheSize": 65536 if serving else None,
    }
