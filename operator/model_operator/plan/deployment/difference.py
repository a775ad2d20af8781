"""Where spec and provider differ, and whether a person changed the spec or the provider.

An owned field that the provider does not show is unknown: it counts only if the spec moved since it was last sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from typing_extensions import override

from model_operator.domain import Desired, Remote, Value
from model_operator.plan.verdict import Difference

_MISSING = object()
_LONGEST: Final = 256


@dataclass(frozen=True, slots=True)
class Gap:
    """All that is between spec and provider. False if that is nothing."""

    differences: tuple[Difference, ...]
    removed: frozenset[str]
    """Fields that the spec has no more and the provider still holds."""

    def __bool__(self) -> bool:
        return bool(self.differences or self.removed)

    @override
    def __str__(self) -> str:
        return describe(self.differences, self.removed)


def gap_between(desired: Desired, remote: Remote, last_applied: Mapping[str, Value] | None) -> Gap:
    applied = last_applied or {}
    return Gap(differences(desired, remote, applied), removed_fields(desired, remote, applied))


def differences(
    desired: Desired, remote: Remote, last_applied: Mapping[str, Value]
) -> tuple[Difference, ...]:
    """Fields to change, in the spec's order. Fewer replicas than asked are no drift under a scale-down policy."""
    found = []
    for name, wanted in desired.fields.items():
        applied: object = last_applied.get(name, _MISSING)
        seen: object = remote.value(name, _MISSING)
        is_edit = applied != wanted
        if seen is _MISSING:
            if is_edit:
                found.append(Difference(name, wanted, None, is_edit=True))
        elif not (
            remote.holds(name, wanted, unknown=True)
            or (wanted == "" and seen is None)  # a tag of a label that is gone: unset will do as well
            or _is_scaled_down(desired, name, wanted, seen, is_edit=is_edit)
        ):
            found.append(Difference(name, wanted, seen, is_edit=is_edit))
    return tuple(found)


def removed_fields(desired: Desired, remote: Remote, last_applied: Mapping[str, Value]) -> frozenset[str]:
    """Fields that the spec once had and has no more, while the provider still holds what was applied, as far as is known.

    Any other value means that it was cleared: a vendor may show its own default then.
    """
    return frozenset(
        name
        for name, applied in last_applied.items()
        if name not in desired.fields and remote.holds(name, applied, unknown=True)
    )


def _is_scaled_down(desired: Desired, name: str, wanted: object, seen: object, *, is_edit: bool) -> bool:
    return (
        name == "replicas"
        and desired.may_scale_down
        and not is_edit
        and isinstance(wanted, int)
        and isinstance(seen, int)
        and seen < wanted
    )


def render(value: object) -> str:
    """A field's value for people: `2`, `1..3`, `"x"` as x, an unset one as `unset`. At most 256 characters: a provider
    may show a list of any length."""
    text = _rendered(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _rendered(value: object) -> str:
    match value:
        case None:
            return "unset"
        case bool():
            return "true" if value else "false"
        case {"minReplicas": low, "maxReplicas": high}:
            return f"{low}..{high}"
        case {"device": device, "count": count}:
            return f"{count}x {device}"
        case {"name": name, "resourceVersion": _}:
            return f'Secret "{name}"'
        case tuple():
            return (" or " if value and isinstance(value[0], Mapping) else ", ").join(
                map(_rendered, value)
            ) or "none"
        case _:
            return str(value)


def describe(found: tuple[Difference, ...], removed: frozenset[str] = frozenset()) -> str:
    """`replicas 1 → 2, contextLength 4096 → 8192` (at most eight, then how many more)."""
    parts = [
        f"{d.field} {render(d.observed)} → {render(d.desired)}"
        if d.observed is not None
        else f"{d.field} → {render(d.desired)}"
        for d in found
    ]
    parts += [f"{name} → unset" for name in sorted(removed)]
    more = f" and {len(parts) - 8} more" if len(parts) > 8 else ""
    return ", ".join(parts[:8]) + more
