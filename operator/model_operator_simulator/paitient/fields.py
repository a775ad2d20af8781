"""The fields of a PaiTIENT deployment, and how a create's or PATCH's body is checked.

The vendor's document shows one example and says nothing of what is required, allowed or assumed; what is assumed
here is either a knob or in ``DEFAULTS``.
"""

import fnmatch
from collections.abc import Callable
from typing import Any

from model_operator_simulator.call import Json

from .errors import PaitientError
from .knobs import PaitientKnobs

DEFAULTS: dict[str, Any] = {
    "compute_type": "gpu",
    "instance_type": "g4dn.xlarge",
    "min_replicas": 1,
    "auto_scaling": False,
    "region": "us-east-1",
}
INT64 = 2**63 - 1
Check = Callable[[Json], str | None]


def _string(value: Json) -> str | None:
    return (
        None
        if isinstance(value, str) and len(value) <= 1024
        else "must be a string of at most 1024 characters"
    )


def _boolean(value: Json) -> str | None:
    return None if isinstance(value, bool) else "must be a boolean"


def _integer(value: Json) -> str | None:
    is_integer = isinstance(value, int) and not isinstance(value, bool)
    return None if is_integer and abs(value) <= INT64 else "must be an integer"


def _number(value: Json) -> str | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return None if is_number and abs(value) <= INT64 else "must be a number"


def _strings(value: Json) -> str | None:
    fits = isinstance(value, list) and len(value) <= 100 and all(isinstance(item, str) for item in value)
    return None if fits else "must be an array of strings"


TOP: dict[str, Check] = {
    "model_name": _string,
    "deployment_name": _string,
    "compute_type": _string,
    "instance_type": _string,
    "min_replicas": _integer,
    "max_replicas": _integer,
    "auto_scaling": _boolean,
    "region": _string,
}
NESTED: dict[str, dict[str, Check]] = {
    "vpc_config": {"subnet_ids": _strings, "security_group_ids": _strings},
    "model_config": {
        "context_length": _integer,
        "max_output_tokens": _integer,
        "default_temperature": _number,
        "default_top_p": _number,
    },
    "security_settings": {
        "network_isolation": _boolean,
        "private_endpoints": _boolean,
        "encryption_level": _string,
        "audit_logging": _boolean,
        "compliance_mode": _string,
        "allowed_ip_ranges": _strings,
    },
}
FIELDS = frozenset({*TOP, *NESTED, "tags"})


def created(body: dict[str, Json], knobs: PaitientKnobs) -> dict[str, Json]:
    """The fields of a new deployment, with the defaults.

    Raises:
        PaitientError: with the first problem found.
    """
    for name in knobs.required_fields:
        if body.get(name) is None:
            raise PaitientError("missing_required_parameter", f"{name} is required", name)
    given = _typed(body, knobs, allow_null=False)
    fields = {**DEFAULTS, **given}
    fields.setdefault("max_replicas", max(1, fields["min_replicas"]))
    _check_name(fields.get("deployment_name", ""), knobs)
    _check_replicas(fields, knobs)
    _check_model_config(fields.get("model_config"))
    _check_catalogue(fields, knobs)
    return fields


def patched(fields: dict[str, Json], body: dict[str, Json], knobs: PaitientKnobs) -> dict[str, Json]:
    """The fields after a PATCH; ``fields`` itself stays as it is.

    Raises:
        PaitientError: with the first problem found.
    """
    changes = _typed(body, knobs, allow_null=knobs.patch_null == "remove")
    merged = dict(fields)
    for name, value in changes.items():
        if name not in knobs.patch_fields:
            if knobs.strict:
                raise PaitientError("invalid_parameters", f"{name} cannot be changed", name)
            continue
        if name in knobs.patch_ignored_fields:
            continue
        merged[name] = _merged(fields.get(name), value, knobs) if isinstance(value, dict) else value
    _check_replicas(merged, knobs)
    _check_model_config(merged.get("model_config"))
    return merged


