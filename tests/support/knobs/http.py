"""Knobs of the connection, and what a probe sees of each."""

import time
from urllib.parse import urlsplit

from support.knobs.probes import DEPLOYMENTS


async def takes_a_second(sim):
    began = time.monotonic()
    await sim.parasail("GET", DEPLOYMENTS)
    return time.monotonic() - began >= 1


async def four_requests_take_a_second(sim):
    began = time.monotonic()
    for _ in range(4):
        await sim.parasail("GET", DEPLOYMENTS)
    return time.monotonic() - began >= 1


async def long_body(sim):
    return (await sim.parasail("POST", DEPLOYMENTS, raw=b'{"deploymentName": "' + b"a" * 200)).status


async def remembered_of_three(sim):
    for _ in range(3):
        await sim.parasail("GET", DEPLOYMENTS)
    return (await sim.control("GET", "/requests"))["count"]


async def endpoint_host(sim):
    return urlsplit((await sim.create_paitient())["endpoint"]).hostname


async def root_status(sim):
    answer = await sim.send("GET", DEPLOYMENTS, headers={"Authorization": "Bearer sim-parasail-key"})
    return answer.status


async def base_url(sim):
    return (await sim.create_parasail())["baseUrl"].removeprefix(sim.url)


HTTP = [
    ("http.latency_s", 1, takes_a_second, False, True),
    ("http.latency_jitter_s", 1.5, four_requests_take_a_second, False, True),
    ("http.max_body_bytes", 100, long_body, 400, 413),
    ("http.journal_size", 2, remembered_of_three, 3, 2),
    ("http.public_url", "https://api.example.org", endpoint_host, "127.0.0.1", "api.example.org"),
    (
        "http.public_urls",
        {"parasail": "https://api.example.org"},
        base_url,
        "/parasail/v1",
        "https://api.example.org/v1",
    ),
    ("http.root", "parasail", root_status, 404, 200),
]
