"""Faults: what the client sees, and what the vendor's world is afterwards."""

import asyncio
import time

import pytest

from support.fault_outcomes import BODY, DEPLOYMENTS, created, parasail_outcome


@pytest.mark.parametrize(
    ("rule", "outcome", "creates"),
    [
        pytest.param({"kind": "reset"}, "lost", 0, id="reset before the commit"),
        pytest.param({"kind": "commit_then_reset"}, "lost", 1, id="reset after the commit"),
        pytest.param({"kind": "timeout", "seconds": 0.2}, "lost", 0, id="no answer and no commit"),
        pytest.param({"kind": "commit_then_timeout", "seconds": 0.2}, "lost", 1, id="no answer but a commit"),
        pytest.param({"kind": "cut"}, "lost", 1, id="the reply ends within its body"),
        pytest.param({"kind": "error", "status": 500}, 500, 0, id="500 without a commit"),
        pytest.param({"kind": "error", "status": 502, "commit": True}, 502, 1, id="502 after the commit"),
        pytest.param({"kind": "redirect", "status": 307}, 307, 0, id="redirect"),
        pytest.param({"kind": "latency", "seconds": 0.05}, 200, 1, id="latency"),
        pytest.param({"kind": "truncate"}, 200, 1, id="half of the JSON"),
        pytest.param({"kind": "invalid_json"}, 200, 1, id="invalid JSON"),
        pytest.param({"kind": "content_type", "value": "text/html"}, 200, 1, id="wrong content type"),
        pytest.param({"kind": "oversize", "size": 100_000}, 200, 1, id="a long body"),
        pytest.param({"kind": "late_commit", "seconds": 3}, "lost", 0, id="late commit, not yet"),
        pytest.param(
            {"kind": "late_commit", "seconds": 0.3, "connection": "hang"},
            "lost",
            0,
            id="late commit after a hang",
        ),
    ],
)
async def test_a_fault_has_its_outcome_and_commits_or_not(sim, rule, outcome, creates):
    identifier = await sim.fault(count=1, **rule)
    assert await parasail_outcome(sim) == outcome
    assert await created(sim) == creates
    report = await sim.control("GET", f"/faults/{identifier}")
    assert (report["hits"], report["reached"]) == (1, 1)
    assert await parasail_outcome(sim, "GET", body=None) == 200, "the next request is served"


async def test_a_fault_of_one_account_spares_the_others(sim):
    await sim.control("POST", "/tokens", {"vendor": "parasail", "key": "sim-other-key", "account": "other"})
    await sim.fault(kind="error", status=503, account="other")
    keys = ("sim-parasail-key", "sim-other-key", "no-key-at-all")
    answers = [await sim.parasail("GET", DEPLOYMENTS, key=key) for key in keys]
    assert [answer.status for answer in answers] == [200, 503, 401]


@pytest.mark.parametrize("kind", ["reset", "commit_then_reset"])
async def test_a_reset_is_a_reset_and_no_orderly_end(sim, kind):
    await sim.fault(kind=kind)
    host, port = sim.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = "Authorization: Bearer sim-parasail-key\r\nHost: sim\r\n"
    writer.write(f"GET /parasail{DEPLOYMENTS} HTTP/1.1\r\n{head}\r\n".encode())
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(reader.read(), 5)
    writer.close()


async def test_a_write_lands_seconds_after_its_connection_was_closed(sim):
    await sim.fault(kind="late_commit", seconds=3, count=1)
    began = time.monotonic()
    assert await parasail_outcome(sim) == "lost"
    assert time.monotonic() - began < 4, "the connection ends at once, it does not hang"
    await sim.advance(2.9)
    assert (await sim.parasail("GET", DEPLOYMENTS)).body == []
    await sim.advance(0.2)
    (landed,) = (await sim.parasail("GET", DEPLOYMENTS)).body
    assert landed["deploymentName"] == "model-a"
    entry = (await sim.control("GET", "/requests?method=POST"))["requests"][0]
    assert (entry["status"], entry["outcome"]) == (None, "reset, then committed with 200")
    assert entry["committed_at"] == pytest.approx(entry["at"] + 3)


async def test_a_write_lands_also_when_the_client_has_long_been_gone(start):
    sim = await start(clock="real")
    await sim.fault(kind="late_commit", seconds=0.3, connection="hang", count=1)
    task = asyncio.create_task(sim.parasail("POST", DEPLOYMENTS, BODY))
    await sim.control("GET", "/faults/fault-1/wait")
    task.cancel()
    await sim.eventually(lambda: created(sim))
    assert (await sim.control("GET", "/requests?method=POST"))["requests"][0]["status"] is None


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        pytest.param(
            {"body": "json"}, ("application/problem+json", '"status": 503'), id="the vendor's error"
        ),
        pytest.param({"body": "html"}, ("text/html", "<h1>503</h1>"), id="an HTML page"),
        pytest.param({"body": "text", "message": "upstream"}, ("text/plain", "upstream"), id="plain text"),
        pytest.param({"body": "empty"}, ("", ""), id="nothing"),
    ],
)
async def test_an_error_has_the_body_asked_for(sim, rule, expected):
    await sim.fault(kind="error", status=503, **rule)
    answer = await sim.parasail("GET", DEPLOYMENTS)
    content_type, text = expected
    assert answer.status == 503
    assert answer.headers.get("content-type", "").partition(";")[0] == content_type
    assert text in answer.text


