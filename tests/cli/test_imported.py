"""`import`: what of a deployment a spec can say, and what is said of the rest."""

import json

import pytest
import yaml

from model_operator.cli.imported import Imported, Wish, imported, object_name
from model_operator.cli.importing import documents, show_objects
from model_operator.domain import Remote, RunState
from model_operator.providers.registry import PROVIDERS
from model_operator.rehearsal.schema import problems

WISH = Wish(provider="account", namespace="team", deletion_policy="Orphan")
BASE = {
    "providerRef": {"name": "account"},
    "model": "org/llama",
    "deletionPolicy": "Orphan",
}


def shown(fields, **more) -> Remote:
    seen = {
        "id": "33665",
        "name": "triage",
        "model": "org/llama",
        "state": RunState.SERVING,
        "word": "ONLINE",
    }
    return Remote(**{**seen, **more}, fields=fields, is_full=True)


def of(vendor, fields, **more) -> Imported:
    return imported(shown(fields, **more), PROVIDERS[vendor], WISH, "triage")


@pytest.mark.parametrize(
    ("output", "read"),
    [
        ("yaml", lambda text: [one for one in yaml.safe_load_all(text) if one]),
        ("json", lambda text: json.loads(text)["items"]),
    ],
)
def test_programs_read_the_same_objects_in_both_formats(output, read, capsys):
    found = of("parasail", {"replicas": 2})
    show_objects([found], output)
    assert read(capsys.readouterr().out) == [found.body]


def test_names_are_those_of_kubectl(capsys):
    show_objects([of("parasail", {"replicas": 2})], "name")
    assert capsys.readouterr().out == "modeldeployment.modeloperator.dev/triage\n"


def test_durations_fractions_and_lists_are_spelled_as_in_yaml():
    fields = {
        "replicas": 2,
        "contextLength": 4096,
        "parasail.scaleDownPolicy": "INACTIVE",
        "parasail.scaleDownThreshold": 5_400_000,
        "parasail.maxRequestDuration": 2500,
        "parasail.displayName": None,
        "parasail.tags": ("a", "b"),
        "parasail.customAliases": (),
        "parasail.generative": False,
        "parasail.speculativeConfig.numSteps": 3,
    }
    found = of("parasail", fields)
    assert found == Imported(
        {
            "apiVersion": "modeloperator.dev/v1alpha1",
            "kind": "ModelDeployment",
            "metadata": {"name": "triage", "namespace": "team"},
            "spec": {
                **BASE,
                "externalID": "33665",
                "replicas": 2,
                "contextLength": 4096,
                "parasail": {
                    "generative": False,
                    "maxRequestDuration": "2s500ms",
                    "scaleDownPolicy": "INACTIVE",
                    "scaleDownThreshold": "1h30m",
                    "speculativeConfig": {"numSteps": 3},
                    "tags": ["a", "b"],
                },
            },
        },
        (),
    )
    assert found.full_name == "modeldeployment.modeloperator.dev/triage"


