"""Somebody else at the provider who sets a field back each time: a few corrections, then one an hour, and it is said."""

from datetime import timedelta

from support.situations import told

MINUTE = 60
HOUR = 3600


class Rival:
    """Sets a field to its own value some seconds after each change of ours, as an autoscaler or another operator does."""

    def __init__(self, life, act, after=20):
        self.life = life
        self.act = act
        self.after = after
        self.seen = 0
        self.due = None

    async def go(self, seconds, *, every=10):
        for _ in range(0, seconds, every):
            await self.life.go(every, every=every)
            changes = await self.life.count("update")
            if changes > self.seen:
                self.seen, self.due = changes, self.life.now + timedelta(seconds=self.after)
            if self.due is not None and self.life.now >= self.due:
                self.due = None
                await self.act()


async def at_war(world, new_life, **spec):
    """Its replicas are set to 3 by an autoscaler whenever they are corrected."""
    life = new_life(world, **spec)
    id_ = await life.serve()
    rival = Rival(life, lambda: world.set_replicas(id_, 3))
    await world.set_replicas(id_, 3)
    return life, rival


async def test_a_field_that_is_set_back_each_time_is_corrected_five_times_and_then_once_an_hour(
    world, new_life
):
    life, rival = await at_war(world, new_life)
    await rival.go(20 * MINUTE)
    assert await life.count("update") == 5
    said = life.status.condition("Synced")
    assert (said.status, said.reason) == ("False", "FieldContested")
    assert "replicas" in said.message
    assert "another controller" in said.message
    assert told(life.status)["Stalled"] == "True FieldContested"
    assert [(row.field, row.observed) for row in life.status.drift] == [("replicas", "3")]
    before = len(life.said)
    await rival.go(3 * HOUR, every=MINUTE)
    assert await life.count("update") == 8
    assert len(life.said) - before <= 3 * 4
    assert told(life.status)["Synced"] == "False FieldContested"


async def test_peace_is_noticed_within_the_hour(world, new_life):
    life, rival = await at_war(world, new_life)
    await rival.go(20 * MINUTE)
    await life.go(HOUR, every=MINUTE)
    assert told(life.status)["Ready"] == "True Available"
    assert await world.replicas(life.status.external_id) == 1
    await life.go(3 * HOUR, every=MINUTE)
    await world.set_replicas(life.status.external_id, 3)
    await life.go(3 * MINUTE, every=MINUTE)
    assert await world.replicas(life.status.external_id) == 1


async def test_an_edit_of_the_field_is_sent_at_once(world, new_life):
    life, rival = await at_war(world, new_life)
    await rival.go(20 * MINUTE)
    life.edit(replicas=2)
    await life.go(15)
    assert await world.replicas(life.status.external_id) == 2
    assert told(life.status)["Ready"] == "True Available"


async def test_other_fields_are_corrected_beside_it(world, new_life):
    life, rival = await at_war(world, new_life, contextLength=4096)
    await rival.go(20 * MINUTE)
    life.edit(contextLength=8192)
    await rival.go(2 * MINUTE)
    assert life.status.last_applied["contextLength"] == 8192
    assert told(life.status)["Synced"] == "False FieldContested"
    assert await life.count("update") == 6


async def test_few_changes_by_hand_are_no_fight(world, new_life):
    life, _ = await at_war(world, new_life)
    for _ in range(8):
        await life.go(3 * HOUR, every=30 * MINUTE)
        assert told(life.status)["Ready"] == "True Available"
        await world.set_replicas(life.status.external_id, 3)
    assert await life.count("update") == 8


async def test_a_tag_that_is_taken_off_each_time_is_put_back_as_seldom(paitient, new_life):
    life = new_life(paitient)
    id_ = await life.serve()

    async def take_off():
        await paitient.edit(id_, fields={"tags": {}})

    rival = Rival(life, take_off)
    await take_off()
    await rival.go(20 * MINUTE)
    assert await life.count("update") <= 5
    said = life.status.condition("Synced")
    assert (said.status, said.reason) == ("False", "FieldContested")
    assert "model-operator-uid" in said.message


async def test_a_tag_of_another_cluster_is_not_fought_over(paitient, new_life):
    life = new_life(paitient)
    id_ = await life.serve()
    await paitient.edit(id_, fields={"tags": {"model-operator-uid": "of-another-cluster"}})
    await life.go(20 * MINUTE, every=10)
    assert await life.count("update") == 0
    said = life.status.condition("Accepted")
    assert (said.status, said.reason) == ("False", "ExternalIDTaken")
