"""Whether an event was signed with the secret that the ModelProvider names. Pure.

No vendor that the operator knows has published how it signs; these are the four ways that the field uses. Which of
them it is has to be configured: where a program takes several, a signature of one can be passed off as another's.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from model_operator.models.provider import SignatureAlgorithm, SignatureScheme
from model_operator.providers.credentials import SHORTEST_KEY

_DIGESTS: Final = {SignatureAlgorithm.SHA256: hashlib.sha256, SignatureAlgorithm.SHA512: hashlib.sha512}
_MOST_SIGNATURES: Final = 8
"""In one header: a sender that changes its secret signs with both for a while."""
_STANDARD_PREFIX: Final = "whsec_"
_MILLISECONDS_FROM: Final = 10**11
"""A number of seconds beyond the year 5138 is one of milliseconds."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_TIME: Final = 15
"""Digits."""


class Verdict(StrEnum):
    """What an event is worth. The words are the label `result` of the metric."""

    ACCEPTED = "accepted"
    REPEATED = "repeated"
    """Signed, and seen before."""
    STALE = "stale"
    """Signed, but longer ago than the tolerance, or in the future."""
    FORGED = "forged"
    """Not signed with the secret."""


class SecretUnusable(Exception):
    """A secret is not what the scheme takes; `str()` says what it has to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """How the events of one ModelProvider are signed."""

    provider: str
    """Its type, for the metric."""
    text: str = field(repr=False)
    """The secret as it stands in its Secret."""
    secret: bytes = field(repr=False)
    """What `secret_for` makes of it."""
    scheme: SignatureScheme
    header: str
    algorithm: SignatureAlgorithm
    tolerance: timedelta


@dataclass(frozen=True, slots=True)
class _Signed:
    """What a header claims: of these bytes and that time, one of these is the signature."""

    content: bytes
    signatures: tuple[str, ...]
    at: datetime | None = None


def secret_for(scheme: SignatureScheme, text: str) -> bytes:
    """The key of the HMAC, or the token. Raises `SecretUnusable`."""
    if scheme is not SignatureScheme.STANDARD_WEBHOOKS:
        return text.encode()
    try:
        secret = base64.b64decode(text.removeprefix(_STANDARD_PREFIX), validate=True)
    except binascii.Error:
        secret = b""
    if len(secret) < SHORTEST_KEY:
        raise SecretUnusable(
            f'is not base64 of at least {SHORTEST_KEY} bytes, with or without "whsec_" before it, as scheme'
            " StandardWebhooks has it"
        )
    return secret


def judge(hook: Hook, headers: Mapping[str, str], body: bytes, now: datetime) -> tuple[Verdict, bytes | None]:
    """What the event is worth, and by what a copy of it is known; None where an event may look like one before it.

    Takes as long for a wrong signature as for one that is nearly right. Names of `headers` match in any case.
    """
    signed = _READERS[hook.scheme](hook, headers, body)
    if signed is None:
        return Verdict.FORGED, None
    if hook.scheme is SignatureScheme.TOKEN:
        is_right = any(hmac.compare_digest(_bytes(s), hook.secret) for s in signed.signatures)
        return (Verdict.ACCEPTED if is_right else Verdict.FORGED), None
    digest = hmac.new(hook.secret, signed.content, _DIGESTS[hook.algorithm]).digest()
    if not any(_is_digest(text, digest) for text in signed.signatures):
        return Verdict.FORGED, None
    if signed.at is not None and abs(now - signed.at) > hook.tolerance:
        return Verdict.STALE, None
    return Verdict.ACCEPTED, digest if signed.at is not None else None


def _is_digest(text: str, digest: bytes) -> bool:
    """In hex or in base64, both compared in constant time."""
    given = _bytes(text)
    is_hex = hmac.compare_digest(given.lower(), digest.hex().encode())
    is_base64 = hmac.compare_digest(given, base64.b64encode(digest))
    return is_hex or is_base64


def _timestamped(hook: Hook, headers: Mapping[str, str], body: bytes) -> _Signed | None:
    """`t=SECONDS,v1=SIGNATURE`, of `SECONDS.BODY`."""
    pairs = [part.strip().partition("=") for part in headers.get(hook.header, "").split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    signatures = tuple(value for name, _, value in pairs if name == "v1")[:_MOST_SIGNATURES]
    at = _time(times[0]) if len(times) == 1 else None
    return _Signed(_bytes(f"{times[0]}.") + body, signatures, at) if at is not None else None


def _standard(hook: Hook, headers: Mapping[str, str], body: bytes) -> _Signed | None:
    """standardwebhooks.com: `webhook-signature: v1,BASE64 …`, of `ID.SECONDS.BODY`."""
    id_, time = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    versions = [one.partition(",") for one in headers.get(hook.header, "").split(" ")]
    signatures = tuple(value for version, _, value in versions if version == "v1")[:_MOST_SIGNATURES]
    at = _time(time)
    return _Signed(_bytes(f"{id_}.{time}.") + body, signatures, at) if id_ and at is not None else None


def _body(hook: Hook, headers: Mapping[str, str], body: bytes) -> _Signed | None:
    """`SIGNATURE` or `sha256=SIGNATURE`, of the body alone: nothing tells when it was made."""
    value = headers.get(hook.header, "").strip()
    prefix = f"{hook.algorithm.lower()}="
    return _Signed(body, (value.removeprefix(prefix),))


def _token(hook: Hook, headers: Mapping[str, str], body: bytes) -> _Signed | None:  # noqa: ARG001  one of four
    """The secret itself, with or without `Bearer`."""
    value = headers.get(hook.header, "").strip()
    return _Signed(b"", (value.removeprefix("Bearer ").strip(),))


_READERS: Final = {
    SignatureScheme.TIMESTAMPED: _timestamped,
    SignatureScheme.STANDARD_WEBHOOKS: _standard,
    SignatureScheme.BODY: _body,
    SignatureScheme.TOKEN: _token,
}


def _bytes(text: str) -> bytes:
    """As they arrived: whatever bytes somebody puts into a header."""
    return text.encode("utf-8", "surrogateescape")


def _time(text: str) -> datetime | None:
    if not (text.isascii() and text.isdigit()) or len(text) > _LONGEST_TIME:
        return None
    number = int(text)
    seconds = number / 1000 if number >= _MILLISECONDS_FROM else number
    return _EPOCH + timedelta(seconds=seconds)
