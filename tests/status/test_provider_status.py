"""The status of a ModelProvider: whether its credentials are accepted, and what a person has to do."""

from dataclasses import replace
from datetime import timedelta

import pytest

from model_operator.conditions import Reason
from model_operator.domain import CONFIRM_ABSENCE
from model_operator.errors import CredentialsInvalid, PermissionDenied, Unavailable
from model_operator.models.provider import ConfirmedAbsence, Missing, ModelProvider, ModelProviderStatus
from model_operator.modes import Mode
from model_operator.status.provider import AccountView, confirm, summarize
from support import bodies
from support.situations import NOW, told

GRACE = timedelta(seconds=60)
FINE = AccountView(has_answered=True, is_proven=True, secret_version="7", dependents=("a", "b"))


def resource(status=None, **about) -> ModelProvider:
    parsed = ModelProvider.parse(bodies.provider(**about))
    return parsed if status is None else parsed.model_copy(update={"status": status})


def after(view: AccountView, *, since: timedelta = timedelta(), **about):
    """The status after a pass, `since` after the first one that said so."""
    first = summarize(resource(**about), view, NOW, GRACE)
    return summarize(resource(first, **about), view, NOW + since, GRACE) if since else first


@pytest.mark.parametrize(
    ("view", "ready", "helps"),
    [
        pytest.param(FINE, "True Available", None, id="accepted"),
        pytest.param(AccountView(), "Unknown Pending", "time", id="not answered yet"),
        pytest.param(
            AccountView(reason=Reason.CREDENTIALS_MISSING, message="no Secret"),
            "False CredentialsMissing",
            "a person",
            id="no Secret",
        ),
        pytest.param(
            AccountView(reason=Reason.HOST_NOT_ALLOWED, message="ask for it"),
            "False HostNotAllowed",
            "a person",
            id="a host that is not allowed",
        ),
        pytest.param(
            AccountView(error=CredentialsInvalid("401"), has_answered=True),
            "False CredentialsInvalid",
            "a person",
            id="401",
        ),
        pytest.param(
            AccountView(error=PermissionDenied("403"), has_answered=True),
            "False PermissionDenied",
            "a person",
            id="403",
        ),
        pytest.param(
            AccountView(error=Unavailable("no answer"), has_answered=True),
            "False ProviderUnavailable",
            "time",
            id="unreachable",
        ),
        pytest.param(
            AccountView(has_answered=True, is_mismatch=True),
            "False AccountMismatch",
            "a person",
            id="a wrong account",
        ),
    ],
)
def test_ready_says_whether_the_credentials_are_accepted(view, ready, helps):
    words, late = told(after(view)), told(after(view, since=GRACE))
    reason = ready.split()[1]
    assert words["Ready"] == late["Ready"] == ready
    assert words["Reconciling"] == ("False Idle" if helps is None else f"True {reason}")
    assert words["Stalled"] == "False NotStalled"
    assert late["Stalled"] == (f"True {reason}" if helps == "a person" else "False NotStalled")
    assert not (late["Stalled"].startswith("True") and late["Reconciling"].startswith("True"))


def test_a_restart_is_no_news():
    ready = after(FINE)
    unasked = AccountView(secret_version="7", dependents=("a", "b"))
    assert summarize(resource(ready), unasked, NOW + timedelta(hours=1), GRACE) == ready
    edited = summarize(resource(ready, generation=2), unasked, NOW, GRACE)
    assert told(edited)["Ready"] == "Unknown Pending"


def test_one_that_is_used_is_kept_and_says_by_whom():
    status = after(FINE, **bodies.TERMINATING)
    assert told(status)["Ready"] == "False InUse"
    ready = status.condition("Ready")
    assert ready is not None
    assert "a, b" in ready.message
    many = after(AccountView(dependents=tuple("abcdefgh")), **bodies.TERMINATING).condition("Ready")
    assert many is not None
    assert "a, b, c, d, e and 3 more" in many.message
    split = after(AccountView(canaries=("triage",)), **bodies.TERMINATING).condition("Ready")
    assert split is not None
    assert "until the CanaryEndpoints that use it are gone: triage." in split.message


