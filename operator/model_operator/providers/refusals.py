"""What a provider means by an answer that is no success: `Refused` in, one `ProviderError` out.

Nobody documents which body belongs to which status, so every known shape and both vocabularies are read, and a
word that nobody knows is judged by its status.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from model_operator.conditions import Reason
from model_operator.errors import (
    Conflict,
    CredentialsInvalid,
    DeletionRefused,
    InstanceTypeUnavailable,
    InvalidRequest,
    ModelNotFound,
    NameTaken,
    NotFound,
    PermissionDenied,
    ProviderError,
    QuotaExceeded,
    RateLimited,
    Unavailable,
    Unsupported,
)
from model_operator.providers.base import Call
from model_operator.providers.reading import Clean, cut

TEXT_LIMIT = 256
"""Most characters of a vendor's text in a message."""

_MOST_SENTENCES = 8
"""Of one refusal."""

LONGEST_REST = timedelta(minutes=5)
"""A Retry-After beyond this is not believed."""


class Refused(Exception):
    """An answer other than 2xx, as it came. Never leaves the adapters: its body may repeat a key."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def retry_after(self) -> timedelta | None:
        """The time that the provider asked for, in seconds or as a date; at most `LONGEST_REST`."""
        value = self.headers.get("retry-after", "").strip()
        if re.fullmatch(r"[0-9]+(\.[0-9]+)?", value):
            return timedelta(seconds=min(float(value[:20]), LONGEST_REST.total_seconds()))
        until = _date(value)
        if until is None:
            return None
        # Against the provider's own clock, where it shows it: ours may be wrong.
        now = _date(self.headers.get("date", "")) or datetime.now(UTC)
        return min(max(until - now, timedelta()), LONGEST_REST)


def _date(text: str) -> datetime | None:
    try:
        time = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time


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
    text = refused.body.decode("utf-8", "replace").strip()
    try:
        codes, words = _read_json(json.loads(text))
    except (ValueError, RecursionError):
        return Complaint(refused.status, (), _plain(cut(text)))
    known = tuple(code.lower() for code in codes[:_MOST_SENTENCES] if len(code) <= TEXT_LIMIT)
    return Complaint(refused.status, known, cut("; ".join(words[:_MOST_SENTENCES])), is_json=True)


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


CODES: Mapping[str, type[ProviderError]] = {
    # PaiTIENT's deployments document.
    "invalid_request_error": InvalidRequest,
    "authentication_error": CredentialsInvalid,
    "permission_denied": PermissionDenied,
    "resource_not_found": NotFound,
    "quota_exceeded": QuotaExceeded,
    "rate_limit_exceeded": RateLimited,
    "instance_type_unavailable": InstanceTypeUnavailable,
    "model_not_found": ModelNotFound,
    "validation_error": InvalidRequest,
    # PaiTIENT's errors page.
    "invalid_api_key": CredentialsInvalid,
    "missing_api_key": CredentialsInvalid,
    "expired_api_key": CredentialsInvalid,
    "missing_client_id": CredentialsInvalid,
    "invalid_client_id": CredentialsInvalid,
    "invalid_request": InvalidRequest,
    "invalid_parameters": InvalidRequest,
    "missing_required_parameter": InvalidRequest,
    "parameter_type_error": InvalidRequest,
    "invalid_json": InvalidRequest,
    # Its older service, and OpenAI's words.
    "subscription_required": QuotaExceeded,
    "insufficient_quota": QuotaExceeded,
}
"""What the vendors' error codes mean. `deployment_error` is not here: its status says what to do."""

_STATUSES: Mapping[int, type[ProviderError]] = {
    401: CredentialsInvalid,
    402: QuotaExceeded,
    403: PermissionDenied,
    404: NotFound,
    405: Unsupported,
    409: Conflict,
    429: RateLimited,
    501: Unsupported,
}

_FIRM = (QuotaExceeded, RateLimited, InstanceTypeUnavailable)
"""Codes that are a definite refusal whatever the status, even a 5xx."""

_TELLING = (*_FIRM, CredentialsInvalid, PermissionDenied)
"""Codes that say more than any 4xx."""

_TAKEN = (
    r"already (exists|in use|used|taken)|(is|been) taken|in use|duplicate|must be unique|not unique|conflict"
)
_MODEL, _IS_MISSING = r"\bmodel\b", r"not found|does not exist"
_NO_MODEL = r"(no such|unknown) model\b"
_TAKEN_FOR_SURE = r"already (exists|in use|used|taken)|(is|been) taken|duplicate|must be unique|not unique"
_QUOTA = r"insufficient[ _]quota|gpu quota"
_ANY_QUOTA = rf"{_QUOTA}|quota (is |was |has been )?(exceeded|reached|exhausted)"

