"""Where the control plane's programs come from: four sources in their order, each with its ways to fail."""

import hashlib
import io
import socket
import stat
import tarfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typing_extensions import override

from model_operator_demo.controlplane_binaries import Binaries, NoControlPlane, Resolver
from model_operator_demo.controlplane_build import PACKAGES, GoBuild, find_source
from model_operator_demo.controlplane_cache import cache_root
from model_operator_demo.controlplane_download import PROGRAMS, Archive

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


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch) -> Iterator[Release]:
    monkeypatch.setenv("no_proxy", "*")  # whoever runs the tests may have a proxy
    served = Release()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(self.path)
            self.send_response(served.status if self.path == PATH else 404)
            self.send_header("Content-Length", str(served.announced or len(served.body)))
            self.end_headers()
            self.wfile.write(served.body)

        @override
        def log_message(self, format: str, *args: object) -> None:
            """The test's output is not the place."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        served.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield served
        server.shutdown()
        thread.join()


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


@pytest.fixture
def bench(tmp_path: Path, release: Release) -> Bench:
    said: list[str] = []
    source = tmp_path / "source"
    source.mkdir()
    for name in ("go.mod", "go.sum", "main.go"):
        (source / name).write_text(f"the {name}")
    resolver = Resolver(
        assets=None,
        cache=tmp_path / "cache",
        archive=Archive(
            platform=PLATFORM,
            releases=release.url,
            checksums={PLATFORM: hashlib.sha512(GOOD).hexdigest()},
            timeout=timedelta(seconds=0.5),
        ),
        go=GoBuild(source=source, go=None),
        progress=said.append,
    )
    return Bench(resolver, said, tmp_path)


def programs_in(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    return folder


def folder_of(found: Binaries) -> Path:
    return found.kube_apiserver.parent


def test_assets_of_the_environment_come_first(bench: Bench, release: Release) -> None:
    assets = programs_in(bench.folder / "assets", *PROGRAMS)
    programs_in(bench.resolver.cache / bench.resolver.go.key, *PACKAGES)
    found = replace(bench.resolver, assets=assets).resolve()
    assert found == Binaries(
        kube_apiserver=assets / "kube-apiserver",
        kubectl=assets / "kubectl",
        etcd=assets / "etcd",
        kube_controller_manager=None,
        source=f"using KUBEBUILDER_ASSETS={assets}",
    )
    assert bench.said == [found.source]
    assert release.asked == []


def test_incomplete_assets_are_named_and_not_used(bench: Bench) -> None:
    assets = programs_in(bench.folder / "assets", "kubectl")
    cached = programs_in(bench.resolver.cache / bench.resolver.go.key, *PACKAGES)
    found = replace(bench.resolver, assets=assets).resolve()
    assert folder_of(found) == cached
    assert bench.said[0] == f"KUBEBUILDER_ASSETS={assets} has no kube-apiserver, etcd and is not used"


def test_the_cache_comes_before_the_network_and_what_we_built_before_what_we_downloaded(
    bench: Bench, release: Release
) -> None:
    resolver = bench.resolver
    downloaded = programs_in(resolver.cache / resolver.archive.key, *PROGRAMS)
    assert folder_of(resolver.resolve()) == downloaded
    built = programs_in(resolver.cache / resolver.go.key, *PACKAGES)
    assert folder_of(resolver.resolve()) == built
    assert bench.said[-1] == f"using Kubernetes v1.36.3 from the cache {built}"
    assert release.asked == []


def test_a_download_is_unpacked_once_and_found_again(bench: Bench, release: Release) -> None:
    found = bench.resolver.resolve()
    folder = folder_of(found)
    assert folder == bench.resolver.cache / bench.resolver.archive.key
    assert sorted(path.name for path in folder.iterdir()) == sorted(PROGRAMS)
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o755 for path in folder.iterdir())
    assert found.etcd == folder / "etcd"
    assert (folder / "etcd").read_text() == "#!/bin/sh\necho etcd\n"
    assert bench.said[-1] == f"using Kubernetes v1.36.2 downloaded to {folder}"
    assert folder_of(bench.resolver.resolve()) == folder
    assert release.asked == [PATH]


WRONG = archive_of(*PROGRAMS, "something-else")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"body": WRONG}, "is NOT what was pinned and was not used", id="wrong checksum"),
        pytest.param({"status": 404}, "answered 404", id="no such release"),
        pytest.param({"status": 503}, "answered 503", id="server error"),
        pytest.param({"announced": len(GOOD) + 7}, "broke off after", id="broken off"),
    ],
)
def test_a_bad_download_is_told_and_go_builds_instead(
    bench: Bench, release: Release, change: dict[str, object], reason: str
) -> None:
    for name, value in change.items():
        setattr(release, name, value)
    found = replace(bench.resolver, go=bench.go()).resolve()
    assert len(bench.said_about(reason)) == 1
    assert folder_of(found) == bench.resolver.cache / bench.resolver.go.key
    assert bench.built == list(PACKAGES.values())
    left = [path.name for path in bench.resolver.cache.iterdir() if path.is_dir()]
    assert left == [bench.resolver.go.key]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(b"not an archive", "not one of envtest", id="no archive"),
        pytest.param(archive_of("etcd", "kubectl"), "kube-apiserver", id="a program is missing"),
        pytest.param(archive_of(*PROGRAMS, folder="bin"), "controller-tools/envtest", id="another layout"),
        pytest.param(GOOD[: len(GOOD) // 2], "not one of envtest", id="half an archive"),
    ],
)
def test_a_pinned_archive_of_another_shape_is_refused(
    bench: Bench, release: Release, body: bytes, reason: str
) -> None:
    release.body = body
    pinned = replace(bench.resolver.archive, checksums={PLATFORM: hashlib.sha512(body).hexdigest()})
    with pytest.raises(NoControlPlane, match=reason):
        replace(bench.resolver, archive=pinned).resolve()


def test_a_refused_connection_falls_through_at_once(bench: Bench) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound and not listening: refused
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        archive = replace(bench.resolver.archive, releases=url, timeout=timedelta(seconds=60))
        started = time.monotonic()
        found = replace(bench.resolver, archive=archive, go=bench.go()).resolve()
    assert folder_of(found).name == bench.resolver.go.key
    assert time.monotonic() - started < 20
    assert bench.said_about("cannot be reached: [Errno")


@pytest.mark.parametrize("accepts", [pytest.param(False, id="connect"), pytest.param(True, id="read")])
def test_a_server_that_says_nothing_costs_a_short_time_out(bench: Bench, accepts: bool) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as silent:
        waiting = [] if accepts else fill(silent)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        found = replace(
            bench.resolver, archive=replace(bench.resolver.archive, releases=url), go=bench.go()
        ).resolve()
        for connection in waiting:
            connection.close()
    assert folder_of(found).name == bench.resolver.go.key
    assert bench.said_about("cannot be reached: timed out")


def fill(server: socket.socket) -> list[socket.socket]:
    """Connections that nobody accepts, until the kernel lets further ones wait."""
    waiting: list[socket.socket] = []
    while True:
        connection = socket.socket()
        connection.settimeout(0.2)
        waiting.append(connection)
        try:
            connection.connect(server.getsockname())
        except TimeoutError:
            return waiting


def test_a_platform_without_a_pinned_archive_builds(bench: Bench, release: Release) -> None:
    archive = replace(bench.resolver.archive, platform="linux-riscv64")
    found = replace(bench.resolver, archive=archive, go=bench.go()).resolve()
    assert folder_of(found).name == bench.resolver.go.key
    assert bench.said_about("no archive is pinned for linux-riscv64")
    assert release.asked == []


def test_a_build_that_fails_shows_the_compilers_words(bench: Bench, release: Release) -> None:
    release.status = 404
    with pytest.raises(
        NoControlPlane, match=r"go build kube-apiserver failed: go: go\.mod requires go >= 1\.26\.0"
    ):
        replace(bench.resolver, go=bench.go(BROKEN_GO)).resolve()
    assert [path for path in bench.resolver.cache.iterdir() if path.is_dir()] == []


def test_another_source_is_another_build(bench: Bench) -> None:
    before = bench.resolver.go.key
    assert bench.resolver.go.source is not None
    (bench.resolver.go.source / "main.go").write_text("changed")
    assert bench.resolver.go.key != before


def test_without_any_source_the_message_has_every_reason_and_every_way_out(
    bench: Bench, release: Release
) -> None:
    release.status = 404
    with pytest.raises(NoControlPlane) as nothing:
        bench.resolver.resolve()
    text = str(nothing.value)
    for reason in (
        "KUBEBUILDER_ASSETS is not set",
        str(bench.resolver.cache),
        "answered 404",
        "Go is not installed",
    ):
        assert reason in text
    for way_out in ("github.com", "install Go 1.26", "setup-envtest", "a cluster of your own"):
        assert way_out in text


def test_a_cache_that_cannot_be_written_is_a_reason(bench: Bench) -> None:
    bench.resolver.cache.write_text("a file where a folder belongs")
    with pytest.raises(NoControlPlane, match=f"the cache {bench.resolver.cache} cannot be filled"):
        bench.resolver.resolve()


def test_go_completes_a_download_with_the_controller_manager_alone(bench: Bench) -> None:
    resolver = replace(bench.resolver, go=bench.go())
    found = resolver.resolve(controller_manager=True)
    assert folder_of(found).name == resolver.archive.key
    assert bench.built == ["k8s.io/kubernetes/cmd/kube-controller-manager"]
    assert found.kube_controller_manager is not None
    assert found.kube_controller_manager.is_file()
    assert resolver.resolve(controller_manager=True).kube_controller_manager == found.kube_controller_manager
    assert len(bench.built) == 1


def test_without_go_a_download_stays_without_controller_manager_and_says_so(bench: Bench) -> None:
    found = bench.resolver.resolve(controller_manager=True)
    assert found.kube_controller_manager is None
    assert bench.said_about("no kube-controller-manager, so deleted namespaces stay Terminating")
    assert bench.said_about("Go is not installed")


def test_a_build_has_everything(bench: Bench, release: Release) -> None:
    release.status = 404
    resolver = replace(bench.resolver, go=bench.go())
    found = resolver.resolve(controller_manager=True)
    assert (found.etcd, found.kube_controller_manager) == (None, folder_of(found) / "kube-controller-manager")
    assert bench.built == list(PACKAGES.values())


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        pytest.param(
            {"XDG_CACHE_HOME": "/somewhere"}, Path("/somewhere/model-operator/controlplane"), id="set"
        ),
        pytest.param(
            {"XDG_CACHE_HOME": "somewhere"}, Path.home() / ".cache/model-operator/controlplane", id="relative"
        ),
        pytest.param({}, Path.home() / ".cache/model-operator/controlplane", id="not set"),
    ],
)
def test_the_cache_is_where_the_xdg_rules_say(environ: dict[str, str], expected: Path) -> None:
    assert cache_root(environ) == expected


def test_the_environment_decides_as_in_a_users_shell() -> None:
    resolver = Resolver.from_environment({"KUBEBUILDER_ASSETS": "/assets", "XDG_CACHE_HOME": "/cache"})
    assert (resolver.assets, resolver.cache) == (Path("/assets"), Path("/cache/model-operator/controlplane"))
    assert Resolver.from_environment({"KUBEBUILDER_ASSETS": ""}).assets is None


@pytest.mark.parametrize("platform", ["darwin-amd64", "darwin-arm64", "linux-amd64", "linux-arm64"])
def test_every_platform_of_ours_has_a_pinned_archive(platform: str) -> None:
    archive = Archive(platform=platform)
    assert len(bytes.fromhex(archive.checksums[platform])) == hashlib.sha512().digest_size
    assert archive.url.endswith(f"/envtest-v1.36.2/envtest-v1.36.2-{platform}.tar.gz")


def test_the_go_module_of_the_checkout_is_found_and_pins_the_version_that_we_say() -> None:
    source = find_source()
    assert source is not None
    assert "\tk8s.io/kubernetes v1.36.3\n" in (source / "go.mod").read_text()
