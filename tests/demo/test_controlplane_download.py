"""The control plane's programs as a download: whole and as pinned, or Go builds them."""

import hashlib
import socket
import stat
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from model_operator_demo.controlplane_binaries import NoControlPlane
from model_operator_demo.controlplane_build import PACKAGES
from model_operator_demo.controlplane_download import PROGRAMS, Archive
from support.controlplane_sources import GOOD, PATH, PLATFORM, Bench, Release, archive_of, folder_of


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


@pytest.mark.parametrize("platform", ["darwin-amd64", "darwin-arm64", "linux-amd64", "linux-arm64"])
def test_every_platform_of_ours_has_a_pinned_archive(platform: str) -> None:
    archive = Archive(platform=platform)
    assert len(bytes.fromhex(archive.checksums[platform])) == hashlib.sha512().digest_size
    assert archive.url.endswith(f"/envtest-v1.36.2/envtest-v1.36.2-{platform}.tar.gz")
