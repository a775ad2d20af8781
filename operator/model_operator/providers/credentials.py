"""Credentials out of a Secret, as adapters need them: complete, and fit for an HTTP header.

What is wrong with a Secret is found here, before a request, and said without showing it.
"""

import re
from collections.abc import Mapping

from model_operator.providers.base import CredentialsIncomplete


def read_key(secret: Mapping[str, str], name: str) -> str:
    """The value under `name` without surrounding blanks (`echo key | base64` adds a newline).

    Raises `CredentialsIncomplete`.
    """
    value = secret.get(name, "").strip()
    if not value:
        raise CredentialsIncomplete(f'the Secret has no key "{name}", or it is empty')
    if not re.fullmatch(r"[\x21-\x7e]+", value):
        raise CredentialsIncomplete(
            f'the Secret\'s key "{name}" holds blanks or characters that no header may have'
        )
    return value
