"""What a pass sees and does, against the vendors' simulator: updates that take or do not, out-of-band changes, absences, quiet."""

import asyncio

from support.situations import told


def said(life) -> list[str]:
    """What Ready said, status by status."""
    return [told(status)["Ready"] for status in life.said]


async def test_an_edit_is_sent_once_and_is_ready_again(world, new_life):
    life = new_life(world)
    id_ = await life.serve()
    life.said.clear()
    life.edit(replicas=2)
    await life.go(15)
    assert list(dict.fromkeys(said(life))) == ["False Updating", "True Available"]
    assert await life.world.replicas(id_) == 2
    assert await life.count("update") == 1


async def test_an_out_of_band_change_is_undone_also_after_an_update_of_ours(world, new_life):
    life = new_life(world)
    id_ = await life.serve()
    life.edit(replicas=2)
    await life.go(15)
    await life.wait(3600)
    await life.world.set_replicas(id_, 3)
    await life.go(15)
    assert await life.world.replicas(id_) == 2
    assert said(life)[-1] == "True Available"
    assert "False UpdateIgnored" not in said(life)


async def test_a_change_in_the_same_second_as_ours_is_found_soon(paitient, new_life):
    """`updated_at` has whole seconds: no list shows a late answer to an earlier update, or an out-of-band change, right after it."""
    life = new_life(paitient)
    id_ = await life.serve()
    life.edit(replicas=2)
    await life.work()
    async with asyncio.timeout(5):
        while told(life.status)["Ready"] != "True Available":
            await life.go(1)
    before = (await paitient.shown(id_))["updated_at"]
    await life.world.set_replicas(id_, 3)
    assert (await paitient.shown(id_))["updated_at"] == before
    await life.go(100, every=5)
    assert await life.world.replicas(id_) == 2
    assert await life.count("update") == 2


async def test_a_change_that_does_not_take_is_said_and_not_sent_again(world, new_life):
    life = new_life(world)
    id_ = await life.serve()
    await world.set(**world.row.ignoring_replicas())
    life.edit(replicas=2)
    await life.go(200, every=5)
    assert told(life.status)["Synced"] == "False UpdateIgnored"
    assert told(life.status)["Stalled"] == "True UpdateIgnored"
    assert await life.count("update") == 1
    await world.set(**{world.row.ignores: []})
    life.edit(contextLength=8192)
    await life.go(15)
    assert told(life.status)["Ready"] == "True Available"
    assert await life.world.replicas(id_) == 2


async def test_a_field_that_the_provider_does_not_clear_is_said_and_not_cleared_again(parasail, new_life):
    life = new_life(parasail, contextLength=8192)
    await life.serve()
    await parasail.set(put_ignored_fields=["contextLength"])
    life.edit(contextLength=None)
    await life.go(200, every=5)
    assert told(life.status)["Synced"] == "False RemovalUnsupported"
    assert told(life.status)["Stalled"] == "True RemovalUnsupported"
    assert await life.count("update") == 1
    life.start()
    await life.go(60, every=5)
    assert await life.count("update") == 1
    await parasail.set(put_ignored_fields=[])
    life.edit(replicas=2)
    await life.go(60, every=5)
    assert told(life.status)["Ready"] == "True Available"
    assert "contextLength" not in life.status.last_applied


async def test_an_old_answer_after_an_update_is_not_held_against_it(world, new_life):
    life = new_life(world)
    await life.serve()
    await world.set(stale_read_s=20)
    life.edit(replicas=2)
    await life.go(120, every=2)
    assert told(life.status)["Ready"] == "True Available"
    assert "False UpdateIgnored" not in said(life)
    assert await life.count("update") == 1


async def test_nothing_is_asked_or_said_while_nothing_changes(world, new_life):
    life = new_life(world)
    await life.serve()
    life.said.clear()
    before = {operation: await life.count(operation) for operation in ("list", "get", "create", "update")}
    await life.go(300, every=30)
    after = {operation: await life.count(operation) for operation in before}
    assert after == {**before, "list": before["list"] + 10}
    assert life.said == []


async def test_a_restart_asks_for_a_list_and_says_nothing(world, new_life):
    life = new_life(world)
    await life.serve()
    life.said.clear()
    gets = await life.count("get")
    life.start()
    await life.work()  # before the first LIST
    await life.poll()
    await life.work()
    assert await life.count("get") == gets
    assert life.said == []


async def test_what_no_list_shows_is_read_once_an_hour(world, new_life):
    life = new_life(world)
    await life.serve()
    before = await life.count("get")
    await life.go(4 * 3600, every=600)
    assert 3 <= await life.count("get") - before <= 4


async def test_a_vanished_deployment_is_created_again_once_per_generation(world, new_life):
    life = new_life(world)
    first = await life.serve()
    await life.remove(first)
    await life.go(140)  # beyond the time in which a provider may not yet show what was just made
    second = life.status.external_id
    assert second not in (None, first)
    assert life.status.recreated_generation == 1
    await life.remove(second)
    await life.go(140)
    assert told(life.status)["Stalled"] == "True ExternalResourceMissing"
    assert await life.count("create") == 2


async def test_a_get_that_fails_falls_back_to_the_list(world, new_life):
    life = new_life(world)
    id_ = await life.serve()
    life.said.clear()
    await world.fault("error", status=500, operation="get")
    await life.world.set_replicas(id_, 1)
    life.memory.tagged(life.now)  # a GET is due
    await life.go(5)
    assert life.said == []


async def test_an_alias_is_published_from_a_full_reply_only(parasail, new_life):
    life = new_life(parasail)
    await life.poll()
    await life.work()
    await life.work()
    assert life.status.external_id is not None
    assert life.status.external_alias is None
    await life.go(12)
    assert life.status.external_alias is not None
    assert told(life.status)["Ready"] == "True Available"


async def test_a_lasting_failure_of_the_poll_is_said_only_when_it_lasts(world, new_life):
    life = new_life(world)
    await life.serve()
    life.said.clear()
    await world.fault("error", status=500, operation="list")
    for expected in ("True Available", "True Available", "Unknown ProviderUnavailable"):
        await life.wait(30)
        await life.poll()
        await life.work()
        assert told(life.status)["Ready"] == expected
    await world.mend()
    await life.go(3)
    assert said(life) == ["Unknown ProviderUnavailable", "True Available"]


async def test_a_wrong_key_is_said_at_once(world, new_life):
    life = new_life(world)
    await life.serve()
    await world.fault("error", status=401)
    await life.wait(30)
    await life.poll()
    await life.work()
    assert told(life.status)["Ready"] == "False CredentialsInvalid"
    assert told(life.status)["Stalled"] == "True CredentialsInvalid"


async def test_deleting_waits_for_the_vendor_to_show_that_it_is_gone(world, new_life):
    life = new_life(world)
    await life.serve()
    life.delete()
    await life.poll()
    await life.work()
    assert not life.is_released
    assert life.memory.sent.delete_at is not None
    await life.go(15)
    assert life.is_released
    assert await life.count("delete") == 1
