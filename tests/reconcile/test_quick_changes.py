"""More than one change within one second of a provider whose `updated_at` has whole seconds."""

from support.one_object import KEY


async def test_a_state_that_only_a_get_has_shown_does_not_stand_for_ever(paitient, new_life):
    """The LISTs before and after it are alike: the later one is news all the same."""
    await paitient.set(update_s=0.4)
    life = new_life(paitient)
    id_ = await life.serve()
    await paitient.edit(id_, fields={"tags": {**(await paitient.shown(id_))["tags"], "by": "hand"}})
    await life.poll()
    await life.work()
    life.edit(replicas=2)
    await life.work()
    await life.work()
    assert life.status.provider_state == "updating"
    life.edit(replicas=3)
    await life.work()  # on the LIST of before, too
    await life.work()
    assert await life.count("update") == 1
    await life.wait(0.5)
    life.changes.clear()
    await life.poll()
    assert any(KEY in keys for keys in life.changes)
    await life.work()
    assert await life.count("update") == 2
