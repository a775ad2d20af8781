"""Bad input gets the vendor's own error, never a traceback and never a defect of the simulator."""

import asyncio
from urllib.parse import quote

import pytest

DEPLOYMENTS = "/api/v1/dedicated/deployments"
PROBLEM = ["type", "title", "status", "detail", "instance"]
ERROR = ["code", "message", "param", "details", "request_id"]
DEEP = b'{"a":' * 100_000

BODIES = [
    pytest.param(b"", id="empty"),
    pytest.param(b"{", id="cut off"),
    pytest.param(b"[]", id="an array"),
    pytest.param(b"null", id="null"),
    pytest.param(b"7", id="a number"),
    pytest.param(b'{"replicas": NaN}', id="NaN"),
    pytest.param(b'{"replicas": 1e999}', id="infinity"),
    pytest.param(b'{"replicas": ' + b"9" * 5000 + b"}", id="a number of 5000 digits"),
    pytest.param(b"\xff\xfe{}", id="no UTF-8"),
    pytest.param(DEEP, id="nested 100000 deep"),
    pytest.param(b'{"deploymentName": "\\ud800", "deployment_name": "\\ud800"}', id="half a surrogate pair"),
]


@pytest.mark.parametrize("raw", BODIES)
async def test_a_body_that_is_no_json_object_is_refused_in_each_vendors_form(sim, raw):
    await sim.create_parasail()
    identifier = (await sim.create_paitient())["id"]
    await sim.advance(9)
    control = [
        await sim.parasail("POST", DEPLOYMENTS, raw=raw),
        await sim.parasail("PUT", f"{DEPLOYMENTS}/33665", raw=raw),
    ]
    chat = [await sim.parasail("POST", "/v1/chat/completions", raw=raw)]
    paitient = [
        await sim.paitient("POST", "/v1/deployments", raw=raw),
        await sim.paitient(
            "PATCH", f"/v1/deployments/{identifier}", raw=raw if b"ud800" not in raw else b"{"
        ),
        await sim.paitient("POST", "/v1/endpoints", raw=raw),
        await sim.paitient("POST", "/v1/canary-endpoints", raw=raw),
        await sim.paitient("POST", f"/v1/deployments/{identifier}/generate", raw=raw),
    ]
    assert [(answer.status, list(answer.body)) for answer in control] == [(400, PROBLEM)] * 2
    assert [(answer.status, list(answer.body["error"])) for answer in chat] == [
        (400, ["message", "type", "code"])
    ]
    assert [list(answer.body["error"]) for answer in paitient] == [ERROR] * 5
    assert {answer.status for answer in paitient} <= {400, 422}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "", 404, id="the vendor's root"),
        pytest.param("GET", "/", 404, id="the vendor's root with a slash"),
        pytest.param("GET", "/nothing", 404, id="unknown path"),
        pytest.param("PATCH", DEPLOYMENTS, 405, id="unknown method"),
        pytest.param("DELETE", DEPLOYMENTS, 405, id="no delete of a list"),
        pytest.param("GET", f"{DEPLOYMENTS}/33665/pause", 405, id="pause is a POST"),
        pytest.param("GET", f"{DEPLOYMENTS}/abc", 400, id="an id that is no number"),
        pytest.param("GET", f"{DEPLOYMENTS}/-1", 400, id="a negative id"),
        pytest.param("GET", f"{DEPLOYMENTS}/{'9' * 5000}", 400, id="an id of 5000 digits"),
        pytest.param("GET", f"{DEPLOYMENTS}/%C2%B2", 400, id="a digit that is none"),
        pytest.param("GET", f"{DEPLOYMENTS}/99", 404, id="an unknown id"),
        pytest.param("GET", f"{DEPLOYMENTS}/33665/", 404, id="a slash at the end"),
        pytest.param("GET", f"{DEPLOYMENTS}/%2e%2e", 400, id="dots"),
        pytest.param("GET", "/api/v1/dedicated/devices", 400, id="devices without a model"),
        pytest.param("OPTIONS", DEPLOYMENTS, 405, id="OPTIONS"),
        pytest.param("LOCK", DEPLOYMENTS, 405, id="a method of another protocol"),
    ],
)
async def test_parasail_answers_unknown_paths_and_methods_with_a_problem(sim, method, path, status):
    await sim.create_parasail()
    answer = await sim.parasail(method, path)
    assert (answer.status, list(answer.body)) == (status, PROBLEM)
    if status == 405:
        assert "GET" in answer.headers["allow"] or "POST" in answer.headers["allow"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/v2/deployments", 404, id="another version"),
        pytest.param("PUT", "/v1/deployments", 405, id="unknown method"),
        pytest.param("GET", "/v1/deployments/dep_none", 404, id="unknown id"),
        pytest.param("GET", "/v1/deployments/" + quote("dep/../x", safe=""), 404, id="a slash in an id"),
        pytest.param("GET", "/v1/deployments/dep_none/metrics", 404, id="metrics of nothing"),
        pytest.param("POST", "/v1/endpoints/ep_none/generate", 404, id="an unknown endpoint"),
        pytest.param("HEAD", "/v1/deployments", 405, id="HEAD"),
    ],
)
async def test_paitient_answers_unknown_paths_and_methods_with_its_error(sim, method, path, status):
    answer = await sim.paitient(method, path, {"prompt": "x"} if method == "POST" else None)
    assert answer.status == status
    if method != "HEAD":
        assert list(answer.body["error"]) == ERROR


