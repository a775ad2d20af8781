"""Whatever a vendor answers, reading it costs little, and what is kept of it is short and printable."""

import json
from dataclasses import fields, replace

import pytest

from model_operator.domain import Canary, Endpoint, Remote
from model_operator.durations import parse_duration
from model_operator.errors import InvalidRequest, ModelNotFound, Unavailable
from model_operator.hosts import HostRule
from model_operator.providers.account import Cleaner
from model_operator.providers.base import Call, Credentials
from model_operator.providers.complaints import Refused, read
from model_operator.providers.paitient import wire as paitient_wire
from model_operator.providers.parasail import wire as parasail_wire
from model_operator.providers.reading import (
    NAME_LIMIT,
    VENDOR_TEXT,
    Malformed,
    cut,
    integer,
    number,
    text,
    url,
)
from model_operator.providers.refusals import explain
from model_operator.redaction import SecretSet, mask_shapes
from support.effort import cpu_seconds
from support.situations import remote

MIB = 1 << 20
KEY = "sk-very-secret-0123456789"
CLEAN = Cleaner(Credentials(api_key=KEY))
WORST = [
    "model ",
    "a",
    "a_",
    "a.",
    "a-",
    "/a",
    " ",
    "<title",
    "<title>",
    "[",
    '{"error":',
    "authorization: ",
    'api_key":  ',
    "bearer ",
    "1h",
    "9",
    "\\",
    '"',
    KEY[:-1],
    "name already ",
    "\x00",
    "é",
]


def worst(unit: str, begin: str = "", end: str = "!") -> str:
    return begin + unit * (MIB // len(unit)) + end


def refuse(body: str, operation: str = "create", status: int = 400, headers: dict[str, str] | None = None):
    call = Call(operation=operation, method="POST", path="/")
    return explain(Refused(status, headers or {}, body.encode()), "acme: create", call, CLEAN)


def of_keys() -> SecretSet:
    found = SecretSet()
    for length in range(16, 1000, 7):
        found.add("sk-very-secret-0" + "1" * length)
    return found


def no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        parse_duration(text)


READERS = {
    "a refusal": refuse,
    "a refusal's message": lambda text: refuse(json.dumps({"message": text})),
    "a refusal's code": lambda text: refuse(json.dumps({"error": {"code": text, "param": text}})),
    "a refusal's list": lambda text: refuse(json.dumps({"detail": [{"msg": text, "loc": [text]}] * 9})),
    "Retry-After": lambda text: refuse("", status=429, headers={"retry-after": text[:8190]}),
    "a text for people": CLEAN,
    "a log line": lambda text: CLEAN(text, limit=10_000),
    "what looks like a credential": mask_shapes,
    "a host": lambda text: HostRule.parse("gateway").allows("https://" + text, "team-a"),
    "a URL": lambda text: url("https://" + text),
    "a number": lambda text: (number(text), integer(text)),
    "a beginning": cut,
    "a duration": no_duration,
    "an item of Parasail": lambda text: parasail_wire.remote_of(
        {"id": 1, "status": {"status": text, "statusMessage": text}, "externalAlias": text},
        chat_base_url=None,
        clean=CLEAN,
    ),
    "an item of PaiTIENT": lambda text: paitient_wire.remote_of(
        {"id": "dep_1", "status": text, "tags": {"a": text}}, clean=CLEAN, is_full=True
    ),
}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_a_mebibyte_of_the_worst_is_read_in_a_moment(reader):
    slow = {
        unit: cost for unit in WORST if (cost := cpu_seconds(lambda u=unit: reader(worst(u)), times=1)) > 1
    }
    # The median of five where one try was slow: a machine may have been at work on something else.
    slow = {unit: cpu_seconds(lambda u=unit: reader(worst(u))) for unit in slow}
    assert {unit: cost for unit, cost in slow.items() if cost > 1} == {}


@pytest.mark.parametrize("unit", ["sk-very-secret-0", "sk-very-secret-01", "1"])
def test_a_mebibyte_of_half_a_key_is_searched_in_a_moment(unit):
    keys = of_keys()
    assert cpu_seconds(lambda: keys.mask(unit * (VENDOR_TEXT // len(unit)))) < 0.5


def test_what_was_said_at_the_beginning_of_a_long_refusal_is_still_understood():
    said = "the model llama does not exist. " + "see the documentation " * 50_000
    assert isinstance(refuse(json.dumps({"message": said})), ModelNotFound)
    assert isinstance(refuse(said), ModelNotFound)
    assert isinstance(refuse("{" + said, status=500), Unavailable)


@pytest.mark.parametrize(
    "shape", [str, lambda said: json.dumps({"message": said}), lambda said: json.dumps([said] * 9)]
)
def test_a_refusal_is_cut_before_anything_searches_it(shape):
    assert 0 < len(read(Refused(400, {}, shape("no, " * 250_000).encode())).text) <= VENDOR_TEXT


def test_a_long_refusal_is_an_error_of_256_characters():
    error = refuse(json.dumps({"message": "no, " * 5000}))
    assert isinstance(error, InvalidRequest)
    assert len(str(error)) < 300


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        pytest.param("short", "short", id="what is short stays"),
        pytest.param("a b " + "x" * VENDOR_TEXT, "a b", id="a word is dropped rather than cut"),
        pytest.param("x" * (VENDOR_TEXT + 1), "x" * VENDOR_TEXT, id="one word is all there is"),
        pytest.param(" " * (VENDOR_TEXT + 1), " " * (VENDOR_TEXT - 1), id="blanks"),
    ],
)
def test_a_text_is_cut_between_two_words(body, kept):
    assert cut(body) == kept


@pytest.mark.parametrize("before", range(VENDOR_TEXT + 200, VENDOR_TEXT + 300, 7))
def test_no_part_of_a_key_is_left_where_a_text_is_cut(before):
    assert KEY[:8] not in CLEAN(" " * before + KEY + " and more")


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        pytest.param("low-cost", "low-cost", id="a word"),
        pytest.param("x" * NAME_LIMIT, "x" * NAME_LIMIT, id="as long as it may be"),
        pytest.param("x" * (NAME_LIMIT + 1), None, id="longer"),
        pytest.param("\x1b]0;owned\x07", None, id="an escape sequence"),
        pytest.param("two\nlines", None, id="two lines"),
        pytest.param("", None, id="empty"),
        pytest.param(7, None, id="a number"),
    ],
)
def test_a_value_is_kept_only_if_it_may_be_shown_as_it_is(value, kept):
    assert text(value) == kept


