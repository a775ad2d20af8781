"""Parasail's JSON: a spec into request fields, a deployment object into a `Remote`, an edit into a whole PUT body.

Names and types are those of the vendor's dedicated-service document; what is not in it is as clients that were tested
against the live service read and write it.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from model_operator.domain import Desired, Fields, Remote, RunState, Value
from model_operator.models.deployment import ModelDeploymentSpec
from model_operator.models.parasail import ParasailSpec
from model_operator.providers.base import SecretKey
from model_operator.providers.parasail import speculative, texts
from model_operator.providers.parasail.devices import FIELD, selection
from model_operator.providers.parasail.machines import machine_of, offers_of, price_of
from model_operator.providers.parasail.replicas import running, scaling
from model_operator.providers.reading import (
    Clean,
    Malformed,
    boolean,
    digest,
    finite,
    integer,
    items,
    mapping,
    moment,
    note,
    number,
    shown,
    text,
    word,
    words,
)
from model_operator.providers.vocabulary import shortage

_NO_POLICY = "NONE"
"""Of `scaleDownPolicy`; whether the service shows it so or as null is not documented, and means the same."""


_READ: Final[Mapping[str, tuple[str, Callable[[Any], Value]]]] = {
    "parasail.serviceTierName": ("serviceTierName", text),
    "parasail.scaleDownPolicy": ("scaleDownPolicy", text),
    "parasail.scaleDownThreshold": ("scaleDownThreshold", integer),
    "parasail.engine": ("engine", text),
    "parasail.engineTask": ("engineTask", text),
    "parasail.draftModelName": ("draftModelName", text),
    "parasail.generative": ("generative", boolean),
    "parasail.embedding": ("embedding", boolean),
    "parasail.targetConnectionsPerReplica": ("targetConnectionsPerReplica", integer),
    "parasail.autoscalingFactor": ("autoscalingFactor", number),
    "parasail.maxConnectionsPerReplica": ("maxConnectionsPerReplica", integer),
    "parasail.maxCompletionTokens": ("maxCompletionTokens", integer),
    "parasail.maxRequestDuration": ("maxRequestDuration", integer),
    "parasail.displayName": ("displayName", note),
    "parasail.description": ("description", note),
}
"""Owned fields that are one key of the vendor's, by their path in a spec: that key and its type. Times are milliseconds."""

_SECRETS: Final[Mapping[str, str]] = {
    "parasail.modelAccessKeySecretRef": "modelAccessKey",
    "parasail.draftModelAccessKeySecretRef": "draftModelAccessKey",
}
"""References to Secrets, and the key of a request that says what is in one."""

_ELSEWHERE: Final = frozenset({FIELD, *_SECRETS, *texts.KEYS, *speculative.READ})
"""Those that others write into a request."""

_LISTS: Final[Mapping[str, str]] = {"parasail.tags": "tags", "parasail.customAliases": "customAliases"}
"""Those whose order means nothing: sorted here, and none is an empty one."""

STATES: Final[Mapping[str, RunState]] = {
    "STARTING": RunState.STARTING,
    "ONLINE": RunState.SERVING,
    "STOPPING": RunState.STOPPING,
    "PAUSED": RunState.STOPPED,
    "OFFLINE": RunState.STOPPED,
    "ERROR": RunState.FAILED,  # not in the document; other clients met it
}

_CHOICES = frozenset({FIELD})
_ALL_CHOICES = frozenset({FIELD, "replicas"})
"""Where nothing is shown of an autoscaler, any number within its bounds may be its doing."""


def fields_of(spec: ModelDeploymentSpec) -> Fields:
    """What the spec names, nothing else."""
    block, scaling = spec.parasail or ParasailSpec(), spec.autoscaling
    values: dict[str, Value] = {
        "replicas": spec.replicas
        if scaling is None
        else {"minReplicas": scaling.min_replicas, "maxReplicas": scaling.max_replicas},
        "contextLength": spec.context_length,
        "parasail.serviceTierName": block.service_tier_name,
        FIELD: None
        if block.devices is None
        else tuple({"device": one.device, "count": one.count} for one in block.devices),
        "parasail.scaleDownPolicy": _word(block.scale_down_policy),
        "parasail.scaleDownThreshold": _milliseconds(block.scale_down_threshold),
        "parasail.engine": _word(block.engine),
        "parasail.engineTask": _word(block.engine_task),
        "parasail.draftModelName": block.draft_model_name,
        "parasail.generative": block.generative,
        "parasail.embedding": block.embedding,
        "parasail.targetConnectionsPerReplica": block.target_connections_per_replica,
        "parasail.autoscalingFactor": None
        if block.autoscaling_factor is None
        else float(block.autoscaling_factor),
        "parasail.maxConnectionsPerReplica": block.max_connections_per_replica,
        "parasail.maxCompletionTokens": block.max_completion_tokens,
        "parasail.maxRequestDuration": _milliseconds(block.max_request_duration),
        "parasail.displayName": block.display_name,
        "parasail.description": block.description,
        "parasail.tags": None if block.tags is None else _set(block.tags),
        "parasail.customAliases": None if block.custom_aliases is None else _set(block.custom_aliases),
    }
    long = {path: texts.fingerprint(text) for path, text in texts.texts_of(spec).items()}
    named = {path: value for path, value in values.items() if value is not None}
    return named | long | dict(speculative.fields_of(block))


def secret_keys_of(spec: ModelDeploymentSpec) -> Mapping[str, SecretKey]:
    """Access keys, by the path of their reference. The Secret's own key has the same name for both."""
    block = spec.parasail or ParasailSpec()
    refs = zip(
        _SECRETS, (block.model_access_key_secret_ref, block.draft_model_access_key_secret_ref), strict=True
    )
    return {path: SecretKey(ref.name, "modelAccessKey") for path, ref in refs if ref is not None}


