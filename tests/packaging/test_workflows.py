"""The workflows, which cannot run here: well-formed, pinned, with few rights, and what they edit is there."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from model_operator import __version__
from model_operator_demo.controlplane_build import KUBERNETES_VERSION
from support.helm import CHART, ROOT, Helm, of_kind
from support.markdown import blocks

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yaml"))
DIGEST = "sha256:" + "b2" * 32
CHANGELOG = f"""# Changelog

## [Unreleased]

- later

## [{__version__}] - 2026-12-01

### Added

- this

## [0.0.1] - 2026-01-01

- before
"""


def test_actionlint_has_no_complaint(actionlint: Path) -> None:
    done = subprocess.run(
        [str(actionlint), "-no-color", *map(str, WORKFLOWS)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_actionlint_would_find_a_mistake(actionlint: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    release = ROOT / ".github" / "workflows" / "release.yaml"
    broken.write_text(release.read_text().replace("steps.version.outputs", "steps.version.output"))
    done = subprocess.run([str(actionlint), str(broken)], capture_output=True, text=True, check=False)
    assert "is not defined in object type" in done.stdout


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_and_says_which_version_it_is(path: Path) -> None:
    used = re.findall(r"uses: (?!\./)(.*)", path.read_text())
    assert used
    for reference in used:
        assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", reference), reference


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_read_and_each_job_asks_for_more_itself(path: Path) -> None:
    document: dict[str, Any] = yaml.safe_load(path.read_text())
    assert document["permissions"] == {"contents": "read"}


def step(name: str) -> str:
    """The script of a step of the release."""
    document: dict[str, Any] = yaml.safe_load((ROOT / ".github/workflows/release.yaml").read_text())
    (found,) = [step["run"] for step in document["jobs"]["publish"]["steps"] if step.get("name") == name]
    return str(found)


def run(script: str, folder: Path, **environment: str) -> None:
    """As the runner does: bash with -e and pipefail."""
    subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env=environment,
        check=True,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What the release's scripts read and write."""
    for path in ("helm/model-operator", "manifests"):
        shutil.copytree(ROOT / path, tmp_path / path)
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    (tmp_path / "operator/model_operator").mkdir(parents=True)
    shutil.copy(ROOT / "operator/model_operator/__init__.py", tmp_path / "operator/model_operator")
    return tmp_path


def test_a_tag_of_another_version_is_not_released(checkout: Path) -> None:
    path = "/usr/bin:/bin"
    output = checkout / "output"
    script = step("Compare the versions")
    shared = {"PATH": path, "GITHUB_REPOSITORY": "Acme/Model-Operator", "GITHUB_REPOSITORY_OWNER": "Acme"}
    run(script, checkout, GITHUB_REF_NAME=f"v{__version__}", GITHUB_OUTPUT=str(output), **shared)
    assert output.read_text().splitlines() == [
        f"version={__version__}",
        "repository=acme/model-operator",
        "owner=acme",
    ]
    with pytest.raises(subprocess.CalledProcessError):
        run(script, checkout, GITHUB_REF_NAME="v9.9.9", GITHUB_OUTPUT=str(output), **shared)


def test_a_version_without_a_section_in_the_changelog_is_not_released(checkout: Path) -> None:
    (checkout / "CHANGELOG.md").write_text(f"## [Unreleased]\n\n{__version__}\n")
    with pytest.raises(subprocess.CalledProcessError):
        run(
            step("Compare the versions"),
            checkout,
            PATH="/usr/bin:/bin",
            GITHUB_REF_NAME=f"v{__version__}",
            GITHUB_OUTPUT=str(checkout / "output"),
            GITHUB_REPOSITORY="acme/model-operator",
            GITHUB_REPOSITORY_OWNER="acme",
        )


