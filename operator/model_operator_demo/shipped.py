"""Where the manifests are that the project ships: in a checkout, or beside this module in an installed package."""

import os
from pathlib import Path


class NoManifests(Exception):
    """Neither a checkout nor a complete installation."""


def manifests() -> Path:
    """The folder with `rbac.yaml` and `examples/`. Raises `NoManifests`."""
    here = Path(__file__).resolve()
    for candidate in (here.parents[2] / "manifests", here.parent / "_manifests"):
        if (candidate / "rbac.yaml").is_file():
            return candidate
    raise NoManifests("the folder manifests/ is missing: run the demo from a checkout, or install the wheel")


def as_typed(path: Path) -> str:
    """The path as a user in this folder would write it."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
