"""Access keys of a deployment, out of the Secrets that its spec names: read when they are needed, and hourly.

A key goes to the provider and nowhere else. What is known of it elsewhere is the Secret's name and resourceVersion.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from model_operator.domain import Desired, Value
from model_operator.kube import KubeError, KubeForbidden, NoSuchName, ObjectGone
from model_operator.providers.base import CredentialsIncomplete, SecretKey
from model_operator.providers.credentials import SecretData, read_key
from model_operator.reconcile.store import Store
from model_operator.redaction import Redactor

_LOOK_AGAIN: Final = timedelta(minutes=1)
"""For a Secret that is not there. Secrets are not watched."""

Refs = Mapping[str, SecretKey]
"""By their path in the spec."""


@dataclass(frozen=True, slots=True)
class AccessKey:
    value: str = field(repr=False)
    version: str
    """The Secret's resourceVersion when this value was first seen: an edit of a label is no new key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessKeys:
    """As they were last read."""

    refs: Refs = field(default_factory=dict)
    found: Mapping[str, AccessKey] = field(default_factory=dict)
    problem: str | None = None
    """Which Secret is in the way of a create or an update, and why."""
    read_at: datetime | None = None

    def is_due(self, refs: Refs, now: datetime, interval: timedelta) -> bool:
        """Whether to read again, although nothing is about to be sent."""
        due = self.due_at(interval)
        return self.refs != refs or (bool(refs) and (due is None or now >= due))

    def due_at(self, interval: timedelta) -> datetime | None:
        if self.read_at is None or not self.refs:
            return None
        return self.read_at + (interval if self.problem is None else min(interval, _LOOK_AGAIN))

    def given_to(self, desired: Desired, last_applied: Mapping[str, Value] | None) -> Desired:
        """With the keys, and with name and resourceVersion of each Secret among the fields. One that cannot be read is
        as it was when it was last sent."""
        if not self.refs:
            return desired
        fields: dict[str, Value] = dict(desired.fields)
        for path, ref in self.refs.items():
            key, before = self.found.get(path), (last_applied or {}).get(path)
            is_same = isinstance(before, Mapping) and before.get("name") == ref.secret
            known: Value = before if is_same else {"name": ref.secret, "resourceVersion": ""}
            fields[path] = known if key is None else {"name": ref.secret, "resourceVersion": key.version}
        return replace(desired, fields=fields, secrets={path: key.value for path, key in self.found.items()})


NO_KEYS: Final = AccessKeys()


async def read_keys(
    store: Store, namespace: str, refs: Refs, before: AccessKeys, now: datetime
) -> AccessKeys:
    """One GET for each Secret. Never raises a `KubeError`: what cannot be read is in the way of no pause and no delete."""
    found: dict[str, AccessKey] = {}
    problems: list[str] = []
    for path, ref in refs.items():
        try:
            secret = await store.get("Secret", namespace, ref.secret)
            value = read_key(SecretData(secret), ref.key)
        except (KubeError, CredentialsIncomplete) as error:
            problems.append(f"spec.{path}: {_explained(error, namespace, ref)}")
            continue
        was = before.found.get(path)
        is_same = was is not None and was.value == value and before.refs.get(path) == ref
        found[path] = was if was is not None and is_same else AccessKey(value, _version(secret))
    problem = " ".join(problems) or None
    return AccessKeys(refs=dict(refs), found=found, problem=problem, read_at=now)


def mask(redactor: Redactor, place: str, before: AccessKeys, after: AccessKeys) -> None:
    """Keep the present keys out of that namespace's lines, and no others."""
    for key in after.found.values():
        redactor.register(key.value, place)
    for key in before.found.values():
        redactor.forget(key.value, place)


def _version(secret: Mapping[str, Any]) -> str:
    return str(secret["metadata"]["resourceVersion"])


def _explained(error: Exception, namespace: str, ref: SecretKey) -> str:
    match error:
        case ObjectGone():
            return (
                f'Secret "{ref.secret}" does not exist in namespace {namespace}. Apply it with the key {ref.key}.'
                " The operator rechecks it within a minute."
            )
        case NoSuchName():
            return f"{error}."
        case KubeForbidden():
            return f"{error}. Allow the operator to read this Secret (Helm: rbac.secretNames)."
        case CredentialsIncomplete():
            return f'Secret "{ref.secret}": {error}. Fix it; the operator rechecks it within a minute.'
        case _:
            return f'Secret "{ref.secret}" cannot be read now: {error}.'