def _merged(old: dict[str, Json] | None, new: dict[str, Json], knobs: PaitientKnobs) -> dict[str, Json]:
    both = {**(old or {}), **new} if knobs.patch_merge == "merge" else new
    return {key: value for key, value in both.items() if value is not None}


def _typed(body: dict[str, Json], knobs: PaitientKnobs, allow_null: bool) -> dict[str, Json]:
    typed: dict[str, Json] = {}
    for name, value in body.items():
        if name not in FIELDS:
            if knobs.strict:
                raise PaitientError("invalid_parameters", f"Unknown parameter {name[:100]!r}", name[:100])
        elif value is None:
            continue
        elif name in TOP:
            _demand(TOP[name](value), name)
            typed[name] = value
        else:
            typed[name] = _object(name, value, knobs, allow_null)
    return typed


def _object(name: str, value: Json, knobs: PaitientKnobs, allow_null: bool) -> dict[str, Json]:
    _demand(None if isinstance(value, dict) else "must be an object", name)
    _demand(None if len(value) <= 100 else "must have at most 100 keys", name)
    checks = NESTED.get(name)
    kept: dict[str, Json] = {}
    for key, item in value.items():
        check = _string if checks is None else checks.get(key)
        if check is None:
            if knobs.strict:
                raise PaitientError(
                    "invalid_parameters", f"Unknown parameter {key[:100]!r}", f"{name}.{key[:100]}"
                )
            continue
        if not (item is None and allow_null):
            _demand(check(item), f"{name}.{key[:100]}")
        kept[key] = item
    return kept


def _demand(problem: str | None, param: str) -> None:
    if problem is not None:
        raise PaitientError("parameter_type_error", f"{param} {problem}", param)


def _check_name(name: str, knobs: PaitientKnobs) -> None:
    if not knobs.name_min <= len(name) <= knobs.name_max:
        text = f"Deployment name must be between {knobs.name_min} and {knobs.name_max} characters."
        raise PaitientError("invalid_parameters", text, "deployment_name")


def _check_replicas(fields: dict[str, Json], knobs: PaitientKnobs) -> None:
    lowest = 0 if knobs.allow_zero else 1
    least, most = fields["min_replicas"], fields["max_replicas"]
    if least < lowest:
        raise PaitientError("invalid_parameters", f"min_replicas must be at least {lowest}", "min_replicas")
    if not max(least, 1) <= most <= knobs.replicas_max:
        text = f"max_replicas must be between min_replicas and {knobs.replicas_max}"
        raise PaitientError("invalid_parameters", text, "max_replicas")


def _check_model_config(config: dict[str, Json] | None) -> None:
    ranges = {"context_length": (1, INT64), "max_output_tokens": (1, INT64)}
    ranges |= {"default_temperature": (0, 2), "default_top_p": (0, 1)}
    for key, (least, most) in ranges.items():
        value = (config or {}).get(key)
        if value is not None and not least <= value <= most:
            param = f"model_config.{key}"
            raise PaitientError("invalid_parameters", f"{param} must be between {least} and {most}", param)


def _check_catalogue(fields: dict[str, Json], knobs: PaitientKnobs) -> None:
    model, region = fields.get("model_name", ""), fields["region"]
    if not any(fnmatch.fnmatchcase(model, pattern) for pattern in knobs.models):
        raise PaitientError("model_not_found", f"Model {model[:200]!r} does not exist", "model_name")
    if any(fnmatch.fnmatchcase(model, pattern) for pattern in knobs.refused_models):
        raise PaitientError("deployment_error", f"Model {model[:200]!r} could not be deployed", "model_name")
    if fields["instance_type"] not in knobs.instance_types.get(region, []):
        text = f"Instance type {fields['instance_type'][:100]!r} is not available in {region[:100]!r}"
        raise PaitientError("instance_type_unavailable", text, "instance_type")
