"""PaiTIENT's JSON: a spec into request fields, a deployment object into a `Remote`, one page of a list into items.

Names and omissions are those of the vendor's deployments document: create, list and PATCH replies leave fields out,
so only a GET says anything about the owned ones.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from model_operator.domain import (
    EPOCH_TAG,
    OWNER_TAG,
    UID_TAG,
    Desired,
    Endpoint,
    Fields,
    Remote,
    RunState,
    Value,
)
from model_operator.models.deployment import ModelDeploymentSpec
from model_operator.models.paitient import ModelSettings, PaitientSpec, SecuritySettings, VpcConfig
from model_operator.providers.reading import (
    Clean,
    Malformed,
    boolean,
    count,
    digest,
    identity,
    integer,
    listed,
    mapping,
    moment,
    note,
    number,
    shown,
    text,
    url,
    word,
)

TAGS: Final = "paitient.tags."
"""Path of one tag: this and its key."""

SETTINGS: Final[Mapping[str, tuple[str, Callable[[Any], Value]]]] = {
    "contextLength": ("context_length", integer),
    "paitient.modelConfig.maxOutputTokens": ("max_output_tokens", integer),
    "paitient.modelConfig.defaultTemperature": ("default_temperature", number),
    "paitient.modelConfig.defaultTopP": ("default_top_p", number),
}
"""Owned fields inside the vendor's model_config: key and type."""

STATES: Final[Mapping[str, RunState]] = {
    "creating": RunState.STARTING,
    "running": RunState.SERVING,
    "updating": RunState.UPDATING,
    "failed": RunState.FAILED,
    "delete_failed": RunState.FAILED,  # not in the document; the vendor's published demo server has it
    "deleting": RunState.DELETING,
    "deleted": RunState.GONE,
}

_MARK: Final = frozenset({UID_TAG, OWNER_TAG, EPOCH_TAG})
_EPOCH: Final = re.compile(r"[0-9]{1,15}", re.ASCII)
_FIXED: Final[Mapping[str, tuple[str, ...]]] = {
    "paitient.computeType": ("compute_type",),
    "paitient.instanceType": ("instance_type",),
    "paitient.region": ("region",),
    "paitient.vpcConfig.subnetIDs": ("vpc_config", "subnet_ids"),
    "paitient.vpcConfig.securityGroupIDs": ("vpc_config", "security_group_ids"),
    "paitient.securitySettings.networkIsolation": ("security_settings", "network_isolation"),
    "paitient.securitySettings.privateEndpoints": ("security_settings", "private_endpoints"),
    "paitient.securitySettings.encryptionLevel": ("security_settings", "encryption_level"),
    "paitient.securitySettings.auditLogging": ("security_settings", "audit_logging"),
    "paitient.securitySettings.complianceMode": ("security_settings", "compliance_mode"),
}


def fields_of(spec: ModelDeploymentSpec) -> Fields:
    """What the spec names, nothing else."""
    block = spec.paitient or PaitientSpec()
    settings = block.model_settings or ModelSettings()
    scaling = spec.autoscaling
    values: dict[str, Value] = {
        "replicas": spec.replicas
        if scaling is None
        else {"minReplicas": scaling.min_replicas, "maxReplicas": scaling.max_replicas},
        "contextLength": spec.context_length,
        "paitient.modelConfig.maxOutputTokens": settings.max_output_tokens,
        "paitient.modelConfig.defaultTemperature": _float(settings.default_temperature),
        "paitient.modelConfig.defaultTopP": _float(settings.default_top_p),
    }
    values |= {TAGS + key: value for key, value in (block.tags or {}).items()}
    return {path: value for path, value in values.items() if value is not None}


def fixed_of(spec: ModelDeploymentSpec) -> Fields:
    """Create-only fields that the spec names."""
    block = spec.paitient or PaitientSpec()
    vpc = block.vpc_config or VpcConfig()
    security = block.security_settings or SecuritySettings()
    values: dict[str, Value] = {
        "paitient.computeType": block.compute_type,
        "paitient.instanceType": block.instance_type,
        "paitient.region": block.region,
        "paitient.vpcConfig.subnetIDs": vpc.subnet_ids,
        "paitient.vpcConfig.securityGroupIDs": vpc.security_group_ids,
        "paitient.securitySettings.networkIsolation": security.network_isolation,
        "paitient.securitySettings.privateEndpoints": security.private_endpoints,
        "paitient.securitySettings.encryptionLevel": security.encryption_level,
        "paitient.securitySettings.auditLogging": security.audit_logging,
        "paitient.securitySettings.complianceMode": security.compliance_mode,
    }
    return {path: value for path, value in values.items() if value is not None}


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def create_body(desired: Desired) -> dict[str, Any]:
    """With our UID tag, by which a create whose reply was lost is found again, and the owner's beside it."""
    body: dict[str, Any] = {"model_name": desired.model, "deployment_name": desired.deployment_name}
    for path, value in desired.fixed.items():
        *parents, key = _FIXED[path]
        holder = body
        for parent in parents:
            holder = holder.setdefault(parent, {})
        holder[key] = value
    body |= edit_body(desired.fields)
    return body | {"tags": body.get("tags", {}) | mark(desired.uid, desired.owner)}


def edit_body(changes: Fields) -> dict[str, Any]:
    """A PATCH of these fields and no others; the vendor merges tags and model_config."""
    body: dict[str, Any] = {}
    for path, value in changes.items():
        if path == "replicas":
            body |= _scaling(value)
        elif path.startswith(TAGS):
            body.setdefault("tags", {})[path.removeprefix(TAGS)] = value
        else:
            body.setdefault("model_config", {})[SETTINGS[path][0]] = value
    return body


