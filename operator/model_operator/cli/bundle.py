"""`report`: from what was gathered to the files of a bundle, without a key in any of them. Pure.

Every text passes `Mask` twice: value by value, so that no line break of YAML hides a key, and as the file that it became.
"""

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from model_operator.cli.showing import as_yaml
from model_operator.redaction import MASK, SecretSet, is_maskable, mask_shapes

Body = Mapping[str, Any]

_USERINFO: Final = re.compile(r"(?<=://)[^/@\s]+(?=@)")
"""A name and a password before a host, as in a proxy's URL."""
_TELLING: Final = re.compile(r"(?i)(key|token|secret|password|passwd|credential)s?$")
"""Names of environment variables whose values are nobody's business."""
_LONG_LINE: Final = 16
"""Of a value of many lines: a shorter one may be any word."""
_BOOKKEEPING: Final = ("managedFields", "selfLink")
_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"

README: Final = """\
A report of model-operator, made by `kubectl models report`.

Read it before you send it: it contains names of objects, models and hosts, and messages of providers. It contains
no Secrets. Keys of the Secrets that the objects name, and anything that looks like a key or a token, are masked as
{mask}.

  versions.yaml     this program, the cluster, the CustomResourceDefinitions
  check.txt         what `kubectl models check` says
  status.txt        what `kubectl models status` says
  objects/          ModelProviders, ModelDeployments, CanaryEndpoints and ModelBudgets with their conditions
  events.yaml       their Events
  operator/         the operator's Deployments and Pods with their settings, and its logs
  missing.txt       what could not be read, and why
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What was read."""

    taken: datetime
    versions: Mapping[str, Any]
    check: tuple[str, ...]
    status: tuple[str, ...]
    objects: Mapping[str, tuple[Body, ...]]
    """By the plural of their kind."""
    events: tuple[Body, ...]
    workloads: Mapping[str, tuple[Body, ...]]
    """The operator's own Deployments and Pods, by the plural of their kind."""
    logs: Mapping[str, str]
    """By Pod and container, `NAMESPACE_POD_CONTAINER`."""
    missing: tuple[str, ...]
    secrets: tuple[str, ...] = field(repr=False)
    """Values to mask."""


class Mask:
    """Takes values and whatever looks like one out of texts."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = SecretSet()
        for secret in set(secrets):
            if is_maskable(secret):
                self._secrets.add(secret)

    def text(self, text: str) -> str:
        return mask_shapes(_USERINFO.sub(MASK, self._secrets.mask(text)))

    def value(self, value: Any) -> Any:
        """The same in every text of a JSON value, keys of maps included."""
        match value:
            case str():
                return self.text(value)
            case Mapping():
                return {self.text(str(key)): self.value(one) for key, one in value.items()}
            case list() | tuple():
                return [self.value(one) for one in value]
            case _:
                return value


def files(gathered: Gathered) -> dict[str, str]:
    """What is in the bundle, by its path there."""
    mask = Mask(gathered.secrets)
    return {path: mask.text(text) for path, text in _texts(gathered, mask)}


def _texts(gathered: Gathered, mask: Mask) -> Iterator[tuple[str, str]]:
    yield "README.txt", README.format(mask=MASK)
    yield "versions.yaml", as_yaml(mask.value({"taken": gathered.taken.isoformat(), **gathered.versions}))
    yield "check.txt", _lines(gathered.check)
    yield "status.txt", _lines(gathered.status)
    for plural, bodies in sorted(gathered.objects.items()):
        yield f"objects/{plural}.yaml", _list(bodies, mask)
    yield "events.yaml", _list(sorted(gathered.events, key=_last_seen), mask)
    for plural, bodies in sorted(gathered.workloads.items()):
        yield f"operator/{plural}.yaml", _list([_without_values(body) for body in bodies], mask)
    for name, text in sorted(gathered.logs.items()):
        yield f"operator/{name}.log", text
    yield "missing.txt", _lines(gathered.missing or ("nothing: everything was readable",))


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _list(bodies: Iterable[Body], mask: Mask) -> str:
    return as_yaml({"apiVersion": "v1", "kind": "List", "items": [mask.value(_plain(b)) for b in bodies]})


def _plain(body: Body) -> dict[str, Any]:
    """Without book-keeping, and without the copy of itself that `kubectl apply` keeps."""
    metadata = {key: one for key, one in (body.get("metadata") or {}).items() if key not in _BOOKKEEPING}
    annotations = metadata.get("annotations")
    if isinstance(annotations, Mapping):
        metadata["annotations"] = {k: v for k, v in annotations.items() if k != _LAST_APPLIED}
    return {**body, "metadata": metadata}


def _last_seen(event: Body) -> str:
    metadata = event.get("metadata") or {}
    return str(
        event.get("lastTimestamp") or event.get("eventTime") or metadata.get("creationTimestamp") or ""
    )


def _without_values(value: Any) -> Any:
    """Without the values of environment variables that are called like a key."""
    match value:
        case {"name": str(name), "value": str()} if _TELLING.search(name):
            return {**value, "value": MASK}
        case Mapping():
            return {key: _without_values(one) for key, one in value.items()}
        case list():
            return [_without_values(one) for one in value]
        case _:
            return value


def values_of(secret: Body) -> Iterator[str]:
    """Every value of a Secret, as text and as it stands there; a value of many lines line by line, too."""
    data = secret.get("data")
    for encoded in data.values() if isinstance(data, Mapping) else ():
        yield str(encoded)
        try:
            text = base64.b64decode(str(encoded)).decode()
        except ValueError:
            continue
        yield text
        yield from (line for line in text.splitlines() if len(line) >= _LONG_LINE)
