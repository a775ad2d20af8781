"""Takes secrets out of text before anybody reads it: log lines, error messages, conditions, events.

Every credential is registered when it is read from its Secret; what was never registered is caught by shape.
"""

import base64
import json
import re
from collections import Counter
from urllib.parse import quote

MASK = "***"

_MIN_LENGTH = 4
"""Shorter values would mask half of every sentence, and protect nothing."""

# The value after a header or key that carries a credential: in headers and URLs bare, in JSON and reprs
# quoted (with escaped quotes too), so that a sentence about an "api key" stays readable.
_SHAPES = re.compile(
    r"""
    (?P<name>
        \b(?:authorization|x-client-id|model_?access_?key):\s*(?:(?:bearer|basic)\s+)?
      | \b(?:authorization|x-client-id|(?:model_?access|api)_?key|client_?id)
        (?:=|\\?["']\s*[:,]\s*\\?["'])(?:(?:bearer|basic)\s+)?
      | \bbearer\s+
    )
    (?P<value>[^\s"'\\,;&)}\]]+)
    """,
    re.IGNORECASE | re.VERBOSE,
)


class Redactor:
    """What may not be seen, for the whole process. Cheap to ask; rebuilt only when a secret comes or goes."""

    def __init__(self) -> None:
        self._secrets: Counter[str] = Counter()
        self._pattern: re.Pattern[str] | None = None

    def register(self, secret: str | None) -> None:
        """Mask this value from now on. Counted: two Secrets may hold the same key."""
        if secret and len(secret.strip()) >= _MIN_LENGTH:
            self._secrets[secret] += 1
            self._compile()

    def forget(self, secret: str | None) -> None:
        """Undo one `register`."""
        if secret is not None and secret in self._secrets:
            self._secrets[secret] -= 1
            self._secrets += Counter()  # drops what has reached zero
            self._compile()

    def redact(self, text: str) -> str:
        """The text with every registered value, and everything that looks like a credential, as `***`."""
        if self._pattern is not None:
            text = self._pattern.sub(MASK, text)
        return _SHAPES.sub(rf"\g<name>{MASK}", text)

    def _compile(self) -> None:
        spellings = {spelling for secret in self._secrets for spelling in _spellings(secret)}
        longest_first = sorted(map(re.escape, spellings), key=len, reverse=True)
        self._pattern = re.compile("|".join(longest_first)) if longest_first else None


def _spellings(secret: str) -> set[str]:
    """A secret as it may stand in JSON, a repr, a URL or a Kubernetes Secret, its newline kept or not."""
    forms: set[str] = set()
    for value in {secret, secret.strip()}:
        forms |= {
            value,
            json.dumps(value)[1:-1],
            json.dumps(value, ensure_ascii=False)[1:-1],
            repr(value)[1:-1],
            quote(value),
            quote(value, safe=""),
            base64.b64encode(value.encode("utf-8", "surrogatepass")).decode(),
        }
    return forms
