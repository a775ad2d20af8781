"""docs/simulator.md says what the code does: every knob, operation, fault kind and field is in it, and nothing else."""

import json
import re
from pathlib import Path

import pytest

from model_operator_simulator import Knobs, Simulator
from model_operator_simulator.clock import Clock
from model_operator_simulator.core import Core
from model_operator_simulator.faults import SECONDS, FaultRule, Kind
from model_operator_simulator.knobs import described
from model_operator_simulator.out_of_band import DeploymentEdit
from model_operator_simulator.paitient.out_of_band import EndpointEdit, LogLines, PaitientEdit
from model_operator_simulator.parasail.out_of_band import ParasailEdit
from model_operator_simulator.registry import VENDORS

DOCUMENT = Path(__file__).parents[2] / "docs" / "simulator.md"


def rows(heading):
    """The table rows below a heading, each as a list of its cells."""
    text = DOCUMENT.read_text(encoding="utf-8")
    section = re.split(r"^#+ ", text.split(f"# {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [
        [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines
    ]


def ticked(cell):
    return re.findall(r"`([^`]+)`", cell)


def test_every_knob_is_in_the_table_with_its_default_and_description():
    expected = [
        [f"`{row['name']}`", f"`{json.dumps(row['default'])}`", row["description"]]
        for row in described(Knobs())
    ]
    assert rows("Knobs") == expected


async def test_every_control_operation_is_in_the_table():
    operations = (await Simulator().control("GET", ""))["operations"]
    listed = [operation for row in rows("Control plane") for operation in ticked(row[0])]
    assert listed == operations


def test_every_kind_of_fault_is_in_the_table():
    listed = [kind for row in rows("Faults") for kind in ticked(row[0])]
    assert listed == list(Kind.__args__)


def test_the_defaults_of_seconds_are_in_the_fault_table():
    for kind, text, *_ in rows("Faults"):
        (name,) = ticked(kind)
        if name in SECONDS:
            assert f"({SECONDS[name]:g})" in text, name


def test_every_field_of_a_rule_and_of_an_edit_is_mentioned():
    text = DOCUMENT.read_text(encoding="utf-8")
    for model in (FaultRule, DeploymentEdit, ParasailEdit, PaitientEdit, EndpointEdit, LogLines):
        for name in model.model_fields:
            assert f"`{name}`" in text, f"{model.__name__}.{name}"


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
def test_the_api_table_names_the_routes_that_are_served(vendor):
    api = vendor.open(Core(Knobs(), Clock("manual"))).api
    served = [(route.method, route.pattern.pattern, route.operation) for route in api.routes]
    listed = []
    for request, operation, *_ in rows(vendor.title):
        method, path = ticked(request)[0].split(" ")
        pattern = re.escape(path).replace(r"\{id\}", "([^/]+)") + r"\Z"
        listed.append((method, pattern, ticked(operation)[0]))
    assert listed == served
