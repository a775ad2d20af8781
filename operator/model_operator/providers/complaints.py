"""A refusal as it came, and what can be read of it: codes and sentences of every body that anybody is known to send.

Nobody documents which body belongs to which status, so every known shape is read, whatever the status.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from model_operator.providers.reading import cut, identity, integer, moment

TEXT_LIMIT = 256
"""Most characters of a vendor's text in a message."""

_MOST_SENTENCES = 8
"""Of one refusal."""

LONGEST_REST = timedelta(minutes=5)
"""A Retry-After beyond this is not believed."""


class Refused(Exception):
    """An answer other than 2xx, or a 2xx that holds an error, as it came. Never leaves the adapters: its body may repeat a key."""

    def __init__(
        self, status: int, headers: Mapping[str, str], body: bytes, said: "Complaint | None" = None
    ) -> None:
        """`said` is what the body is known to say."""
        super().__init__(f"HTTP {status}")
        self.status = status
        self.headers = headers
        self.body = body
        self.said = said

    @property
    def retry_after(self) -> timedelta | None:
        """The time that the provider asked for, in seconds or as a date; at most `LONGEST_REST`."""
        value = self.headers.get("retry-after", "").strip()
        if re.fullmatch(r"[0-9]+(\.[0-9]+)?", value):
            return timedelta(seconds=min(float(value[:20]), LONGEST_REST.total_seconds()))
        until = moment(value)
        if until is None:
            return None
        # Against the provider's own clock, where it shows it: ours may be wrong.
        now = moment(self.headers.get("date")) or datetime.now(UTC)
        return min(max(until - now, timedelta()), LONGEST_REST)


@dataclass(frozen=True, slots=True)
class Complaint:
    """A refusal as it was understood. `text` is the vendor's own and not yet redacted."""

    status: int
    codes: tuple[str, ...] = ()
    text: str = field(default="", repr=False)
    is_json: bool = False

    def says(self, pattern: str) -> bool:
        return re.search(pattern, self.text, re.IGNORECASE) is not None


def read(refused: Refused) -> Complaint:
    """Codes and text of any body that vendors, their gateways and frameworks are known to send, cut before anything
    searches them."""
    if refused.said is not None:
        return refused.said
    text = refused.body.decode("utf-8-sig", "replace").strip()
    try:
        codes, words = _read_json(json.loads(text))
    except (ValueError, RecursionError):
        return Complaint(refused.status, (), _plain(cut(text)))
    return _complaint(refused.status, codes, words)


def _complaint(status: int, codes: list[str], words: list[str]) -> "Complaint":
    known = tuple(code.lower() for code in codes[:_MOST_SENTENCES] if len(code) <= TEXT_LIMIT)
    return Complaint(status, known, cut("; ".join(words[:_MOST_SENTENCES])), is_json=True)


def read_success(status: int, body: Any) -> Complaint | None:
    """The refusal that came under a 2xx, as some APIs and gateways send them; None for any other body.

    What shows an id, or a list, is what was asked for, whatever else it says.
    """
    if not isinstance(body, dict) or _shows_something(body) or not _complains(body):
        return None
    return _complaint(status, *_read_object(body))


def _shows_something(body: Mapping[str, Any]) -> bool:
    return any(identity(body.get(key)) for key in ("id", "deployment_id")) or any(
        body.get(key) is not None for key in ("deployments", "choices", "metrics", "logs")
    )


def _complains(body: Mapping[str, Any]) -> bool:
    is_told = any(
        isinstance(body.get(key), str) and body[key] for key in ("message", "msg", "detail", "title")
    )
    return (
        any(body.get(key) for key in ("error", "errors"))
        or (isinstance(body.get("detail"), str | list | dict) and bool(body["detail"]))
        or body.get("success") is False
        or (
            is_told and (400 <= (integer(body.get("status")) or 0) < 600 or isinstance(body.get("code"), str))
        )
        or (is_told and str(body.get("status")).lower() in ("error", "failed", "failure", "fail"))
    )


def _plain(text: str) -> str:
    if not text.startswith("<"):
        return text
    title = re.search(r"<title[^<>]*>([^<]*)</title", text, re.IGNORECASE)
    return title[1].strip() if title else "an HTML page"


def _read_json(body: Any) -> tuple[list[str], list[str]]:
    """Codes and sentences, the most specific first.

    `{"error": {"code", "type", "message", "param"}}` (PaiTIENT, OpenAI), `{"error": "code"}`,
    `{"code", "message"}`, RFC 7807's `{"type", "title", "detail"}`, FastAPI's `{"detail": […]}`, a bare string.
    """
    match body:
        case str():
            return ([body], [body]) if re.fullmatch(r"[a-z]+(_[a-z]+)+", body) else ([], [body])
        case list():
            return _read_list(body[:4])
        case dict():
            return _read_object(body)
        case _:
            return [], []


def _read_list(items: list[Any]) -> tuple[list[str], list[str]]:
    """All codes, and the first sentence of each."""
    found = [_read_json(item) for item in items]
    return [code for codes, _ in found for code in codes], [word for _, words in found for word in words[:1]]


def _read_object(body: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    codes: list[str] = []
    words: list[str] = []
    for key in ("error", "errors", "detail"):
        if body.get(key):
            inner_codes, inner_words = _read_json(body[key])
            codes += inner_codes
            words += inner_words
    codes += [body[key] for key in ("code", "error_code", "type") if isinstance(body.get(key), str)]
    own = [body[key] for key in ("message", "msg", "title") if isinstance(body.get(key), str)]
    words += [word for word in own[:1] if word] if not words or _are_codes(words) else []
    where = body.get("param") or body.get("loc")
    if where and words:
        name = ".".join(map(str, where)) if isinstance(where, list) else str(where)
        words[0] = words[0] if name in words[0] else f"{name}: {words[0]}"
    return codes, words


def _are_codes(words: list[str]) -> bool:
    return all(re.fullmatch(r"[a-z_]+", word) for word in words)
