"""Takes secrets out of text before anybody reads it: log lines, error messages, conditions, events.

Every credential is registered when it is read from its Secret, with the namespace that it belongs to: what one tenant
calls a key must not blank another tenant's lines. What was never registered is caught by shape.
"""

import base64
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any, Final, TypeGuard
from urllib.parse import quote

MASK: Final = "***"

_MIN_LENGTH: Final = 4
"""Shorter values would mask half of every sentence, and protect nothing."""

_EVERYWHERE: Final = 16
"""From this length on a value is masked in lines about no object, too: no word of ours is an API key."""

_HEADS: Final = (16, 8, 4)
"""Lengths of the beginnings by which values are found."""

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
    | (?P<token>\bhf_[A-Za-z0-9]{16,})  # Hugging Face's
    """,
    re.IGNORECASE | re.VERBOSE,
)


def mask_shapes(text: str) -> str:
    """The text with everything that looks like a credential as `***`."""
    return _SHAPES.sub(lambda found: f"{found['name'] or ''}{MASK}", text)


class SecretSet:
    """Values to mask. To look for them costs a step per character of the text, however many there are.

    It keeps hashes and beginnings, so that a long key takes no more memory than a short one.
    """

    def __init__(self) -> None:
        self._secrets: Counter[str] = Counter()
        self._hashes: Counter[int] = Counter()
        """Of every spelling."""
        self._lengths: dict[int, defaultdict[str, Counter[int]]] = {}
        """By length of a beginning and the beginning itself: how long what begins so may be."""

    def __bool__(self) -> bool:
        return bool(self._secrets)

    def add(self, secret: str) -> None:
        """Counted: two Secrets may hold the same key."""
        self._secrets[secret] += 1
        if self._secrets[secret] == 1:
            for spelling in _spellings(secret):
                head = _head(spelling)
                self._hashes[hash(spelling)] += 1
                self._lengths.setdefault(len(head), defaultdict(Counter))[head][len(spelling)] += 1

    def discard(self, secret: str) -> bool:
        """Undo one `add`. False if there was none."""
        if secret not in self._secrets:
            return False
        _take(self._secrets, secret)
        if secret in self._secrets:
            return True
        for spelling in _spellings(secret):
            head = _head(spelling)
            heads = self._lengths[len(head)]
            _take(self._hashes, hash(spelling))
            _take(heads[head], len(spelling))
            if not heads[head]:
                del heads[head]
            if not heads:
                del self._lengths[len(head)]
        return True

    def mask(self, text: str) -> str:
        """The text with each of them, in any spelling, as `***`."""
        spans = sorted(self._spans(text))
        if not spans:
            return text
        parts, at = [], 0
        first, last = spans[0]
        for start, end in spans[1:]:
            if start >= last:
                parts += [text[at:first], MASK]
                at, first = last, start
            last = max(last, end)
        return "".join([*parts, text[at:first], MASK, text[last:]])

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        for size, heads in self._lengths.items():
            for start in [i for i in range(len(text) - size + 1) if text[i : i + size] in heads]:
                for length in heads[text[start : start + size]]:
                    spelling = text[start : start + length]
                    if len(spelling) == length and hash(spelling) in self._hashes:
                        yield start, start + length


class Redactor:
    """What may not be seen, for the whole process, and where."""

    def __init__(self) -> None:
        self._places: defaultdict[str, SecretSet] = defaultdict(SecretSet)
        self._everywhere = SecretSet()
        """All that are long enough: for lines that belong to nobody."""

    def register(self, secret: str | None, place: str) -> None:
        """Mask this value from now on in lines about that namespace."""
        if is_maskable(secret):
            self._places[place].add(secret)
            if len(secret) >= _EVERYWHERE:
                self._everywhere.add(secret)

    def forget(self, secret: str | None, place: str) -> None:
        """Undo one `register`."""
        if not is_maskable(secret) or place not in self._places:
            return
        if self._places[place].discard(secret):
            self._everywhere.discard(secret)
        if not self._places[place]:
            del self._places[place]

    def redact(self, text: str, place: str | None = None) -> str:
        """The text without what is registered for its namespace (without one: anywhere), and without what looks
        like a credential."""
        secrets = self._everywhere if place is None else self._places.get(place)
        return mask_shapes(secrets.mask(text) if secrets else text)


def is_maskable(secret: str | None) -> TypeGuard[str]:
    return secret is not None and len(secret.strip()) >= _MIN_LENGTH


def _head(spelling: str) -> str:
    return next(spelling[:size] for size in _HEADS if len(spelling) >= size)


def _take(counter: Counter[Any], item: object) -> None:
    counter[item] -= 1
    if counter[item] <= 0:
        del counter[item]


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
