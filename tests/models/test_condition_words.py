"""The vocabulary of statuses is complete, well-formed and explained."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import model_operator
from model_operator.conditions import CanaryPhase, ConditionType, Phase, Reason
from model_operator.errors import ProviderError
from model_operator.meanings import MEANINGS
from model_operator.models.crd import KINDS, custom_resource_definition

DOCS = Path(__file__).parents[2] / "docs"

NOTHING_TO_DO = {
    Reason.ACCEPTED,
    Reason.SYNCED,
    Reason.SERVING,
    Reason.AVAILABLE,
    Reason.LISTENING,
    Reason.WITHIN_LIMIT,
    Reason.IDLE,
    Reason.NOT_STALLED,
    Reason.NOT_EXPIRING,
    Reason.NOT_IDLE,
    Reason.CREATING,
    Reason.UPDATING,
    Reason.PAUSING,
    Reason.RESUMING,
    Reason.DELETING,
    Reason.STARTING,
    Reason.HELD_WHILE_PAUSED,
    Reason.OUTCOME_UNKNOWN,
    Reason.MISSING,
    Reason.UNKNOWN,
    Reason.MEASURED,
    Reason.NOT_JUDGED,
    Reason.NOT_MEASURED,
    Reason.COMPLETED,
    Reason.PROGRESSING,
    Reason.ROLLING_BACK,
    Reason.CREATED,
    Reason.ROLLOUT_STARTED,
    Reason.ROLLOUT_SUPERSEDED,
    Reason.ROLLOUT_COMPLETED,
    Reason.STEP_APPLIED,
    Reason.ACTION_ACCEPTED,
}


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_explained_in_sentences(reason):
    meaning = MEANINGS[reason]
    assert meaning.meaning.endswith(".")
    assert bool(meaning.remedy) != (reason in NOTHING_TO_DO)
    assert meaning.remedy.endswith(".") or not meaning.remedy


@pytest.mark.parametrize("word", [*ConditionType, *Reason, *Phase, *CanaryPhase])
def test_every_word_is_one_that_the_server_takes(word):
    assert re.fullmatch("([A-Z]+[a-z]*)+", word)


def every(error: type[ProviderError]) -> set[type[ProviderError]]:
    return {error}.union(*map(every, error.__subclasses__()))


@pytest.mark.parametrize("error", sorted(every(ProviderError), key=lambda error: error.__name__))
def test_every_error_of_a_provider_has_a_reason_that_is_explained(error):
    assert error.reason in MEANINGS


@pytest.mark.parametrize(("kind", "words"), [("ModelDeployment", Phase), ("CanaryEndpoint", CanaryPhase)])
def test_kubectl_explain_names_every_phase(kind, words):
    (found,) = (one for one in KINDS if one.kind == kind)
    (version,) = custom_resource_definition(found)["spec"]["versions"]
    schema = version["schema"]["openAPIV3Schema"]["properties"]["status"]["properties"]["phase"]
    assert ", ".join(words) in schema["description"]


def test_the_page_on_canaries_explains_every_phase():
    table = (DOCS / "canary.md").read_text()
    assert [word for word in CanaryPhase if f"`{word}`" not in table] == []


SOURCES = Path(model_operator.__file__).parent
TELLS = {"Event": 1, "Notice": 0, "notice": 0, "warn": 2, "promise": 2, "_begun": 1}
"""Calls that make an Event, and at which place its reason stands."""


def reasons_told() -> Iterator[ast.expr]:
    """What stands for the reason in each of those calls."""
    for path in sorted(SOURCES.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name | ast.Attribute):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            place = TELLS.get(name)
            if place is not None and len(node.args) > place:
                yield node.args[place]


def test_every_reason_of_an_event_is_explained():
    told = list(reasons_told())
    words = {
        arg.attr for arg in told if isinstance(arg, ast.Attribute) and ast.unparse(arg.value) == "Reason"
    }
    assert {"CREATED", "ORPHANED", "ENDPOINT_ORPHANED", "ROLLOUT_STARTED", "WRITE_REFUSED"} <= words
    assert [ast.unparse(arg) for arg in told if isinstance(arg, ast.Constant | ast.JoinedStr)] == []
    assert {Reason[word] for word in words} <= set(MEANINGS)
