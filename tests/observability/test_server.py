"""What kubelet and Prometheus get from a listening operator, over real HTTP."""

import json

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from model_operator.observability.metrics import Metrics
from model_operator.observability.server import serve, write_ready_file


def broken() -> str | None:
    raise RuntimeError("sk-0123456789")


FINE = {"watch": lambda: None, "workers": lambda: None}
FAILED = {"watch": lambda: "no event for 80 s", "workers": lambda: None}
BROKEN = {"watch": broken}


async def get(url: str, **headers: str) -> tuple[int, str, str]:
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as reply:
        return reply.status, reply.headers["Content-Type"], await reply.text()


@pytest.mark.parametrize(
    ("checks", "query", "status", "text"),
    [
        pytest.param(FINE, "", 200, "ok", id="all fine"),
        pytest.param({}, "", 200, "ok", id="nothing to check"),
        pytest.param(
            FINE, "?verbose", 200, "[+]watch ok\n[+]workers ok\n{endpoint} check passed\n", id="fine, verbose"
        ),
        pytest.param(
            FAILED,
            "",
            500,
            "[-]watch failed: no event for 80 s\n[+]workers ok\n{endpoint} check failed\n",
            id="one fails",
        ),
        pytest.param(
            BROKEN,
            "",
            500,
            "[-]watch failed: the check itself failed: RuntimeError\n{endpoint} check failed\n",
            id="a check that raises is a failed one",
        ),
    ],
)
@pytest.mark.parametrize("endpoint", ["healthz", "readyz"])
async def test_an_endpoint_answers_for_its_own_checks(endpoint, checks, query, status, text):
    others = {"other": lambda: "not asked for"}
    healthy, ready = (checks, others) if endpoint == "healthz" else (others, checks)
    async with serve("127.0.0.1", 0, healthy=healthy, ready=ready, metrics=Metrics()) as url:
        reply = await get(f"{url}/{endpoint}{query}")
    assert (reply[0], reply[2]) == (status, text.format(endpoint=endpoint))


async def test_a_check_is_asked_again_each_time():
    problems = ["not yet"]
    checks = {"listed": lambda: problems[0] if problems else None}
    async with serve("127.0.0.1", 0, healthy={}, ready=checks, metrics=Metrics()) as url:
        assert (await get(f"{url}/readyz"))[0] == 500
        problems.clear()
        assert (await get(f"{url}/readyz"))[0] == 200


async def test_prometheus_reads_the_metrics():
    metrics = Metrics()
    metrics.controller("ModelDeployment").ended("success")
    async with serve("127.0.0.1", 0, healthy={}, ready={}, metrics=metrics) as url:
        status, content_type, text = await get(f"{url}/metrics")
    assert status == 200
    assert content_type.startswith("text/plain; version=")
    assert "controller_runtime_reconcile" in {family.name for family in text_string_to_metric_families(text)}


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1", "localhost"])
async def test_the_url_can_be_reached_from_this_machine(host):
    async with serve(host, 0, healthy={}, ready={}, metrics=Metrics()) as url:
        assert not url.endswith(":0")
        assert (await get(f"{url}/healthz"))[2] == "ok"


async def test_an_address_that_is_taken_is_an_error():
    async with serve("127.0.0.1", 0, healthy={}, ready={}, metrics=Metrics()) as url:
        port = int(url.rpartition(":")[2])
        with pytest.raises(OSError, match=str(port)):
            async with serve("127.0.0.1", port, healthy={}, ready={}, metrics=Metrics()):
                pass


async def test_nothing_listens_any_more_after_the_block():
    async with serve("127.0.0.1", 0, healthy={}, ready={}, metrics=Metrics()) as url:
        pass
    with pytest.raises(aiohttp.ClientConnectorError):
        await get(f"{url}/healthz")


def test_the_ready_file_appears_whole_and_replaces_an_old_one(tmp_path):
    path = tmp_path / "ready.json"
    path.write_text("half of some")
    write_ready_file(path, {"health": "http://127.0.0.1:4711"})
    assert json.loads(path.read_text()) == {"health": "http://127.0.0.1:4711"}
    assert list(tmp_path.iterdir()) == [path]
