"""Fields whose values are texts of many lines: told apart by a fingerprint, which is all that a status ever holds.

Pure. The text itself goes from the spec into requests, and from a reply nowhere.
"""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, Final

from model_operator.domain import Desired, Fields, Value
from model_operator.models.deployment import ModelDeploymentSpec

KEYS: Final[Mapping[str, str]] = {"parasail.chatTemplateOverride": "chatTemplateOverride"}
"""By the path in the spec: the vendor's key."""


def texts_of(spec: ModelDeploymentSpec) -> Mapping[str, str]:
    template = spec.parasail.chat_template_override if spec.parasail else None
    return {} if template is None else {"parasail.chatTemplateOverride": template}


def fingerprint(text: str) -> str:
    """`4812 characters, sha256 9f86d081884c7d65`. Line ends and what is blank at the end count for nothing: a vendor may
    keep them otherwise."""
    plain = text.replace("\r\n", "\n").rstrip()
    digest = sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{len(plain)} characters, sha256 {digest}"


def fingerprints(item: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
    """Of what a reply shows: None where it shows that there is none, nothing where it cannot be read."""
    for path, key in KEYS.items():
        match item.get(key, 0):
            case None | "":
                yield path, None
            case str() as text:
                yield path, fingerprint(text)
            case _:
                continue


def sent(desired: Desired, only: Fields | frozenset[str]) -> dict[str, str]:
    """As keys of a request, of these paths."""
    return {KEYS[path]: text for path, text in desired.texts.items() if path in only}


def completed(body: Mapping[str, Any], desired: Desired) -> dict[str, Any]:
    """With the texts that the spec has and the vendor's GET did not show, since a PUT replaces everything."""
    return sent(desired, frozenset(desired.texts)) | dict(body)
