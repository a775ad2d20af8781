"""Who may read /metrics where it is guarded: the API server decides, and its answer is not asked for at every scrape."""

import asyncio
import os
import ssl
from http import HTTPStatus

import aiohttp
import pytest

from model_operator.observability.access import Access
from model_operator.observability.metrics import Metrics
from model_operator.observability.server import Certificate, serve, serve_guarded

OK, WHO, MAY_NOT, UNKNOWN = (
    HTTPStatus.OK,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
PROMETHEUS = {"username": "system:serviceaccount:monitoring:prometheus", "uid": "u-1", "groups": ["a"]}


class Server:
    """Answers reviews: of the token `good` and of `stranger`, who may not."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict]] = []
        self.is_up = True

    async def __call__(self, path, body):
        self.asked.append((path.rpartition("/")[2], dict(body["spec"])))
        await asyncio.sleep(0)
        if not self.is_up:
            return None
        if body["kind"] == "TokenReview":
            known = body["spec"]["token"] in ("good", "stranger")
            user = {**PROMETHEUS, "username": body["spec"]["token"]}
            return {"status": {"authenticated": known, "user": user}}
        return {"status": {"allowed": body["spec"]["user"] == "good"}}


@pytest.mark.parametrize(
    ("header", "status", "reviews"),
    [
        pytest.param("Bearer good", OK, 2, id="who may"),
        pytest.param("bearer  good ", OK, 2, id="spelt otherwise"),
        pytest.param("Bearer stranger", MAY_NOT, 2, id="who may not"),
        pytest.param("Bearer bad", WHO, 1, id="nobody's token"),
        pytest.param("", WHO, 0, id="no token"),
        pytest.param("Bearer ", WHO, 0, id="an empty token"),
        pytest.param("Basic good", WHO, 0, id="another scheme"),
    ],
)
async def test_the_api_server_says_who_may(header, status, reviews):
    server = Server()
    assert await Access(server).judge(header) is status
    assert len(server.asked) == reviews


async def test_the_review_is_of_the_user_and_the_path():
    server = Server()
    await Access(server).judge("Bearer good")
    assert server.asked == [
        ("tokenreviews", {"token": "good"}),
        (
            "subjectaccessreviews",
            {
                "user": "good",
                "uid": "u-1",
                "groups": ["a"],
                "extra": {},
                "nonResourceAttributes": {"path": "/metrics", "verb": "get"},
            },
        ),
    ]


async def test_an_answer_counts_for_a_minute_and_a_failure_not_at_all():
    now, server = [0.0], Server()
    access = Access(server, clock=lambda: now[0])
    server.is_up = False
    assert await access.judge("Bearer good") is UNKNOWN
    server.is_up = True
    assert await access.judge("Bearer good") is OK
    before = len(server.asked)
    now[0] = 59
    assert await access.judge("Bearer good") is OK
    assert len(server.asked) == before
    now[0] = 61
    assert await access.judge("Bearer good") is OK
    assert len(server.asked) == before + 2


async def test_a_strangers_tokens_take_little_memory():
    access = Access(Server())
    for number in range(1000):
        await access.judge(f"Bearer {number}")
    assert len(access._known) <= 256  # noqa: SLF001


async def test_odd_answers_let_nobody_in():
    for status in (
        {},
        {"authenticated": "yes", "user": {}},
        {"authenticated": True},
        {"authenticated": True, "user": 1},
    ):

        async def ask(path, body, status=status):
            return {"status": status}

        assert await Access(ask).judge("Bearer good") is not OK


async def get(url: str, trust: ssl.SSLContext, **headers: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(url, ssl=trust, headers=headers) as reply:
        return reply.status, await reply.text()


async def test_metrics_are_served_by_tls_to_whom_may_read_them(cluster):
    """With the API server's own certificate, which is the one that there is."""
    certificate = Certificate(cluster.ca, cluster.ca.with_suffix(".key"))
    trust = ssl.create_default_context(cafile=str(cluster.ca))
    async with serve_guarded("127.0.0.1", 0, certificate, Access(Server()), Metrics()) as url:
        assert url.startswith("https://127.0.0.1:")
        status, text = await get(f"{url}/metrics", trust, Authorization="Bearer good")
        assert status == 200
        assert "model_operator_build_info" in text
        assert await get(f"{url}/metrics", trust) == (401, "Unauthorized")
        assert await get(f"{url}/metrics", trust, Authorization="Bearer stranger") == (403, "Forbidden")
        assert (await get(f"{url}/healthz", trust, Authorization="Bearer good"))[0] == 404


async def test_a_renewed_certificate_is_read_and_a_broken_one_is_not(cluster, tmp_path):
    files = [tmp_path / name for name in ("tls.crt", "tls.key")]
    for file, source in zip(files, (cluster.ca, cluster.ca.with_suffix(".key")), strict=True):
        file.write_bytes(source.read_bytes())
    certificate = Certificate(*files)
    trust = ssl.create_default_context(cafile=str(cluster.ca))
    async with serve_guarded("127.0.0.1", 0, certificate, Access(Server()), Metrics()) as url:
        good = files[0].read_bytes()
        for content in (b"half of it", good):
            files[0].write_bytes(content)
            os.utime(files[0], ns=(1, len(content)))
            for _ in range(2):
                assert (await get(f"{url}/metrics", trust, Authorization="Bearer good"))[0] == 200
    with pytest.raises(OSError, match="No such file"):
        Certificate(tmp_path / "none.crt", files[1])


async def test_without_metrics_of_its_own_the_health_port_has_none():
    async with serve("127.0.0.1", 0, healthy={}, ready={}, metrics=None) as url:
        async with aiohttp.ClientSession() as session, session.get(f"{url}/metrics") as reply:
            assert reply.status == 404
        async with aiohttp.ClientSession() as session, session.get(f"{url}/healthz") as reply:
            assert reply.status == 200
