"""What a spec says of the engine at Parasail beyond its name: the chat template, and speculative decoding."""

import json
from hashlib import sha256

import pytest

from model_operator.providers.http import HttpTransport
from model_operator.providers.parasail import wire
from support.raw_server import serve_raw

NOTHING = frozenset()
TEMPLATE = "{% for message in messages %}\n{{ message.content }}\n{% endfor %}\n"
TEMPLATED = {"parasail": {"serviceTierName": "low-cost", "chatTemplateOverride": TEMPLATE}}
FINGERPRINT = "64 characters, sha256 " + sha256(TEMPLATE.rstrip().encode()).hexdigest()[:16]


async def test_a_chat_template_is_sent_whole_and_known_by_its_fingerprint(parasail):
    desired = parasail.desired(**TEMPLATED)
    assert desired.fields["parasail.chatTemplateOverride"] == FINGERPRINT
    id = await parasail.serving(desired)
    (post,) = await parasail.requests(operation="create")
    assert post["body"]["chatTemplateOverride"] == TEMPLATE
    assert (await parasail.provider.get(id)).fields["parasail.chatTemplateOverride"] == FINGERPRINT


async def test_another_chat_template_is_a_put_and_none_any_more_is_null(parasail):
    id = await parasail.serving(parasail.desired(**TEMPLATED))
    other = parasail.desired(
        parasail={"serviceTierName": "low-cost", "chatTemplateOverride": "{{ messages }}"}
    )
    changed = {path: other.fields[path] for path in ("parasail.chatTemplateOverride",)}
    await parasail.provider.update(id, changed, NOTHING, None, other)
    plain = parasail.desired()
    await parasail.provider.update(id, {}, frozenset(changed), None, plain)
    puts = [
        request["body"]["chatTemplateOverride"] for request in await parasail.requests(operation="update")
    ]
    assert puts == ["{{ messages }}", None]
    assert (await parasail.provider.get(id)).fields["parasail.chatTemplateOverride"] is None


@pytest.mark.parametrize("kept", ["as it was", "blank at the end", "other line ends"])
async def test_a_chat_template_that_is_so_already_is_not_sent(parasail, kept):
    desired = parasail.desired(**TEMPLATED)
    id = await parasail.serving(desired)
    shown = {
        "as it was": TEMPLATE,
        "blank at the end": TEMPLATE.rstrip(),
        "other line ends": TEMPLATE.replace("\n", "\r\n"),
    }
    await parasail.edit(id, fields={"chatTemplateOverride": shown[kept]})
    found = await parasail.provider.get(id)
    assert found.holds("parasail.chatTemplateOverride", FINGERPRINT, unknown=False)
    await parasail.provider.update(id, {"replicas": 1}, NOTHING, None, desired)
    assert await parasail.requests(operation="update") == []


async def test_a_put_has_the_chat_template_also_where_the_get_does_not_show_it(parasail):
    desired = parasail.desired(**TEMPLATED)
    id = await parasail.serving(desired)
    await parasail.fault("fields", operation="get", drop=["chatTemplateOverride"])
    await parasail.provider.update(id, {"replicas": 2}, NOTHING, None, desired)
    (put,) = await parasail.requests(operation="update")
    assert (put["body"]["replicas"], put["body"]["chatTemplateOverride"]) == (2, TEMPLATE)


@pytest.mark.parametrize("shown", [7, [], {}, True])
def test_a_chat_template_that_cannot_be_read_is_unknown(shown):
    item = {"id": 1, "chatTemplateOverride": shown}
    remote = wire.remote_of(item, chat_base_url=None, clean=str, is_full=True)
    assert "parasail.chatTemplateOverride" not in remote.fields


SPECULATIVE = {
    "parasail": {
        "serviceTierName": "low-cost",
        "speculativeConfig": {"method": "ngram", "numSpeculativeTokens": 5},
    }
}
METHOD, TOKENS = "parasail.speculativeConfig.method", "parasail.speculativeConfig.numSpeculativeTokens"


