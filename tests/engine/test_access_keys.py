"""The access keys of gated models: read in time, sent with what needs them, and nowhere else."""

import asyncio
import json

import pytest

from model_operator.domain import Key
from support.engine_world import LLAMA, play
from support.manifests import secret
from support.parasail_live import L40S, begin, edit, llama, remote, requests

TOKEN = "hf_abcdefghijklmnopqrstuvwxyz"
SECOND = "hf_zyxwvutsrqponmlkjihgfedcba"
REF = {"modelAccessKeySecretRef": {"name": "hugging-face"}}
GATED = {"gated_models": ["*"], "put_write_only": "clear"}


def test_an_access_key_goes_with_the_create_and_every_update_and_nowhere_else():
    async def story(world):
        world.apply(secret("hugging-face", modelAccessKey=TOKEN))
        await begin(world, llama({"devices": [L40S], **REF}), **GATED)
        assert world.ready() == ("True", "Available")
        version = world.server.get(Key("Secret", "team", "hugging-face"))["metadata"]["resourceVersion"]
        applied = world.status["lastApplied"]["parasail.modelAccessKeySecretRef"]
        assert applied == {"name": "hugging-face", "resourceVersion": version}
        edit(world, replicas=2)
        await asyncio.sleep(60)
        edit(world, parasail={"engine": "SGLANG"})  # loaded anew, for which the key must still be there
        await asyncio.sleep(60)
        assert (world.ready(), (await remote(world))["engine"]) == (("True", "Available"), "SGLANG")
        sent = [r["body"]["modelAccessKey"] for op in ("create", "update") for r in await requests(world, op)]
        assert sent == ["***"] * 3
        asked = await requests(world, "devices")
        assert "modelAccessKey" not in json.dumps([r["query"] for r in asked])
        assert TOKEN not in json.dumps([world.server.get(LLAMA), *world.server.list("Event", "team")])

    play(story, is_served=False)


def test_another_access_key_is_sent_within_the_hour_and_a_label_is_no_other_key():
    async def story(world):
        world.apply(secret("hugging-face", modelAccessKey=TOKEN))
        await begin(world, llama({"devices": [L40S], **REF}))
        key = Key("Secret", "team", "hugging-face")
        world.server.merge(key, {"metadata": {"labels": {"a": "b"}}})
        await asyncio.sleep(4500)
        assert await requests(world, "update") == []
        world.server.merge(key, {"data": secret("x", modelAccessKey=SECOND)["data"]})
        await asyncio.sleep(4500)
        assert len(await requests(world, "update")) == 1
        assert world.ready() == ("True", "Available")
        await asyncio.sleep(7300)
        assert len(await requests(world, "update")) == 1

    play(story, is_served=False)


def test_a_create_waits_for_its_access_key_and_says_which():
    async def story(world):
        await begin(world, llama({"devices": [L40S], **REF}), 30)
        for type_ in ("Accepted", "Ready"):
            found = world.condition(type_)
            assert (found["status"], found["reason"]) == ("False", "CredentialsMissing")
            assert found["message"].startswith(
                'spec.parasail.modelAccessKeySecretRef: Secret "hugging-face" does not exist in namespace team.'
            )
        assert await requests(world, "create") == []
        world.apply(secret("hugging-face", modelAccessKey=TOKEN))
        await asyncio.sleep(120)
        assert world.ready() == ("True", "Available")

    play(story, is_served=False)


def test_an_update_waits_for_its_access_key_and_pause_resume_and_delete_do_not():
    async def story(world):
        key = Key("Secret", "team", "hugging-face")
        world.apply(secret("hugging-face", modelAccessKey=TOKEN))
        await begin(world, llama({"devices": [L40S], **REF}))
        world.server.delete(key)
        await asyncio.sleep(4500)
        assert world.ready() == ("True", "Available")  # nothing is to be sent
        edit(world, replicas=2)
        await asyncio.sleep(90)
        assert world.ready() == ("False", "CredentialsMissing")
        assert await requests(world, "update") == []
        edit(world, replicas=1, paused=True)
        await asyncio.sleep(60)
        assert world.ready() == ("True", "Paused")
        edit(world, paused=False)
        await asyncio.sleep(60)
        assert world.ready() == ("True", "Available")
        world.server.delete(LLAMA)
        await asyncio.sleep(60)
        assert await world.shown() == []

    play(story, is_served=False)


@pytest.mark.parametrize("status", [400, 403, 422, 500])
def test_a_refusal_that_repeats_an_access_key_is_said_without_it(status, capfd):
    async def story(world):
        world.apply(secret("hugging-face", modelAccessKey="a-key-of-no-known-shape"))
        said = {
            "kind": "error",
            "operation": "create",
            "status": status,
            "message": "bad a-key-of-no-known-shape",
        }
        await world.simulator.control("POST", "/faults", said)
        await begin(world, llama({"devices": [L40S], **REF}), 30)
        told = world.condition("Synced")["message"]
        assert "bad ***" in told or status == 500  # whose outcome is the news
        everything = json.dumps([world.server.get(LLAMA), *world.server.list("Event", "team")])
        assert "no-known-shape" not in everything

    play(story, is_served=False)
    assert "no-known-shape" not in "".join(capfd.readouterr())
