"""`status`: objects in, rows and lines out."""

import time
from datetime import timedelta

import pytest

from model_operator.cli.objects import age, seen
from model_operator.cli.tree import Row, lines, related, rows
from model_operator.conditions import Reason
from model_operator.meanings import MEANINGS
from support.seen_objects import NOW, READY, body, canary, deployment, provider

BAD_KEY = ("Ready", "False", "CredentialsInvalid", "parasail: list: Unauthorized.")
STALLED = ("Stalled", "True", "CredentialsInvalid", "parasail: list: Unauthorized.")


def shape(objects) -> list[str]:
    return ["  " * row.depth + row.name for row in rows(objects, NOW)]


def test_a_provider_stands_before_its_deployments_and_a_canary_after_the_last_that_it_splits_to():
    objects = [
        canary("triage", targets=("v1", "v2")),
        deployment("v3"),
        deployment("v2"),
        deployment("v1"),
        provider("paitient"),
        provider("another"),
    ]
    assert shape(objects) == ["another", "paitient", "  v1", "  v2", "    triage", "  v3"]


def test_what_names_a_provider_that_is_not_there_stands_below_its_name():
    found = list(rows([deployment("llama", of="parasial")], NOW))
    remedy = MEANINGS[Reason.PROVIDER_NOT_FOUND].remedy
    assert [(row.name, row.state, row.reason) for row in found] == [
        ("parasial", "Missing", "ProviderNotFound"),
        ("llama", "Ready", "Pending"),
    ]
    assert found[0].remedy == remedy


def test_a_canary_without_any_of_its_targets_is_shown_all_the_same():
    assert shape([provider("paitient"), canary("triage", targets=("gone",))]) == ["paitient", "  triage"]


def expiring(truth: str, reason: str, message: str):
    return deployment("a", READY, ("Expiring", truth, reason, message))


@pytest.mark.parametrize(
    ("object", "expected"),
    [
        pytest.param(deployment("a", READY), ("Ready", "Available", "", False, True), id="fine: no sentence"),
        pytest.param(
            deployment("a", BAD_KEY, STALLED, phase="Failed"),
            ("Failed", "CredentialsInvalid", "parasail: list: Unauthorized.", True, False),
            id="stalled",
        ),
        pytest.param(deployment("a", phase=""), ("Pending", "Pending", "", False, False), id="no status yet"),
        pytest.param(
            canary(
                "a",
                READY,
                ("RolloutComplete", "False", "WaitingForApproval", "waits"),
                targets=("v1",),
                phase="Waiting",
                split="v1=75 v2=25",
                message="At step 2/4, waiting for a person.",
            ),
            ("Waiting v1=75 v2=25", "WaitingForApproval", "At step 2/4, waiting for a person.", False, False),
            id="a canary that is Ready tells of its rollout",
        ),
        pytest.param(
            provider("a", BAD_KEY),
            ("NotReady", "CredentialsInvalid", "parasail: list: Unauthorized.", False, False),
            id="a provider",
        ),
        pytest.param(
            seen("ModelProvider", body("a", READY, mode="Observe")),
            ("Ready Observe", "Available", "", False, True),
            id="a provider that only observes",
        ),
        pytest.param(
            seen("ModelProvider", body("a", READY, spec={"mode": "Suspend"})),
            ("Ready Suspend", "Available", "", False, True),
            id="a mode that the operator has not seen yet",
        ),
        pytest.param(
            seen("ModelProvider", body("a", READY, mode="Manage")),
            ("Ready", "Available", "", False, True),
            id="the usual mode goes without saying",
        ),
        pytest.param(
            expiring("True", "ExpiresWithinHour", "It expires at noon."),
            ("Ready", "ExpiresWithinHour", "It expires at noon.", False, False),
            id="an end that is near",
        ),
        pytest.param(
            expiring("False", "NotExpiring", "It expires next year."),
            ("Ready", "Available", "", False, True),
            id="an end that is far",
        ),
        pytest.param(
            expiring("True", "Expired", "It is not deleted."),
            ("Ready", "Expired", "It is not deleted.", False, False),
            id="an end that has passed, of what is left at the provider and costs money",
        ),
        pytest.param(
            deployment(
                "a",
                ("Ready", "True", "Expired", "It has expired."),
                ("Expiring", "True", "Expired", "It does not exist."),
                phase="Expired",
            ),
            ("Expired", "Expired", "", False, True),
            id="an end that is done with",
        ),
        pytest.param(
            deployment("a", READY, ("Idle", "True", "NoRequests", "Nobody uses it.")),
            ("Ready", "NoRequests", "Nobody uses it.", False, False),
            id="one that nobody uses",
        ),
        pytest.param(
            deployment("a", READY, ("Synced", "False", "Observed", "In mode Manage, it would be created.")),
            ("Ready", "Observed", "In mode Manage, it would be created.", False, False),
            id="what is only observed",
        ),
        pytest.param(
            seen(
                "ModelBudget",
                body(
                    "a",
                    ("Ready", "True", "Accepted", "The spec is valid."),
                    ("WithinLimit", "False", "BudgetExceeded", "The limit has been spent."),
                ),
            ),
            ("Exceeded", "BudgetExceeded", "The limit has been spent.", False, False),
            id="a budget that is spent",
        ),
    ],
)
def test_a_row_says_state_reason_and_what_happened(object, expected):
    row = next(row for row in rows([object], NOW) if row.name == "a")
    assert (row.state, row.reason, row.message, row.is_bad, row.is_good) == expected


