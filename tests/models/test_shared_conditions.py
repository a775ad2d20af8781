"""Conditions that say the same are one object, however many resources have them; odd ones are read as before."""

from typing import Any

import pytest

from model_operator.models.status import Status

SAID: dict[str, Any] = {
    "type": "Ready",
    "status": "True",
    "reason": "Available",
    "message": "It serves.",
    "observedGeneration": 3,
    "lastTransitionTime": "2026-01-01T12:00:00Z",
}


def read(raw: object) -> tuple[object, ...]:
    return Status.parse({"conditions": [raw]}).conditions


def test_what_two_resources_say_is_kept_once() -> None:
    assert read(dict(SAID))[0] is read(dict(SAID))[0]


@pytest.mark.parametrize(
    ("raw", "dumped"),
    [
        pytest.param(SAID, SAID, id="as we write it"),
        pytest.param({**SAID, "extra": 1}, SAID, id="a field that nobody knows"),
        pytest.param({**SAID, "extra": []}, SAID, id="one that is no plain value"),
        pytest.param(
            {key: value for key, value in SAID.items() if key != "observedGeneration"},
            {key: value for key, value in SAID.items() if key != "observedGeneration"},
            id="without what may be missing",
        ),
    ],
)
def test_a_condition_is_read_whatever_is_beside_it(raw: dict[str, Any], dumped: dict[str, Any]) -> None:
    (condition,) = Status.parse({"conditions": [raw]}).dump()["conditions"]
    assert condition == dumped


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param({**SAID, "status": "Maybe"}, id="a status that is none"),
        pytest.param({**SAID, "message": []}, id="a message that is no text"),
        pytest.param({key: SAID[key] for key in ("type", "status")}, id="half of one"),
        pytest.param({1: 2}, id="a key that is no text"),
        pytest.param("Ready", id="no object"),
    ],
)
def test_what_is_no_condition_is_left_out(raw: object) -> None:
    assert read(raw) == ()
