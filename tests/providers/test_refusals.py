"""Which error a refusal is: every known body, both vocabularies, and what is left of a text on the way to people."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_operator.errors import InvalidRequest
from model_operator.providers.complaints import read, read_success
from support.refused_replies import CLIENT, KEY, explained, problem, refused


@pytest.mark.parametrize(
    ("body", "codes", "text"),
    [
        pytest.param(
            problem(403, "This API key is read-only"),
            ("about:blank",),
            "This API key is read-only",
            id="7807",
        ),
        pytest.param({"title": "Bad Request", "status": 400}, (), "Bad Request", id="7807 with a title only"),
        pytest.param(
            {
                "error": {
                    "code": "quota_exceeded",
                    "message": "10 of 10",
                    "param": None,
                    "request_id": "req_1",
                }
            },
            ("quota_exceeded",),
            "10 of 10",
            id="PaiTIENT's errors page",
        ),
        pytest.param(
            {"error": {"code": "validation_error", "message": "must be ≥ 1", "param": "min_replicas"}},
            ("validation_error",),
            "min_replicas: must be ≥ 1",
            id="with the parameter at fault",
        ),
        pytest.param(
            {
                "error": {
                    "message": "No such model",
                    "type": "invalid_request_error",
                    "code": "model_not_found",
                }
            },
            ("model_not_found", "invalid_request_error"),
            "No such model",
            id="OpenAI",
        ),
        pytest.param(
            {"error": {"message": "Oops", "type": "server_error", "code": None}},
            ("server_error",),
            "Oops",
            id="no code",
        ),
        pytest.param({"error": {"code": 404, "message": "gone"}}, (), "gone", id="a number for a code"),
        pytest.param(
            {"code": "quota_exceeded", "message": "full"}, ("quota_exceeded",), "full", id="bare code"
        ),
        pytest.param({"error": "quota_exceeded"}, ("quota_exceeded",), "quota_exceeded", id="only a code"),
        pytest.param(
            {"error": "quota_exceeded", "message": "full"},
            ("quota_exceeded",),
            "quota_exceeded; full",
            id="code, message",
        ),
        pytest.param({"error": "It broke"}, (), "It broke", id="only a sentence"),
        pytest.param({"status": "error", "message": "bad key"}, (), "bad key", id="status and message"),
        pytest.param({"detail": "Not authenticated"}, (), "Not authenticated", id="FastAPI"),
        pytest.param(
            {
                "detail": [
                    {"loc": ["body", "min_replicas"], "msg": "field required", "type": "value_error.missing"}
                ]
            },
            ("value_error.missing",),
            "body.min_replicas: field required",
            id="FastAPI's list",
        ),
        pytest.param(
            {"detail": {"code": "subscription_required", "message": "pay"}},
            ("subscription_required",),
            "pay",
            id="nested",
        ),
        pytest.param({"errors": [{"message": "a"}, {"message": "b"}]}, (), "a; b", id="several errors"),
        pytest.param(
            "Unauthorized. Invalid token format.", (), "Unauthorized. Invalid token format.", id="text"
        ),
        pytest.param('"quoted text"', (), "quoted text", id="a JSON string"),
        pytest.param(
            "<html><head><title>502 Bad Gateway</title>", (), "502 Bad Gateway", id="HTML with a title"
        ),
        pytest.param("<!doctype html><p>x", (), "an HTML page", id="HTML without one"),
        pytest.param("", (), "", id="nothing"),
        pytest.param("null", (), "", id="null"),
        pytest.param("[]", (), "", id="an empty list"),
        pytest.param('{"error": {"message": ["x"]}, "detail": 7}', (), "", id="values of odd types"),
        pytest.param(b"\xff\xfe half", (), "\ufffd\ufffd half", id="not UTF-8"),
    ],
)
def test_every_known_body_is_read(body, codes, text):
    found = read(refused(400, body))
    assert (found.codes, found.text) == (codes, text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "error",
                        "errors",
                        "detail",
                        "code",
                        "type",
                        "message",
                        "msg",
                        "title",
                        "param",
                        "loc",
                        "x",
                    ]
                ),
                inner,
            )
        ),
        max_leaves=20,
    )
)
def test_no_body_breaks_the_reader(body):
    for operation in ("create", "delete", "list", "get", "probe"):
        for status in (302, 400, 404, 409, 429, 500):
            explained(refused(status, body), operation)


@pytest.mark.parametrize("depth", [100, 400, 700, 990, 100_000])
@pytest.mark.parametrize("parts", [('{"error":', "}"), ("[", "]")])
def test_no_depth_breaks_the_reader(depth, parts):
    opening, closing = parts
    error = explained(refused(400, opening * depth + '"deep"' + closing * depth), "create")
    assert type(error) is InvalidRequest


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": {"code": "quota_exceeded", "message": "full"}}, "full"),
        ({"errors": [{"message": "a"}, {"message": "b"}]}, "a; b"),
        ({"error": "It broke"}, "It broke"),
        ({"detail": "Not authenticated"}, "Not authenticated"),
        (problem(403, "This API key is read-only"), "This API key is read-only"),
        ({"code": "quota_exceeded", "message": "full"}, "full"),
        ({"status": "error", "message": "bad key"}, "bad key"),
        ({"success": False}, ""),
        ({"id": None, "error": "It broke"}, "It broke"),
    ],
)
def test_an_error_under_a_success_is_read(body, said):
    assert read_success(200, body).text == said


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        "done",
        {"status": "paused"},
        {"message": "Deployment paused"},
        {"id": 7, "error": "the last start failed", "status": "failed"},
        {"deployments": [], "error": None},
        {"error": None, "errors": []},
        {"success": True, "message": "ok"},
        {"status": 200, "message": "ok"},
        {"choices": [], "error": {}},
    ],
)
def test_what_is_no_error_is_none(body):
    assert read_success(200, body) is None


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        pytest.param(409, problem(409, "GPU quota of 4 used"), "GPU quota of 4 used (HTTP 409)", id="words"),
        pytest.param(
            422, {"error": {"code": "validation_error"}}, "validation_error (HTTP 422)", id="a code only"
        ),
        pytest.param(503, "", "Service Unavailable (HTTP 503)", id="nothing"),
        pytest.param(499, "", "no explanation (HTTP 499)", id="nothing, and no known status"),
        pytest.param(
            307, "moved", "a redirect, which is never followed; check the base URL (HTTP 307)", id="redirect"
        ),
        pytest.param(
            400, " a\r\n\tb\u0000\u202ec\u200b \u001b[31md", "a b c [31md (HTTP 400)", id="odd characters"
        ),
        pytest.param(400, f"key {KEY}, id {CLIENT}", "key ***, id *** (HTTP 400)", id="our key"),
        pytest.param(
            400, f"key {KEY[:8]}\u200b{KEY[8:]}", f"key {KEY[:8]} {KEY[8:]} (HTTP 400)", id="a split key"
        ),
        pytest.param(
            400,
            "got Authorization: Bearer eyJhbGci.x.y now",
            "got Authorization: Bearer *** now (HTTP 400)",
            id="bearer",
        ),
        pytest.param(
            400,
            {"detail": "modelAccessKey=hf_abc bad"},
            "modelAccessKey=*** bad (HTTP 400)",
            id="a model's key",
        ),
        pytest.param(400, "y" * 1000, "y" * 255 + "… (HTTP 400)", id="too long"),
        pytest.param(400, "y" * 250 + KEY, "y" * 250 + "*** (HTTP 400)", id="a key at the end"),
    ],
)
def test_a_message_says_what_the_vendor_said_cleanly(status, body, said):
    error = explained(refused(status, body), "get")
    assert str(error) == f'parasail: create "a": {said}'
    assert error.status == status


@given(before=st.text(max_size=300), after=st.text(max_size=300))
def test_no_text_around_a_key_lets_it_through(before, after):
    for secret in (KEY, CLIENT):
        body = json.dumps({"error": {"message": before + secret + after, "code": before + secret}})
        error = explained(refused(400, body), "create")
        assert secret not in str(error)
        assert secret not in repr(error)
        assert str(error).isprintable()
        assert error.__cause__ is error.__context__ is None


@pytest.mark.parametrize("mutates", [True, False])
def test_a_5xx_may_have_landed_if_the_request_changes_anything(mutates):
    error = explained(refused(500, ""), "update", mutates=mutates)
    assert error.may_have_landed is mutates


def test_neither_a_refusal_nor_a_complaint_prints_what_it_was_told():
    found = refused(400, f"the key is {KEY}")
    assert KEY not in repr(found) + str(found) + repr(read(found))