async def test_a_body_beyond_the_limit_is_refused_without_being_read_to_its_end(sim):
    answer = await sim.parasail("POST", DEPLOYMENTS, raw=b'"' + b"a" * 1_100_000)
    assert (answer.status, list(answer.body)) == (413, PROBLEM)
    answer = await sim.paitient("POST", "/v1/deployments", raw=b'"' + b"a" * 1_100_000)
    assert (answer.status, list(answer.body["error"])) == (413, ERROR)


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"NONSENSE\r\n\r\n", id="no request line"),
        pytest.param(b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", id="a made-up method"),
        pytest.param(b"GET / HTTP/9.9\r\n\r\n", id="unknown HTTP version"),
        pytest.param(
            b"POST /parasail" + DEPLOYMENTS.encode() + b" HTTP/1.1\r\nContent-Length: x\r\n\r\n",
            id="no length",
        ),
        pytest.param(b"GET /parasail/%zz HTTP/1.1\r\nHost: a\r\n\r\n", id="a broken escape"),
    ],
)
async def test_broken_http_gets_a_4xx_and_the_next_client_is_served(sim, sent):
    host, port = sim.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(sent)
    line = await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    assert line.split()[1].startswith(b"4")
    assert (await sim.parasail("GET", DEPLOYMENTS)).status == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        pytest.param("GET", "/nothing", None, 404, id="unknown path"),
        pytest.param("PUT", "/knobs", None, 404, id="unknown method"),
        pytest.param("PATCH", "/knobs", [], 400, id="no object"),
        pytest.param("GET", "/faults/fault-9", None, 404, id="unknown rule"),
        pytest.param("GET", "/faults/fault-9/wait", None, 404, id="waiting for an unknown rule"),
        pytest.param("GET", "/deployments/parasail/1", None, 404, id="unknown Parasail id"),
        pytest.param("GET", f"/deployments/parasail/{'9' * 5000}", None, 404, id="an id of 5000 digits"),
        pytest.param("GET", "/deployments/paitient/dep_none", None, 404, id="unknown PaiTIENT id"),
        pytest.param("GET", "/deployments/nobody/1", None, 404, id="unknown vendor"),
        pytest.param("PATCH", "/deployments/parasail/33665", {"colour": 1}, 400, id="unknown key"),
        pytest.param(
            "PATCH", "/deployments/parasail/33665", {"fields": {"id": 1}}, 400, id="a read-only field"
        ),
        pytest.param(
            "PATCH", "/deployments/parasail/33665", {"fields": {"replicas": "2"}}, 400, id="an unfit field"
        ),
        pytest.param(
            "PATCH", "/deployments/parasail/33665", {"fields": {"replicas": None}}, 400, id="a needed field"
        ),
        pytest.param(
            "PATCH", "/deployments/parasail/33665", {"behaviour": {}}, 400, id="behaviour of Parasail's"
        ),
        pytest.param("PATCH", "/endpoints/ep_none", {}, 404, id="unknown endpoint"),
        pytest.param(
            "POST", "/tokens", {"vendor": "nobody", "key": "x"}, 400, id="token of an unknown vendor"
        ),
        pytest.param("DELETE", "/tokens", {"vendor": "parasail", "key": "x"}, 404, id="unknown token"),
        pytest.param(
            "POST",
            "/tokens/rotate",
            {"vendor": "parasail", "key": "x", "new_key": "y"},
            404,
            id="rotate an unknown token",
        ),
        pytest.param(
            "POST",
            "/tokens/rotate",
            {"vendor": "parasail", "key": "sim-parasail-key"},
            400,
            id="rotate to nothing",
        ),
    ],
)
async def test_the_control_plane_says_what_is_wrong(sim, method, path, body, status):
    await sim.create_parasail()
    answer = await sim.send(method, f"/__sim{path}", body)
    assert answer.status == status
    assert answer.body["error"]


@pytest.mark.parametrize("query", ["timeout=x", "timeout=nan", "timeout=-1", "timeout=1e9", "hits=-1"])
async def test_an_unfit_wait_is_refused(sim, query):
    fault = await sim.fault(kind="error")
    answer = await sim.send("GET", f"/__sim/faults/{fault}/wait?{query}")
    assert answer.status == 400
