"""The journal holds every request as it was, without anything secret."""

import pytest

DEPLOYMENTS = "/api/v1/dedicated/deployments"


async def journal(sim, query=""):
    return (await sim.control("GET", f"/requests{query}"))["requests"]


async def test_a_request_is_noted_with_its_answer(sim):
    await sim.create_parasail("model-a")
    (entry,) = await journal(sim)
    assert {name: entry[name] for name in ("seq", "vendor", "method", "path", "operation", "account")} == {
        "seq": 1,
        "vendor": "parasail",
        "method": "POST",
        "path": DEPLOYMENTS,
        "operation": "create",
        "account": "sim",
    }
    assert entry["body"]["deploymentName"] == "model-a"
    assert (entry["status"], entry["outcome"], entry["faults"]) == (200, "replied", [])
    assert entry["committed_at"] == entry["at"]
    assert entry["duration_ms"] >= 0


SECRETS = ("sim-parasail-key", "sim-paitient-key", "sim-client", "hf_abc", "later-key", "unknown-key")


async def test_no_secret_is_in_the_journal_wherever_it_was_sent(sim):
    await sim.control("POST", "/tokens", {"vendor": "parasail", "key": "later-key"})
    await sim.create_parasail(modelAccessKey="hf_abc", description="key sim-parasail-key here")
    await sim.parasail("GET", "/api/v1/dedicated/support?modelName=m&modelAccessKey=hf_abc&note=later-key")
    await sim.parasail("GET", f"{DEPLOYMENTS}/later-key")
    await sim.parasail("GET", DEPLOYMENTS, key="unknown-key")
    await sim.paitient("GET", "/v1/deployments")
    await sim.paitient("POST", "/v1/deployments", raw=b'not json: "sim-paitient-key"')
    await sim.parasail("POST", DEPLOYMENTS, {"list": [{"apiKey": "hf_abc"}], "sim-client": ["later-key"]})

    text = (await sim.send("GET", "/__sim/requests")).text
    assert [secret for secret in SECRETS if secret in text] == []
    assert '"Bearer ***"' in text
    assert '"X-Client-ID": "***"' in text


async def test_what_is_no_secret_is_kept(sim):
    await sim.create_paitient(
        tags={"token_budget": "9", "owner": "me"}, model_config={"max_output_tokens": 5}
    )
    (entry,) = await journal(sim)
    assert entry["body"]["tags"]["owner"] == "me"
    assert entry["body"]["model_config"] == {"max_output_tokens": 5}


@pytest.mark.parametrize(
    ("query", "sequences"),
    [
        pytest.param("", [1, 2, 3, 4], id="all"),
        pytest.param("?since=2", [3, 4], id="since"),
        pytest.param("?vendor=paitient", [4], id="vendor"),
        pytest.param("?method=GET", [2, 3, 4], id="method"),
        pytest.param("?path=deployments%2F%5Cd%2B", [3], id="a pattern in the path"),
        pytest.param("?operation=list", [2, 4], id="operation"),
        pytest.param("?status=404", [3], id="status"),
        pytest.param("?method=GET&vendor=parasail", [2, 3], id="several"),
        pytest.param("?limit=2", [1, 2], id="limit"),
    ],
)
async def test_requests_are_found_by_what_they_were(sim, query, sequences):
    await sim.create_parasail()
    await sim.parasail("GET", DEPLOYMENTS)
    await sim.parasail("GET", f"{DEPLOYMENTS}/99")
    await sim.paitient("GET", "/v1/deployments")
    assert [entry["seq"] for entry in await journal(sim, query)] == sequences


async def test_an_emptied_journal_counts_on(sim):
    await sim.parasail("GET", DEPLOYMENTS)
    assert await sim.control("DELETE", "/requests") == {"last": 1}
    assert await journal(sim) == []
    await sim.parasail("GET", DEPLOYMENTS)
    assert [entry["seq"] for entry in await journal(sim)] == [2]


async def test_control_requests_are_not_in_the_journal(sim):
    await sim.control("GET", "/state")
    assert await journal(sim) == []


@pytest.mark.parametrize("query", ["?path=(", "?since=x", "?limit=-1"])
async def test_an_unfit_filter_is_refused(sim, query):
    answer = await sim.send("GET", f"/__sim/requests{query}")
    assert answer.status == 400
    assert answer.body["error"]


async def test_a_huge_body_is_kept_in_part(sim):
    await sim.parasail("POST", DEPLOYMENTS, {"deploymentName": "a" * 500_000})
    answer = await sim.send("GET", "/__sim/requests")
    assert len(answer.text) < 100_000
