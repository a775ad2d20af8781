"""What a provider means by an answer that is no success: `Refused` in, one `ProviderError` out.

Nobody documents which body belongs to which status, so every known shape and both vocabularies are read, and a
word that nobody knows is judged by its status.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus

from model_operator.errors import (
    Conflict,
    CredentialsInvalid,
    DeletionRefused,
    InstanceTypeUnavailable,
    InsufficientCapacity,
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
from model_operator.providers.complaints import Complaint, Refused, read
from model_operator.providers.reading import Clean
from model_operator.providers.vocabulary import CAPACITY, GPU_QUOTA, IN_PROGRESS, QUOTA, meanings

_STATUSES: Mapping[int, type[ProviderError]] = {
    401: CredentialsInvalid,
    402: QuotaExceeded,
    403: PermissionDenied,
    404: NotFound,
    405: Unsupported,
    409: Conflict,
    421: Conflict,  # another connection may do
    423: Conflict,
    424: Conflict,
    425: Conflict,
    429: RateLimited,
    501: Unsupported,
}

_FIRM = (QuotaExceeded, RateLimited, InstanceTypeUnavailable, InsufficientCapacity)
"""Codes that are a definite refusal whatever the status, even a 5xx or a 2xx."""

_TELLING = (*_FIRM, CredentialsInvalid, PermissionDenied)
"""Codes that say more than any 4xx."""

_TAKEN = (
    r"already (exists|in use|used|taken)|(is|been) taken|in use|duplicate|must be unique|not unique|conflict"
)
_MODEL, _IS_MISSING = r"\bmodel\b", r"not found|does not exist"
_NO_MODEL = r"(no such|unknown) model\b"
_TAKEN_FOR_SURE = r"already (exists|in use|used|taken)|(is|been) taken|duplicate|must be unique|not unique"


def classify(complaint: Complaint, operation: str) -> type[ProviderError]:
    """The class of error that a refusal of `operation` is.

    `NotFound` comes of a 404 only, `ModelNotFound` and `NameTaken` of a create only.
    """
    status = complaint.status
    meant = meanings(complaint.codes)
    if status == 401:
        return CredentialsInvalid
    if 200 <= status < 300:
        by_code = [kind for kind in meant if kind in _TELLING]
        return by_code[0] if by_code else _firm_words(complaint) or Unavailable
    if not 400 <= status < 500 or status == 408:
        by_code = [kind for kind in meant if kind in _FIRM]
        by_words = _firm_words(complaint) if status == HTTPStatus.SERVICE_UNAVAILABLE else None
        return by_code[0] if by_code else by_words or _STATUSES.get(status, Unavailable)
    telling = [kind for kind in meant if kind in _TELLING]
    by_words = _firm_words(complaint) if status != HTTPStatus.NOT_FOUND else None
    return telling[0] if telling else by_words or _by_operation(complaint, operation, meant)


def _firm_words(complaint: Complaint) -> type[ProviderError] | None:
    """Sentences that are as good as a code. A 429 speaks of a quota of requests as well."""
    if complaint.says(CAPACITY):
        return RateLimited if complaint.status == 429 else InsufficientCapacity
    return QuotaExceeded if complaint.says(GPU_QUOTA if complaint.status == 429 else QUOTA) else None


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
        case _, 400 | 422 if complaint.says(IN_PROGRESS):
            return Conflict
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
    if status in (400, 422) and complaint.says(IN_PROGRESS):
        return Conflict
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
    message = f"{title}: {said} (HTTP {status}{' with an error' if status < 300 else ''})"
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
