"""An object ends around its first create: what is waited for, and what is let go."""

import pytest

from model_operator.domain import DEPLOYMENT
from model_operator.providers.registry import PROVIDERS
from support.create_world import Post, Step, check_end, new_operator, play, settle
from support.memory_store import Effect, Trouble, Verb
from support.one_object import KEY

BOTH = pytest.mark.parametrize("vendor", PROVIDERS)
UP_TO_THE_POST = [Step("poll"), Step("work")]


@BOTH
async def test_a_deletion_before_the_create_sends_nothing_and_waits_for_nothing(vendor: str) -> None:
    operator = new_operator(vendor)
    await operator.work()
    operator.delete()
    assert operator.server.find(KEY) is None, "nothing holds it"
    await operator.work()
    assert operator.is_released
    assert operator.world.sent == 0


@BOTH
@pytest.mark.parametrize("late", [None, 5, 50])
async def test_a_deletion_after_a_death_around_the_post_waits_for_what_may_come(
    vendor: str, late: int | None
) -> None:
    operator = new_operator(vendor)
    await play(operator, UP_TO_THE_POST, [Post("crash", late)])
    operator.delete()
    await operator.poll()
    await operator.work()
    assert operator.status.pending is not None
    assert operator.status.phase == "Deleting"
    await settle(operator)
    check_end(operator)
    assert operator.world.sent == 1


@BOTH
async def test_who_is_alone_with_a_marked_object_may_let_it_be(vendor: str) -> None:
    operator = new_operator(vendor)
    await play(operator, UP_TO_THE_POST, [Post("crash", None)])
    operator.edit(deletionPolicy="Orphan")
    operator.delete()
    await operator.poll()
    await operator.work()
    assert operator.is_released


@BOTH
async def test_a_process_that_lives_on_ends_what_it_made_for_an_object_that_was_stripped_meanwhile(
    vendor: str,
) -> None:
    """The id has reached no status, and nothing holds the object any more."""
    operator = new_operator(vendor)
    store = operator.passes.around.store
    store.troubles.append(Trouble(Effect.REFUSE, frozenset({Verb.STATUS}), frozenset({DEPLOYMENT}), left=1))
    await operator.poll()
    with pytest.raises(Exception, match="the server had a problem"):
        await operator.work()
    assert operator.status.external_id is None
    operator.server.merge(KEY, {"metadata": {"finalizers": []}})
    operator.server.delete(KEY)
    await settle(operator)
    check_end(operator)
