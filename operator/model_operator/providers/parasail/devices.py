"""Which machines a deployment runs on: the vendor's catalogue, and the choice that `spec.parasail.devices` makes of it.

Pure. The document knows service tiers only; clients that were tested against the live API ask `/dedicated/support` and
`/dedicated/devices`, mark entries of the second as `selected`, and send that list back.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from model_operator.domain import Fields, Value
from model_operator.errors import InsufficientCapacity, Unsupported
from model_operator.providers.reading import (
    Clean,
    Malformed,
    boolean,
    finite,
    integer,
    items,
    listed,
    mapping,
    text,
)

FIELD: Final = "parasail.devices"

_MOST_OFFERS: Final = 1000
_MOST_NAMED: Final = 12

Device = tuple[str, int]
"""Its name, and how many of them a replica has."""


def selection(configs: Any) -> tuple[Value, ...] | None:
    """What a deployment's `deviceConfigs` have selected; None where they do not say."""
    if not isinstance(configs, list):
        return None
    rows = [row for row in configs if isinstance(row, dict)]
    if rows and not any("selected" in row for row in rows):
        return None
    chosen = [device for row in rows if boolean(row.get("selected")) and (device := _device(row)) is not None]
    return tuple({"device": name, "count": count} for name, count in chosen)


def wanted_devices(value: Value) -> tuple[Device, ...]:
    """Of the field `parasail.devices`, in the order of preference."""
    found = [_device(row) for row in value] if isinstance(value, tuple) else []
    return tuple(device for device in found if device is not None)


def offers_of(body: Any) -> list[dict[str, Any]]:
    """The catalogue as it came, every key of it and every null; it is sent back. Raises `Malformed`."""
    offers = listed(body, "the list of devices")
    if len(offers) > _MOST_OFFERS:
        raise Malformed("the list of devices is too long")
    return [dict(mapping(finite(row), "a device")) for row in offers]


def chosen_from(
    offers: Sequence[Mapping[str, Any]], wanted: Sequence[Device], title: str, model: str, clean: Clean
) -> list[dict[str, Any]]:
    """The whole catalogue with the first wanted device selected that is free, and nothing else.

    Raises `Unsupported` if none is offered and `InsufficientCapacity` if none is free, and says what there is.
    """
    free = [row for row in offers if boolean(row.get("available")) is not False]
    chosen = next((device for device in wanted if device in set(map(_device, free))), None)
    if chosen is not None:
        return [{**row, "selected": _device(row) == chosen} for row in offers]
    offered = [device for device in wanted if device in set(map(_device, offers))]
    if not offered:
        raise Unsupported(
            f"{title}: none of spec.parasail.devices is offered for {model}: {_named(wanted)}. Offered:"
            f" {clean(_named(map(_device, offers)))}."
        )
    raise InsufficientCapacity(
        f"{title}: none of spec.parasail.devices is free now: {_named(offered)}. Free:"
        f" {clean(_named(map(_device, free)))}."
    )


def unlisted(wanted: Sequence[Device]) -> list[dict[str, Any]]:
    """Without a catalogue: all that is wanted, of which the service takes what is free."""
    return [{"device": name, "count": count, "selected": True} for name, count in wanted]


def none_of(configs: Any) -> list[Any]:
    """A deployment's `deviceConfigs` with nothing selected."""
    return [{**row, "selected": False} if isinstance(row, dict) else row for row in items(configs)]


def completed(body: Mapping[str, Any], fields: Fields, shown: Fields | None) -> dict[str, Any]:
    """A PUT's body with devices, where the spec names some and the vendor's GET did not show any: those that were seen
    before, or the preferred one."""
    wanted = fields.get(FIELD)
    if "deviceConfigs" in body or wanted is None:
        return dict(body)
    before = wanted_devices((shown or {}).get(FIELD))
    return {**body, "deviceConfigs": unlisted(before or wanted_devices(wanted)[:1])}


def refuse_unsupported(body: Any, title: str, model: str, clean: Clean) -> None:
    """Raises `Unsupported` where `/dedicated/support` says that the model cannot be run, or names an error."""
    answer = mapping(body, "what is supported")
    rows = [row for row in items(answer.get("messages")) if isinstance(row, dict)]
    errors = [row for row in rows if str(row.get("level")).upper() == "ERROR"]
    if boolean(answer.get("supported")) is not False and not errors:
        return
    reasons = [answer.get("errorMessage"), *(row.get("content") for row in errors or rows)]
    said = next(
        (clean(reason) for reason in reasons if isinstance(reason, str) and reason), "it does not say why"
    )
    raise Unsupported(f"{title}: the provider does not support {model}: {said}")


def _device(row: Any) -> Device | None:
    name, count = (
        (text(row.get("device")), integer(row.get("count"))) if isinstance(row, Mapping) else (None, None)
    )
    return None if name is None or count is None else (name, count)


def _named(devices: Iterable[Device | None]) -> str:
    names = [f"{device[1]}x {device[0][:64]}" for device in devices if device is not None]
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return (", ".join(names[:_MOST_NAMED]) or "none") + more
