"""No registered secret survives redaction where it belongs, in any spelling, and nobody else pays for it."""

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model_operator.redaction import MASK, Redactor, SecretSet
from support.effort import cpu_seconds

HERE = "team-a"
# Any text but the mask's own character, out of which a mask could be glued together to a secret again.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters=MASK))
SECRETS = st.text(st.characters(codec="utf-8", exclude_characters=MASK), min_size=4, max_size=40).filter(
    lambda secret: len(secret.strip()) >= 4
)
# A busy machine is no defect of the code.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
SPELLINGS = [
    pytest.param(str, id="as it is"),
    pytest.param(json.dumps, id="JSON"),
    pytest.param(lambda text: json.dumps(text, ensure_ascii=False), id="JSON with its characters"),
    pytest.param(repr, id="repr"),
    pytest.param(lambda text: quote(text, safe=""), id="URL"),
]


@pytest.mark.parametrize("spell", SPELLINGS)
@UNHURRIED
@given(before=TEXTS, secret=SECRETS, after=TEXTS)
def test_a_registered_secret_never_survives(spell, before, secret, after):
    redactor = Redactor()
    redactor.register(secret, HERE)
    redacted = redactor.redact(before + spell(secret) + after, HERE)
    assert secret not in redacted
    assert secret.strip() not in redacted or secret.strip() in before + after
    assert MASK in redacted


@UNHURRIED
@given(secret=SECRETS)
def test_a_registered_secret_is_masked_in_a_dumped_kubernetes_secret(secret):
    redactor = Redactor()
    redactor.register(secret, HERE)
    encoded = base64.b64encode(secret.encode()).decode()
    assert encoded not in redactor.redact(json.dumps({"data": {"apiKey": encoded}}), HERE)


@UNHURRIED
@given(first=SECRETS, second=SECRETS, text=TEXTS)
def test_two_secrets_that_overlap_are_both_masked(first, second, text):
    redactor = Redactor()
    redactor.register(first, HERE)
    redactor.register(second, HERE)
    redacted = redactor.redact(text + first + second + text, HERE)
    assert first not in redacted
    assert second not in redacted


@UNHURRIED
@given(text=st.text(st.characters(categories=["Lu", "Ll", "Zs"], max_codepoint=0x7F)))
def test_text_without_secrets_stays_as_it_is(text):
    redactor = Redactor()
    redactor.register("sk-0123456789", HERE)
    assert redactor.redact(text.replace("earer", ""), HERE) == text.replace("earer", "")


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        pytest.param("Authorization: Bearer abc.def", "Authorization: Bearer ***", id="header"),
        pytest.param("AUTHORIZATION: abc", "AUTHORIZATION: ***", id="header, upper case, no scheme"),
        pytest.param("Authorization: Basic Zm9v", "Authorization: Basic ***", id="Basic"),
        pytest.param('{"Authorization": "Bearer x1"}', '{"Authorization": "Bearer ***"}', id="JSON"),
        pytest.param("sent Bearer abc, got 401", "sent Bearer ***, got 401", id="Bearer in a sentence"),
        pytest.param("X-Client-ID: acme", "X-Client-ID: ***", id="client id, header"),
        pytest.param("{'x-client-id': 'acme'}", "{'x-client-id': '***'}", id="client id, dict"),
        pytest.param("[('X-Client-ID', 'acme')]", "[('X-Client-ID', '***')]", id="client id, pair"),
        pytest.param('{"modelAccessKey":"k-1","x":1}', '{"modelAccessKey":"***","x":1}', id="access key"),
        pytest.param(r'"{\"modelAccessKey\": \"k\"}"', r'"{\"modelAccessKey\": \"***\"}"', id="JSON in JSON"),
        pytest.param("?api_key=k1&limit=2", "?api_key=***&limit=2", id="query"),
        pytest.param('{"apiKey": "k1"}', '{"apiKey": "***"}', id="a Secret's key"),
        pytest.param("Secret a/b lacks apiKey: add it", "Secret a/b lacks apiKey: add it", id="a sentence"),
    ],
)
def test_what_looks_like_a_credential_is_masked_though_nobody_registered_it(text, redacted):
    assert Redactor().redact(text) == redacted


def test_a_secret_that_two_registered_is_masked_until_both_forget_it():
    redactor = Redactor()
    redactor.register("sk-0123456789", HERE)
    redactor.register("sk-0123456789", HERE)
    redactor.forget("sk-0123456789", HERE)
    assert redactor.redact("key sk-0123456789", HERE) == "key ***"
    redactor.forget("sk-0123456789", HERE)
    assert redactor.redact("key sk-0123456789", HERE) == "key sk-0123456789"


