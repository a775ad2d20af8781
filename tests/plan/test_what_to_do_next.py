"""Each message ends in what a person can do, in the person's own objects, and never in what a rule refuses."""

from datetime import timedelta

import pytest

from model_operator.domain import RunState
from model_operator.errors import (
    CredentialsInvalid,
    DeletionRefused,
    InstanceTypeUnavailable,
    InsufficientCapacity,
    InvalidRequest,
    ModelNotFound,
    NameTaken,
    PermissionDenied,
    ProviderError,
    QuotaExceeded,
    Unavailable,
)
from model_operator.models.provider import ModelProvider
from model_operator.plan.deployment.situation import Observed
from model_operator.status.provider import AccountView, summarize
from support import bodies
from support.situations import (
    NOW,
    changed,
    failure,
    later,
    remote,
    serving_since_long,
    situation,
    status_of,
    untouched,
)

NOTHING_YET = situation(None, status=untouched(), listed_at=NOW)
SERVING = situation(status=serving_since_long())
SAID = "acme: create: the provider's own words (HTTP 4xx)"


def message(s, type: str = "Ready") -> str:
    condition = status_of(s).condition(type)
    assert condition is not None
    return str(condition.message)


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (CredentialsInvalid, 'Fix the Secret of ModelProvider "acme"'),
        (PermissionDenied, 'Store a key with write permission in the Secret of ModelProvider "acme"'),
        (QuotaExceeded, "Raise the quota"),
        (InsufficientCapacity, "name another device or instance type"),
        (ModelNotFound, "apply it with a model that the provider offers"),
        (InstanceTypeUnavailable, "apply it with another instanceType or region"),
        (InvalidRequest, "Change that value in the spec"),
        (Unavailable, "the network between the operator and"),
        (NameTaken, "apply it with another spec.deploymentName"),
    ],
)
def test_a_provider_that_refuses_a_create_is_quoted_and_what_to_do_follows(
    error: type[ProviderError], remedy: str
) -> None:
    said = message(changed(NOTHING_YET, failure=failure(error(SAID))))
    assert said.startswith(f"{SAID}. ")
    assert remedy in said


def test_a_provider_that_cannot_be_read_is_quoted_and_what_to_do_follows() -> None:
    said = message(
        changed(SERVING, observed=Observed(error=CredentialsInvalid("list: Invalid token format.")))
    )
    assert said.startswith('list: Invalid token format. Fix the Secret of ModelProvider "acme".')


def test_a_refused_deletion_says_how_to_leave_or_to_force_it() -> None:
    going = changed(SERVING, wanted=False)
    said = message(changed(going, failure=failure(DeletionRefused("it has traffic"))))
    assert "forceDelete" in said
    assert "Orphan" in said


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (CredentialsInvalid("Invalid token format."), 'Fix Secret "acme-key" (apiKey).'),
        (PermissionDenied("No."), 'Store a key with write permission in Secret "acme-key" (apiKey).'),
        (Unavailable("no answer"), "the network between the operator and"),
    ],
)
def test_a_model_provider_names_its_secret(error: ProviderError, remedy: str) -> None:
    body = bodies.provider()
    body["spec"]["credentials"]["secretRef"]["name"] = "acme-key"
    view = AccountView(error=error, has_answered=True)
    status = summarize(ModelProvider.parse(body), view, NOW, NOW - NOW)
    ready = status.condition("Ready")
    assert ready is not None
    assert remedy in ready.message


@pytest.mark.parametrize(
    "s",
    [
        pytest.param(changed(NOTHING_YET, rival='ModelDeployment "elder"'), id="another object's"),
        pytest.param(
            changed(
                NOTHING_YET,
                candidates=(remote(name="chosen"),),
                deployment_name="chosen",
                has_default_name=False,
            ),
            id="a stranger's",
        ),
        pytest.param(changed(NOTHING_YET, failure=failure(NameTaken("taken"))), id="the provider says so"),
    ],
)
def test_a_taken_name_is_no_reason_to_edit_a_field_that_is_immutable(s) -> None:
    said = message(s).lower()
    assert "choose another" not in said
    assert "delete this object and apply it with another spec.deploymentname" in said


def test_an_object_that_waits_for_a_person_elsewhere_is_only_not_stalled() -> None:
    assert message(SERVING, "Stalled") == "The object is not stalled."


def test_a_start_that_takes_too_long_says_that_an_edit_or_a_deletion_need_not_wait_for_it() -> None:
    late = message(later(situation(RunState.STARTING), timedelta(minutes=30)), "Stalled")
    assert late.startswith("The change has been in progress for longer than spec.progressDeadline.")
    assert late.endswith("An edit of the spec, and the deletion of this object, are carried out meanwhile.")
