"""Much of an account is gone at once, or a credential has proven nothing: a miss means nothing."""

from datetime import timedelta

from model_operator.conditions import Reason
from model_operator.domain import Probe
from model_operator.plan.deployment.situation import Delete, RunProbe
from model_operator.plan.deployment.words import moving
from model_operator.reconcile.deployment.act import act
from support.situations import remote, situation, told


async def test_a_miss_means_nothing_under_a_credential_that_has_proven_nothing(world, new_life):
    life = new_life(world)
    id_ = await life.serve()
    life.is_proven = False
    life.start()
    await life.remove(id_)
    await life.go(10)
    assert told(life.status)["Ready"] == "False AccountMismatch"
    assert told(life.status)["Serving"] == "Unknown Unknown"
    life.delete()
    await life.go(10)
    assert not life.is_released
    life.account.confirmed = {member: frozenset({id_}) for member in life.account.members}
    await life.go(70)
    assert life.is_released


async def test_most_of_an_account_gone_at_once_means_nothing_either(world, new_life):
    life = new_life(world)
    id_ = await life.serve()
    other = await world.serving(world.desired("other", uid="other"))
    life.hold(other)
    await life.poll()
    await life.remove(id_)
    await life.remove(other)
    for _ in range(3):
        await life.wait(world.row.end)
        await life.poll()
        await life.work()
    assert told(life.status)["Ready"] == "False AccountMismatch"
    assert await life.count("create") == 2


async def test_a_terminating_object_waits_when_most_of_an_account_is_gone(world, new_life):
    life = new_life(world)
    id_ = await life.serve()
    others = [await world.serving(world.desired(name, uid=name)) for name in ("one", "two")]
    life.hold(*others)
    await life.poll()
    for gone in (id_, *others):
        await life.remove(gone)
    await life.wait(world.row.end)
    life.delete()
    for _ in range(3):
        await life.poll()
        await life.work()
    assert not life.is_released
    assert told(life.status)["Ready"] == "False AccountMismatch"


async def test_nothing_is_created_while_known_ids_are_missing_under_an_unproven_credential(world, new_life):
    life = new_life(world, is_proven=False)
    (other,) = life.hold(world.row.missing_id)
    await life.poll()
    await life.work()
    assert told(life.status)["Ready"] == "False AccountMismatch"
    assert await life.count("create") == 0
    life.server.delete(other)
    await life.poll()
    await life.work()
    await life.work()
    assert await life.count("create") == 1


async def test_our_own_create_is_not_missing_from_an_older_list(world, new_life):
    life = new_life(world)
    await world.set(list_lag_s=20)
    await life.serve()
    await life.go(30)
    assert told(life.status)["Ready"] == "True Available"
    assert await life.count("create") == 1


async def test_a_deletion_that_finds_nothing_proves_no_credential(world, new_life):
    life = new_life(world, is_proven=False)
    step = moving(Reason.DELETING, "Deleting.", None, Delete(world.row.missing_id, force=False))
    await act(situation(wanted=False), step, life.provider, life.account, life.memory, nobody)
    assert not life.account.is_proven
    assert life.memory.sent.delete_at is None


async def test_a_probe_that_fails_proves_no_credential(parasail, new_life):
    life = new_life(parasail, is_proven=False)
    asked = Probe(prompt="ping", timeout=timedelta(seconds=1))
    step = moving(Reason.UPDATING, "Probing.", None, RunProbe(remote(alias="nobody"), asked))
    await act(situation(probe=asked), step, life.provider, life.account, life.memory, nobody)
    assert life.memory.sent.probe is not None
    assert not life.memory.sent.probe.passed
    assert not life.account.is_proven


async def nobody() -> None:
    """Whom a slow create is told."""
