"""Parasail's JSON: a spec into request fields, a deployment object into a `Remote`, an edit into a whole PUT body.

Names and types are those of the vendor's dedicated-service document; `instances`, `statusMessage` and `modifiedAt`
are not in it, but the live service is known to send them.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from model_operator.domain import Desired, Fields, Remote, RunState, Value
from model_operator.models.deployment import ModelDeploymentSpec
from model_operator.models.parasail import ParasailSpec
from model_operator.providers.reading import (
    Clean,
    Malformed,
    boolean,
    count,
    digest,
    finite,
    integer,
    mapping,
    shown,
    text,
    word,
    words,
)

_NO_POLICY = "NONE"
"""Of `scaleDownPolicy`; whether the service shows it so or as null is not documented, and means the same."""

FIELDS: Final[Mapping[str, tuple[str, Callable[[Any], Value]]]] = {
    "replicas": ("replicas", integer),
    "contextLength": ("contextLength", integer),
    "parasail.serviceTierName": ("serviceTierName", text),
    "parasail.scaleDownPolicy": ("scaleDownPolicy", text),
    "parasail.scaleDownThreshold": ("scaleDownThreshold", integer),
    "parasail.draftModelName": ("draftModelName", text),
    "parasail.generative": ("generative", boolean),
    "parasail.embedding": ("embedding", boolean),
}
"""Owned fields by their path in a spec: the vendor's key and type. The threshold is in milliseconds."""

STATES: Final[Mapping[str, RunState]] = {
    "STARTING": RunState.STARTING,
    "ONLINE": RunState.SERVING,
    "STOPPING": RunState.STOPPING,
    "PAUSED": RunState.STOPPED,
    "OFFLINE": RunState.STOPPED,
    "ERROR": RunState.FAILED,  # not in the document; other clients met it
}

_RUNNING = frozenset({"ONLINE", "RUNNING"})


def fields_of(spec: ModelDeploymentSpec) -> Fields:
    """What the spec names, nothing else."""
    block = spec.parasail or ParasailSpec()
    threshold = block.scale_down_threshold
    values: dict[str, Value] = {
        "replicas": spec.replicas,
        "contextLength": spec.context_length,
        "parasail.serviceTierName": block.service_tier_name,
        "parasail.scaleDownPolicy": block.scale_down_policy and str(block.scale_down_policy),
        "parasail.scaleDownThreshold": None if threshold is None else threshold // timedelta(milliseconds=1),
        "parasail.draftModelName": block.draft_model_name,
        "parasail.generative": block.generative,
        "parasail.embedding": block.embedding,
    }
    return {path: value for path, value in values.items() if value is not None}


def create_body(desired: Desired) -> dict[str, Any]:
    """Unset optional fields are left out rather than null, which every dialect of the vendor takes."""
    body = {"deploymentName": desired.deployment_name, "modelName": desired.model}
    return body | {FIELDS[path][0]: value for path, value in desired.fields.items()}


def edited(current: Mapping[str, Any], changes: Fields, removed: frozenset[str]) -> dict[str, Any]:
    """The whole body for a PUT: everything as it was, unknown keys too, save the owned keys that change.

    Only a removed field becomes null, and only where the vendor shows it; and a number that is none, since no JSON
    can say it.
    """
    body = {key: finite(value) for key, value in current.items()}
    for path in removed:
        key = FIELDS[path][0]
        if key in body:
            body[key] = None
    return body | {FIELDS[path][0]: value for path, value in changes.items()}


def identifier(item: Mapping[str, Any]) -> str:
    """The numeric id as a string. Raises `Malformed`."""
    found = integer(item.get("id"))
    if found is None or not 0 < found < 1 << 63:
        raise Malformed("a deployment without a numeric id")
    return str(found)


def remote_of(item: Any, *, chat_base_url: str | None, clean: Clean, is_full: bool = False) -> Remote:
    """A deployment object of any reply. Raises `Malformed` if it has no id; the rest may be missing."""
    item = mapping(item, "a deployment")
    status = item.get("status")
    if not isinstance(status, dict):
        status = {"status": status}  # missing, or the bare word
    shown_word = word(status.get("status"), STATES, clean)
    state = STATES.get(shown_word.upper(), RunState.UNKNOWN)
    message = clean(words(status.get("statusMessage")))
    replicas, alias = _running(item, status, state), text(item.get("externalAlias"))
    fields, modified = shown(item, FIELDS), item.get("modifiedAt")
    if fields.get("parasail.scaleDownPolicy", _NO_POLICY) is None:
        fields["parasail.scaleDownPolicy"] = _NO_POLICY
    # What moves modifiedAt is not documented (instances that come up do not), so all that is read counts besides. And
    # nothing else does: other times move by themselves.
    version = digest([modified, shown_word, replicas, alias, fields, message])
    return Remote(
        id=identifier(item),
        name=text(item.get("deploymentName")) or "",
        model=text(item.get("modelName")),
        state=state,
        word=shown_word,
        message=message,
        replicas=replicas,
        alias=alias,
        url=chat_base_url,
        fields=fields,
        version=version,
        is_full=is_full,
    )


def _running(item: Mapping[str, Any], status: Mapping[str, Any], state: RunState) -> int | None:
    if state is RunState.STOPPED:
        return 0
    instances = status.get("instances") or item.get("instances")
    if isinstance(instances, list) and instances:
        return sum(_is_running(instance) for instance in instances)
    return count(item.get("replicas")) if state is RunState.SERVING else None


def _is_running(instance: Any) -> bool:
    found = instance.get("status") if isinstance(instance, dict) else None
    return isinstance(found, str) and found.upper() in _RUNNING
