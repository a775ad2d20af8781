"""What Parasail runs models on: the answers of `/dedicated/support` and `/dedicated/devices`, and what a create may pick.

Neither is in the vendor's document; the forms are those that clients of the live API read. What there is, is a knob.
"""

import fnmatch
from collections.abc import Iterable

from model_operator_simulator.call import Json

from .errors import Invalid
from .knobs import Device, ParasailKnobs

CONTEXT = 131_072
"""Of every model here."""


def check_hardware(fields: dict[str, Json], held: dict[str, Json], knobs: ParasailKnobs) -> None:
    """What a deployment runs on is named as the knob `profile` says, and is there; what it had before (`held`) may stay.

    Raises:
        Invalid: it is not.
    """
    tier, chosen = fields.get("serviceTierName"), selected(fields)
    if knobs.profile == "documented" and tier is None:
        raise Invalid("serviceTierName is required")
    if knobs.profile == "extended" and not chosen:
        raise Invalid("deviceConfigs must have one selected entry")
    if tier is None and not chosen:
        raise Invalid("serviceTierName or a selected entry of deviceConfigs is required")
    if tier not in (None, held.get("serviceTierName")) and not _fits(tier, knobs.service_tiers):
        raise Invalid(f"Unknown service tier {tier[:100]!r}")
    offered = {*selected(held), *((row.device, row.count) for row in knobs.devices)}
    for device, count in chosen:
        if (device, count) not in offered:
            raise Invalid(f"Unknown device configuration {count}x {device[:100]}")
    if not held and _fits(fields["modelName"], knobs.unsupported_models):
        raise Invalid(f"Model {fields['modelName']} is not supported")


def selected(fields: dict[str, Json]) -> list[tuple[str, int]]:
    """The selected devices, in their order."""
    return [
        (item["device"], item["count"]) for item in fields.get("deviceConfigs", ()) if item.get("selected")
    ]


def lacking(fields: dict[str, Json], knobs: ParasailKnobs) -> str | None:
    """Why there is no machine for it now; None: there is one, or it runs on a tier."""
    free = {(row.device, row.count) for row in knobs.devices if row.available is not False}
    chosen = selected(fields)
    if not chosen or any(choice in free for choice in chosen):
        return None
    return "No capacity for " + ", ".join(f"{count}x {device}" for device, count in chosen)


def is_gated(fields: dict[str, Json], knobs: ParasailKnobs) -> bool:
    """Nobody may load the model without a key, and there is none."""
    return "modelAccessKey" not in fields and _fits(fields["modelName"], knobs.gated_models)


def support(model: str, has_key: bool, knobs: ParasailKnobs) -> Json:
    """Whether a model can be run, and on which engines."""
    problem = None
    if _fits(model, knobs.unsupported_models):
        problem = f"Architecture of {model} is not supported"
    elif not has_key and _fits(model, knobs.gated_models):
        problem = f"Cannot access gated repo {model}"
    return {
        "supported": problem is None,
        "known": problem is None,
        "generative": True,
        "embedding": False,
        "multimodal": False,
        "supportingEngines": [] if problem else ["VLLM", "SGLANG"],
        "modelRedirect": None,
        "messages": [{"content": problem, "level": "ERROR"}] if problem else [],
        "properties": None if problem else properties(model, knobs),
        "errorMessage": problem,
    }


def properties(model: str, knobs: ParasailKnobs) -> Json:
    """What is known of a model; its chat templates are as long as the knob `chat_template_bytes` says."""
    length = knobs.chat_template_bytes
    templates = [
        {
            "chat_template": "{" * length,
            "name": name,
            "source": model,
            "description": None,
            "is_model_default": not at,
        }
        for at, name in enumerate(("default", "tool_use"))
    ]
    return {
        "context": CONTEXT,
        "parameter_count": 8_000_000_000,
        "base_model": model,
        **({"chat_templates": templates} if length else {}),
    }


def offers(knobs: ParasailKnobs) -> list[Json]:
    """What there is to select from."""
    return [_config(row, is_recommended=at == 1) for at, row in enumerate(knobs.devices)]


def shown_configs(fields: dict[str, Json], knobs: ParasailKnobs) -> list[Json]:
    """deviceConfigs as a reply shows them: what was written, and more choices up to the knob `device_choices`."""
    written: list[Json] = fields.get("deviceConfigs", [])
    more = knobs.device_choices - len(written)
    return written + [
        _config(Device(device=f"GPU{at}_80GB", cost=1.0, available=False), is_recommended=False)
        for at in range(max(0, more))
    ]


def _config(row: Device, *, is_recommended: bool) -> Json:
    return {
        "device": row.device,
        "count": row.count,
        "displayName": f"{row.count}x {row.device}",
        "cost": row.cost,
        "estimatedSingleUserTps": 60.0,
        "estimatedSystemTps": None,
        "recommended": is_recommended,
        "limitedContext": False,
        "available": row.available,
        "selected": False,
    }


def _fits(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
