"""The built image under whatever runs containers here: docker or podman, else buildah and a chroot.

The second way has no daemon and no runtime: the image's files on a read-only mount, its user, its environment, its
entry point, no new privileges. It needs root.
"""

import json
import os
import shutil
import subprocess
import tarfile
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from typing_extensions import override

SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


def run(*argv: str | Path) -> str:
    """What it printed. Raises `CalledProcessError`."""
    return subprocess.run(list(map(str, argv)), check=True, stdout=subprocess.PIPE, text=True).stdout


@dataclass(frozen=True)
class Config:
    """What the image says about itself."""

    user: str
    entrypoint: list[str]
    command: list[str]
    environment: dict[str, str]
    labels: dict[str, str]

    @classmethod
    def parse(cls, found: dict[str, Any]) -> "Config":
        """From the `config` of an OCI image, or docker's."""
        return cls(
            user=found.get("User", ""),
            entrypoint=found.get("Entrypoint") or [],
            command=found.get("Cmd") or [],
            environment=dict(entry.split("=", 1) for entry in found.get("Env") or []),
            labels=found.get("Labels") or {},
        )


class Image(ABC):
    """One image. `folder` is for our own files."""

    def __init__(self, name: str, engine: str, folder: Path) -> None:
        self.name = name
        self.engine = engine
        self.folder = folder

    @property
    @abstractmethod
    def config(self) -> Config:
        """As built."""

    @property
    @abstractmethod
    def pulled_size(self) -> int:
        """Bytes that go over the wire."""

    @property
    @abstractmethod
    def files(self) -> set[str]:
        """Absolute paths of everything in it."""

    @abstractmethod
    def command(self, *arguments: str, shared: Path, **environment: str) -> list[str]:
        """An argv that runs its entry point read-only, as its user, on this machine's network.

        `shared` is where a pod finds its ServiceAccount; nothing else of this machine is to be seen.
        """

    @abstractmethod
    def close(self) -> None:
        """Nothing of ours is left."""


class Engine(Image):
    """docker or podman."""

    @cached_property
    @override
    def config(self) -> Config:
        return Config.parse(json.loads(run(self.engine, "image", "inspect", self.name))[0]["Config"])

    @cached_property
    def _saved(self) -> Path:
        path = self.folder / "saved.tar"
        run(self.engine, "save", f"--output={path}", self.name)
        return path

    @property
    @override
    def pulled_size(self) -> int:
        packed = self.folder / "saved.tar.gz"
        with packed.open("wb") as target:
            subprocess.run(["gzip", "--stdout", str(self._saved)], check=True, stdout=target)
        return packed.stat().st_size

    @cached_property
    @override
    def files(self) -> set[str]:
        container = run(self.engine, "create", self.name).strip()
        path = self.folder / "files.tar"
        run(self.engine, "export", f"--output={path}", container)
        run(self.engine, "rm", container)
        with tarfile.open(path) as archive:
            return {f"/{name}" for name in archive.getnames()}

    @override
    def command(self, *arguments: str, shared: Path, **environment: str) -> list[str]:
        variables = [f"--env={name}={value}" for name, value in environment.items()]
        hardening = ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--network=host"]
        return [
            *(self.engine, "run", "--rm", "--init", *hardening),
            f"--volume={shared}:{SERVICE_ACCOUNT}:ro",
            *variables,
            self.name,
            *arguments,
        ]

    @override
    def close(self) -> None:
        return


class Mounted(Image):
    """buildah, and a chroot in a mount namespace."""

    @cached_property
    @override
    def config(self) -> Config:
        found = json.loads(run("buildah", "inspect", "--type=image", self.name))
        return Config.parse(found["OCIv1"]["config"])

    @cached_property
    def _container(self) -> str:
        return run("buildah", "from", "--pull-never", self.name).strip()

    @cached_property
    def _root(self) -> Path:
        return Path(run("buildah", "mount", self._container).strip())

    @property
    @override
    def pulled_size(self) -> int:
        target = self.folder / "oci"
        run("buildah", "push", "--quiet", self.name, f"oci:{target}:image")
        return sum(blob.stat().st_size for blob in target.glob("blobs/sha256/*"))

    @cached_property
    @override
    def files(self) -> set[str]:
        return {f"/{path.relative_to(self._root)}" for path in self._root.rglob("*")}

    @override
    def command(self, *arguments: str, shared: Path, **environment: str) -> list[str]:
        config, root = self.config, self._root
        # Where it is a link, it is an absolute one, which would lead out of the root.
        run_folder = root / ("run" if (root / "var/run").is_symlink() else "var/run")
        at = run_folder / SERVICE_ACCOUNT.removeprefix("/var/run/")
        script = (
            f"mount --bind {root} {root} && mount -t tmpfs none {run_folder} && mkdir -p {at}"
            f" && mount --bind {shared} {at} && mount -o remount,bind,ro {at} && mount -o remount,ro {run_folder}"
            f" && mount -o remount,bind,ro {root}"
            f' && exec setpriv --no-new-privs chroot --userspec={config.user} --groups= {root} "$@"'
        )
        variables = [f"{name}={value}" for name, value in {**config.environment, **environment}.items()]
        return [
            *("env", "--ignore-environment", f"PATH={os.environ['PATH']}"),
            *("unshare", "--mount", "sh", "-c", script, "sh"),
            # Inside, nothing of ours is left but the image's own environment.
            *("/usr/bin/python3", "-c", _EXEC, *variables, "--"),
            *config.entrypoint,
            *(arguments or config.command),
        ]

    @override
    def close(self) -> None:
        run("buildah", "rm", self._container)


# There is no `env` in the image.
_EXEC = (
    "import os, sys; at = sys.argv.index('--');"
    " os.execve(sys.argv[at + 1], sys.argv[at + 1:], dict(v.split('=', 1) for v in sys.argv[1:at]))"
)


def open_image(name: str, engine: str, folder: Path) -> Image:
    """With that engine."""
    assert shutil.which(engine), f"{engine} is not installed"
    return Mounted(name, engine, folder) if engine == "buildah" else Engine(name, engine, folder)
