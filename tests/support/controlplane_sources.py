"""Where the control plane's programs come from, in a test: a server of releases, a Go that builds nothing, and a resolver."""

import io
import tarfile
from dataclasses import dataclass, field, replace
from pathlib import Path

from model_operator_demo.controlplane_binaries import Binaries, Resolver
from model_operator_demo.controlplane_build import GoBuild
from model_operator_demo.controlplane_download import PROGRAMS

PLATFORM = "linux-amd64"


PATH = f"/envtest-v1.36.2/envtest-v1.36.2-{PLATFORM}.tar.gz"


# Stands where Go's compiler would: writes what it was asked for, as a program that prints its own name.
GO = """#!/bin/sh
echo "$@" >> {log}
for argument in "$@"; do
  case "$argument" in -o=*) target="${{argument#-o=}}" ;; esac
done
printf '#!/bin/sh\\necho built\\n' > "$target" && chmod +x "$target"
"""


BROKEN_GO = (
    "#!/bin/sh\necho 'go: go.mod requires go >= 1.26.0 (running go 1.22.0; GOTOOLCHAIN=local)' >&2; exit 1\n"
)


def archive_of(*programs: str, folder: str = "controller-tools/envtest") -> bytes:
    """As the releases have it: the programs in a folder of a compressed tar, and a file that is not for us."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as files:
        for name in (*programs, "../../escape"):
            content = f"#!/bin/sh\necho {name}\n".encode()
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size = len(content)
            files.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


GOOD = archive_of(*PROGRAMS)


@dataclass
class Release:
    """What the release server answers, and what it was asked."""

    body: bytes = GOOD
    status: int = 200
    announced: int | None = None
    asked: list[str] = field(default_factory=list)
    url: str = ""


@dataclass
class Bench:
    """A resolver that touches nothing outside of the test's folder, and what it said."""

    resolver: Resolver
    said: list[str]
    folder: Path

    def said_about(self, word: str) -> list[str]:
        return [line for line in self.said if word in line]

    @property
    def built(self) -> list[str]:
        """The programs that Go was asked to build, by the package."""
        log = self.folder / "go.log"
        asked = [line.split() for line in log.read_text().splitlines()] if log.is_file() else []
        return [words[-1] for words in asked if "build" in words]  # the others list packages, for the bar

    def go(self, script: str = GO) -> GoBuild:
        program = self.folder / "go"
        program.write_text(script.format(log=self.folder / "go.log"))
        program.chmod(0o755)
        return replace(self.resolver.go, go=str(program))


def programs_in(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    return folder


def folder_of(found: Binaries) -> Path:
    return found.kube_apiserver.parent