def test_the_secret_that_has_proven_itself_is_remembered_until_another_has():
    status = after(FINE)
    assert (status.proven_secret_version, status.deployments) == ("7", 2)
    unproven = AccountView(has_answered=True, secret_version="8")
    assert summarize(resource(status), unproven, NOW, GRACE).proven_secret_version == "7"
    proven = AccountView(has_answered=True, is_proven=True, secret_version="8")
    assert summarize(resource(status), proven, NOW, GRACE).proven_secret_version == "8"


@pytest.mark.parametrize("view", [FINE, AccountView(error=Unavailable("no answer"), has_answered=True)])
def test_nothing_new_is_nothing_to_write(view):
    first = after(view)
    assert summarize(resource(first), view, NOW + timedelta(hours=1), GRACE) == first


def confirming(token: str, status: ModelProviderStatus) -> ModelProvider:
    return resource(status, annotations={CONFIRM_ABSENCE: token})


def test_a_word_confirms_what_it_names_and_is_missing_still():
    frozen = resource().status.with_(missing=Missing(token="t", ids=("1", "2"), count=2))
    assert confirm(confirming("t", frozen), frozenset("13"), lambda _: False) == ConfirmedAbsence(
        token="t", ids=("1",)
    )
    assert confirm(confirming("other", frozen), frozenset("13"), lambda _: False) is None


def test_a_word_is_used_up():
    """What was back for a moment when it was said, and is missing again, needs another one."""
    used = ConfirmedAbsence(token="t", ids=("1",))
    status = resource().status.with_(
        missing=Missing(token="t", ids=("1", "2"), count=2), confirmed_absence=used
    )
    view = AccountView(has_answered=True, is_mismatch=True, missing=frozenset("12"), confirmed=used)
    missing = summarize(confirming("t", status), view, NOW, GRACE).missing
    assert missing is not None
    assert (missing.ids, missing.count) == (("2",), 1)
    assert missing.token != "t"


def test_one_that_only_observes_is_ready_and_says_so():
    status = after(replace(FINE, mode=Mode.OBSERVE))
    ready = status.condition("Ready")
    assert ready is not None
    assert (ready.status, ready.reason, status.mode) == ("True", "Available", "Observe")
    assert "In mode Observe, nothing is changed there" in ready.message


def test_one_that_is_suspended_says_nothing_of_its_credentials_and_waits_for_nobody():
    view = AccountView(mode=Mode.SUSPEND, reason=Reason.CREDENTIALS_MISSING, message="no Secret")
    for since in (timedelta(), GRACE):
        words = told(after(view, since=since))
        assert (words["Ready"], words["Reconciling"], words["Stalled"]) == (
            "Unknown Suspended",
            "False Idle",
            "False NotStalled",
        )


def test_what_is_missing_stays_frozen_while_it_is_suspended():
    missing = Missing(token="t", ids=("1", "2"), count=2)
    before = resource().status.with_(missing=missing)
    view = AccountView(mode=Mode.SUSPEND)
    assert summarize(resource(before), view, NOW, GRACE).missing == missing


def test_the_mode_is_in_force_once_nothing_of_the_one_before_is_under_way():
    manages = after(FINE)
    assert manages.mode == "Manage"
    for mode in (Mode.OBSERVE, Mode.SUSPEND):
        busy = summarize(resource(manages), replace(FINE, mode=mode, is_changing=True), NOW, GRACE)
        assert busy.mode == "Manage"
        assert summarize(resource(busy), replace(FINE, mode=mode), NOW, GRACE).mode == mode
    back = replace(FINE, is_changing=True)
    assert summarize(resource(manages.with_(mode="Suspend")), back, NOW, GRACE).mode == "Manage"
