"""What a sender of events gets for an answer, over real HTTP, and what the operator is told."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from model_operator.domain import PROVIDER, Key
from model_operator.webhooks.handover import is_address, reached_at
from model_operator.webhooks.hooks import BURST, PER_SECOND
from model_operator.webhooks.receiver import BODY_LIMIT
from support.webhook_replica import ACME, SECRET, Replica, hook


@pytest.fixture
async def replica() -> AsyncIterator[Replica]:
    async with Replica().listening() as replica:
        yield replica


async def test_a_signed_event_is_a_hint(replica: Replica) -> None:
    assert await replica.send() == (202, None)
    assert replica.hints == [ACME]
    assert replica.counted == [("paitient", "accepted")]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"\xff\xfe\x00",
        b"[" * 60_000,
        b'{"data":{"deployment":{"id":"other","status":"deleted"}}}',
        b"x" * BODY_LIMIT,
    ],
    ids=["empty", "no JSON", "no text", "deep", "a claim", "64 KiB"],
)
async def test_what_an_event_says_is_never_read(replica: Replica, body: bytes) -> None:
    assert await replica.send(body=body, X_Sig=replica.signed(body)) == (202, None)
    assert replica.hints == [ACME]


async def test_a_forged_event_and_one_for_nobody_get_the_same_answer(replica: Replica) -> None:
    forged = await replica.send(X_Sig=replica.signed(secret="guess"))
    nobodys = await replica.send("/webhooks/team/nobody")
    assert forged == nobodys == (401, None)
    assert replica.hints == []
    assert replica.counted == [("paitient", "forged"), ("unknown", "unknown")]


async def test_another_modelproviders_secret_is_not_enough(replica: Replica) -> None:
    other = Key(PROVIDER, "other", "acme")
    replica.hooks.put(other, hook("the-secret-of-the-others"))
    assert await replica.send("/webhooks/other/acme") == (401, None)
    assert replica.hints == []


async def test_a_copy_of_an_event_is_taken_and_not_looked_at(replica: Replica) -> None:
    header = replica.signed()
    answers = [await replica.send(X_Sig=header) for _ in range(3)]
    assert answers == [(202, None)] * 3  # so that nobody sends it again
    assert replica.hints == [ACME]
    assert replica.results == ["accepted", "repeated", "repeated"]


async def test_a_recorded_event_is_worth_nothing_later(replica: Replica) -> None:
    header = replica.signed()
    assert await replica.send(X_Sig=header) == (202, None)
    for passed in (timedelta(minutes=5), timedelta(seconds=1), timedelta(hours=1)):
        replica.now += passed
        await replica.send(X_Sig=header)
    assert replica.results == ["accepted", "repeated", "stale", "stale"]
    assert replica.hints == [ACME]


async def test_an_event_of_the_same_words_is_another_one_a_second_later(replica: Replica) -> None:
    for _ in range(3):
        await replica.send()
        replica.now += timedelta(seconds=1)
    assert replica.hints == [ACME] * 3


@pytest.mark.parametrize("is_streamed", [False, True], ids=["by its length", "chunked"])
async def test_what_is_longer_than_64_kib_is_refused(replica: Replica, is_streamed: bool) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(65):
            yield b"x" * 1024

    body = pieces() if is_streamed else b"x" * (BODY_LIMIT + 1)
    assert await replica.send(body=body, X_Sig=replica.signed(b"x" * (BODY_LIMIT + 1))) == (413, None)
    assert replica.hints == []
    assert replica.results == ["too_large"]


async def test_a_compressed_body_is_judged_as_it_came(replica: Replica) -> None:
    bomb = gzip.compress(b"0" * 20_000_000)
    assert await replica.send(body=bomb, Content_Encoding="gzip", X_Sig=replica.signed(bomb)) == (202, None)


async def test_a_flood_is_cut_before_anything_is_read(replica: Replica) -> None:
    many = int(BURST)
    answers = [await replica.send(X_Sig="t=1,v1=0") for _ in range(many + 3)]
    assert answers == [(401, None)] * many + [(429, "5")] * 3
    other = Key(PROVIDER, "team", "other")
    replica.hooks.put(other, hook())
    assert await replica.send("/webhooks/team/other") == (202, None)  # nobody pays for a neighbour
    replica.seconds += 1.5 / PER_SECOND
    assert [await replica.send() for _ in range(2)] == [(202, None), (429, "5")]


async def test_a_changed_secret_does_not_begin_with_a_new_allowance(replica: Replica) -> None:
    for _ in range(int(BURST)):
        await replica.send(X_Sig="t=1,v1=0")
    replica.hooks.put(ACME, hook("another-secret-of-it"))
    assert await replica.send(X_Sig="t=1,v1=0") == (429, "5")


async def test_before_its_first_look_the_operator_asks_for_patience(replica: Replica) -> None:
    assert await replica.send("/webhooks/team/new") == (503, "5")
    assert replica.results == ["early"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/webhooks/team/acme", 405),
        ("POST", "/webhooks/team", 404),
        ("POST", "/webhooks/team/acme/more", 404),
        ("GET", "/metrics", 404),
        ("GET", "/healthz", 404),
    ],
)
async def test_there_is_nothing_else(replica: Replica, method: str, path: str, status: int) -> None:
    assert (await replica.send(path, None, method))[0] == status
    assert replica.hints == []


async def test_a_body_that_breaks_off_is_nobodys_fault_of_ours(
    replica: Replica, caplog: pytest.LogCaptureFixture
) -> None:
    host, port = urlsplit(f"//{replica.address}").hostname, urlsplit(f"//{replica.address}").port
    for rest in (b"Content-Length: 100\r\n\r\nshort", b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"POST /webhooks/team/acme HTTP/1.1\r\nHost: a\r\nX-Sig: t=1,v1=0\r\n" + rest)
        await writer.drain()
        writer.write_eof()
        await reader.read()
        writer.close()
        await writer.wait_closed()
    assert replica.hints == []
    assert [record for record in caplog.records if record.exc_info] == []
    assert await replica.send() == (202, None)


async def test_a_secret_is_masked_in_logs_until_the_hook_goes(replica: Replica) -> None:
    assert replica.redactor.redact(f"got {SECRET}") == "got ***"
    replica.hooks.drop(ACME)
    assert replica.redactor.redact(f"got {SECRET}") == f"got {SECRET}"
    assert await replica.send() == (401, None)


# A replica that stands by.


@pytest.fixture
async def stand_by() -> AsyncIterator[Replica]:
    async with Replica(leads=False).listening() as stand_by:
        stand_by.hooks.drop(ACME)  # it has read no ModelProvider
        yield stand_by


async def test_who_stands_by_hands_an_event_over_to_the_leader(replica: Replica, stand_by: Replica) -> None:
    stand_by.leader = replica.address
    assert await stand_by.send() == (202, None)
    assert (replica.hints, stand_by.hints) == ([ACME], [])
    assert await stand_by.send(X_Sig=replica.signed(secret="guess")) == (401, None)
    assert stand_by.results == ["handed_over", "handed_over"]
    assert replica.results == ["accepted", "forged"]


async def test_an_event_for_another_shard_s_namespace_is_handed_over(replica: Replica) -> None:
    async with Replica(elsewhere=ACME.namespace, leader=replica.address).listening() as other:
        assert await other.send() == (202, None)
        assert (other.hints, replica.hints) == ([], [ACME])
        assert (await other.send("/webhooks/its-own/new"))[0] == 401


async def test_without_a_leader_in_reach_the_sender_is_asked_to_come_again(stand_by: Replica) -> None:
    for leader in (None, "127.0.0.1:1", "example.com:80", "127.0.0.1:80/path?", "evil@127.0.0.1:80"):
        stand_by.leader = leader
        assert await stand_by.send() == (503, "5")
    assert stand_by.results == ["not_leading"] * 5


async def test_what_is_no_address_is_not_asked_though_somebody_is_there(
    replica: Replica, stand_by: Replica
) -> None:
    for leader in (replica.address.replace("127.0.0.1", "localhost"), f"a@{replica.address}"):
        stand_by.leader = leader
        assert await stand_by.send() == (503, "5")
    assert replica.counted == []


async def test_an_event_is_not_handed_round_in_a_circle(stand_by: Replica) -> None:
    stand_by.leader = stand_by.address
    assert await stand_by.send() == (503, "5")
    assert stand_by.results == ["not_leading", "handed_over"]


async def test_who_stands_by_hands_over_no_more_than_it_would_take(
    replica: Replica, stand_by: Replica
) -> None:
    stand_by.leader = replica.address
    assert (await stand_by.send(body=b"x" * (BODY_LIMIT + 1)))[0] == 413
    assert replica.counted == []


def addresses() -> Iterator[tuple[str, bool]]:
    yield from (("10.0.0.1:8090", True), ("[fd00::1]:8090", True))
    for wrong in (
        "",
        "10.0.0.1",
        "host:80",
        "http://10.0.0.1:80",
        "10.0.0.1:80/",
        "10.0.0.1:٣",
        "a@10.0.0.1:8",
    ):
        yield wrong, False


@pytest.mark.parametrize(("text", "is_one"), list(addresses()))
def test_only_an_address_is_one(text: str, is_one: bool) -> None:
    assert is_address(text) is is_one


def test_the_others_are_told_an_address_that_they_can_reach() -> None:
    assert reached_at("10.0.0.1:8090") == "10.0.0.1:8090"
    assert reached_at("localhost:8090") is None
    everywhere = reached_at("0.0.0.0:8090")
    assert everywhere is None or (is_address(everywhere) and not everywhere.startswith("0.0.0.0"))