_NO_CAPACITY = r"(no|insufficient|not enough|out of|lack of)[ _](available[ _])?(gpu[ _])?(capacity|devices|gpus|hardware)"


def classify(complaint: Complaint, operation: str) -> type[ProviderError]:
    """The class of error that a refusal of `operation` is.

    `NotFound` comes of a 404 only, `ModelNotFound` and `NameTaken` of a create only.
    """
    status = complaint.status
    meant = [CODES[code] for code in complaint.codes if code in CODES]
    if not 400 <= status < 500 or status == 408:
        return next((kind for kind in meant if kind in _FIRM), _STATUSES.get(status, Unavailable))
    if status == 401:
        return CredentialsInvalid
    telling = next((kind for kind in meant if kind in _TELLING), None)
    # A 429 speaks of a quota of requests as well.
    if telling is None and status != 404 and complaint.says(_QUOTA if status == 429 else _ANY_QUOTA):
        telling = QuotaExceeded
    return telling or _by_operation(complaint, operation, meant)


def shortage(text: str) -> Reason | None:
    """What a deployment waits for, by the vendor's explanation of its state; None where it names no such thing."""
    if re.search(_ANY_QUOTA, text, re.IGNORECASE):
        return Reason.QUOTA_EXCEEDED
    return Reason.INSUFFICIENT_CAPACITY if re.search(_NO_CAPACITY, text, re.IGNORECASE) else None


def _names_no_model(complaint: Complaint) -> bool:
    """It says of a model that there is none. Two searches: one pattern for both would try each beginning anew."""
    model = re.search(_MODEL, complaint.text, re.IGNORECASE)
    is_missing = model and re.search(_IS_MISSING, complaint.text[model.end() :], re.IGNORECASE)
    return bool(is_missing) or complaint.says(_NO_MODEL)


def _by_operation(
    complaint: Complaint, operation: str, meant: list[type[ProviderError]]
) -> type[ProviderError]:
    match operation, complaint.status:
        case "create", _:
            return _of_create(complaint, meant)
        case "create_canary" | "create_endpoint", 400 | 409 | 422 if _is_name_taken(complaint, meant):
            return NameTaken
        case "delete", 400 | 409 | 422:
            return DeletionRefused
        case "list" | "find", 404:
            return Unsupported
        case "probe", 404:
            return Unavailable  # the gateway does not know the alias yet
        case _, status:
            return _STATUSES.get(status, InvalidRequest)


def _of_create(complaint: Complaint, meant: list[type[ProviderError]]) -> type[ProviderError]:
    status = complaint.status
    if ModelNotFound in meant or _names_no_model(complaint):
        return ModelNotFound
    if status in (400, 409, 422) and complaint.says("name") and complaint.says(_TAKEN):
        return NameTaken
    if status == 409 and not complaint.text and not meant:
        return NameTaken  # nothing else about a new deployment can be in conflict
    if status == 404:
        # Something that the request names, or, without a word, the path itself.
        return InvalidRequest if meant else Unsupported
    return _STATUSES.get(status, InvalidRequest)


def _is_name_taken(complaint: Complaint, meant: list[type[ProviderError]]) -> bool:
    """Of an endpoint, whose deployment may be in conflict as well."""
    if complaint.status == 409 and not complaint.text:
        return not meant
    speaks_of_it = complaint.status == 409 or complaint.says("name")
    return speaks_of_it and complaint.says(_TAKEN_FOR_SURE)


def explain(refused: Refused, title: str, call: Call, clean: Clean) -> ProviderError:
    """The error to raise: `title: what the vendor said (HTTP 409)`, the vendor's words through `clean`."""
    complaint = read(refused)
    kind = classify(complaint, call.operation)
    status = refused.status
    if 300 <= status < 400:
        said = "a redirect, which is never followed; check the base URL"
    else:
        said = clean(complaint.text or " ".join(complaint.codes)) or _phrase(status)
    message = f"{title}: {said} (HTTP {status})"
    if kind is Unavailable:
        return Unavailable(message, status=status, may_have_landed=call.mutates)
    if kind is RateLimited:
        return RateLimited(message, status=status, retry_after=refused.retry_after)
    if kind is NotFound:
        return NotFound(message, status=status, is_vendors_own=_speaks_of_it(complaint, call))
    return kind(message, status=status)


def _speaks_of_it(complaint: Complaint, call: Call) -> bool:
    """A 404 of the vendor's API about this very thing, not of a gateway or router that lost the path."""
    if "resource_not_found" in complaint.codes:
        return True
    # A router repeats the path, and the id in it; who knows deployments names the id by itself.
    return complaint.is_json and bool(call.about) and complaint.says(rf"(?<![/\w]){re.escape(call.about)}\b")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "no explanation"
