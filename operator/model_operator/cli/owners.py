"""Who else writes a field: Argo CD, Flux or Helm, as managedFields and labels tell. Pure.

What they hold they set back at their next look, so an edit by hand lasts until then unless Git says the same.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

_MANAGERS: Final = {
    "argocd-controller": "Argo CD",
    "argocd-application-controller": "Argo CD",
    "kustomize-controller": "Flux",
    "helm-controller": "Flux",
    "helm": "Helm",
}
_MARKS: Final = (
    ("annotations", "argocd.argoproj.io/tracking-id", None, "Argo CD"),
    ("labels", "argocd.argoproj.io/instance", None, "Argo CD"),
    ("labels", "kustomize.toolkit.fluxcd.io/name", None, "Flux"),
    ("labels", "helm.toolkit.fluxcd.io/name", None, "Flux"),
    ("labels", "app.kubernetes.io/managed-by", "Helm", "Helm"),
)
"""(where, which, its value or any, who sets it)."""


def owner_of(body: Mapping[str, Any], field: str) -> str | None:
    """Who manages `spec.<field>` (`rollout.paused` for one further in), or None where nobody but people does."""
    metadata = body.get("metadata") or {}
    entries = metadata.get("managedFields")
    for entry in entries if isinstance(entries, list) else ():
        tool = _MANAGERS.get(str(entry.get("manager")))
        if tool and _has(entry.get("fieldsV1"), ("spec", *field.split("."))):
            return tool
    return next(_marked(metadata), None)


def _has(fields: Any, path: tuple[str, ...]) -> bool:
    for part in path:
        if not isinstance(fields, Mapping) or f"f:{part}" not in fields:
            return False
        fields = fields[f"f:{part}"]
    return True


def _marked(metadata: Mapping[str, Any]) -> Iterator[str]:
    for where, name, value, tool in _MARKS:
        marks = metadata.get(where)
        found = marks.get(name) if isinstance(marks, Mapping) else None
        if found is not None and value in (None, found):
            yield tool


def for_git(body: Mapping[str, Any], spec: Mapping[str, Any]) -> dict[str, Any]:
    """The part of the object that belongs into Git, so that the owner says the same."""
    metadata = body["metadata"]
    return {
        "apiVersion": body["apiVersion"],
        "kind": body["kind"],
        "metadata": {"name": metadata["name"], "namespace": metadata.get("namespace", "default")},
        "spec": dict(spec),
    }


def warning(owner: str, body: Mapping[str, Any], field: str) -> str:
    """What will become of an edit by hand."""
    name = f"{body['kind']} {body['metadata']['name']}"
    return f"{owner} manages {name} and may set spec.{field} back: change it in Git as well"