def test_a_tag_may_have_dots_and_a_fraction_is_a_string():
    fields = {
        "replicas": {"minReplicas": 1, "maxReplicas": 3},
        "paitient.modelConfig.defaultTemperature": 0.7,
        "paitient.modelConfig.defaultTopP": 1,
        "paitient.tags.example.com/cost.center": "42",
    }
    found = of("paitient", fields, id="dep_1")
    assert found.notes == ()
    assert found.body["spec"] == {
        **BASE,
        "externalID": "dep_1",
        "autoscaling": {"minReplicas": 1, "maxReplicas": 3},
        "paitient": {
            "modelConfig": {"defaultTemperature": "0.7", "defaultTopP": "1"},
            "tags": {"example.com/cost.center": "42"},
        },
    }


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        pytest.param(
            {"parasail.engine": "TRITON"},
            "spec.parasail.engine is left out and stays as it is (TRITON): Unsupported value: \"TRITON\": supported values:"
            ' "VLLM", "SGLANG".',
            id="a word that the CRD does not know",
        ),
        pytest.param(
            {"parasail.chatTemplateOverride": "20 characters, sha256 0123456789abcdef"},
            "spec.parasail.chatTemplateOverride is left out and stays as it is (20 characters, sha256"
            " 0123456789abcdef): a spec cannot have this value.",
            id="a text of which only a fingerprint is known",
        ),
        pytest.param(
            {"parasail.scaleDownPolicy": "NONE", "parasail.scaleDownThreshold": 1000},
            "spec.parasail.scaleDownThreshold is left out and stays as it is (1000): scaleDownThreshold is required with"
            " scaleDownPolicy TIMER or INACTIVE, else not allowed.",
            id="a field that a rule refuses beside another",
        ),
        pytest.param(
            {"parasail.autoscalingFactor": 0.5},
            "spec.parasail.autoscalingFactor is left out and stays as it is (0.5): parasail.targetConnectionsPerReplica and"
            " parasail.autoscalingFactor are for deployments with spec.autoscaling only.",
            id="a rule that stands above the field",
        ),
        pytest.param(
            {"parasail.displayName": "x" * 129},
            f"spec.parasail.displayName is left out and stays as it is ({'x' * 129}): Too long: may not be more than 128"
            " characters.",
            id="too long",
        ),
        pytest.param(
            {"parasail.novelty": 1},
            "spec.parasail.novelty is left out and stays as it is (1): this version's CRD has no field for it.",
            id="a field that the CRD has not",
        ),
        pytest.param(
            {"parasail.description": "use hf_abcdefghijklmnopqrstuv"},
            "spec.parasail.description is left out, because its value looks like a key.",
            id="a key",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_expressed_is_left_out_and_said(fields, note):
    found = of("parasail", {"replicas": 1, **fields})
    assert found.notes == (note,)
    assert problems("ModelDeployment", found.body) == []


def test_replicas_that_no_spec_says_are_reported_and_never_corrected():
    odd = {"minReplicas": 1, "maxReplicas": 3, "autoScaling": False}
    found = of("paitient", {"replicas": odd}, id="dep_1")
    assert (found.obstacle, found.body["spec"]["driftPolicy"], found.body["spec"]["replicas"]) == (
        None,
        "Report",
        1,
    )
    assert found.notes[0].endswith("set the number that you want, and driftPolicy Correct.")


@pytest.mark.parametrize(
    ("more", "fields", "obstacle"),
    [
        pytest.param({"model": None}, {"replicas": 1}, "the provider does not show its model: set spec.model", id="model"),
        pytest.param({}, {}, "the provider does not show its replicas: set spec.replicas", id="replicas"),
        pytest.param({"id": "0x"}, {"replicas": 1}, "spec.externalID: Invalid value: externalID must be a number at Parasail, without leading zeros; it is in the URL of the deployment's page", id="id"),
    ],
)  # fmt: skip
def test_what_cannot_be_applied_stands_as_a_comment(more, fields, obstacle):
    found = of("parasail", fields, **more)
    assert found.obstacle == obstacle
    _head, separator, *lines = documents([found])
    assert separator == "---"
    assert lines[0] == f"# This object cannot be applied as it is: {obstacle}."
    assert all(line.startswith("# ") for line in lines)


def test_what_a_person_has_to_know_is_said():
    notes = of("paitient", {"replicas": 1}, id="dep_1", owner_uid="u-1", state=RunState.STOPPED).notes
    assert list(notes) == [
        "The deployment is stopped and stays stopped: without `paused` the operator neither pauses nor resumes it.",
        (
            "The deployment has the tag of another object (UID u-1). If that object exists somewhere, delete that"
            " object with deletionPolicy Orphan first: two objects would revert each other's changes."
        ),
    ]


@pytest.mark.parametrize(
    ("more", "taken", "name"),
    [
        pytest.param({"name": "Triage V1_old!"}, (), "triage-v1-old", id="what an object's name cannot have"),
        pytest.param({"name": ""}, (), "llama", id="without a name by its model"),
        pytest.param({"name": "", "model": None}, (), "model", id="without either"),
        pytest.param({}, ("triage",), "triage-33665", id="taken"),
        pytest.param({}, ("triage", "triage-33665"), "triage-2", id="taken with its id"),
        pytest.param({"name": "x" * 80}, (), "x" * 50, id="long"),
    ],
)
def test_a_name_is_valid_and_nobody_elses(more, taken, name):
    assert object_name(shown({}, **more), taken) == name
