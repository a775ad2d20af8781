"""Programs that Debian and its kin package: from the PATH, else unpacked into the user's cache, installed nowhere.

A pytest plugin: the fixtures `prometheus`, `promtool` and `chromium`. apt fetches from wherever it is set up to, before the
first test that needs it: outside of any test's time-out, once however many workers there are.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from model_operator_demo.controlplane_cache import cache_root, fill_once
from support.had import had, looked_for

_LONG = 600  # seconds; for the slowest mirror


class NotHad(Exception):
    """There is no such program, and no way to it; the text says what to install."""


@dataclass(frozen=True)
class Packaged:
    """A program of the Debian package `package`: one of `names` on the PATH, or the file `inside` the package."""

    package: str
    names: tuple[str, ...]
    inside: str
    has_libraries: bool = False
    """Needs shared libraries of other packages, which are unpacked beside it."""

    def find(self, environ: Mapping[str, str]) -> "Program":
        """Raises `NotHad`."""
        for name in self.names:
            if found := shutil.which(name, path=environ.get("PATH")):
                return Program(Path(found))
        folder = cache_root(environ).parent / "debian" / self.package
        if not folder.is_dir():
            if missing := [tool for tool in ("apt-get", "dpkg-deb") if shutil.which(tool) is None]:
                raise NotHad(f"install {self.names[0]}: it is not on the PATH, and {missing[0]} is not there")
            fill_once(folder, self._unpack, lambda _: None)
        if not self.has_libraries:
            return Program(folder / self.inside)
        places = sorted({str(library.parent) for library in folder.glob("**/lib/**/*.so*")})
        paths = {"LD_LIBRARY_PATH": ":".join(places)}
        if not Path("/etc/fonts").exists():
            paths["FONTCONFIG_PATH"] = str(folder / "etc" / "fonts")
        return Program(folder / self.inside, paths)

    def _unpack(self, folder: Path) -> None:
        packages = folder / "packages"
        packages.mkdir()
        try:
            self._download(packages, lists=())
        except NotHad:
            # The machine's lists may be missing or old, and may not be ours to renew.
            lists = _own_lists(folder)
            _run("apt-get", *lists, "update", folder=folder)
            self._download(packages, lists=lists)
        for file in sorted(packages.glob("*.deb")):
            _run("dpkg-deb", "--extract", str(file), str(folder), folder=folder)
        shutil.rmtree(packages)
        if not (folder / self.inside).is_file():
            raise NotHad(f"install {self.names[0]}: the package {self.package} has no {self.inside}")

    def _download(self, folder: Path, lists: tuple[str, ...]) -> None:
        names = [self.package]
        if self.has_libraries:
            said = _run(
                "apt-get", *lists, "install", "--simulate", "--no-install-recommends", *names, folder=folder
            )
            names = re.findall(r"^Inst (\S+)", said, re.MULTILINE)
        _run("apt-get", *lists, "download", *names, folder=folder)


@dataclass(frozen=True)
class Program:
    """Where it is, and the variables that it needs."""

    path: Path
    variables: Mapping[str, str] | None = None

    @property
    def environ(self) -> dict[str, str]:
        return {**os.environ, **(self.variables or {})}

    def __call__(self, *args: str | Path, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run to its end, whatever its exit code."""
        return subprocess.run(
            [str(self.path), *map(str, args)],
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )


PROGRAMS = {
    "prometheus": Packaged("prometheus", ("prometheus",), "usr/bin/prometheus"),
    "promtool": Packaged("prometheus", ("promtool",), "usr/bin/promtool"),
    "chromium": Packaged(
        "chromium",
        ("chromium", "google-chrome", "google-chrome-stable", "chromium-browser"),
        "usr/lib/chromium/chromium",
        has_libraries=True,
    ),
}
_FOUND = pytest.StashKey[dict[str, Program | NotHad]]()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Have what the collected tests need; whoever cannot have it is told by the tests."""
    session.config.stash[_FOUND] = looked_for(session, PROGRAMS, NotHad)


def _had(request: pytest.FixtureRequest, name: str) -> Program:
    return had(request.config.stash[_FOUND][name])


@pytest.fixture(scope="session")
def prometheus(request: pytest.FixtureRequest) -> Program:
    """The real one."""
    return _had(request, "prometheus")


@pytest.fixture(scope="session")
def promtool(request: pytest.FixtureRequest) -> Program:
    """Its checker of rules."""
    return _had(request, "promtool")


@pytest.fixture(scope="session")
def chromium(request: pytest.FixtureRequest) -> Program:
    """A real browser."""
    return _had(request, "chromium")


def _own_lists(folder: Path) -> tuple[str, ...]:
    """Options with which apt keeps its lists in a folder of ours."""
    state, cache = folder / "apt" / "lists", folder / "apt" / "cache"
    (state / "partial").mkdir(parents=True)
    (cache / "archives" / "partial").mkdir(parents=True)
    return (f"-oDir::State::lists={state}", f"-oDir::Cache={cache}")


def _run(*command: str, folder: Path) -> str:
    """What it printed. Raises `NotHad` with its own words."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=_LONG)
    except subprocess.TimeoutExpired:
        raise NotHad(f"{' '.join(command[:3])} does not end") from None
    if done.returncode != 0:
        raise NotHad(f"{' '.join(command[:3])}: {done.stderr.strip()[-500:]}")
    return done.stdout
