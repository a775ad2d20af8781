"""What krew is told of a release: each archive by its address and its checksum."""

import hashlib
import sys
from pathlib import Path

import pytest
import yaml

from model_operator import __version__
from support.helm import ROOT

sys.path.insert(0, str(ROOT / "tools"))  # where the generators are; they are no package

import krew

ADDRESS = "https://git.example.com/acme/model-operator"


@pytest.fixture
def archives(tmp_path: Path) -> Path:
    for os, arch in krew.PLATFORMS:
        (tmp_path / krew.archive_of(os, arch)).write_text(f"{os} {arch}")
    return tmp_path


def test_the_manifest_names_each_archive_with_its_checksum(archives: Path) -> None:
    krew.main(["manifest", "--repository", ADDRESS, str(archives)])
    document = yaml.safe_load((archives / "models.yaml").read_text())
    assert document["apiVersion"] == "krew.googlecontainertools.github.com/v1alpha2"
    assert (document["metadata"], document["spec"]["version"]) == ({"name": "models"}, f"v{__version__}")
    assert document["spec"]["platforms"] == [
        {
            "selector": {"matchLabels": {"os": os, "arch": arch}},
            "uri": f"{ADDRESS}/releases/download/v{__version__}/kubectl-models-{os}-{arch}.tar.gz",
            "sha256": hashlib.sha256(f"{os} {arch}".encode()).hexdigest(),
            "bin": "kubectl-models/kubectl-models" + (".exe" if os == "windows" else ""),
        }
        for os, arch in [
            ("linux", "amd64"),
            ("linux", "arm64"),
            ("darwin", "amd64"),
            ("darwin", "arm64"),
            ("windows", "amd64"),
        ]
    ]


def test_there_is_no_manifest_of_half_a_release(archives: Path) -> None:
    (archives / krew.archive_of("darwin", "arm64")).unlink()
    with pytest.raises(FileNotFoundError, match="darwin-arm64"):
        krew.main(["manifest", "--repository", ADDRESS, str(archives)])
    assert not (archives / "models.yaml").exists()


def test_its_texts_are_as_short_as_krew_wants_them(archives: Path) -> None:
    spec = krew.manifest(ADDRESS, archives)["spec"]
    assert len(spec["shortDescription"]) <= 70
    assert all(len(line) <= 80 for line in (spec["description"] + spec["caveats"]).splitlines())
