"""Half of a provider's API fails: what the other half can finish is finished, and the rest is said."""

from support.situations import told


async def outage(life, operation: str) -> None:
    """Begins, and lasts long enough to be no hiccup."""
    await life.go(90, every=5)
    await life.world.fault("error", status=500, operation=operation)
    await life.go(120, every=30)


async def test_while_the_list_fails_an_edit_is_made_and_read_back(world, new_life):
    life = new_life(world)
    id_ = await life.serve()
    await outage(life, "list")
    assert told(life.status)["Ready"] == "Unknown ProviderUnavailable"
    life.edit(replicas=2)
    await life.go(90, every=5)
    assert await life.world.replicas(id_) == 2
    assert await life.count("update") == 1
    assert life.status.last_applied["replicas"] == 2


async def test_while_the_list_fails_what_is_settled_is_not_read_again_and_again(world, new_life):
    life = new_life(world)
    await life.serve()
    await outage(life, "list")
    before = await life.count("get")
    await life.go(300, every=30)
    assert await life.count("get") == before


async def test_while_the_list_fails_a_deletion_comes_to_its_end(world, new_life):
    life = new_life(world)
    await life.serve()
    await outage(life, "list")
    life.delete()
    await life.go(300, every=5)
    assert life.is_released
    assert await life.count("delete") == 1


async def test_while_the_list_fails_a_gateway_s_404_ends_no_deletion(world, new_life):
    life = new_life(world)
    await life.serve()
    await outage(life, "list")
    await world.fault("error", status=404, body="html", operation="get")
    life.delete()
    await life.go(300, every=5)
    assert not life.is_released


async def test_while_the_list_fails_a_404_is_no_absence(world, new_life):
    life = new_life(world)
    id_ = await life.serve()
    await outage(life, "list")
    await life.remove(id_)
    life.edit(replicas=2)
    await life.go(300, every=5)
    assert (life.status.external_id, await life.count("create")) == (id_, 1)


async def test_while_gets_fail_a_deletion_comes_to_its_end(world, new_life):
    life = new_life(world)
    await life.serve()
    await outage(life, "get")
    life.delete()
    await life.go(300, every=5)
    assert life.is_released


async def test_while_gets_fail_no_edit_is_called_done(world, new_life):
    life = new_life(world)
    id_ = await life.serve()
    await outage(life, "get")
    life.said.clear()
    life.edit(contextLength=8192)
    await life.go(120, every=5)
    edited = [status for status in life.said if status.observed_generation == 2]
    assert {told(status)["Synced"].split()[0] for status in edited} == {"False"}
    await world.mend()
    await life.go(60, every=5)
    assert told(life.status)["Synced"] == "True Synced"
    assert await life.count("update") == 1
    assert life.status.external_id == id_