def test_the_notes_of_a_release_are_its_section_of_the_changelog(checkout: Path) -> None:
    run(step("Take the notes from the changelog"), checkout, PATH="/usr/bin:/bin", VERSION=__version__)
    assert (checkout / "notes.md").read_text().split() == ["###", "Added", "-", "this"]


def test_a_release_waits_for_every_supported_kubernetes_and_for_the_scan() -> None:
    document: dict[str, Any] = yaml.safe_load((ROOT / ".github/workflows/release.yaml").read_text())
    jobs = document["jobs"]
    assert jobs["publish"]["needs"] == ["test", "kubernetes", "scan"]
    tested = jobs["kubernetes"]["strategy"]["matrix"]["kubernetes"]
    oldest = re.findall(r'kubeVersion: ">=(1\.\d+)', (CHART / "Chart.yaml").read_text())
    newest = KUBERNETES_VERSION.removeprefix("v").rpartition(".")[0]
    assert [tested[:1], tested[-1:]] == [oldest, [newest]]
    assert [int(version.partition(".")[2]) for version in tested] == list(range(31, 31 + len(tested)))


def test_what_the_page_verifies_is_what_the_workflow_signs(tmp_path: Path) -> None:
    """The commands of docs/install.md, with a cosign that only writes down what it is asked."""
    (verify,) = [one for one in blocks(ROOT / "docs/install.md") if "cosign verify " in one.body]
    (tmp_path / "cosign").write_text('#!/bin/sh\necho "$*" >> asked\n')
    (tmp_path / "cosign").chmod(0o755)
    run(verify.script, tmp_path, PATH=f"{tmp_path}:/usr/bin:/bin")
    image, chart, manifest, wheel = (tmp_path / "asked").read_text().splitlines()
    workflow = (ROOT / ".github/workflows/release.yaml").read_text()
    assert "IMAGE: ${{ env.REGISTRY }}/${{ steps.version.outputs.repository }}@" in workflow
    assert "CHART: ${{ env.REGISTRY }}/${{ steps.version.outputs.owner }}/charts/model-operator@" in workflow
    assert "for file in dist/install.yaml dist/*.whl; do" in workflow
    assert 'cosign sign-blob --yes --bundle "$file.sigstore.json" "$file"' in workflow
    assert image.endswith(f" ghcr.io/acme/model-operator:{__version__}")
    assert chart.endswith(f" ghcr.io/acme/charts/model-operator:{__version__}")
    assert manifest.endswith(" --bundle install.yaml.sigstore.json install.yaml")
    signer = f"https://github.com/acme/model-operator/.github/workflows/release.yaml@refs/tags/v{__version__}"
    assert f"model_operator-{__version__}-py3-none-any.whl.sigstore.json " in wheel
    for line in (image, chart, manifest, wheel):
        assert f"--certificate-identity={signer} " in line
        assert "--certificate-oidc-issuer=https://token.actions.githubusercontent.com " in line


def test_the_published_chart_and_manifest_name_the_published_image(helm: Helm, checkout: Path) -> None:
    tools = checkout / "tools"
    tools.mkdir()
    (tools / "helm").symlink_to(helm.program)
    script = step("Put the image into the chart and the plain manifest")
    run(
        script,
        checkout,
        PATH=f"{tools}:/usr/bin:/bin",
        HOME=str(checkout),
        REGISTRY="ghcr.io",
        REPOSITORY="acme/model-operator",
        DIGEST=DIGEST,
        VERSION=__version__,
    )
    image = f"ghcr.io/acme/model-operator:{__version__}@{DIGEST}"
    packaged = checkout / "dist" / f"model-operator-{__version__}.tgz"
    rendered = yaml.safe_load_all(helm("template", "a", packaged))
    plain = yaml.safe_load_all((checkout / "dist" / "install.yaml").read_text())
    for objects in (rendered, plain):
        (deployment,) = of_kind(filter(None, objects), "Deployment")
        assert deployment["spec"]["template"]["spec"]["containers"][0]["image"] == image