def _scaling(replicas: Value) -> dict[str, Value]:
    match replicas:
        case {"minReplicas": low, "maxReplicas": high}:
            return {"min_replicas": low, "max_replicas": high, "auto_scaling": True}
        case _:
            return {"min_replicas": replicas, "max_replicas": replicas, "auto_scaling": False}


def auto_scaling(item: Any) -> bool | None:
    """What any reply says of it; None where it says nothing."""
    return boolean(item.get("auto_scaling")) if isinstance(item, dict) else None


def scales(fields: Fields) -> bool | None:
    """The same of a `Remote`'s fields, as `_replicas` writes them."""
    match fields.get("replicas"):
        case None:
            return None
        case {"autoScaling": False} | int():
            return False
        case _:
            return True


def mark(uid: str, owner: str | None, epoch: int | None = None) -> dict[str, str]:
    """The tags that say whose a deployment is."""
    tags = {UID_TAG: uid, OWNER_TAG: owner, EPOCH_TAG: None if epoch is None else str(epoch)}
    return {key: value for key, value in tags.items() if value is not None}


def identifier(item: Mapping[str, Any]) -> str:
    """The id; another dialect of the vendor calls it deployment_id. Raises `Malformed`."""
    found = identity(item.get("id")) or identity(item.get("deployment_id"))
    if found is None:
        raise Malformed("a deployment without an id")
    return found


def remote_of(item: Any, *, clean: Clean, is_full: bool = False) -> Remote:
    """A deployment object of any reply. Raises `Malformed` if it has no id; the rest may be missing.

    Owned fields are read from a GET only: other replies may show part of them, and old values.
    """
    item = mapping(item, "a deployment")
    shown_word = word(item.get("status"), STATES, clean)
    updated = text(item.get("updated_at"))
    return Remote(
        id=identifier(item),
        name=text(item.get("deployment_name")) or "",
        model=text(item.get("model_name")) or text(item.get("model_id")),
        state=STATES.get(shown_word.lower(), RunState.UNKNOWN),
        word=shown_word,
        replicas=count(item.get("current_replicas")),
        url=url(item.get("endpoint")),
        owner_uid=_tag(item, UID_TAG),
        owner=_tag(item, OWNER_TAG),
        epoch=_epoch(item),
        created=moment(item.get("created_at")),
        fields=_fields(item) if is_full else {},
        whole=_whole(item) if is_full else (),
        version=f"{updated}/{shown_word}" if updated else digest(item),
        is_full=is_full,
        machine=text(item.get("instance_type")),
        changed_at=moment(updated),
    )


def _tag(item: Mapping[str, Any], key: str) -> str | None:
    tags = item.get("tags")
    return text(tags.get(key)) if isinstance(tags, dict) else None


def _epoch(item: Mapping[str, Any]) -> int | None:
    shown = _tag(item, EPOCH_TAG)
    return int(shown) if shown is not None and _EPOCH.fullmatch(shown) else None


def _fields(item: Mapping[str, Any]) -> Fields:
    fields: dict[str, Value] = {}
    replicas = _replicas(item)
    if replicas is not None:
        fields["replicas"] = replicas
    settings = item.get("model_config")
    if isinstance(settings, dict):
        fields |= shown(settings, SETTINGS)
    tags = item.get("tags")
    if isinstance(tags, dict):
        shown_tags = {k: note(v) for k, v in tags.items() if text(k) and k not in _MARK}
        fields |= {TAGS + key: value for key, value in shown_tags.items() if value is not None}
    return fields


def _whole(item: Mapping[str, Any]) -> tuple[str, ...]:
    """A GET shows these maps whole, or not at all."""
    settings = tuple(SETTINGS) if isinstance(item.get("model_config"), dict) else ()
    return (*settings, TAGS) if isinstance(item.get("tags"), dict) else settings


def _replicas(item: Mapping[str, Any]) -> Value:
    """As `fields_of` writes it; None unless all three keys are there."""
    low, high = integer(item.get("min_replicas")), integer(item.get("max_replicas"))
    scales = boolean(item.get("auto_scaling"))
    if low is None or high is None or scales is None:
        return None
    if scales:
        return {"minReplicas": low, "maxReplicas": high}
    # Bounds apart without scaling is nothing that a spec can say, so it must equal nothing that one says.
    return low if low == high else {"minReplicas": low, "maxReplicas": high, "autoScaling": False}


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list. `next_offset` and `total` are None where the reply does not say."""

    items: Sequence[Mapping[str, Any]]
    next_offset: int | None
    total: int | None


def page_of(body: Any) -> Page:
    """Raises `Malformed`, also if only one item is not understood: a list is complete or an error."""
    body = mapping(body, "the list")
    pagination = body.get("pagination")
    if not isinstance(pagination, dict):
        pagination = {}
    total = integer(pagination.get("total"))
    if "deployments" not in body and total != 0:
        raise Malformed('the list has no array "deployments"')
    items = listed(body.get("deployments"), '"deployments" in the list')
    for item in items:
        identifier(mapping(item, "a deployment"))
    return Page(items, integer(pagination.get("next_offset")), total)


def endpoint_of(body: Any) -> Endpoint:
    body = mapping(body, "an endpoint")
    id, where = identity(body.get("id")), url(body.get("url"))
    if id is None or where is None:
        raise Malformed("an endpoint without id or url")
    return Endpoint(id=id, url=where)
