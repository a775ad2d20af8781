"""The fields of a Parasail deployment that a client writes, and how a body is checked against them.

First the ten that the vendor's document names, then those that clients of the live API were seen to use.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from model_operator_simulator.call import Json

from .catalogue import check_hardware, selected
from .errors import Invalid
from .knobs import ParasailKnobs

POLICIES = ("NONE", "TIMER", "INACTIVE")
ENGINES = ("VLLM", "SGLANG")
ENGINE_TASKS = (
    *("AUTO", "GENERATE", "EMBED", "SCORE", "CLASSIFY", "REWARD"),
    *("TRANSCRIPTION", "SPEECH", "TEXT2IMAGE", "IMAGE2IMAGE", "INPAINTING"),
)
INT64 = 2**63 - 1
NAME = re.compile(r"[a-z0-9-]+\Z")

# The text of the live API, as a client's authors saw it.
NAME_RULE = (
    "Deployment name must be between {0} and {1} characters. Only lowercase letters, numbers, and hyphens."
)


@dataclass(frozen=True)
class Field:
    """``check`` says what a value must be, or nothing if it is; ``default`` is the server's own value."""

    name: str
    check: Callable[[Json], str | None]
    default: Any = None
    write_only: bool = False


def _string(value: Json) -> str | None:
    if not isinstance(value, str):
        return "must be a string"
    return None if len(value) <= 4096 else "must be at most 4096 characters"


def _long_string(value: Json) -> str | None:
    fits = isinstance(value, str) and len(value) <= 1 << 16
    return None if fits else "must be a string of at most 65536 characters"


def _filled(value: Json) -> str | None:
    return _string(value) or (None if value.strip() else "must not be empty")


def _boolean(value: Json) -> str | None:
    return None if isinstance(value, bool) else "must be a boolean"


def _number(value: Json) -> str | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return None if is_number and 0 <= value <= INT64 else "must be a number >= 0"


def _integer(value: Json) -> str | None:
    is_integer = isinstance(value, int) and not isinstance(value, bool)
    return None if is_integer and 0 <= value <= INT64 else "must be an integer >= 0"


def _one_of(*words: str) -> Callable[[Json], str | None]:
    return lambda value: None if value in words else f"must be one of {', '.join(words)}"


def _strings(value: Json) -> str | None:
    fits = isinstance(value, list) and len(value) <= 1000 and all(isinstance(item, str) for item in value)
    return None if fits else "must be an array of strings"


def _object(value: Json) -> str | None:
    return None if isinstance(value, dict) else "must be an object"


def _device_configs(value: Json) -> str | None:
    if not isinstance(value, list) or len(value) > 100:
        return "must be an array of device configurations"
    for item in value:
        if not isinstance(item, dict) or not isinstance(item.get("device"), str):
            return "must hold objects with a device"
        count = item.get("count")
        if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= 64:
            return "must hold objects with a count from 1 to 64"
        if not isinstance(item.get("selected", False), bool):
            return "must hold objects whose selected is a boolean"
    return None


DOCUMENTED = (
    Field("deploymentName", _filled),
    Field("modelName", _filled),
    Field("serviceTierName", _filled),
    Field("replicas", _integer),
    Field("scaleDownPolicy", _one_of(*POLICIES), "NONE"),
    Field("scaleDownThreshold", _integer, 0),
    Field("draftModelName", _string),
    Field("generative", _boolean, True),
    Field("embedding", _boolean, False),
    Field("contextLength", _integer, 8192),
)
OBSERVED = (
    Field("displayName", _string),
    Field("description", _string),
    Field("customAliases", _strings, []),
    Field("tags", _strings, []),
    Field("modelAccessKey", _string, write_only=True),
    Field("draftModelAccessKey", _string, write_only=True),
    Field("speculativeConfig", _object),
    Field("maxConnectionsPerReplica", _integer),
    Field("contextLengthOverride", _integer),
    Field("maxCompletionTokens", _integer),
    Field("maxRequestDuration", _integer),
    Field("chatTemplateOverride", _long_string),
    Field("autoscaling", _boolean, False),
    Field("autoscalingFactor", _number),
    Field("targetConnectionsPerReplica", _integer),
    Field("minReplicas", _integer),
    Field("maxReplicas", _integer),
    Field("engine", _one_of(*ENGINES), "VLLM"),
    Field("engineTask", _one_of(*ENGINE_TASKS), "AUTO"),
    Field("batch", _boolean, False),
    Field("shared", _boolean, False),
    Field("sharedPrivate", _boolean, False),
    Field("extraCmdArgs", _strings, []),
    Field("extraEnvVars", _object, {}),
    Field("chartArgs", _object, {}),
    Field("deviceConfigs", _device_configs, []),
)
BY_NAME = {field.name: field for field in (*DOCUMENTED, *OBSERVED)}
READ_ONLY = frozenset(
    [
        "id",
        "accountName",
        "externalAlias",
        "baseUrl",
        "status",
        "modelProperties",
        "createdAt",
        "startedAt",
        "modifiedAt",
        "deploymentAvailableAt",
        "creatorUsername",
        "creatorEmail",
        "creatorUserId",
    ]
)

