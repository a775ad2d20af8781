"""The vocabulary of statuses is complete, well-formed and explained."""

import re
from pathlib import Path

import pytest

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