def test_a_row_that_is_not_fine_says_what_to_do():
    (_, row) = rows([deployment("a", BAD_KEY)], NOW)
    assert (row.remedy, row.age) == (MEANINGS[Reason.CREDENTIALS_INVALID].remedy, "60m")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("v1", ["paitient", "triage", "v1"], id="a deployment: its provider and canary"),
        pytest.param("triage", ["paitient", "triage", "v1", "v2"], id="a canary: its provider and targets"),
        pytest.param(
            "paitient", ["alone", "paitient", "triage", "v1", "v2"], id="a provider: all of its own"
        ),
        pytest.param("nobody", [], id="nothing of that name"),
    ],
)
def test_what_hangs_on_a_name(name, expected):
    objects = [
        provider("paitient"),
        provider("parasail"),
        deployment("v1"),
        deployment("v2"),
        deployment("alone"),
        canary("triage", targets=("v1", "v2")),
    ]
    assert sorted(one.key.name for one in related(objects, name)) == expected


def test_lines_are_a_table_with_sentences_under_it():
    found = [
        Row(
            depth=0,
            kind="ModelProvider",
            namespace="a",
            name="p",
            full_name="",
            state="Ready",
            reason="Available",
        ),
        Row(
            depth=1,
            kind="ModelDeployment",
            namespace="a",
            name="llama",
            full_name="",
            state="Failed",
            reason="Failed",
            message="It broke.",
            remedy="Mend it, and then look at it again.",
            age="5m",
        ),
    ]
    text = [line.replace("\x1b[33m", "").replace("\x1b[0m", "") for line in lines(found, 40)]
    assert text == [
        "NAME                 STATE    REASON      AGE",
        "provider/p           Ready    Available",
        "└ deployment/llama   Failed   Failed      5m",
        "      It broke.",
        "      → Mend it, and then look at it",
        "        again.",
    ]


@pytest.mark.parametrize(
    ("passed", "expected"),
    [
        (timedelta(seconds=-3), "0s"),
        (timedelta(seconds=119), "119s"),
        (timedelta(minutes=2), "2m"),
        (timedelta(hours=3), "3h"),
        (timedelta(hours=48), "2d"),
    ],
)
def test_an_age_is_written_as_kubectl_does(passed, expected):
    assert age(NOW - passed, NOW) == expected


def test_thousands_of_objects_take_as_long_as_there_are_rows():
    many = 1500
    found = [provider("paitient", READY)]
    found += [deployment(f"model-{i}", READY) for i in range(many)]
    found += [canary(f"split-{i}", READY, targets=(f"model-{i}", f"model-{i // 2}")) for i in range(many)]
    began = time.process_time()
    shown = list(rows(found, NOW))
    assert [row.name for row in shown[:5]] == ["paitient", "model-0", "split-0", "model-1", "split-1"]
    assert len(shown) == 1 + 2 * many
    assert time.process_time() - began < 2, (
        "seconds: each canary is placed once, not once for each deployment"
    )
