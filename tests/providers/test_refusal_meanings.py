"""Which reason a refusal has: by status, code and words."""

import pytest

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
from model_operator.providers.complaints import Complaint
from model_operator.providers.refusals import classify
from model_operator.providers.vocabulary import CODES

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
