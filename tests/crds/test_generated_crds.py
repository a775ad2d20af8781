"""What is committed is what the models say, and it holds what every CRD of this project promises."""

from pathlib import Path

import pytest
import yaml

from model_operator.cli.crds import files, render
from model_operator.models.crd import KINDS, custom_resource_definition
from model_operator.models.structural import properties

CRDS = Path(__file__).parents[2] / "crds"
APPLY_LIMIT = 262_144
"""Client-side `kubectl apply` keeps the whole object in one annotation of at most this many bytes."""


def schema_of(kind):
    return custom_resource_definition(kind)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]


def test_the_committed_files_are_the_generated_ones():
    assert {path.name: path.read_text() for path in CRDS.iterdir()} == files()


def test_the_command_prints_the_files():
    assert render() == "".join(path.read_text() for path in sorted(CRDS.iterdir()))
    assert list(yaml.safe_load_all(render())) == [custom_resource_definition(kind) for kind in KINDS]


def test_one_kind_can_be_printed_alone():
    only = KINDS[1]
    assert list(yaml.safe_load_all(render([only]))) == [custom_resource_definition(only)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_a_crd_is_small_and_survives_substitution(kind):
    text = render([kind])
    assert len(text) < APPLY_LIMIT / 4
    assert "${" not in text


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_everything_in_a_spec_has_a_limit_and_nothing_a_default(kind):
    limits = {"string": {"maxLength", "enum"}, "array": {"maxItems"}, "integer": {"maximum"}}
    for path, part in properties(schema_of(kind)["spec"]):
        if "additionalProperties" in part:
            assert "maxProperties" in part, path
            assert "maxLength" in part["additionalProperties"], path
        elif part["type"] in limits:
            assert limits[part["type"]] & part.keys(), path
        items = part.get("items", {"maxLength": 0})
        assert "maxLength" in items or items["type"] == "object", path
        assert "default" not in part, path
        assert "x-kubernetes-preserve-unknown-fields" not in part, path


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_nothing_in_a_status_but_conditions_can_be_refused(kind):
    for path, part in properties(schema_of(kind)["status"]):
        if not path.startswith(".conditions[]"):
            assert part.keys() <= {
                "description",
                "type",
                "properties",
                "items",
                "x-kubernetes-list-type",
                "x-kubernetes-list-map-keys",
                "x-kubernetes-preserve-unknown-fields",
            }, path


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_every_rule_has_a_message_that_names_its_field(kind):
    spec = schema_of(kind)["spec"]
    for path, part in [("", spec), *properties(spec)]:
        for rule in part.get("x-kubernetes-validations", ()):
            field = rule.get("fieldPath", path).rpartition(".")[2]
            assert field in rule["message"], (path, rule)