# A change of one of these cannot be made under a running model.
RESTARTING = (
    "modelName",
    "serviceTierName",
    "contextLength",
    "contextLengthOverride",
    "draftModelName",
    "engine",
    "engineTask",
    "modelAccessKey",
)


def checked(
    body: dict[str, Json], knobs: ParasailKnobs, kept: dict[str, Json] | None = None
) -> dict[str, Json]:
    """The fields that a create or PUT sets.

    Args:
        body: the request's JSON object; ``null`` is the same as unset.
        knobs: say what is required and how unknown keys are taken.
        kept: on a PUT, what the deployment holds: its unknown keys count as known, and with ``put_absent=keep`` its
            values stand for keys that the body leaves out.

    Raises:
        Invalid: with the first problem found.
    """
    held = kept or {}
    fields = {name: value for name, value in held.items() if _is_kept(name, knobs)}
    for name, value in body.items():
        known = BY_NAME.get(name)
        if known is not None:
            problem = None if value is None else known.check(value)
            if problem:
                raise Invalid(f"{name} {problem}")
            fields[name] = value
        elif name in held:
            fields[name] = value
        elif name not in READ_ONLY and knobs.unknown_keys == "reject":
            raise Invalid(f"Unrecognized field {name[:100]!r}")
    fields = {name: value for name, value in fields.items() if value is not None}
    _check_whole(fields, held, knobs)
    return fields


def _is_kept(name: str, knobs: ParasailKnobs) -> bool:
    """Whether a PUT without this field keeps its value. No GET shows a write-only one, so no client can send it back."""
    if name in BY_NAME and BY_NAME[name].write_only:
        return knobs.put_write_only == "keep"
    return knobs.put_absent == "keep"


def needs_restart(old: dict[str, Json], new: dict[str, Json]) -> bool:
    """Whether a change cannot be made under a running model; a default spelt out is no change."""
    return selected(old) != selected(new) or any(
        _effective(old, name) != _effective(new, name) for name in RESTARTING
    )


def _effective(fields: dict[str, Json], name: str) -> Json:
    return fields.get(name, BY_NAME[name].default)


def _check_whole(fields: dict[str, Json], held: dict[str, Json], knobs: ParasailKnobs) -> None:
    for name in ("deploymentName", "modelName", "replicas"):
        if name not in fields:
            raise Invalid(f"{name} is required")
    name = fields["deploymentName"]
    if not knobs.name_min <= len(name) <= knobs.name_max or not NAME.match(name):
        raise Invalid(NAME_RULE.format(knobs.name_min, knobs.name_max))
    if not 1 <= fields["replicas"] <= knobs.replicas_max:
        raise Invalid(f"replicas must be between 1 and {knobs.replicas_max}")
    low, high = bounds(fields)
    if not 1 <= low <= high <= knobs.replicas_max:
        raise Invalid(
            f"minReplicas and maxReplicas must be between 1 and {knobs.replicas_max}, in this order"
        )
    check_hardware(fields, held, knobs)


def bounds(fields: dict[str, Json]) -> tuple[int, int]:
    """Between which numbers the replicas may move."""
    if not fields.get("autoscaling"):
        return fields["replicas"], fields["replicas"]
    low = fields.get("minReplicas", 1)
    return low, fields.get("maxReplicas", max(low, fields["replicas"]))


def gpus_per_replica(fields: dict[str, Json]) -> int:
    """GPUs of one replica: the first selected device's count; 1 for a service tier."""
    return next((count for _, count in selected(fields)), 1)
