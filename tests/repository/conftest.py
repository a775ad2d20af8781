"""What a whole run has collected, for the test that holds the list of mutations against it."""

from pathlib import Path

import pytest

COLLECTED = pytest.StashKey[list[pytest.Item]]()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Before `-m` and `-k` leave any out. An argument `file::name` has left others of the file out already."""
    parts = {Path(argument.partition("::")[0]).resolve() for argument in config.args if "::" in argument}
    config.stash[COLLECTED] = [item for item in items if item.path not in parts]


@pytest.fixture
def collected(request: pytest.FixtureRequest) -> list[pytest.Item]:
    """All tests of the files that this run has read as a whole."""
    return request.config.stash[COLLECTED]
