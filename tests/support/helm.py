"""The real Helm, 4 and 3, as a pytest plugin: fixtures that run it on the chart, with or without a cluster.

Built before the first test that needs it: outside of any test's time-out, once however many workers there are.
"""

import os
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from model_operator_demo.controlplane_access import Access
from model_operator_demo.go_tools import ACTIONLINT, HELM_3, HELM_4, GoTool, NoTool
from support.kube_api import Object

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "helm" / "model-operator"
_FIXTURES = {"helm": HELM_4, "helm_3": HELM_3, "actionlint": ACTIONLINT}
_PROGRAMS = pytest.StashKey[dict[GoTool, Path | NoTool]]()


# Many tests look at the same objects, and the chart does not change meanwhile.
_RENDERED: dict[tuple[Path, tuple[str, ...], str], str] = {}
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class HelmFailed(AssertionError):
    """Helm ended with an error; the text is Helm's own."""


@dataclass(frozen=True)
class Helm:
    """One version of Helm. `home` is instead of the user's folders; `access` is the cluster, if there is one."""

    program: Path
    home: Path
    access: Access | None = None

    def on(self, access: Access) -> "Helm":
        """The same on a cluster."""
        return Helm(self.program, self.home, access)

    def __call__(self, *args: str | Path, values: Object | None = None, check: bool = True) -> str:
        """What Helm said; with `values` as a values file. Raises `HelmFailed` unless `check` is False."""
        done = self._run([str(arg) for arg in args], values)
        if check and done.returncode != 0:
            raise HelmFailed(f"helm {' '.join(map(str, args))}:\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def refusal(self, *args: str | Path, values: Object | None = None) -> str:
        """What Helm says against it. Raises `AssertionError` when it does as it was told."""
        done = self._run([str(arg) for arg in args], values)
        assert done.returncode != 0, f"accepted: {done.stdout}"
        return done.stderr

    def template(self, values: Object | None = None, *args: str, namespace: str = "system") -> list[Object]:
        """The objects of a release called `model-operator`."""
        argv = ("template", "model-operator", str(CHART), f"--namespace={namespace}", *args)
        key = (self.program, argv, yaml.safe_dump(values))
        if key not in _RENDERED:
            done = self._run(list(argv), values)
            if done.returncode != 0:
                raise HelmFailed(done.stderr)
            _RENDERED[key] = done.stdout
        return [document for document in yaml.load_all(_RENDERED[key], Loader=_LOADER) if document]

    def _run(self, args: list[str], values: Object | None) -> subprocess.CompletedProcess[str]:
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("HELM_", "KUBE"))}
        ours |= {f"HELM_{kind}_HOME": str(self.home / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA")}
        if self.access is not None:
            ours["KUBECONFIG"] = str(self.access.kubeconfig)
        return subprocess.run(
            [str(self.program), *args, *([] if values is None else ["--values=-"])],
            input=None if values is None else yaml.safe_dump(values),
            env=ours,
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )


def of_kind(objects: Iterable[Object], kind: str, name: str | None = None) -> list[Object]:
    """Those of a kind, and of a name if one is given."""
    return [
        obj for obj in objects if obj["kind"] == kind and (name is None or obj["metadata"]["name"] == name)
    ]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Have what the collected tests need; whoever cannot have it is told by the tests."""
    session.config.stash[_PROGRAMS] = {}
    if session.config.option.collectonly:
        return
    for tool in {tool for item in session.items for tool in _needed(item)}:
        try:
            session.config.stash[_PROGRAMS][tool] = tool.find(os.environ)
        except NoTool as error:
            session.config.stash[_PROGRAMS][tool] = error


def _needed(item: pytest.Item) -> set[GoTool]:
    chosen = getattr(getattr(item, "callspec", None), "params", {}).get("any_helm")
    named = {_FIXTURES[name] for name in getattr(item, "fixturenames", ()) if name in _FIXTURES}
    return named | {chosen} if chosen else named


Program = Callable[[GoTool], Path]


@pytest.fixture(scope="session")
def go_tool(request: pytest.FixtureRequest) -> Program:
    """`go_tool(HELM_3)`: where it is."""

    def program(tool: GoTool) -> Path:
        found = request.config.stash[_PROGRAMS][tool]
        if isinstance(found, NoTool):
            pytest.fail(str(found), pytrace=False)
        return found

    return program


@pytest.fixture(scope="session")
def helm(go_tool: Program, tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """Helm 4."""
    return Helm(go_tool(HELM_4), tmp_path_factory.mktemp("helm"))


@pytest.fixture(scope="session")
def helm_3(go_tool: Program, tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """Helm 3, for users who are not on 4 yet."""
    return Helm(go_tool(HELM_3), tmp_path_factory.mktemp("helm"))


@pytest.fixture(
    scope="session",
    params=[
        pytest.param(HELM_4, id=HELM_4.version),
        pytest.param(HELM_3, id=HELM_3.version, marks=pytest.mark.long),
    ],
)
def any_helm(request: Any, go_tool: Program, tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """Each of them: Helm 3 in `make test-long`."""
    return Helm(go_tool(request.param), tmp_path_factory.mktemp("helm"))


@pytest.fixture(scope="session")
def actionlint(go_tool: Program) -> Path:
    """The linter of workflows."""
    return go_tool(ACTIONLINT)
