"""Each knob changes what it says: what a probe sees with the default, and what it sees with another value."""

import pytest

from model_operator_simulator import Knobs
from support.knobs.http import HTTP
from support.knobs.metrics import METRICS
from support.knobs.paitient import PAITIENT
from support.knobs.parasail import PARASAIL
from support.knobs.parasail_models import PARASAIL_MODELS
from support.knobs.spelling import SPELLING

TABLE = [*HTTP, *SPELLING, *PARASAIL, *PARASAIL_MODELS, *PAITIENT, *METRICS]
GIVEN = {
    "metrics.p95_factor": {"metrics.noise": 0},
    "metrics.p99_factor": {"metrics.noise": 0},
    "metrics.diurnal": {"metrics.noise": 0},
    "metrics.nan_form": {"metrics.nan_probability": 1},
    "paitient.deployment_error_status": {"paitient.refused_models": ["org/*"]},
}


def rows():
    for name, value, look, with_default, with_value in TABLE:
        given = GIVEN.get(name, {})
        yield pytest.param(given, look, with_default, id=f"{name} as it is")
        yield pytest.param(given | {name: value}, look, with_value, id=f"{name}={value}")


@pytest.mark.parametrize(("knobs", "look", "seen"), list(rows()))
async def test_a_knob_changes_what_it_says(start, knobs, look, seen):
    sim = await start(knobs)
    assert await look(sim) == seen
    assert (await sim.control("GET", "/counters"))["defects"] == 0


@pytest.mark.parametrize(
    ("name", "value"), [pytest.param(row[0], row[1], id=f"{row[0]}={row[1]}") for row in TABLE]
)
async def test_a_knob_can_be_turned_while_the_simulator_runs(sim, name, value):
    section, _, knob = name.partition(".")
    answer = await sim.control("PATCH", "/knobs", {name: value})
    assert answer["values"][section][knob] == value
    assert (await sim.control("GET", "/knobs"))["values"] == answer["values"]


def test_every_knob_is_in_the_table():
    tested = {name for name, *_ in TABLE}
    sections = {name.partition(".")[0] for name in tested}
    values = Knobs().values()
    assert tested == {f"{section}.{name}" for section in sections for name in values[section]}


@pytest.mark.parametrize(
    ("patch", "named"),
    [
        pytest.param({"parasail": {"start": 1}}, "parasail.start", id="unknown knob"),
        pytest.param({"nobody.knows": 1}, "nobody", id="unknown section"),
        pytest.param({"parasail": 1}, "parasail", id="a section is an object"),
        pytest.param({"parasail.start_s": -1}, "parasail.start_s", id="below the range"),
        pytest.param({"parasail.start_s": "soon"}, "parasail.start_s", id="wrong type"),
        pytest.param({"parasail.pause_end": "ASLEEP"}, "parasail.pause_end", id="not among the choices"),
        pytest.param(
            {"parasail.start_s": -1, "metrics.noise": 9}, "metrics.noise", id="all problems at once"
        ),
    ],
)
async def test_an_unfit_knob_is_refused_by_name_and_nothing_changes(sim, patch, named):
    before = (await sim.control("GET", "/knobs"))["values"]
    answer = await sim.send("PATCH", "/__sim/knobs", patch)
    assert answer.status == 400
    assert named in answer.body["error"]
    assert (await sim.control("GET", "/knobs"))["values"] == before


@pytest.mark.parametrize(
    ("patch", "said"),
    [
        ({"parasail": {"start": 1}}, "there is no knob parasail.start; did you mean parasail.start_s?"),
        ({"gpu_quota": 1}, "there is no knob gpu_quota; did you mean parasail.gpu_quota?"),
        ({"x.y": 1}, "there is no knob x.y; `model-operator simulator --list-knobs` has them all"),
    ],
)
async def test_a_mistyped_knob_is_answered_with_the_one_that_was_meant(sim, patch, said):
    assert (await sim.send("PATCH", "/__sim/knobs", patch)).body == {"error": said}


async def test_a_key_that_nobody_knows_is_refused_in_plain_words(sim):
    answer = await sim.send("POST", "/__sim/faults", {"kind": "reset", "colour": "red"})
    assert answer.status == 400
    assert "colour: there is no such key here" in answer.body["error"]


async def test_every_knob_is_listed_with_its_value_default_and_description(sim):
    listed = (await sim.control("GET", "/knobs"))["knobs"]
    assert [row["name"] for row in listed] == [
        f"{section}.{name}" for section, knobs in Knobs().values().items() for name in knobs
    ]
    for row in listed:
        assert row["description"].endswith(".") or row["description"].endswith(")"), row
        assert row["value"] == row["default"], row
