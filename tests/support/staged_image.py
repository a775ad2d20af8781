"""The image's files and its entry point without a container engine: staged as the Dockerfile says, on this machine's Python.

What no engine checks is checked here: no module but the image's own can be imported, the environment is the image's, and a file
that the image's user could not read is refused.
"""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class StagedImage:
    """`/app` is `app`."""

    app: Path
    environment: dict[str, str]
    entrypoint: list[str]
    user: str

    @classmethod
    def of_dockerfile(cls, folder: Path) -> "StagedImage":
        text = (ROOT / "Dockerfile").read_text()
        joined = text.replace("\\\n", " ")
        app = folder / "app"
        app.mkdir()
        for name in re.findall(
            r"^([A-Za-z0-9_.-]+)==", (ROOT / "requirements" / "runtime.txt").read_text(), re.MULTILINE
        ):
            _install(name, app)
        for source, target in re.findall(r"^COPY (operator/\S+) /app/(\S+)$", text, re.MULTILINE):
            shutil.copytree(ROOT / source, app / target, ignore=shutil.ignore_patterns("__pycache__"))
        (prune,) = re.findall(r"^RUN (find .*?-delete)", joined, re.MULTILINE)
        subprocess.run(["sh", "-c", prune.replace("/app/", f"{app}/")], check=True)
        (environment,) = re.findall(r"^ENV (.*)$", joined, re.MULTILINE)
        (entrypoint,) = re.findall(r"^ENTRYPOINT (.*)$", text, re.MULTILINE)
        (user,) = re.findall(r"^USER (\d+):\d+$", text, re.MULTILINE)
        variables = dict(pair.split("=", 1) for pair in environment.split())
        program, *arguments = json.loads(entrypoint)
        assert program == "/usr/bin/python3"
        python = str(
            getattr(sys, "_base_executable", sys.executable)
        )  # which has nothing of the tests' environment
        return cls(app, {**variables, "PYTHONPATH": str(app)}, [python, *arguments], user)

    def engine(self, path: Path) -> None:
        """Write a program that takes `run` as docker does, and runs the entry point."""
        described = {"environment": self.environment, "entrypoint": self.entrypoint, "user": self.user}
        path.write_text(f"#!{sys.executable}\nIMAGE = {described!r}\n{_ENGINE}")
        path.chmod(0o755)


def _install(name: str, app: Path) -> None:
    """As `pip install --target`: what the environment of the tests has of it. What it has not is for another platform."""
    for file in distribution(name).files or ():
        source = Path(str(file.locate()))
        if ".." in file.parts or "__pycache__" in file.parts or not source.is_file():
            continue
        target = app / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


_ENGINE = """
import argparse, os, sys

parser = argparse.ArgumentParser()
parser.add_argument("command", choices=["run"])
parser.add_argument("--rm", action="store_true")
parser.add_argument("-i", action="store_true")
parser.add_argument("--network", choices=["host"])
parser.add_argument("--user", default=IMAGE["user"])
parser.add_argument("-v", action="append", default=[])
parser.add_argument("-e", action="append", default=[])
parser.add_argument("image")
parser.add_argument("arguments", nargs=argparse.REMAINDER)
given = parser.parse_args()
uid = int(given.user.partition(":")[0])
mounted = {}
for volume in given.v:
    here, inside, mode = volume.split(":")
    about = os.stat(here)
    if not (about.st_mode & 0o004 or (about.st_uid == uid and about.st_mode & 0o400)):
        sys.exit(f"permission denied: {inside}")
    mounted[inside] = here
variables = dict(pair.split("=", 1) for pair in given.e)
# There is no mount here: what names a mounted file names that of this machine.
variables = {name: mounted.get(value, value) for name, value in variables.items()}
os.execve(IMAGE["entrypoint"][0], [*IMAGE["entrypoint"], *given.arguments], {**IMAGE["environment"], **variables})
"""
