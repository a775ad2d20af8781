"""The envtest archive of Kubernetes' own controller-tools project: kube-apiserver, etcd and kubectl, ready made.

Nothing of an archive is used, not even unpacked, before its SHA-512 is the pinned one.
"""

import hashlib
import http.client
import platform
import shutil
import sys
import tarfile
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import IO

from model_operator_demo.controlplane_cache import Progress

ENVTEST_VERSION = (
    "v1.36.2"  # the newest 1.36 that controller-tools has published; patch releases are rare there
)
PROGRAMS = ("kube-apiserver", "etcd", "kubectl")

# From envtest-releases.yaml of kubernetes-sigs/controller-tools.
_SHA512 = {
    "darwin-amd64": "b4fe9f973cd1992e3880f8b230ed32c0c243b83371591e3e3315f4404df2cdbe"
    "f8ee94eeb9bb245b7e5feb987d5c4a76c43e0877654ab73f00d7bbc2b9984514",
    "darwin-arm64": "9278f9e5af556b2f1f2d139769c1f0d717c7b4426917fdebdba898bcb725a916"
    "e4910d6160886194ff9be9589ea7c5c32c2b8ae0754703874b7c8ba8ddfc41ce",
    "linux-amd64": "ea743186c8a799f5cf8faf16969f86189d003cb7d130e0ac4b58789f1e5748dc"
    "f30ebe91c837a10d5ac415383da3e10b9e64d65785c938c23e739781cfb76f08",
    "linux-arm64": "2d72ee985a8e262a3c57dc9f7f0fd891f6a8c7bf7ebaa2db6dc6d8eac8ae2818"
    "1afe51c1f368b67756cdb40b10de9b205609e1726e5f27f7c6d824dd9c6649ac",
}
_CHUNK = 1 << 20
_FOLDER_IN_ARCHIVE = "controller-tools/envtest"


class DownloadFailed(Exception):
    """The archive could not be had or is not the pinned one; the text says which and why."""


def this_platform() -> str:
    """As the archives name it: `linux-amd64`, `darwin-arm64`."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(
        platform.machine().lower(), platform.machine().lower()
    )
    return f"{sys.platform}-{machine}"


@dataclass(frozen=True)
class Archive:
    """One pinned archive; `timeout` bounds the connection and every single read, not the whole download."""

    version: str = ENVTEST_VERSION
    platform: str = field(default_factory=this_platform)
    releases: str = "https://github.com/kubernetes-sigs/controller-tools/releases/download"
    checksums: Mapping[str, str] = field(default_factory=lambda: _SHA512)
    timeout: timedelta = timedelta(seconds=5)

    @property
    def url(self) -> str:
        """Where the archive of this platform is."""
        name = f"envtest-{self.version}"
        return f"{self.releases}/{name}/{name}-{self.platform}.tar.gz"

    @property
    def key(self) -> str:
        """Changes with whatever would change the files."""
        return f"{self.version}-envtest-{self.checksums.get(self.platform, '')[:12]}"

    def fetch(self, folder: Path, progress: Progress) -> None:
        """Put the three programs into `folder`. Raises `DownloadFailed`."""
        expected = self.checksums.get(self.platform)
        if expected is None:
            raise DownloadFailed(f"no archive is pinned for {self.platform}")
        archive = folder / "archive.tar.gz"
        try:
            actual = self._download(archive, progress)
            if actual != expected:
                raise DownloadFailed(
                    f"{self.url} is NOT what was pinned and was not used: its SHA-512 is {actual[:16]}…, "
                    f"expected {expected[:16]}…"
                )
            _unpack(archive, folder)
        finally:
            archive.unlink(missing_ok=True)

    def _download(self, target: Path, progress: Progress) -> str:
        """The SHA-512 of what was written to `target`."""
        digest = hashlib.sha512()
        progress(f"downloading {self.url}")
        try:
            # The URL is the constant above, http only where a test says so.
            with (
                urllib.request.urlopen(self.url, timeout=self.timeout.total_seconds()) as reply,  # noqa: S310
                target.open("wb") as file,
            ):
                _copy(reply, file, digest.update, progress)
        except urllib.error.HTTPError as error:
            raise DownloadFailed(f"{self.url} answered {error.code} {error.reason}") from error
        except (OSError, http.client.HTTPException) as error:
            reason = error.reason if isinstance(error, urllib.error.URLError) else error
            raise DownloadFailed(
                f"{self.url} cannot be reached: {reason or type(reason).__name__}"
            ) from error
        return digest.hexdigest()


def _copy(
    reply: http.client.HTTPResponse, file: IO[bytes], seen: Callable[[bytes], None], say: Progress
) -> None:
    total, done, told = int(reply.headers.get("Content-Length") or 0), 0, 0
    while chunk := reply.read(_CHUNK):
        file.write(chunk)
        seen(chunk)
        done += len(chunk)
        percent = 100 * done // total if total else 0
        if percent >= told + 20:
            told = percent
            say(f"downloaded {done >> 20} of {total >> 20} MB")
    if done < total:  # http.client does not mind
        raise ConnectionError(f"it broke off after {done} of {total} bytes")


def _unpack(archive: Path, folder: Path) -> None:
    """Only the three programs, by their own names: no path of the archive decides where a file goes."""
    try:
        with tarfile.open(archive) as files:
            for program in PROGRAMS:
                target = folder / program
                with _opened(files, program) as source, target.open("wb") as file:
                    shutil.copyfileobj(source, file)
                target.chmod(0o755)
    except (tarfile.TarError, EOFError, KeyError) as error:
        raise DownloadFailed(f"the archive is not one of envtest: {error}") from error


def _opened(files: tarfile.TarFile, program: str) -> IO[bytes]:
    source = files.extractfile(f"{_FOLDER_IN_ARCHIVE}/{program}")
    if source is None:
        raise KeyError(f"{program} is not a file")
    return source
