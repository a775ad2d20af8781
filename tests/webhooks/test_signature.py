"""Which events are signed with the secret, in each of the four ways of signing."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from model_operator.models.provider import SignatureAlgorithm, SignatureScheme
from model_operator.webhooks.signature import Hook, SecretUnusable, Verdict, judge, secret_for
from model_operator_simulator.paitient.webhooks import signature

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
T = int(NOW.timestamp())
BODY = b'{"type":"deployment.status_changed"}'
TEXT = "a-secret-of-the-webhook"
STANDARD = "whsec_" + base64.b64encode(TEXT.encode()).decode()


def mac(content: bytes, secret: str = TEXT, hash_: str = "sha256") -> bytes:
    return hmac.new(secret.encode(), content, hash_).digest()


def hook(
    scheme: SignatureScheme = SignatureScheme.TIMESTAMPED,
    algorithm: SignatureAlgorithm = SignatureAlgorithm.SHA256,
) -> Hook:
    is_standard = scheme is SignatureScheme.STANDARD_WEBHOOKS
    text = STANDARD if is_standard else TEXT
    return Hook(
        provider="paitient",
        text=text,
        secret=secret_for(scheme, text),
        scheme=scheme,
        header="webhook-signature" if is_standard else "x-sig",
        algorithm=algorithm,
        tolerance=timedelta(minutes=5),
    )


def timestamped(at: int = T, secret: str = TEXT) -> str:
    return f"t={at},v1={mac(f'{at}.'.encode() + BODY, secret).hex()}"


def standard(at: int = T, secret: str = TEXT) -> dict[str, str]:
    content = f"msg_1.{at}.".encode() + BODY
    signatures = f"v1a,unknown v1,{base64.b64encode(mac(content, secret)).decode()}"
    return {"webhook-id": "msg_1", "webhook-timestamp": str(at), "webhook-signature": signatures}


TIMESTAMPED, STANDARD_WEBHOOKS = SignatureScheme.TIMESTAMPED, SignatureScheme.STANDARD_WEBHOOKS
IN_BODY, TOKEN = SignatureScheme.BODY, SignatureScheme.TOKEN
SIGNED_BODY = mac(BODY)


@pytest.mark.parametrize(
    ("scheme", "headers", "verdict"),
    [
        pytest.param(TIMESTAMPED, {"x-sig": timestamped()}, Verdict.ACCEPTED, id="timestamped"),
        pytest.param(
            TIMESTAMPED, {"x-sig": timestamped().replace(",", ", ").upper().replace("T=", "t=").replace("V1", "v1")},
            Verdict.ACCEPTED, id="blanks and capitals in hex",
        ),
        pytest.param(
            TIMESTAMPED, {"x-sig": f"{timestamped()[:13]},v1={'0' * 64},{timestamped()[13:]}"},
            Verdict.ACCEPTED, id="the second of two signatures",
        ),
        pytest.param(TIMESTAMPED, {"x-sig": timestamped(T - 300)}, Verdict.ACCEPTED, id="just in time"),
        pytest.param(TIMESTAMPED, {"x-sig": timestamped(T - 301)}, Verdict.STALE, id="too old"),
        pytest.param(TIMESTAMPED, {"x-sig": timestamped(T + 301)}, Verdict.STALE, id="from the future"),
        pytest.param(TIMESTAMPED, {"x-sig": timestamped(T * 1000)}, Verdict.ACCEPTED, id="in milliseconds"),
        pytest.param(TIMESTAMPED, {"x-sig": timestamped(secret="wrong")}, Verdict.FORGED, id="another secret"),
        pytest.param(
            TIMESTAMPED, {"x-sig": timestamped(T - 900).replace(str(T - 900), str(T))},
            Verdict.FORGED, id="an old signature with a new time",
        ),
        pytest.param(
            TIMESTAMPED, {"x-sig": timestamped(T - 900) + f",t={T}"}, Verdict.FORGED, id="two times",
        ),
        pytest.param(TIMESTAMPED, {"x-sig": f"v1={SIGNED_BODY.hex()}"}, Verdict.FORGED, id="no time"),
        pytest.param(TIMESTAMPED, {"x-sig": f"t={T}"}, Verdict.FORGED, id="no signature"),
        pytest.param(TIMESTAMPED, {"x-sig": f"t={'9' * 5000},v1=00"}, Verdict.FORGED, id="an endless time"),
        pytest.param(TIMESTAMPED, {"x-sig": f"t=-{T},v1=00"}, Verdict.FORGED, id="a time below zero"),
        pytest.param(TIMESTAMPED, {"x-sig": "t=1,v1=\udcff\udcfe"}, Verdict.FORGED, id="bytes that are no text"),
        pytest.param(TIMESTAMPED, {}, Verdict.FORGED, id="no header"),
        pytest.param(TIMESTAMPED, {"x-sig": TEXT}, Verdict.FORGED, id="the secret is no signature"),
        pytest.param(STANDARD_WEBHOOKS, standard(), Verdict.ACCEPTED, id="standard"),
        pytest.param(STANDARD_WEBHOOKS, standard(T - 301), Verdict.STALE, id="standard, too old"),
        pytest.param(STANDARD_WEBHOOKS, standard(secret="wrong"), Verdict.FORGED, id="standard, another secret"),
        pytest.param(
            STANDARD_WEBHOOKS, {**standard(), "webhook-id": "msg_2"}, Verdict.FORGED, id="standard, another id"
        ),
        pytest.param(
            STANDARD_WEBHOOKS, {**standard(), "webhook-id": ""}, Verdict.FORGED, id="standard, no id"
        ),
        pytest.param(IN_BODY, {"x-sig": SIGNED_BODY.hex()}, Verdict.ACCEPTED, id="body, hex"),
        pytest.param(IN_BODY, {"x-sig": f"sha256={SIGNED_BODY.hex()}"}, Verdict.ACCEPTED, id="body, prefixed"),
        pytest.param(
            IN_BODY, {"x-sig": base64.b64encode(SIGNED_BODY).decode()}, Verdict.ACCEPTED, id="body, base64"
        ),
        pytest.param(IN_BODY, {"x-sig": mac(b"{}").hex()}, Verdict.FORGED, id="body, of another one"),
        pytest.param(IN_BODY, {"x-sig": ""}, Verdict.FORGED, id="body, empty"),
        pytest.param(TOKEN, {"x-sig": TEXT}, Verdict.ACCEPTED, id="token"),
        pytest.param(TOKEN, {"x-sig": f"Bearer {TEXT}"}, Verdict.ACCEPTED, id="token, bearer"),
        pytest.param(TOKEN, {"x-sig": TEXT[:-1]}, Verdict.FORGED, id="token, nearly"),
        pytest.param(TOKEN, {}, Verdict.FORGED, id="token, none"),
    ],
)  # fmt: skip
def test_only_what_is_signed_with_the_secret_is_accepted(
    scheme: SignatureScheme, headers: Mapping[str, str], verdict: Verdict
) -> None:
    assert judge(hook(scheme), headers, BODY, NOW)[0] is verdict


def test_a_signature_of_one_scheme_is_none_of_another() -> None:
    """Else whoever has seen a timestamped event could send it for ever, as a body that begins with its time."""
    old = T - 900
    headers, body = {"x-sig": mac(f"{old}.".encode() + BODY).hex()}, f"{old}.".encode() + BODY
    assert judge(hook(IN_BODY), headers, body, NOW)[0] is Verdict.ACCEPTED
    assert judge(hook(TIMESTAMPED), headers, body, NOW)[0] is Verdict.FORGED


def test_another_hash_is_another_signature() -> None:
    headers = {"x-sig": mac(BODY, hash_="sha512").hex()}
    assert judge(hook(IN_BODY, SignatureAlgorithm.SHA512), headers, BODY, NOW)[0] is Verdict.ACCEPTED
    assert judge(hook(IN_BODY), headers, BODY, NOW)[0] is Verdict.FORGED


def test_the_simulator_signs_as_the_default_has_it() -> None:
    headers = {"x-sig": signature(TEXT, T, BODY)}
    digest = hmac.new(TEXT.encode(), f"{T}.".encode() + BODY, hashlib.sha256).digest()
    assert judge(hook(), headers, BODY, NOW) == (Verdict.ACCEPTED, digest)


@pytest.mark.parametrize("text", ["whsec_not base64 at all", "whsec_c2hvcnQ="])
def test_a_secret_that_is_none_of_standard_webhooks_is_refused(text: str) -> None:
    with pytest.raises(SecretUnusable, match="is not base64 of at least 16 bytes"):
        secret_for(STANDARD_WEBHOOKS, text)


def test_a_hook_shows_no_secret() -> None:
    assert TEXT not in repr(hook())
