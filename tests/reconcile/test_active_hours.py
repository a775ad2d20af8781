"""A deployment with hours, pass by pass: paused at the edge, back for the next one, and left to whoever resumed it."""

from datetime import timedelta

import pytest

from model_operator.domain import ACTION
from support.one_object import KEY, Crash
from support.situations import NOW, told

# NOW is a Sunday at noon.
HOURS = {"timeZone": "UTC", "active": ["Sun 08:00-13:00", "Sun 15:00-17:00"], "outside": "Pause"}
AN_HOUR = 3600
OFF = "True OutsideActiveHours"


@pytest.fixture
async def life(parasail, new_life):
    life = new_life(parasail, schedule=HOURS)
    await life.serve()
    return life


async def until(life, hour, minute=0, *, every=60):
    """Polls and passes until that time of the day."""
    end = NOW.replace(hour=hour, minute=minute)
    await life.go(int((end - life.now).total_seconds()), every=every)


def annotate(life, value):
    life.server.merge(KEY, {"metadata": {"annotations": {ACTION: value}}})


async def resume_by_hand(life):
    """Somebody does it in the provider's console."""
    await life.world.control(
        "PATCH", f"/deployments/parasail/{life.status.external_id}", {"status": "ONLINE"}
    )


async def test_it_is_paused_at_the_edge_and_runs_again_at_the_next(life):
    assert told(life.status)["Ready"] == "True Available"
    assert life.status.next_edge == NOW.replace(hour=13)
    await until(life, 13, 5)
    assert told(life.status)["Ready"] == OFF
    assert (life.status.phase, life.status.next_edge) == ("Paused", NOW.replace(hour=15))
    await until(life, 15, 5)
    assert told(life.status)["Ready"] == "True Available"
    assert await life.mutations() == ["create", "pause", "resume"]


async def test_a_pass_wants_to_look_again_a_little_before_the_edge_and_at_last_at_it(life):
    wait, waits = await life.work(), 0
    while wait < life.status.next_edge - life.now:
        await life.wait(wait.total_seconds() * 1.1)  # the queue's jitter at its most
        wait, waits = await life.work(), waits + 1
    assert timedelta() <= wait <= timedelta(seconds=10)
    assert waits < 10


async def test_what_is_created_outside_its_hours_is_made_when_they_begin(parasail, new_life):
    early = {**HOURS, "active": ["Sun 15:00-17:00"], "leadTime": "10m"}
    life = new_life(parasail, schedule=early)
    await life.poll()
    wait = await life.work()
    assert told(life.status)["Ready"] == OFF
    assert (life.status.phase, wait) == ("Paused", 0.9 * timedelta(hours=2, minutes=50))
    await until(life, 14, 49)
    assert await life.mutations() == []
    await until(life, 14, 58, every=20)
    assert await life.mutations() == ["create"]


async def test_what_vanishes_outside_its_hours_is_made_again_in_them(life):
    await until(life, 13, 5)
    await life.remove(life.status.external_id)
    await until(life, 14, 59)
    assert told(life.status)["Ready"] == OFF
    assert await life.count("create") == 1
    await until(life, 15, 10, every=20)
    assert await life.count("create") == 2


async def test_whoever_resumes_it_at_the_provider_is_left_alone_until_the_next_edge(life):
    await until(life, 13, 5)
    await resume_by_hand(life)
    await until(life, 13, 30)
    assert told(life.status)["Ready"] == "True Available"
    assert await life.count("pause") == 1
    await until(life, 17, 5)
    assert told(life.status)["Ready"] == OFF
    assert await life.count("pause") == 2


async def test_a_night_that_nobody_saw_end_is_not_this_one(life):
    """The operator was away from one night to the next, in which somebody resumed it for the day."""
    await until(life, 13, 5)
    await resume_by_hand(life)
    await life.wait(4 * AN_HOUR)
    life.start()
    await life.go(300, every=60)
    assert told(life.status)["Ready"] == OFF
    assert await life.count("pause") == 2


async def test_paused_always_wins_and_says_so(life):
    life.edit(paused=True)
    await until(life, 12, 10)
    assert told(life.status)["Ready"] == "True Paused"
    await until(life, 15, 5)
    assert told(life.status)["Ready"] == "True Paused"
    life.edit(paused=None)
    await until(life, 15, 10)
    assert told(life.status)["Ready"] == "True Available"


async def test_an_annotation_lets_it_run_until_the_next_edge_and_counts_once(life):
    await until(life, 13, 5)
    annotate(life, "active-until-next-edge")
    await until(life, 13, 15)
    assert told(life.status)["Ready"] == "True Available"
    assert life.status.active_until == NOW.replace(hour=15)
    await until(life, 17, 5)
    assert told(life.status)["Ready"] == OFF
    annotate(life, None)
    await until(life, 17, 10)
    assert life.status.active_until is None
    annotate(life, "active-until-next-edge")
    await until(life, 17, 20)
    assert told(life.status)["Ready"] == "True Available"


async def test_an_annotation_that_has_counted_does_not_count_again_for_hours_that_come_back(life):
    await until(life, 13, 5)
    annotate(life, "active-until-next-edge")
    await until(life, 14)
    life.edit(schedule=None)
    await until(life, 17, 5)
    assert life.status.active_until == NOW.replace(hour=15)
    life.edit(schedule=HOURS)
    await until(life, 17, 15)
    assert told(life.status)["Ready"] == OFF


async def test_that_it_may_run_is_written_before_it_is_resumed(life):
    await until(life, 13, 5)
    annotate(life, "active-until-next-edge")
    with pytest.raises(Crash):
        await life.work(dies="status.sent")
    assert await life.count("resume") == 0


async def test_an_edit_of_the_hours_counts_at_once(life):
    await until(life, 13, 5)
    life.edit(schedule={**HOURS, "active": ["Sun 08:00-18:00"]})
    await until(life, 13, 15)
    assert told(life.status)["Ready"] == "True Available"
    life.edit(schedule=None)
    await until(life, 18, 5)
    assert told(life.status)["Ready"] == "True Available"
    assert life.status.next_edge is None


async def test_a_deletion_does_not_wait_for_an_edge(life):
    await until(life, 13, 5)
    life.delete()
    await life.go(60, every=5)
    assert life.is_released
    assert (await life.mutations())[-1] == "delete"


async def test_outside_its_hours_only_the_fewest_replicas_run(paitient, new_life):
    life = new_life(
        paitient,
        replicas=None,
        autoscaling={"minReplicas": 1, "maxReplicas": 4},
        schedule={**HOURS, "outside": "MinReplicas"},
    )
    id_ = await life.serve()

    async def bounds():
        shown = await life.world.control("GET", f"/deployments/paitient/{id_}")
        return shown["min_replicas"], shown["max_replicas"]

    assert await bounds() == (1, 4)
    await until(life, 13, 5)
    assert await bounds() == (1, 1)
    assert told(life.status)["Ready"] == OFF
    await until(life, 15, 5)
    assert await bounds() == (1, 4)
    assert told(life.status)["Ready"] == "True Available"
