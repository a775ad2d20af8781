"""A cluster of a test's own, and kube-score, a linter of manifests that is had from its Go module in the way of Helm."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from model_operator_demo.controlplane import ControlPlane
from model_operator_demo.controlplane_access import Access
from model_operator_demo.go_tools import GoTool, NoTool
from support.namespace import Namespace

KUBE_SCORE = GoTool(
    name="kube-score",
    version="v1.20.0",
    package="github.com/zegl/kube-score/cmd/kube-score",
    asked=("version",),
    homepage="https://kube-score.com",
)
_FOUND = pytest.StashKey[Path | NoTool]()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Whoever cannot have it is told by the tests."""
    needed = any("kube_score" in getattr(item, "fixturenames", ()) for item in session.items)
    if not needed or session.config.option.collectonly:
        return
    try:
        session.config.stash[_FOUND] = KUBE_SCORE.find(os.environ)
    except NoTool as error:
        session.config.stash[_FOUND] = error


@pytest.fixture(scope="session")
def kube_score(request: pytest.FixtureRequest) -> Path:
    """The program."""
    found = request.config.stash[_FOUND]
    if isinstance(found, NoTool):
        pytest.fail(str(found), pytrace=False)
    return found


@pytest.fixture
def own_cluster(cluster: Access) -> Iterator[Access]:
    """One without CRDs and roles, that the operator may have for itself. `cluster` has had the programs built."""
    with ControlPlane.start(progress=str) as plane:
        yield plane.access


@pytest.fixture
def team(own_cluster: Access) -> Iterator[Namespace]:
    """Where the models are."""
    namespace = Namespace.create(own_cluster, "team")
    yield namespace
    namespace.api.close()
