"""A server of releases, and a resolver that asks it."""

import hashlib
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typing_extensions import override

from model_operator_demo.controlplane_binaries import Resolver
from model_operator_demo.controlplane_build import GoBuild
from model_operator_demo.controlplane_download import Archive
from support.controlplane_sources import GOOD, PATH, PLATFORM, Bench, Release


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
