"""`import`: from a deployment as its provider shows it to a ModelDeployment that adopts it without changing it. Pure.

No vendor is known here. A field is written as the CRD spells its type, and kept only if the vendor's own reading of that
spec gives back what the provider shows, and the CRD's own rules take it; what is left out stays as it is.
"""

import copy
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from pydantic import ValidationError

from model_operator.domain import DEPLOYMENT, GROUP, VERSION, Remote, RunState, Value
from model_operator.durations import format_duration
from model_operator.models.deployment import ModelDeploymentSpec
from model_operator.plan.deployment.difference import render
from model_operator.providers.base import Vendor
from model_operator.redaction import MASK, mask_shapes
from model_operator.rehearsal.schema import problems, schema_of

_LONGEST_NAME: Final = 50
_NOTHING: Final = (None, (), "")
Spec = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Imported:
    """A ModelDeployment, and what is to be said of it."""

    body: dict[str, Any]
    notes: tuple[str, ...]
    obstacle: str | None = None
    """Why it cannot be applied as it is."""

    @property
    def full_name(self) -> str:
        return f"modeldeployment.{GROUP}/{self.body['metadata']['name']}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Where the object is to be, and what becomes of the deployment with it."""

    provider: str
    namespace: str
    deletion_policy: str


def object_name(remote: Remote, taken: Collection[str]) -> str:
    """`triage-v1`, else with the id behind it, else with a number: a name that an object can have and none has."""
    slug = _slug(remote.name) or _slug((remote.model or "").rpartition("/")[2]) or "model"
    with_id = f"{slug}-{_slug(remote.id) or 'x'}"[:_LONGEST_NAME].strip("-")
    candidates = (slug, with_id, *(f"{slug[:40].strip('-')}-{number}" for number in range(2, len(taken) + 3)))
    return next(name for name in candidates if name not in taken)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:_LONGEST_NAME].strip("-")


def imported(remote: Remote, vendor: Vendor, wish: Wish, name: str) -> Imported:
    """`remote` is a full view (GET)."""
    draft = _Draft(remote, vendor, wish)
    for path, value in sorted(remote.fields.items()):
        if path != "replicas" and value not in _NOTHING:
            draft.add(path, value)
    draft.drop_what_is_refused()
    body = {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": DEPLOYMENT,
        "metadata": {"name": name, "namespace": wish.namespace},
        "spec": draft.spec,
    }
    return Imported(body, (*_state(remote), *draft.notes), draft.obstacle)


def _state(remote: Remote) -> Iterator[str]:
    if remote.state is RunState.STOPPED:
        yield (
            "The deployment is stopped and stays stopped: without `paused` the operator neither pauses nor resumes"
            " it."
        )
    if remote.owner_uid is not None:
        yield (
            f"The deployment has the tag of another object (UID {remote.owner_uid}). If that object exists somewhere,"
            " delete that object with deletionPolicy Orphan first: two objects would revert each other's changes."
        )


