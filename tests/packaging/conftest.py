"""A cluster of a test's own; and kube-score, a linter of manifests, and krew, had from their Go modules in the way of Helm."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from model_operator_demo.controlplane import ControlPlane
from model_operator_demo.controlplane_access import Access
from model_operator_demo.go_tools import GoTool, NoTool
from support.had import had, looked_for
from support.helm import Helm
from support.kube_api import Object
from support.namespace import Namespace
from support.release import Installed, Release, unique
from support.simulator_process import SimulatorProcess

KUBE_SCORE = GoTool(
    name="kube-score",
    version="v1.20.0",
    package="github.com/zegl/kube-score/cmd/kube-score",
    asked=("version",),
    homepage="https://kube-score.com",
)
KREW = GoTool(
    name="krew",
    version="v0.4.3",
    package="sigs.k8s.io/krew/cmd/krew",
    asked=("version",),
    homepage="https://krew.sigs.k8s.io",
)
KREW_VALIDATOR = GoTool(
    name="validate-krew-manifest",
    version="v0.4.3",
    package="sigs.k8s.io/krew/cmd/validate-krew-manifest",
    asked=("-version",),
    homepage="https://krew.sigs.k8s.io",
)
TOOLS = {"kube_score": KUBE_SCORE, "krew": KREW, "krew_validator": KREW_VALIDATOR}
"""By the fixtures that have them."""
_FOUND = pytest.StashKey[dict[str, Path | NoTool]]()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Whoever cannot have it is told by the tests."""
    session.config.stash[_FOUND] = looked_for(session, TOOLS, NoTool)


def _had(request: pytest.FixtureRequest, name: str) -> Path:
    return had(request.config.stash[_FOUND][name])


@pytest.fixture(scope="session")
def kube_score(request: pytest.FixtureRequest) -> Path:
    """The program."""
    return _had(request, "kube_score")


@pytest.fixture(scope="session")
def krew(request: pytest.FixtureRequest) -> Path:
    """kubectl's plugin manager."""
    return _had(request, "krew")


@pytest.fixture(scope="session")
def krew_validator(request: pytest.FixtureRequest) -> Path:
    """What krew's index checks each manifest with: it installs each platform's archive."""
    return _had(request, "krew_validator")


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


@pytest.fixture
def installed(helm: Helm, cluster: Access, simulator: SimulatorProcess) -> Iterator[Installed]:
    """`installed("team-a", rbac={…})`: a release with a namespace of its own that watches `team-a`."""
    made: list[Release] = []

    def install(*watched: str, **values: Object) -> Release:
        name = unique("release")
        release = Release(helm, cluster, name, f"{name}-system")
        made.append(release)
        default: Object = {
            "watchNamespaces": list(watched),
            "crds": {"install": False},
            "allowedProviderHosts": [simulator.url],
        }
        release.install(values={**default, **values})
        return release

    yield install
    for release in made:
        release.uninstall()
        cluster.kubectl("delete", "namespace", release.namespace, "--wait=false")
