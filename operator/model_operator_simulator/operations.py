"""What an operation of the control plane is asked, and how it says that it cannot."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

Answer = Any  # JSON, which no static type says


class Unknown(Exception):
    """There is no such object; the text names it."""


class Problem(Exception):
    """An operation that cannot be done; `status` is the HTTP status that says so."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True)
class Ask:
    """What an operation is asked: the named segments of its path, its parameters and its body."""

    path: Mapping[str, str]
    query: Mapping[str, str]
    raw: bytes
    base: str

    @property
    def deployment(self) -> tuple[str, str]:
        """Vendor and id."""
        return self.path["vendor"], self.path["id"]

    def json_object(self) -> dict[str, Any]:
        """The body; an empty one is an empty object.

        Raises:
            ValueError: not a JSON object.
        """
        value = json.loads(self.raw) if self.raw else {}
        if not isinstance(value, dict):
            raise ValueError("the body must be a JSON object")  # noqa: TRY004 - what is wrong is the request
        return value

    def whole(self, name: str, default: int) -> int:
        """A query parameter that is a number >= 0.

        Raises:
            ValueError: it is not.
        """
        text = self.query.get(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit() and len(text) <= 15):
            raise ValueError(f"{name} must be a whole number")
        return int(text)


Operation = Callable[[Ask], Answer | Awaitable[Answer]]
"""Raises `Unknown`, or ValueError if what it is asked does not fit."""


def problems(error: ValidationError) -> str:
    """All problems that pydantic found, one after the other."""
    found = (f"{'.'.join(map(str, problem['loc']))}: {_plainly(problem)}" for problem in error.errors())
    return "; ".join(found)[:2000]


def _plainly(problem: ErrorDetails) -> str:
    """Without the library's words for what people mistype most."""
    return "there is no such key here" if problem["type"] == "extra_forbidden" else problem["msg"]
