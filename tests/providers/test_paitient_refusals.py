"""What PaiTIENT refuses, by status and code."""

import pytest

from model_operator.errors import (
    Conflict,
    CredentialsInvalid,
    InstanceTypeUnavailable,
    InvalidRequest,
    ModelNotFound,
    NotFound,
    PermissionDenied,
    QuotaExceeded,
    Unavailable,
)


@pytest.mark.parametrize("body", ["errors_page", "bare_code"])
@pytest.mark.parametrize("vocabulary", ["documented", "errors_page"])
@pytest.mark.parametrize(
    ("knobs", "spec", "error"),
    [
        pytest.param({"models": ["other/*"]}, {}, ModelNotFound, id="model"),
        pytest.param({"max_deployments": 0}, {}, QuotaExceeded, id="quota"),
        pytest.param({"max_deployments": 0, "quota_status": 429}, {}, QuotaExceeded, id="quota as 429"),
        pytest.param(
            {}, {"paitient": {"instanceType": "p9.huge"}}, InstanceTypeUnavailable, id="instance type"
        ),
        pytest.param(
            {"instance_status": 503},
            {"paitient": {"instanceType": "p9.huge"}},
            InstanceTypeUnavailable,
            id="instance type as 503",
        ),
        pytest.param({"name_min": 20}, {}, InvalidRequest, id="validation"),
        pytest.param({"name_min": 20, "validation_status": 400}, {}, InvalidRequest, id="validation as 400"),
    ],
)
async def test_every_documented_refusal_of_a_create_has_its_reason(
    paitient, body, vocabulary, knobs, spec, error
):
    await paitient.set(error_body=body, vocabulary=vocabulary, **knobs)
    with pytest.raises(error) as caught:
        await paitient.provider.create(paitient.desired(**spec))
    assert type(caught.value) is error


@pytest.mark.parametrize("body", ["errors_page", "bare_code"])
@pytest.mark.parametrize("vocabulary", ["documented", "errors_page"])
@pytest.mark.parametrize("part", ["apiKey", "clientID"])
async def test_either_half_of_the_credentials_may_be_wrong(paitient, body, vocabulary, part):
    await paitient.set(error_body=body, vocabulary=vocabulary)
    stranger = paitient.connect({**paitient.row.secret, part: "not-the-right-one"})
    with pytest.raises(CredentialsInvalid):
        await stranger.list()


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (401, "missing_client_id", CredentialsInvalid),
        (403, "invalid_client_id", CredentialsInvalid),
        (403, "permission_denied", PermissionDenied),
        (403, "", PermissionDenied),
        (402, "subscription_required", QuotaExceeded),
        (500, "deployment_error", Unavailable),
        (409, "deployment_error", Conflict),
        (500, "quota_exceeded", QuotaExceeded),
        (404, "permission_denied", PermissionDenied),
        (400, "resource_not_found", InvalidRequest),
        (404, "word_of_tomorrow", NotFound),
        (418, "word_of_tomorrow", InvalidRequest),
    ],
)
async def test_codes_and_statuses_decide_together(paitient, status, code, error):
    id = await paitient.serving()
    await paitient.fault("error", status=status, code=code, message="so it is")
    with pytest.raises(error, match=rf"paitient: get {id}: so it is \(HTTP {status}\)"):
        await paitient.provider.get(id)
