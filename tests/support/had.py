"""Programs that tests need and a machine may not have: looked for once, when it is known which tests run."""

import os
from collections.abc import Mapping
from typing import Protocol, TypeVar

import pytest

Thing_co = TypeVar("Thing_co", covariant=True)
Found = TypeVar("Found")
Absence = TypeVar("Absence", bound=Exception)


class Wanted(Protocol[Thing_co]):
    """What can be looked for."""

    def find(self, environ: Mapping[str, str]) -> Thing_co:
        """Raises an error of its own where it cannot be had."""
        ...


def looked_for(
    session: pytest.Session, wanted: Mapping[str, Wanted[Found]], absence: type[Absence]
) -> dict[str, Found | Absence]:
    """By the names of their fixtures, those that the collected tests ask for; or why they cannot be had."""
    found: dict[str, Found | Absence] = {}
    if session.config.option.collectonly:
        return found
    for name in {name for item in session.items for name in getattr(item, "fixturenames", ())} & {*wanted}:
        try:
            found[name] = wanted[name].find(os.environ)
        except absence as error:
            found[name] = error
    return found


def had(found: Found | Exception) -> Found:
    """Fails the test that needs it with the way to get it."""
    if isinstance(found, Exception):
        pytest.fail(str(found), pytrace=False)
    return found
