"""Where Helm and actionlint come from: the user's own if it will do, else the cache, else a build, else one clear message."""

from pathlib import Path

import pytest

from model_operator_demo.go_tools import ACTIONLINT, HELM_3, HELM_4, GoTool, NoTool


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    """A PATH of its own."""
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


def program(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def find(bin_folder: Path, tool: GoTool = HELM_4) -> Path:
    environ = {"PATH": str(bin_folder), "XDG_CACHE_HOME": str(bin_folder.parent / "cache")}
    return tool.find(environ, progress=str)


@pytest.mark.parametrize("installed", ["v4.3.1", "v4.3.0", "v4.12.0+build"])
def test_a_fitting_helm_on_the_path_is_used(bin_folder: Path, installed: str) -> None:
    helm = program(bin_folder, "helm", f"echo {installed}")
    assert find(bin_folder) == helm


@pytest.mark.parametrize(
    "installed",
    [
        pytest.param("echo v4.2.9", id="older"),
        pytest.param("echo v3.22.0", id="another major version"),
        pytest.param("echo v4.3", id="of unknown age"),
        pytest.param("exit 1", id="broken"),
    ],
)
def test_another_one_is_not_used(bin_folder: Path, installed: str) -> None:
    program(bin_folder, "helm", installed)
    with pytest.raises(NoTool, match=r"no helm v4\.3\.1 or newer on the PATH"):
        find(bin_folder)


def test_without_go_the_message_says_what_to_install(bin_folder: Path) -> None:
    with pytest.raises(NoTool, match=r"Go is not installed[\s\S]*Install helm .* or Go"):
        find(bin_folder)


def test_it_is_built_once_and_then_found_in_the_cache(bin_folder: Path) -> None:
    calls = bin_folder.parent / "calls"
    program(bin_folder, "go", f'echo "$@" >> {calls}; echo made > "$GOBIN/helm"')
    found = find(bin_folder)
    assert found.read_text() == "made\n"
    assert find(bin_folder) == found
    (call,) = calls.read_text().splitlines()
    assert call.endswith("helm.sh/helm/v4/cmd/helm@v4.3.1")


def test_a_failed_build_leaves_nothing_and_shows_the_compilers_words(bin_folder: Path) -> None:
    program(bin_folder, "go", "echo no such module; exit 1")
    with pytest.raises(NoTool, match="no such module"):
        find(bin_folder)
    program(bin_folder, "go", 'echo made > "$GOBIN/helm"')
    assert find(bin_folder).read_text() == "made\n"


def test_the_two_versions_have_places_of_their_own(bin_folder: Path) -> None:
    program(bin_folder, "go", 'echo made > "$GOBIN/helm"')
    assert find(bin_folder, HELM_4) != find(bin_folder, HELM_3)


def test_a_version_without_v_is_one_too(bin_folder: Path) -> None:
    actionlint = program(bin_folder, "actionlint", "echo 1.7.12; echo installed by hand")
    assert find(bin_folder, ACTIONLINT) == actionlint
