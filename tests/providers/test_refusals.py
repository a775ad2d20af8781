"""Which error a refusal is: every known body, both vocabularies, and what is left of a text on the way to people."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    QuotaExceeded,
    RateLimited,
    Unavailable,
    Unsupported,
)
from model_operator.providers.account import Cleaner
from model_operator.providers.base import Call, Credentials
from model_operator.providers.complaints import Complaint, Refused, read, read_success
from model_operator.providers.refusals import classify, explain
from model_operator.providers.vocabulary import CODES

KEY, CLIENT = "sk-very-secret-0123456789", "client-4711-abcdef"
CLEAN = Cleaner(Credentials(api_key=KEY, client_id=CLIENT))


def refused(status, body):
    raw = (
        body
        if isinstance(body, bytes)
        else body.encode()
        if isinstance(body, str)
        else json.dumps(body).encode()
    )
    return Refused(status, {}, raw)


def explained(refusal, operation, *, mutates=True):
    call = Call(operation=operation, method="X", path="/", mutates=mutates)
    return explain(refusal, 'parasail: create "a"', call, CLEAN)


def problem(status, detail):
    return {
        "type": "about:blank",
        "title": "Forbidden",
        "status": status,
        "detail": detail,
        "instance": "/api/v1/x",
    }


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


ANY = ("create", "get", "list", "find", "update", "delete", "pause", "probe", "create_endpoint")
ENDPOINTS = ("create_endpoint", "create_canary")


@pytest.mark.parametrize(
    ("status", "codes", "text", "operations", "error"),
    [
        pytest.param(401, (), "", ANY, CredentialsInvalid, id="401"),
        pytest.param(401, ("permission_denied",), "", ANY, CredentialsInvalid, id="401 whatever it says"),
        pytest.param(403, (), "This API key is read-only", ANY, PermissionDenied, id="read-only key"),
        pytest.param(403, (), "Insufficient quota", ANY, QuotaExceeded, id="403 that speaks of quota"),
        pytest.param(403, ("quota_exceeded",), "", ANY, QuotaExceeded, id="403 quota by code"),
        pytest.param(
            403, ("authentication_error",), "", ANY, CredentialsInvalid, id="403 credentials by code"
        ),
        pytest.param(402, (), "", ANY, QuotaExceeded, id="402"),
        pytest.param(400, (), "GPU quota of 4 used", ("create", "update"), QuotaExceeded, id="400 GPU quota"),
        pytest.param(429, (), "Too many requests", ANY, RateLimited, id="429"),
        pytest.param(429, (), "Request quota exceeded", ANY, RateLimited, id="429 quota of requests"),
        pytest.param(429, (), "Insufficient quota", ANY, QuotaExceeded, id="429 quota of GPUs"),
        pytest.param(503, ("rate_limit_exceeded",), "", ANY, RateLimited, id="503 rate limit by code"),
        pytest.param(
            503, ("instance_type_unavailable",), "", ANY, InstanceTypeUnavailable, id="503 instance type"
        ),
        pytest.param(500, ("authentication_error",), "", ANY, Unavailable, id="500 is no 401"),
        pytest.param(500, ("resource_not_found",), "", ANY, Unavailable, id="500 is no 404"),
        pytest.param(500, (), "Insufficient quota", ANY, Unavailable, id="500 that speaks of quota"),
        pytest.param(503, (), "No GPU available", ANY, InsufficientCapacity, id="503 without hardware"),
        pytest.param(200, (), "It broke", ANY, Unavailable, id="an error under 200"),
        pytest.param(200, ("quota_exceeded",), "", ANY, QuotaExceeded, id="200 quota by code"),
        pytest.param(
            200,
            (),
            "There are no longer any instances available",
            ANY,
            InsufficientCapacity,
            id="200 without hardware",
        ),
        pytest.param(200, ("invalid_api_key",), "", ANY, CredentialsInvalid, id="200 credentials by code"),
        pytest.param(200, ("resource_not_found",), "", ANY, Unavailable, id="200 is no 404"),
        pytest.param(200, ("validation_error",), "", ANY, Unavailable, id="200 is no 422"),
        *(
            pytest.param(status, (), "Locked", ("create", "update", "pause"), Conflict, id=f"{status} passes")
            for status in (421, 423, 424, 425)
        ),
        pytest.param(
            400,
            (),
            "Cannot update in-progress deployment",
            ("update", "pause"),
            Conflict,
            id="400 in progress",
        ),
        pytest.param(
            422,
            (),
            "The deployment is being updated",
            ("update", "create_canary"),
            Conflict,
            id="422 for now",
        ),
        pytest.param(
            400, (), "Another operation is in progress", ("create", "resume"), Conflict, id="400 another one"
        ),
        pytest.param(
            400,
            (),
            "replicas must be at most 8",
            ("create", "update"),
            InvalidRequest,
            id="a limit of a field",
        ),
        pytest.param(
            400,
            (),
            "maximum context length exceeded",
            ("create", "update"),
            InvalidRequest,
            id="a long context",
        ),
        pytest.param(302, (), "", ANY, Unavailable, id="302"),
        pytest.param(304, (), "", ANY, Unavailable, id="304"),
        pytest.param(600, (), "", ANY, Unavailable, id="no status at all"),
        pytest.param(408, (), "", ANY, Unavailable, id="408"),
        pytest.param(501, (), "", ANY, Unsupported, id="501"),
        pytest.param(405, (), "", ANY, Unsupported, id="405"),
        pytest.param(404, (), "", ("get", "update", "delete", "pause"), NotFound, id="404 of a deployment"),
        pytest.param(
            404, ("resource_not_found",), "", ("get", "create_endpoint"), NotFound, id="404 by code"
        ),
        pytest.param(
            404, ("model_not_found",), "", ("get", "delete"), NotFound, id="404 model of a deployment"
        ),
        pytest.param(
            404, (), "model not found", ("get", "delete"), NotFound, id="404 that speaks of a model"
        ),
        pytest.param(404, (), "quota exceeded", ("get", "delete"), NotFound, id="404 that speaks of quota"),
        pytest.param(404, ("resource_not_found",), "", ("list", "find"), Unsupported, id="404 of the list"),
        pytest.param(404, (), "", ("probe",), Unavailable, id="404 of the chat"),
        pytest.param(404, (), "Not Found", ("create",), Unsupported, id="404 of the path"),
        pytest.param(
            404, ("resource_not_found",), "no such subnet", ("create",), InvalidRequest, id="404 of a part"
        ),
        pytest.param(404, ("model_not_found",), "", ("create",), ModelNotFound, id="model by code"),
        pytest.param(422, ("model_not_found",), "", ("create",), ModelNotFound, id="model by code, 422"),
        pytest.param(400, (), "Model org/x was not found", ("create",), ModelNotFound, id="model by words"),
        pytest.param(400, (), "no such model", ("create",), ModelNotFound, id="model by other words"),
        pytest.param(
            400, (), "modelName must not be empty", ("create",), InvalidRequest, id="a field of a model"
        ),
        pytest.param(409, (), "A deployment named x already exists", ("create",), NameTaken, id="name, 409"),
        pytest.param(400, (), "deploymentName is already in use", ("create",), NameTaken, id="name, 400"),
        pytest.param(422, (), "duplicate name", ("create",), NameTaken, id="name, 422"),
        pytest.param(409, (), "", ("create",), NameTaken, id="a bare 409"),
        pytest.param(409, ("deployment_error",), "Try later", ("create",), Conflict, id="409 of the state"),
        pytest.param(409, (), "already exists", ENDPOINTS, NameTaken, id="an endpoint's name, 409"),
        pytest.param(409, (), "", ENDPOINTS, NameTaken, id="a bare 409 of an endpoint"),
        pytest.param(400, (), "name is already taken", ENDPOINTS, NameTaken, id="an endpoint's name, 400"),
        pytest.param(
            409, ("deployment_error",), "dep_1 is stopping", ENDPOINTS, Conflict, id="its deployment's state"
        ),
        pytest.param(
            400, (), "name must not be empty", ENDPOINTS, InvalidRequest, id="an endpoint's name, not taken"
        ),
        pytest.param(
            400,
            (),
            "Deployment name must be between 2 and 32 characters. Only lowercase letters, numbers, and hyphens.",
            ("create",),
            InvalidRequest,
            id="a name that is too long",
        ),
        pytest.param(
            409, (), "name already exists", ("update", "pause"), Conflict, id="409 is a conflict elsewhere"
        ),
        pytest.param(409, (), "has traffic", ("delete",), DeletionRefused, id="409 of a delete"),
        pytest.param(422, ("validation_error",), "", ("delete",), DeletionRefused, id="422 of a delete"),
        pytest.param(403, (), "", ("delete",), PermissionDenied, id="403 of a delete"),
        pytest.param(422, ("validation_error",), "", ("create", "update"), InvalidRequest, id="validation"),
        pytest.param(413, (), "", ANY, InvalidRequest, id="413"),
        pytest.param(410, (), "", ("get",), InvalidRequest, id="410 is no 404"),
    ],
)
def test_a_refusal_has_one_meaning(status, codes, text, operations, error):
    for operation in operations:
        assert classify(Complaint(status, codes, text), operation) is error, operation


@pytest.mark.parametrize("status", [400, 402, 403, 409, 422, 503])
@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("You exceeded your current quota, please check your plan and billing details.", QuotaExceeded),
        ("Quota limit reached", QuotaExceeded),
        ("Quota exceeded", QuotaExceeded),
        ("Max deployments exceeded", QuotaExceeded),
        ("Maximum number of GPUs reached", QuotaExceeded),
        (
            "ResourceLimitExceeded: The account-level service limit 'ml.g5.xlarge for endpoint usage' is 0 Instances",
            QuotaExceeded,
        ),
        ("The account's quota of 10 deployments is used up", QuotaExceeded),
        ("Insufficient credits", QuotaExceeded),
        ("Insufficient capacity", InsufficientCapacity),
        (
            "There are no longer any instances available with the requested specifications.",
            InsufficientCapacity,
        ),
        (
            "We currently do not have sufficient p4d.24xlarge capacity in the Availability Zone you requested",
            InsufficientCapacity,
        ),
        ("The zone does not have enough resources available to fulfill the request", InsufficientCapacity),
        ("No H100 GPUs are available", InsufficientCapacity),
        ("No available machines in us-east-1", InsufficientCapacity),
        ("H100 is sold out", InsufficientCapacity),
    ],
)
def test_the_clouds_words_for_quota_and_capacity_have_reasons_of_their_own(said, kind, status):
    for operation in ("create", "update", "resume"):
        assert classify(Complaint(status, (), said), operation) is kind


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("InsufficientInstanceCapacity", InsufficientCapacity),
        ("insufficient_instance_capacity", InsufficientCapacity),
        ("INSUFFICIENT-INSTANCE-CAPACITY", InsufficientCapacity),
        ("https://errors.example.com/quota-exceeded", QuotaExceeded),
        ("com.amazonaws#ServiceQuotaExceededException", QuotaExceeded),
        ("ServiceQuotaExceeded", QuotaExceeded),
    ],
)
def test_a_code_is_known_in_every_spelling(code, kind):
    assert classify(Complaint(400, (code.lower(),)), "create") is kind


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


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_means_the_same_under_its_usual_status(code):
    usual = {
        CredentialsInvalid: 401,
        PermissionDenied: 403,
        QuotaExceeded: 403,
        RateLimited: 429,
        NotFound: 404,
        ModelNotFound: 404,
        InstanceTypeUnavailable: 422,
        InsufficientCapacity: 400,
        InvalidRequest: 400,
    }
    kind = CODES[code]
    operation = "get" if kind is NotFound else "create"
    assert classify(Complaint(usual[kind], (code,)), operation) is kind


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