@pytest.mark.parametrize("value", [10**4000, -(10**4000), 1e300], ids=["long", "negative", "a float"])
def test_a_number_that_no_status_could_hold_is_unknown(value):
    assert integer(value) is None
    assert number(value) is None


def test_no_value_of_a_vendor_gets_into_a_remote_uncut():
    bad = "\x1b]0;owned\x07" + "x" * 60_000
    item = {
        "id": 1,
        "deploymentName": bad,
        "modelName": bad,
        "externalAlias": bad,
        "serviceTierName": bad,
        "modifiedAt": "1",
    }
    remote = parasail_wire.remote_of(item, chat_base_url=None, clean=CLEAN, is_full=True)
    assert (remote.name, remote.model, remote.alias, remote.fields) == ("", None, None, {})
    tagged = {"id": "dep_1", "deployment_name": bad, "model_name": bad, "tags": {"team": bad, "x": "y"}}
    remote = paitient_wire.remote_of(tagged, clean=CLEAN, is_full=True)
    assert (remote.name, remote.model, remote.fields) == ("", None, {"paitient.tags.x": "y"})


def test_a_key_is_in_nothing_that_was_read_and_is_kept_as_it_is():
    item = {
        "id": 1,
        "deploymentName": f"llama-{KEY}",
        "modelName": KEY,
        "externalAlias": f"acme-{KEY}",
        "engine": f"VLLM-{KEY}",
        "tags": [KEY, "team"],
        "modifiedAt": "1",
    }
    found = CLEAN.keyless(
        parasail_wire.remote_of(item, chat_base_url=f"https://chat/{KEY}", clean=CLEAN, is_full=True)
    )
    assert (found.name, found.model, found.alias, found.url) == (
        "llama-***",
        "***",
        "acme-***",
        "https://chat/***",
    )
    assert found.fields == {"parasail.engine": "VLLM-***", "parasail.tags": ("***", "team")}
    tagged = {"id": "dep_1", "deployment_name": KEY, "status": f"{KEY}!", "tags": {KEY: "x", "y": f"({KEY})"}}
    found = CLEAN.keyless(paitient_wire.remote_of(tagged, clean=CLEAN, is_full=True))
    assert (found.name, found.word) == ("***", "***!")
    assert found.fields == {"paitient.tags.***": "x", "paitient.tags.y": "(***)"}
    assert CLEAN.keyless(Endpoint(id="ep_1", url=f"https://x/?key={KEY}")).url == "https://x/?key=***"
    assert CLEAN.keyless((Canary(id="cep_1", split={KEY: 100}),)) == (Canary(id="cep_1", split={"***": 100}),)


@pytest.mark.parametrize("name", [field.name for field in fields(Remote) if field.name != "id"])
@pytest.mark.parametrize(
    "value",
    [f"x-{KEY}", (KEY, "x"), {KEY: "x", "y": KEY}, {"x": (KEY,)}],
    ids=["a text", "texts", "a mapping", "texts in a mapping"],
)
def test_no_field_of_a_deployment_repeats_a_key(name, value):
    found = replace(remote(), **{name: value})
    if name == "url" and not isinstance(value, str):
        return  # is a text or nothing
    assert KEY not in repr(CLEAN.keyless(found))


@pytest.mark.parametrize("found", [remote(id=KEY), Canary(id=f"x{KEY}"), Endpoint(KEY, "https://x")])
def test_what_repeats_a_key_is_no_id(found):
    with pytest.raises(Malformed, match="an id that repeats a key of the account"):
        CLEAN.keyless(found)


def test_what_is_sent_back_as_it_came_and_what_holds_no_key_stay_as_they_are():
    whole = {"id": 1, "modelAccessKey": KEY}
    assert CLEAN.keyless(whole) is whole
    plain = remote()
    assert CLEAN.keyless(plain) is plain


def test_an_access_key_is_known_once_it_was_sent_and_a_short_one_is_a_word_like_any_other():
    clean = Cleaner(Credentials(api_key=KEY))
    named = remote(name="token-of-the-model/x", alias="acme-team")
    assert clean.keyless(named) is named
    clean.learn(["token-of-the-model/x", "team"])
    assert clean.keyless(named) == remote(name="***", alias="acme-team")
    assert clean.keyless(remote(name="token-of-the-model%2Fx")).name == "***"