async def test_speculative_decoding_is_an_object_of_its_own(parasail):
    desired = parasail.desired(**SPECULATIVE)
    assert {METHOD: "ngram", TOKENS: 5}.items() <= desired.fields.items()
    id = await parasail.serving(desired)
    (post,) = await parasail.requests(operation="create")
    assert post["body"]["speculativeConfig"] == {"method": "ngram", "numSpeculativeTokens": 5}
    found = await parasail.provider.get(id)
    assert {path: found.fields[path] for path in (METHOD, TOKENS)} == {METHOD: "ngram", TOKENS: 5}


@pytest.mark.parametrize(
    ("before", "changes", "removed", "after"),
    [
        pytest.param(
            None, {METHOD: "ngram", TOKENS: 3}, (), {"method": "ngram", "numSpeculativeTokens": 3}, id="new"
        ),
        pytest.param(
            {"method": "eagle", "numSteps": 2, "future": 1},
            {TOKENS: 7},
            (),
            {"method": "eagle", "numSteps": 2, "future": 1, "numSpeculativeTokens": 7},
            id="what is not ours stays",
        ),
        pytest.param({"method": "ngram", "numSteps": 2}, {}, (METHOD,), {"numSteps": 2}, id="one goes"),
        pytest.param({"method": "ngram"}, {}, (METHOD,), None, id="the last one goes"),
    ],
)
async def test_an_edit_of_it_leaves_the_rest_of_the_object_alone(parasail, before, changes, removed, after):
    id = await parasail.serving()
    await parasail.edit(id, fields={"speculativeConfig": before})
    await parasail.provider.update(id, changes, frozenset(removed), None, parasail.desired())
    (put,) = await parasail.requests(operation="update")
    assert put["body"]["speculativeConfig"] == after


async def test_a_put_has_it_also_where_the_get_does_not_show_it(parasail):
    desired = parasail.desired(**SPECULATIVE)
    id = await parasail.serving(desired)
    await parasail.fault("fields", operation="get", drop=["speculativeConfig"])
    await parasail.provider.update(id, {"replicas": 2}, NOTHING, None, desired)
    (put,) = await parasail.requests(operation="update")
    assert put["body"]["speculativeConfig"] == {"method": "ngram", "numSpeculativeTokens": 5}


@pytest.mark.parametrize(
    ("shown", "is_known", "value"),
    [
        ({"speculativeConfig": None}, True, None),
        ({"speculativeConfig": {}}, True, None),
        ({"speculativeConfig": {"method": "eagle"}}, True, "eagle"),
        ({"speculativeConfig": {"method": 7}}, True, None),
        ({"speculativeConfig": "ngram"}, False, None),
        ({}, False, None),
    ],
    ids=["null", "empty", "an object", "odd", "no object", "not shown"],
)
def test_what_a_reply_shows_of_it(shown, is_known, value):
    remote = wire.remote_of({"id": 1, **shown}, chat_base_url=None, clean=str, is_full=True)
    assert remote.value(METHOD, "unknown") == (value if is_known else "unknown")


async def test_the_longest_chat_template_makes_no_list_unreadable(parasail):
    """Also of characters of which JSON may make six each, in a deployment as long as live ones are."""
    longest = "\u4e2d" * 32_768
    block = {**TEMPLATED["parasail"], "chatTemplateOverride": longest}
    desired = parasail.desired(parasail=block)
    await parasail.set(device_choices=24, chat_template_bytes=4600)
    id = await parasail.serving(desired)
    shown = await parasail.shown(id)
    items = [json.dumps({**shown, "id": n, "description": n * 5000 * "x"}) for n in range(1, 9)]
    assert len(items[0]) > 6 * 32_768 + 10_000
    async with (
        serve_raw(lambda visit: visit.reply("200 OK", f"[{','.join(items)}]".encode())) as server,
        HttpTransport() as transport,
    ):
        parasail.url, parasail.transport = server.url, transport
        listed = await parasail.provider.list()
    path = "parasail.chatTemplateOverride"
    assert [remote.fields[path] for remote in listed] == 8 * [desired.fields[path]]
