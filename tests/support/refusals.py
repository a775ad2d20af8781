"""A manifest that the API server refuses: the edit that spoils it, and the field and message that it names."""

from typing import Any

import pytest

from support.least_manifests import Manifest, edited

DURATION = "^([0-9]{1,5}(h|m|s|ms)){1,4}$"
REQUIRED = "Required value"


def refused(base: Manifest, spec: dict[str, Any], field: str, message: str, id: str) -> Any:
    """A row of such a table: body, field, message."""
    return pytest.param(edited(base, spec), field, message, id=id)


def expect_refusal(api: Any, body: Manifest, field: str, message: str) -> None:
    refusal = api.try_create(body)
    assert getattr(refusal, "code", 201) == 422
    assert refusal.names(field, message), refusal.causes