class _Draft:
    """A spec that grows field by field."""

    def __init__(self, remote: Remote, vendor: Vendor, wish: Wish) -> None:
        self.notes: list[str] = []
        self.obstacle: str | None = None
        self._remote, self._vendor = remote, vendor
        self._paths: dict[str, tuple[str, ...]] = {}
        self.spec: Spec = {
            "providerRef": {"name": wish.provider},
            "model": remote.model or "",
            "externalID": remote.id,
            "deletionPolicy": wish.deletion_policy,
            **self._replicas(remote.fields.get("replicas")),
            vendor.type: {},
        }
        if not remote.model:
            self.obstacle = "the provider does not show its model: set spec.model"

    def _replicas(self, shown: Value) -> Spec:
        match shown:
            case int(count) if count >= 1:
                return {"replicas": count}
            case {"minReplicas": int(low), "maxReplicas": int(high), **rest} if not rest and 1 <= low <= high:
                return {"autoscaling": {"minReplicas": low, "maxReplicas": high}}
            case None:
                self.obstacle = "the provider does not show its replicas: set spec.replicas"
                return {"replicas": 1}
            case _:
                self.notes.append(
                    f"Its replicas ({_text(shown)}) cannot be expressed in a spec. With driftPolicy Report they stay"
                    " as they are; to change them, set the number that you want, and driftPolicy Correct."
                )
                return {"replicas": 1, "driftPolicy": "Report"}

    def add(self, path: str, value: Value) -> None:
        """Or say why not."""
        found = _place(path)
        if found is None:
            self._leave_out(path, value, "this version's CRD has no field for it")
            return
        steps, schema = found
        if _holds_a_key(value):
            self.notes.append(f"spec.{path} is left out, because its value looks like a key.")
            return
        spec = self.spec
        for spelling in _spellings(value, schema):
            spec = copy.deepcopy(self.spec)
            _put(spec, steps, spelling)
            if self._gives_back(path, spec):
                self.spec, self._paths[path] = spec, steps
                return
        wrong = (
            one.partition(": ")[2] for one in problems(DEPLOYMENT, {"spec": spec}) if f"spec.{path}: " in one
        )
        self._leave_out(path, value, next(wrong, "a spec cannot have this value"))

    def _gives_back(self, path: str, spec: Spec) -> bool:
        """Whether the vendor's reading of the spec is what the provider shows."""
        try:
            fields = self._vendor.fields(ModelDeploymentSpec.read(spec))
        except (ValidationError, ArithmeticError, ValueError):
            return False
        return path in fields and self._remote.holds(path, fields[path], unknown=False)

    def drop_what_is_refused(self) -> None:
        """By the CRD's own rules, one field after the other."""
        while wrong := problems(DEPLOYMENT, {"spec": self.spec}):
            field, _, message = wrong[0].partition(": ")
            mine = self._blamed(field.removeprefix("spec."), message)
            if not mine:
                self.obstacle = self.obstacle or wrong[0]
                return
            for path in mine:
                _take(self.spec, self._paths.pop(path))
                self._leave_out(path, self._remote.fields[path], message.removeprefix("Invalid value: "))

    def _blamed(self, field: str, message: str) -> list[str]:
        """The fields that a problem is about: that one, else those below it that the message names, else all below it."""
        exact = [path for path in self._paths if field == path or field.startswith((f"{path}[", f"{path}."))]
        below = [path for path in self._paths if path.startswith(f"{field}.")]
        named = [path for path in below if path.rpartition(".")[2] in message]
        return exact or named or below

    def _leave_out(self, path: str, value: Value, why: str) -> None:
        self.notes.append(f"spec.{path} is left out and stays as it is ({_text(value)}): {why}.")


def _holds_a_key(value: Value) -> bool:
    """Or did, before the adapter took it out."""
    text = repr(value)
    return MASK in text or mask_shapes(text) != text


def _text(value: Value) -> str:
    return " ".join(render(value).split())


def _place(path: str) -> tuple[tuple[str, ...], Mapping[str, Any]] | None:
    """Where a field stands in a spec, and its schema. A key of a map may have dots in it."""
    schema: Mapping[str, Any] = schema_of(DEPLOYMENT)["properties"]["spec"]
    steps: list[str] = []
    rest = path
    while rest:
        if "properties" not in schema:
            more = schema.get("additionalProperties")
            return (*steps, rest), more if isinstance(more, Mapping) else {}
        head, _, rest = rest.partition(".")
        if head not in schema["properties"]:
            return None
        steps.append(head)
        schema = schema["properties"][head]
    return tuple(steps), schema


def _spellings(value: Value, schema: Mapping[str, Any]) -> Iterator[Any]:
    """How YAML may say a value: a number in a field of text is a duration in milliseconds, or a decimal."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or schema.get("type") != "string":
        yield _plain(value)
        return
    if isinstance(value, int) and 0 <= value < 1 << 50:
        yield format_duration(timedelta(milliseconds=value))
    yield format(Decimal(repr(value)), "f")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def _put(spec: Spec, steps: tuple[str, ...], value: Any) -> None:
    *parents, last = steps
    for step in parents:
        spec = spec.setdefault(step, {})
    spec[last] = value


def _take(spec: Spec, steps: tuple[str, ...]) -> None:
    """With the maps that are empty then, but for the vendor's block."""
    *parents, last = steps
    holders = [spec]
    for step in parents:
        holders.append(holders[-1][step])
    del holders[-1][last]
    for holder, step in zip(reversed(holders[1:-1]), reversed(parents[1:]), strict=True):
        if not holder[step]:
            del holder[step]
