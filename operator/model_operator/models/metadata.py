"""What Kubernetes keeps about every object, as far as the operator looks at it.

Read from bodies that the server made; nothing here appears in a CRD. What nobody looks at is not kept: labels and
annotations of one object may be of a megabyte.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from model_operator.domain import ACTION, CONFIRM_ABSENCE
from model_operator.models.wire import Model, Time

_MANAGER_LIMIT: Final = 128
_MOST_LABELS: Final = 64


def _ours(annotations: Any) -> Any:
    if not isinstance(annotations, Mapping):
        return annotations
    return {name: annotations[name] for name in (ACTION, CONFIRM_ABSENCE) if name in annotations}


def _bounded(labels: Any) -> Any:
    """The API server bounds each of them, and not how many there are."""
    if not isinstance(labels, Mapping) or len(labels) <= _MOST_LABELS:
        return labels
    return {name: labels[name] for name in sorted(labels)[:_MOST_LABELS]}


def _manager(entries: Any) -> Any:
    """Who wrote the spec last: the manager of the newest of managedFields that has a part of it."""
    if not isinstance(entries, list | tuple):
        return entries
    newest = ("", "")
    for entry in entries:
        match entry:
            case {
                "manager": str(manager),
                "fieldsV1": {"f:spec": _},
            }:  # by a subresource, too: `kubectl scale`
                found = (str(entry.get("time") or ""), manager[:_MANAGER_LIMIT])
                newest = found if found[0] >= newest[0] else newest
            case _:
                continue
    return newest[1]


class Metadata(Model):
    name: str
    namespace: str = ""
    uid: str = ""
    generation: int = 0
    resource_version: str = ""
    creation_timestamp: Time | None = None
    deletion_timestamp: Time | None = None
    finalizers: tuple[str, ...] = ()
    labels: Annotated[dict[str, str], BeforeValidator(_bounded)] = Field(default_factory=dict)
    """The first 64 of them, by name."""
    annotations: Annotated[dict[str, str], BeforeValidator(_ours)] = Field(default_factory=dict)
    """Only those that mean something to us."""
    manager: Annotated[str, BeforeValidator(_manager)] = Field(default="", alias="managedFields")
    """The field manager of the newest entry about the spec: a program such as `kubectl-edit`, not a person."""

    @property
    def is_terminating(self) -> bool:
        return self.deletion_timestamp is not None
