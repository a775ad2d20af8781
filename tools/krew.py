"""What the release workflow makes for krew, kubectl's plugin manager: an archive for each platform, and the manifest.

    python tools/krew.py pack --os linux --arch amd64 dist        # needs an installation of model-operator and PyInstaller
    python tools/krew.py manifest --repository https://github.com/acme/model-operator dist

A plugin of krew is a program that needs nothing else, so the archive has a Python of its own.
"""

import argparse
import hashlib
import importlib
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from model_operator import __version__

NAME: Final = "models"
PROGRAM: Final = f"kubectl-{NAME}"
PLATFORMS: Final = (
    ("linux", "amd64"),
    ("linux", "arm64"),
    ("darwin", "amd64"),
    ("darwin", "arm64"),
    ("windows", "amd64"),
)
_LICENSE: Final = Path(__file__).parents[1] / "LICENSE"
_ENTRY: Final = "from model_operator.cli.plugin import main\n\nmain()\n"
_SPEC: Final = """
from PyInstaller.utils.hooks import collect_data_files

found = Analysis([{entry!r}], datas=collect_data_files("model_operator"), excludes={excludes!r})
program = EXE(PYZ(found.pure), found.scripts, exclude_binaries=True, name={name!r}, console=True)
COLLECT(program, found.binaries, found.datas, name={name!r})
"""
_NOT_OF_THE_PLUGIN: Final = ("kopf", "model_operator_demo")
"""`run` and `demo` are not among its commands."""


def archive_of(os: str, arch: str) -> str:
    return f"{PROGRAM}-{os}-{arch}.tar.gz"


def pack(folder: Path, os: str, arch: str) -> Path:
    """The archive for the platform that this runs on, of the installation that this Python has."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="model-operator-krew-") as work:
        entry, spec = Path(work) / "entry.py", Path(work) / f"{PROGRAM}.spec"
        entry.write_text(_ENTRY)
        excludes = sorted([*_NOT_OF_THE_PLUGIN, *_unused("kubernetes")])
        spec.write_text(_SPEC.format(entry=str(entry), excludes=excludes, name=PROGRAM))
        subprocess.run(  # noqa: S603  our own arguments
            [
                *(sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level=WARN"),
                *("--distpath", f"{work}/dist", "--workpath", f"{work}/build", str(spec)),
            ],
            check=True,
        )
        target = folder / archive_of(os, arch)
        with tarfile.open(target, "w:gz") as archive:
            archive.add(_LICENSE, "LICENSE")
            archive.add(Path(work) / "dist" / PROGRAM, PROGRAM)
    return target


def _unused(package: str) -> Iterator[str]:
    """Modules of it that the commands do not load: of the Kubernetes client, all but a few dozen of some thousand."""
    importlib.import_module("model_operator.kube")
    (folder,) = sys.modules[package].__path__
    for file in Path(folder).rglob("*.py"):
        parts = file.relative_to(Path(folder).parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if name not in sys.modules:
            yield name


def manifest(repository: str, folder: Path) -> dict[str, Any]:
    """Of the archives in the folder. Raises `FileNotFoundError` if one is missing."""
    return {
        "apiVersion": "krew.googlecontainertools.github.com/v1alpha2",
        "kind": "Plugin",
        "metadata": {"name": NAME},
        "spec": {
            "version": f"v{__version__}",
            "homepage": repository,
            "shortDescription": "See and steer models at remote inference providers",
            "description": (
                "Shows the ModelProviders, ModelDeployments, CanaryEndpoints and\n"
                "ModelBudgets of model-operator with their state, its reason and what to\n"
                "do; plans what would be sent, pauses and scales models, moves rollouts of\n"
                "canaries and writes them down, and lists what nobody manages any more.\n"
            ),
            "caveats": "Needs model-operator in the cluster; `kubectl models check` looks at it.\n",
            "platforms": [*_platforms(repository, folder)],
        },
    }


def _platforms(repository: str, folder: Path) -> Iterator[dict[str, Any]]:
    for os, arch in PLATFORMS:
        name = archive_of(os, arch)
        suffix = ".exe" if os == "windows" else ""
        yield {
            "selector": {"matchLabels": {"os": os, "arch": arch}},
            "uri": f"{repository}/releases/download/v{__version__}/{name}",
            "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest(),
            "bin": f"{PROGRAM}/{PROGRAM}{suffix}",
        }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, dest="command")
    packing = commands.add_parser("pack", help="make the archive of this platform")
    packing.add_argument("--os", choices=sorted({os for os, _ in PLATFORMS}), required=True)
    packing.add_argument("--arch", choices=sorted({arch for _, arch in PLATFORMS}), required=True)
    writing = commands.add_parser("manifest", help="write the manifest of all archives")
    writing.add_argument("--repository", required=True, help="address of the repository that has the release")
    for command in (packing, writing):
        command.add_argument("folder", type=Path, help="where the archives are")
    given = parser.parse_args(arguments)
    if given.command == "pack":
        pack(given.folder, given.os, given.arch)
    else:
        text = yaml.safe_dump(manifest(given.repository, given.folder), sort_keys=False, width=100)
        (given.folder / f"{NAME}.yaml").write_text(text)


if __name__ == "__main__":
    main()