def access_keys(desired: Desired) -> dict[str, str]:
    """As keys of a request: no reply shows them, so each has to say them again."""
    return {_SECRETS[path]: key for path, key in desired.secrets.items()}


def _word(value: StrEnum | None) -> str | None:
    return None if value is None else str(value)


def _milliseconds(duration: timedelta | None) -> int | None:
    return None if duration is None else duration // timedelta(milliseconds=1)


def _set(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(words)))


def create_body(desired: Desired) -> dict[str, Any]:
    """All but `deviceConfigs`. Unset optional fields are left out rather than null, which every dialect takes."""
    body: dict[str, Any] = {"deploymentName": desired.deployment_name, "modelName": desired.model}
    for path, value in desired.fields.items():
        body |= _written(path, value, body, chooses_devices=FIELD in desired.fields)
    body |= speculative.edited({}, desired.fields, frozenset())
    return body | texts.sent(desired, desired.fields) | access_keys(desired)


def edited(current: Mapping[str, Any], changes: Fields, removed: frozenset[str]) -> dict[str, Any]:
    """The whole body for a PUT but for its devices: everything as it was, unknown keys too, save the owned keys that
    change. Only a removed field becomes null, and only where the vendor shows it; and a number that is none, since no
    JSON can say it.
    """
    body = {key: finite(value) for key, value in current.items()}
    for path in removed:
        body |= {key: value for key, value in _cleared(path).items() if key in current}
    for path, value in changes.items():
        body |= _written(path, value, current, chooses_devices=_chooses_devices(current))
    return body | speculative.edited(body, changes, removed)


def completed(body: Mapping[str, Any], fields: Fields) -> dict[str, Any]:
    """With what the spec names and the vendor's GET did not show, since a PUT replaces everything: what is shown
    otherwise stays as it is."""
    missing: dict[str, Any] = {}
    for path, value in fields.items():
        if path != FIELD:
            missing |= _written(path, value, body, chooses_devices=_chooses_devices(body))
    return missing | speculative.completed(body, fields)


def _chooses_devices(item: Mapping[str, Any]) -> bool:
    """Whether it is an object of the live API, which knows more keys than the document."""
    return "contextLengthOverride" in item or bool(item.get("deviceConfigs"))


def _written(path: str, value: Value, current: Mapping[str, Any], *, chooses_devices: bool) -> dict[str, Any]:
    """One field as keys of a request."""
    match path, value:
        case "replicas", {"minReplicas": int(low), "maxReplicas": int(high)}:
            now = integer(current.get("replicas")) or low
            bounds = {"autoscaling": True, "minReplicas": low, "maxReplicas": high}
            return {"replicas": min(max(now, low), high), **bounds}
        case "replicas", _:
            # The document does not know the other key, so only where it has to change.
            return {"replicas": value} | ({"autoscaling": False} if current.get("autoscaling") else {})
        case "contextLength", _:
            # The live API has both: one client that was tested against it writes the one, one the other.
            is_so = current.get("contextLength") == value and current.get("contextLengthOverride") is None
            both = chooses_devices and not is_so
            return {"contextLength": value} | ({"contextLengthOverride": value} if both else {})
        case _ if path in _ELSEWHERE:
            return {}
        case _, tuple():
            return {_LISTS[path]: list(value)}
        case _:
            return {_READ[path][0]: value}


def _cleared(path: str) -> dict[str, Any]:
    match path:
        case "contextLength":
            return {"contextLength": None, "contextLengthOverride": None}
        case _ if path in _LISTS:
            return {_LISTS[path]: []}
        case _ if path in _READ:
            return {_READ[path][0]: None}
        case _ if path in texts.KEYS:
            return {texts.KEYS[path]: None}
        case _:
            return {}


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
    replicas, alias = running(item, status, state), text(item.get("externalAlias"))
    fields, modified = _fields(item), item.get("modifiedAt")
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
        whole=speculative.whole(item),
        choices=_CHOICES if "autoscaling" in item else _ALL_CHOICES,
        shortage=shortage(message) if state is RunState.STARTING else None,
        created=moment(item.get("createdAt")),
        version=version,
        is_full=is_full,
        machine=machine_of(item),
        price=price_of(item),
        offers=offers_of(item),
        changed_at=_changed_at(status, modified),
    )


def _changed_at(status: Mapping[str, Any], modified: Any) -> datetime | None:
    """Of its state, or of its settings, whichever was later."""
    known = [at for at in (moment(status.get("statusLastUpdated")), moment(modified)) if at is not None]
    return max(known, default=None)


def _fields(item: Mapping[str, Any]) -> dict[str, Value]:
    fields = shown(item, _READ) | dict(texts.fingerprints(item)) | speculative.fields_shown(item)
    if fields.get("parasail.scaleDownPolicy", _NO_POLICY) is None:
        fields["parasail.scaleDownPolicy"] = _NO_POLICY
    for path, key in _LISTS.items():
        if key in item:
            fields[path] = _set(filter(None, map(text, items(item[key]))))
    asked = scaling(item)
    if asked is not None:
        fields["replicas"] = asked
    context = integer(item.get("contextLengthOverride"))
    if context is not None:
        fields["contextLength"] = context
    elif "contextLength" in item:
        fields |= shown(item, {"contextLength": ("contextLength", integer)})
    chosen = selection(item.get("deviceConfigs"))
    if chosen is not None:
        fields[FIELD] = chosen
    return fields