@pytest.mark.parametrize(
    ("rule", "header"),
    [
        pytest.param({"retry_after": 7}, "7", id="seconds"),
        pytest.param({"retry_after": 7, "retry_after_form": "date"}, "GMT", id="date"),
        pytest.param({}, None, id="absent"),
    ],
)
async def test_a_429_says_when_to_come_back_in_each_form(sim, rule, header):
    await sim.fault(kind="error", status=429, **rule)
    for answer in (await sim.parasail("GET", DEPLOYMENTS), await sim.paitient("GET", "/v1/deployments")):
        value = answer.headers.get("retry-after")
        assert answer.status == 429
        assert value == header or (header == "GMT" and value.endswith("GMT"))


async def test_an_error_of_paitient_may_carry_any_code(sim):
    await sim.fault(kind="error", status=402, code="subscription_required", message="pay first")
    answer = await sim.paitient("GET", "/v1/deployments")
    error = answer.body["error"]
    assert (answer.status, error["code"], error["message"]) == (402, "subscription_required", "pay first")


@pytest.mark.parametrize(
    ("rule", "look", "seen"),
    [
        pytest.param({"drop": ["externalAlias"]}, lambda b: "externalAlias" in b, False, id="missing"),
        pytest.param(
            {"drop": ["status.status"]}, lambda b: "status" in b["status"], False, id="missing, nested"
        ),
        pytest.param({"null": ["id"]}, lambda b: b["id"], None, id="null"),
        pytest.param({"null": ["status"]}, lambda b: b["status"], None, id="null object"),
        pytest.param({"extra": {"color": {"a": 1}}}, lambda b: b["color"], {"a": 1}, id="extra"),
        pytest.param({"extra": {"id": "33665"}}, lambda b: b["id"], "33665", id="another type"),
        pytest.param(
            {"rename": {"id": "deployment_id"}},
            lambda b: ("id" in b, b["deployment_id"]),
            (False, 33665),
            id="renamed",
        ),
    ],
)
async def test_fields_are_changed_in_one_object_and_in_lists(sim, rule, look, seen):
    await sim.create_parasail()
    await sim.fault(kind="fields", **rule)
    fetched = (await sim.parasail("GET", f"{DEPLOYMENTS}/33665")).body
    (listed,) = (await sim.parasail("GET", DEPLOYMENTS)).body
    assert (look(fetched), look(listed)) == (seen, seen)


async def test_fields_are_changed_in_paitients_lists_too(sim):
    await sim.create_paitient()
    await sim.fault(kind="fields", drop=["tags"])
    listed = (await sim.paitient("GET", "/v1/deployments")).body
    assert "tags" not in listed["deployments"][0]
    assert listed["pagination"]["total"] == 1


async def test_an_unknown_status_is_shown_and_does_not_stay(sim):
    await sim.create_parasail()
    identifier = (await sim.create_paitient())["id"]
    await sim.fault(kind="unknown_status", value="HIBERNATING", count=2)
    assert await sim.parasail_status(33665) == "HIBERNATING"
    assert await sim.paitient_status(identifier) == "HIBERNATING"
    assert await sim.parasail_status(33665) == "STARTING"


@pytest.mark.parametrize("size", [0, 3_000_000])
async def test_an_oversized_body_is_still_valid_json(sim, size):
    await sim.fault(kind="oversize", size=size)
    answer = await sim.parasail("GET", DEPLOYMENTS)
    assert answer.body == []
    assert len(answer.text) == max(size, 2)


async def test_truncated_json_comes_in_a_sound_message(sim):
    await sim.create_parasail()
    await sim.fault(kind="truncate", operation="get")
    answer = await sim.parasail("GET", f"{DEPLOYMENTS}/33665")
    assert answer.status == 200
    assert answer.text.startswith('{"id":33665')
    assert answer.body is None


@pytest.mark.parametrize("vendor", ["parasail", "paitient"])
async def test_a_lagging_list_hides_what_is_new_and_shows_what_is_gone(sim, vendor):
    await sim.knobs({"parasail.delete_mode": "sync", "paitient.tombstone_s": 0, "paitient.delete_s": 0})
    await sim.fault(kind="list_lag", seconds=5)
    path = DEPLOYMENTS if vendor == "parasail" else "/v1/deployments"

    async def listed():
        body = (await getattr(sim, vendor)("GET", path)).body
        return len(body if vendor == "parasail" else body["deployments"])

    identifier = (await getattr(sim, f"create_{vendor}")())["id"]
    seen = [await listed()]
    await sim.advance(6)
    seen.append(await listed())
    await getattr(sim, vendor)("DELETE", f"{path}/{identifier}")
    await sim.advance(1)
    assert await getattr(sim, f"{vendor}_status")(identifier) == 404
    seen.append(await listed())
    await sim.advance(6)
    seen.append(await listed())
    assert seen == [0, 1, 1, 0]


