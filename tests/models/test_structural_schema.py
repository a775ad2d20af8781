"""Models become schemas that a CustomResourceDefinition may hold, or the generator says why not."""

from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, StringConstraints

from model_operator.models.structural import NotStructural, properties, structural, without_limits
from model_operator.models.wire import DecimalText, Duration, Model, Time

FREE = {"x-kubernetes-preserve-unknown-fields": True}


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Inner(Model):
    max_count: int = Field(ge=1, le=9, description="Most.")


FIELDS = [
    pytest.param(
        str,
        {"max_length": 5, "pattern": "^a$"},
        {"type": "string", "pattern": "^a$", "maxLength": 5},
        id="text",
    ),
    pytest.param(int | None, {"default": None, "ge": 1}, {"type": "integer", "minimum": 1}, id="optional"),
    pytest.param(bool, {"default": False}, {"type": "boolean"}, id="no default is written into objects"),
    pytest.param(
        Colour | None, {"default": None}, {"type": "string", "enum": ["red", "blue"]}, id="optional enum"
    ),
    pytest.param(Literal["a", "b"], {}, {"type": "string", "enum": ["a", "b"]}, id="literal"),
    pytest.param(
        Annotated[tuple[Annotated[str, StringConstraints(max_length=3)], ...] | None, Field(max_length=2)],
        {"default": None},
        {"type": "array", "maxItems": 2, "items": {"type": "string", "maxLength": 3}},
        id="optional list",
    ),
    pytest.param(
        dict[str, int],
        {"max_length": 4},
        {"type": "object", "maxProperties": 4, "additionalProperties": {"type": "integer"}},
        id="map",
    ),
    pytest.param(dict[str, Any], {}, {"type": "object"} | FREE, id="map of anything"),
    pytest.param(Any, {"default": None}, FREE, id="anything"),
    pytest.param(
        Duration | None,
        {"default": None},
        {"type": "string", "maxLength": 28, "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$"},
        id="duration",
    ),
    pytest.param(
        DecimalText,
        {},
        {"type": "string", "maxLength": 19, "pattern": r"^[0-9]{1,9}(\.[0-9]{1,9})?$"},
        id="fraction",
    ),
    pytest.param(Time, {}, {"type": "string"}, id="time"),
    pytest.param(
        Inner | None,
        {"default": None},
        {
            "type": "object",
            "required": ["maxCount"],
            "properties": {
                "maxCount": {"description": "Most.", "type": "integer", "minimum": 1, "maximum": 9}
            },
        },
        id="optional object",
    ),
]


def model_of(annotation, **options):
    field = Field(**options)
    return type(
        "Outer", (Model,), {"__annotations__": {"field": annotation}, "field": field, "__module__": __name__}
    )


@pytest.mark.parametrize(("annotation", "options", "schema"), FIELDS)
def test_each_kind_of_field(annotation, options, schema):
    made = structural(model_of(annotation, description="A field.", **options), description="All.")
    assert made["properties"] == {"field": {"description": "A field."} | schema}
    assert made["description"] == "All."
    assert made.get("required") == (None if "default" in options else ["field"])


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        pytest.param(int | str, "Outer.field: a structural schema has no union types", id="union"),
        pytest.param(
            tuple[int, str], "Outer.field: a structural schema has no prefixItems", id="fixed tuple"
        ),
        pytest.param(Literal["a"], "Outer.field: a structural schema has no const", id="constant"),
    ],
)
def test_what_cannot_be_said_is_refused_by_name(annotation, message):
    with pytest.raises(NotStructural, match=message):
        structural(model_of(annotation, description="A field."), description="All.")


def test_a_field_without_description_is_refused():
    with pytest.raises(NotStructural, match=r"Outer\.field has no description"):
        structural(model_of(int), description="All.")
    with pytest.raises(NotStructural, match=r"Outer\.field\[\]\.field has no description"):
        structural(model_of(tuple[model_of(int), ...], description="Many."), description="All.")


def test_limits_are_taken_out_at_every_depth():
    schema = structural(model_of(tuple[Inner, ...], description="Many.", max_length=3), description="All.")
    count = {"description": "Most.", "type": "integer"}
    assert without_limits(schema)["properties"] == {
        "field": {
            "description": "Many.",
            "type": "array",
            "items": {"type": "object", "properties": {"maxCount": count}},
        }
    }


def test_properties_are_walked_with_their_paths():
    schema = structural(model_of(tuple[Inner, ...], description="Many."), description="All.")
    assert [path for path, _ in properties(schema)] == [".field", ".field[].maxCount"]
