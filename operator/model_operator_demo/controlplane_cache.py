"""Where the control plane's programs are kept between runs, filled once however many runs need them at a time.

A folder of the cache is complete or absent: it is made beside its place and renamed into it under a lock.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

Progress = Callable[[str], None]


def cache_root(environ: Mapping[str, str]) -> Path:
    """`$XDG_CACHE_HOME/model-operator/controlplane`; a relative or missing XDG_CACHE_HOME means `~/.cache`."""
    configured = Path(environ.get("XDG_CACHE_HOME", ""))
    base = configured if configured.is_absolute() else Path.home() / ".cache"
    return base / "model-operator" / "controlplane"


def fill_once(folder: Path, make: Callable[[Path], None], progress: Progress) -> None:
    """Call `make` with an empty folder that becomes `folder`, unless another process has done so meanwhile.

    What `make` raises is passed on, and nothing is left of its attempt.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(folder.parent / f".{folder.name}.lock", progress):
        if folder.is_dir():
            return
        prefix = f".{folder.name}.making-"
        for left_by_a_killed_run in folder.parent.glob(f"{prefix}*"):
            shutil.rmtree(left_by_a_killed_run, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=prefix, dir=folder.parent) as temporary:
            staged = Path(temporary) / "files"
            staged.mkdir()
            make(staged)
            staged.rename(folder)


@contextmanager
def _locked(path: Path, progress: Progress) -> Iterator[None]:
    """The kernel drops the lock with its holder, so that a killed run blocks nobody."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress(f"another run is preparing {path.parent}; waiting for it")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
