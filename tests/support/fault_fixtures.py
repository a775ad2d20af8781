"""The stage of the fault tests as fixtures: `pytest_plugins = ("support.fault_fixtures",)` in a test file.

A file's `SETTINGS` are settings of its operator, on top of the stage's quick ones.
"""

from collections.abc import Iterator

import pytest

from model_operator_demo.controlplane_access import Access
from model_operator_demo.processes import Processes
from support.fault_stage import FaultStage


@pytest.fixture(scope="module")
def shared_stage(
    cluster: Access,
    processes: Processes,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[FaultStage]:
    """One stage for all tests of a file."""
    settings = getattr(request.module, "SETTINGS", {})
    with FaultStage(cluster, processes, tmp_path_factory.mktemp("stage"), **settings) as stage:
        yield stage


@pytest.fixture
def stage(shared_stage: FaultStage) -> Iterator[FaultStage]:
    """The stage, empty before and after the test."""
    yield shared_stage
    shared_stage.tidy()