@pytest.mark.parametrize(("vendor", "field"), [("parasail", "replicas"), ("paitient", "max_replicas")])
async def test_a_stale_get_shows_the_state_before_the_write(sim, vendor, field):
    identifier = (await getattr(sim, f"create_{vendor}")())["id"]
    await sim.advance(9)
    get = getattr(sim, f"get_{vendor}")
    if vendor == "parasail":
        await sim.parasail("PUT", f"{DEPLOYMENTS}/{identifier}", await get(identifier) | {field: 3})
    else:
        await sim.paitient("PATCH", f"/v1/deployments/{identifier}", {field: 3})
    fault = await sim.fault(kind="stale_read", seconds=5)
    seen = [(await get(identifier))[field]]
    await sim.control("DELETE", f"/faults/{fault}")
    seen.append((await get(identifier))[field])
    await sim.fault(kind="stale_read", seconds=5)
    await sim.advance(5)
    seen.append((await get(identifier))[field])
    assert seen == [1, 3, 3]


async def test_a_stale_get_does_not_know_what_was_just_created(sim):
    identifier = (await sim.create_parasail())["id"]
    await sim.fault(kind="stale_read", seconds=5, count=1)
    assert await sim.parasail_status(identifier) == 404
    assert await sim.parasail_status(identifier) == "STARTING"


async def test_a_stale_reply_shows_the_old_state_of_a_write_that_took(sim):
    identifier = (await sim.create_parasail())["id"]
    await sim.fault(kind="stale_reply", method="PUT")
    body = await sim.get_parasail(identifier) | {"replicas": 2}
    reply = await sim.parasail("PUT", f"{DEPLOYMENTS}/{identifier}", body)
    assert (reply.body["replicas"], (await sim.get_parasail(identifier))["replicas"]) == (1, 2)


@pytest.mark.parametrize(
    ("shift", "names"),
    [
        pytest.param(1, ["m-6", "m-5", "m-3", "m-2"], id="one is left out"),
        pytest.param(-1, ["m-6", "m-5", "m-5", "m-4"], id="one comes twice"),
    ],
)
async def test_pages_move_while_a_client_reads_them(sim, shift, names):
    for place in range(7):
        await sim.create_paitient(f"m-{place}")
    await sim.fault(kind="page_shift", shift=shift, nth=2)
    items = []
    for offset in (0, 2):
        page = (await sim.paitient("GET", f"/v1/deployments?limit=2&offset={offset}")).body
        assert page["pagination"] == {"total": 7, "limit": 2, "offset": offset, "next_offset": offset + 2}
        items += page["deployments"]
    assert [item["deployment_name"] for item in items] == names


@pytest.mark.parametrize(("vendor", "status"), [("parasail", "STARTING"), ("paitient", "creating")])
async def test_a_stuck_create_stays_until_somebody_frees_it(sim, vendor, status):
    await sim.fault(kind="stuck", operation="create")
    identifier = (await getattr(sim, f"create_{vendor}")())["id"]
    await sim.advance(3600)
    assert await getattr(sim, f"{vendor}_status")(identifier) == status
    await sim.control("PATCH", f"/deployments/{vendor}/{identifier}", {"stuck": False})
    await sim.advance(9)
    assert await getattr(sim, f"{vendor}_status")(identifier) in ("ONLINE", "running")


@pytest.mark.parametrize("seconds", [2, 20])
@pytest.mark.parametrize(("vendor", "failed"), [("parasail", "ERROR"), ("paitient", "failed")])
async def test_a_deployment_fails_when_the_rule_says(sim, vendor, failed, seconds):
    await sim.fault(kind="fail_after", seconds=seconds, message="CUDA out of memory")
    identifier = (await getattr(sim, f"create_{vendor}")())["id"]
    await sim.advance(seconds - 0.1)
    assert await getattr(sim, f"{vendor}_status")(identifier) != failed
    await sim.advance(0.2)
    assert await getattr(sim, f"{vendor}_status")(identifier) == failed
    if vendor == "parasail":
        assert (await sim.get_parasail(identifier))["status"]["statusMessage"] == "CUDA out of memory"
    else:
        logs = (await sim.paitient("GET", f"/v1/deployments/{identifier}/logs?filter=level=error")).body[
            "logs"
        ]
        assert [line["message"] for line in logs] == [f"Deployment {identifier} failed: CUDA out of memory"]
