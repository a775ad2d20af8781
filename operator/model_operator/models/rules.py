"""Rules in CEL that the API server checks, as parts of a JSON schema.

The models carry them beside the fields that they are about; `crd.py` only passes them on.
"""

from typing import Final

from pydantic import ConfigDict
from pydantic.config import JsonDict

OBJECT_NAME: Final = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
"""What the API server takes as the name of an object: a DNS subdomain."""

REMOTE_ID: Final = r"^[^%\x00-\x1f\x7f]+$"
"""A provider's id, of which nobody says what it is made of. It is encoded where it becomes part of a URL."""

MOST_OF_AN_ID: Final = 512

VALIDATIONS: Final = "x-kubernetes-validations"
REPLACE: Final = "delete this object and apply a new one to change it"


def rule(cel: str, message: str, *, at: str = "") -> JsonDict:
    """`cel` must hold, else the server refuses with `message` for the field `at`, a path from here.

    A rule that mentions `oldSelf` is checked on updates only.
    """
    made: JsonDict = {"rule": cel, "message": message}
    return {**made, "fieldPath": at} if at else made


def immutable(name: str) -> JsonDict:
    """On the parent of a required field."""
    return rule(f"self.{name} == oldSelf.{name}", f"{name} is immutable; {REPLACE}", at=f".{name}")


def immutable_if_set(name: str) -> JsonDict:
    """On the parent of an optional field, which may then be neither added nor removed later.

    On the field itself `self == oldSelf` would be passed by removing it and adding another value.
    """
    return rule(
        f"has(self.{name}) == has(oldSelf.{name}) && (!has(self.{name}) || self.{name} == oldSelf.{name})",
        f"{name} is immutable and can be neither added nor removed; {REPLACE}",
        at=f".{name}",
    )


def set_once(name: str) -> JsonDict:
    """On the parent of a field that may go from absent to a value, and stays then."""
    return rule(
        f"!has(oldSelf.{name}) || (has(self.{name}) && self.{name} == oldSelf.{name})",
        f"{name} can be set once; {REPLACE}",
        at=f".{name}",
    )


def validations(*rules: JsonDict) -> JsonDict:
    """For `Field(json_schema_extra=…)`: the rules of one field."""
    return {VALIDATIONS: list(rules)}


def checked(*rules: JsonDict) -> ConfigDict:
    """For `model_config`: the rules of one object."""
    return ConfigDict(json_schema_extra=validations(*rules))


def object_name() -> JsonDict:
    """For `Field(json_schema_extra=…)` of the name of another object, which becomes part of a URL.

    Only the server checks it: an object that was stored before there was a pattern can still be read.
    """
    return {"pattern": OBJECT_NAME}


def one_segment(name: str) -> JsonDict:
    """For `Field(json_schema_extra=…)` of a `REMOTE_ID`: no server on the way may take it for another path."""
    return validations(
        rule(
            r"!self.matches('(^|[/\\\\]) *[.]{0,2} *([/\\\\]|$)')",
            f"{name} must be an id of the provider, not a path: no part of it between slashes may be empty, . or ..",
        )
    )


def positive(name: str) -> JsonDict:
    """For `Field(json_schema_extra=…)` of a duration."""
    return validations(rule("duration(self) > duration('0s')", f"{name} must be longer than 0s"))


def at_most(name: str, limit: float) -> JsonDict:
    """For `Field(json_schema_extra=…)` of a decimal string."""
    return validations(rule(f"double(self) <= {limit:.1f}", f"{name} must be at most {limit:.1f}"))