@pytest.mark.parametrize("secret", [None, "", " ", "abc", "a \n"])
def test_what_is_too_short_to_be_a_secret_masks_nothing(secret):
    redactor = Redactor()
    redactor.register(secret, HERE)
    redactor.forget(secret, HERE)
    assert redactor.redact("abc, a b c", HERE) == "abc, a b c"


@pytest.mark.parametrize("spell", SPELLINGS)
@pytest.mark.parametrize(
    "secret", ["a/b?c=d&e f", 'say "hi"', "back\\slash", "it's", "zwölf", "line\nbreak\n", "tab\t1"]
)
def test_characters_that_are_escaped_somewhere_do_not_hide_a_secret(spell, secret):
    redactor = Redactor()
    redactor.register(secret, HERE)
    assert redactor.redact(f"<{spell(secret)}>", HERE) in (f"<{MASK}>", f'<"{MASK}">', f"<'{MASK}'>")


def test_of_two_secrets_that_begin_alike_the_longer_is_masked_whole():
    redactor = Redactor()
    for secret in ("sk-01234", "sk-0123456789", "sk-0123"):
        redactor.register(secret, HERE)
    assert redactor.redact("sk-0123456789 sk-01234 sk-0123", HERE) == "*** *** ***"


def test_forgetting_what_was_never_registered_changes_nothing():
    redactor = Redactor()
    redactor.register("sk-0123456789", HERE)
    redactor.forget("sk-9876543210", HERE)
    assert redactor.redact("sk-0123456789", HERE) == MASK


LONG = "sk-of-team-a-0123456789"


@pytest.mark.parametrize(
    ("place", "text"),
    [
        pytest.param("team-a", "key ***", id="in its own namespace"),
        pytest.param("team-b", f"key {LONG}", id="not in another tenant's"),
        pytest.param(None, "key ***", id="in a line about no object"),
    ],
)
def test_a_key_is_masked_where_it_belongs(place, text):
    redactor = Redactor()
    redactor.register(LONG, "team-a")
    assert redactor.redact(f"key {LONG}", place) == text


def test_a_short_client_id_masks_nothing_in_lines_about_no_object():
    redactor = Redactor()
    redactor.register("leader", "team-a")
    assert redactor.redact("the leader", None) == "the leader"
    assert redactor.redact("the leader", "team-a") == "the ***"


def test_a_key_of_two_namespaces_is_forgotten_one_by_one():
    redactor = Redactor()
    for place in ("team-a", "team-b"):
        redactor.register(LONG, place)
    redactor.forget(LONG, "team-a")
    redactor.forget(LONG, "team-c")
    assert [redactor.redact(LONG, place) for place in ("team-a", "team-b", None)] == [LONG, MASK, MASK]
    redactor.forget(LONG, "team-b")
    assert [redactor.redact(LONG, place) for place in ("team-a", "team-b", None)] == [LONG] * 3


@given(st.lists(st.sampled_from(["sk-0123456789abcdef", "sk-0123456789abcdef0", "sk-0", "other-4711"])))
def test_what_was_discarded_as_often_as_it_was_added_leaves_nothing_behind(secrets):
    found = SecretSet()
    for secret in secrets:
        found.add(secret)
    for secret in secrets:
        assert found.mask(secret) == MASK
        assert found.discard(secret)
    assert not found
    assert found.mask("sk-0123456789abcdef0 other-4711") == "sk-0123456789abcdef0 other-4711"


def of_accounts(count: int) -> Redactor:
    redactor = Redactor()
    for number in range(count):
        redactor.register(f"sk-live-of-one-vendor-{number:06}-{'x' * 20}", HERE)
    return redactor


LINE = "HTTP 200 for sk-live-of-one-vendor-nobody " * 100


def test_a_line_costs_the_same_with_a_thousand_accounts_as_with_one():
    one, many = of_accounts(1), of_accounts(1000)
    costs = [cpu_seconds(lambda r=r: r.redact(LINE, HERE)) for r in (one, many)]
    assert costs[1] < 5 * costs[0]


def test_an_account_more_costs_the_same_with_a_thousand_as_with_none():
    many = of_accounts(1000)
    costs = [cpu_seconds(lambda r=r: r.register(LONG, HERE)) for r in (Redactor(), many)]
    assert costs[1] < 0.005
    assert costs[1] < 10 * max(costs[0], 0.0001)


def test_the_longest_key_is_registered_in_a_moment():
    worst = '"\\' * 2048
    redactor = Redactor()
    assert cpu_seconds(lambda: redactor.register(worst, HERE)) < 0.05
    assert redactor.redact(json.dumps(worst), HERE) == f'"{MASK}"'
