"""Keys out of a Kubernetes Secret, in the form in which they can stand in a header.

What is wrong with a Secret is found here, before a request, and said without showing it.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from typing_extensions import override

from model_operator.providers.base import CredentialsIncomplete

SHORTEST_KEY: Final = 16
"""Of an API key. Every vendor's are longer; a word that may stand in any log line is none."""

LONGEST_KEY: Final = 4096


class SecretData(Mapping[str, str]):
    """The data of a Secret as text. A key is decoded when somebody asks for it: the others are nobody's business."""

    def __init__(self, secret: Mapping[str, Any]) -> None:
        data = secret.get("data")
        self._data: Mapping[str, object] = data if isinstance(data, dict) else {}

    @override
    def __getitem__(self, name: str) -> str:
        """Raises `CredentialsIncomplete` if it is not text."""
        try:
            return base64.b64decode(str(self._data[name])).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise CredentialsIncomplete(f'the Secret\'s key "{name}" is not text') from None

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    @override
    def __len__(self) -> int:
        return len(self._data)

    @override
    def __repr__(self) -> str:
        return "SecretData(***)"


def read_api_key(secret: Mapping[str, str]) -> str:
    """The value under `apiKey`. Raises `CredentialsIncomplete`, also for one that is too short."""
    return read_long_key(secret, "apiKey", "an API key")


def read_long_key(secret: Mapping[str, str], name: str, what: str) -> str:
    """The value under `name`. Raises `CredentialsIncomplete`, also for one that is too short for `what`."""
    value = read_key(secret, name)
    if len(value) < SHORTEST_KEY:
        raise CredentialsIncomplete(
            f'the Secret\'s key "{name}" is too short for {what}, which has {SHORTEST_KEY} to'
            f" {LONGEST_KEY:,} characters"
        )
    return value


def read_key(secret: Mapping[str, str], name: str) -> str:
    """The value under `name` without surrounding blanks (`echo key | base64` adds a newline).

    Raises `CredentialsIncomplete`.
    """
    value = secret.get(name, "").strip()
    if not value:
        raise CredentialsIncomplete(f'the Secret has no key "{name}", or it is empty')
    if len(value) > LONGEST_KEY:
        raise CredentialsIncomplete(
            f'the Secret\'s key "{name}" is too long: it may have at most {LONGEST_KEY:,} characters'
        )
    if not re.fullmatch(r"[\x21-\x7e]+", value):
        raise CredentialsIncomplete(
            f'the Secret\'s key "{name}" holds blanks or characters that no header may have'
        )
    return value
