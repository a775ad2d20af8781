"""A deployment that nobody uses, pass by pass: by the metrics alone, and what they do not show is not idleness."""

from datetime import timedelta
from itertools import pairwise

import pytest

from model_operator.models.deployment import ModelDeploymentStatus
from model_operator.status.events import of_deployment
from support.situations import NOW, told

HOUR = 3600
RANGE = {"replicas": None, "autoscaling": {"minReplicas": 1, "maxReplicas": 3}}


@pytest.fixture
async def new_idle(paitient, new_life):
    """With one hour and that to be done after it; nobody uses it from the beginning."""

    async def new(then="Expire", **spec):
        await paitient.control("PATCH", "/knobs", {"metrics": {"direct_rps": 0}})
        more = RANGE if then == "MinReplicas" else {}
        life = new_life(paitient, idle={"after": "1h", "then": then}, **more, **spec)
        await life.serve()
        return life

    return new


async def use(life, requests_per_second):
    id_ = life.status.external_id
    await life.world.control(
        "PATCH", f"/deployments/paitient/{id_}", {"behaviour": {"direct_rps": requests_per_second}}
    )


async def knobs(life, **values):
    await life.world.control("PATCH", "/knobs", {"metrics": values})


async def hours(life, count):
    """Passes when they ask for one, as the engine's queue has it; every five minutes at least."""
    await until(life, life.now + timedelta(hours=count), lambda: False)


async def until(life, end, is_so):
    wait = timedelta()
    while life.now < end and not is_so():
        most = min(300.0, (end - life.now).total_seconds())
        await life.wait(min(max(wait.total_seconds(), 1.0), most))
        await life.poll()
        wait = await life.work() or timedelta(hours=1)


async def mutations(life):
    return [entry["operation"] for entry in await life.world.requests() if entry["method"] != "GET"]


async def most(life):
    remote = await life.provider.get(life.status.external_id)
    return remote.fields.get("autoscaling", remote.fields.get("replicas"))


def events(life):
    pairs = pairwise([ModelDeploymentStatus(), *life.said])
    return [(e.type, e.reason) for before, after in pairs for e in of_deployment(before, after)]


async def test_one_that_is_found_idle_expires_and_the_object_stays(new_idle):
    life = await new_idle()
    await hours(life, 1)
    assert (told(life.status)["Idle"], await mutations(life)) == ("False NotIdle", ["create"])
    await hours(life, 0.3)
    assert await mutations(life) == ["create", "delete"]
    words = told(life.status)
    assert (words["Ready"], words["Idle"], words["Expiring"]) == (
        "True Expired",
        "True NoRequests",
        "True Expired",
    )
    assert ("Normal", "NoRequests") in events(life)
    assert life.status.idle.until - life.status.idle.since >= timedelta(hours=1)
    written, asked = life.body.metadata.resource_version, await life.count("metrics")
    await hours(life, 3)
    assert (life.body.metadata.resource_version, await life.count("metrics")) == (written, asked)


async def test_what_has_expired_stays_so_in_a_new_process_and_an_edit_brings_one_back(new_idle):
    life = await new_idle()
    await hours(life, 1.4)
    life.start()
    await hours(life, 0.5)
    assert told(life.status)["Ready"] == "True Expired"
    life.edit(contextLength=2048)
    await life.go(20)
    assert told(life.status)["Ready"] == "True Available"
    assert await mutations(life) == ["create", "delete", "create"]
    await hours(life, 1)
    assert told(life.status)["Idle"] == "False NotIdle"


async def test_one_that_is_used_is_left_alone_and_read_about_once_an_hour(new_idle):
    life = await new_idle()
    await use(life, 1)
    await hours(life, 5)
    assert (told(life.status)["Idle"], await mutations(life)) == ("False NotIdle", ["create"])
    assert await life.count("metrics") <= 8


@pytest.mark.long
async def test_a_request_so_rare_that_its_rate_is_rounded_away_is_use(new_idle):
    life = await new_idle()
    await knobs(life, rps_decimals=0)
    await use(life, 0.05)
    await hours(life, 2)
    assert (told(life.status)["Idle"], await mutations(life)) == ("False NotIdle", ["create"])


async def test_the_fewest_replicas_until_there_is_a_request(new_idle):
    life = await new_idle("MinReplicas")
    await hours(life, 1.3)
    assert told(life.status)["Idle"] == "True NoRequests"
    assert await mutations(life) == ["create", "update"]
    assert await most(life) == {"minReplicas": 1, "maxReplicas": 1}
    assert told(life.status)["Ready"] == "True Available"
    await use(life, 1)
    await hours(life, 0.1)
    assert told(life.status)["Idle"] == "False NotIdle"
    assert await most(life) == {"minReplicas": 1, "maxReplicas": 3}
    assert ("Normal", "NotIdle") in events(life)


async def test_an_edit_counts_as_use(new_idle):
    life = await new_idle("MinReplicas")
    await hours(life, 0.9)
    life.edit(contextLength=2048)
    await hours(life, 0.9)
    assert told(life.status)["Idle"] == "False NotIdle"
    await hours(life, 0.4)
    assert await most(life) == {"minReplicas": 1, "maxReplicas": 1}
    life.edit(contextLength=4096)
    await hours(life, 0.1)
    assert await most(life) == {"minReplicas": 1, "maxReplicas": 3}


@pytest.mark.parametrize(
    ("values", "is_told"),
    [
        pytest.param({"nan_probability": 1.0}, True, marks=pytest.mark.long),
        ({"nan_probability": 0.2}, False),
        pytest.param({"gap_probability": 0.2}, False, marks=pytest.mark.long),
        pytest.param({"gap_probability": 1.0}, True, marks=pytest.mark.long),
        ({"lag_s": 3 * HOUR}, True),
    ],
    ids=["no numbers", "some numbers", "some buckets", "no buckets", "hours late"],
)
async def test_what_cannot_be_read_is_not_idle(new_idle, values, is_told):
    life = await new_idle()
    await knobs(life, **values)
    await hours(life, 2)
    assert await mutations(life) == ["create"]
    assert told(life.status)["Idle"] == ("Unknown MetricsUnavailable" if is_told else "False NotIdle")
    assert (("Warning", "MetricsUnavailable") in events(life)) is is_told


async def test_metrics_that_fail_are_asked_for_every_five_minutes_and_are_not_idleness(new_idle):
    life = await new_idle()
    await life.world.fault("error", operation="metrics", status=500)
    await hours(life, 2)
    assert (told(life.status)["Idle"], await mutations(life)) == ("Unknown MetricsUnavailable", ["create"])
    assert told(life.status)["Ready"] == "True Available"
    assert await life.count("metrics") <= 25
    life.start()
    await life.poll()
    await life.work()
    assert told(life.status)["Idle"] == "Unknown MetricsUnavailable"


async def test_after_half_an_hour_without_metrics_the_replicas_come_back(new_idle):
    life = await new_idle("MinReplicas")
    await hours(life, 1.3)
    await life.world.fault("error", operation="metrics", status=500)
    await hours(life, 0.4)
    assert await most(life) == {"minReplicas": 1, "maxReplicas": 1}
    await hours(life, 0.3)
    assert await most(life) == {"minReplicas": 1, "maxReplicas": 3}


async def test_a_restart_neither_loses_nor_adds_to_the_time(new_idle):
    life = await new_idle()
    await hours(life, 0.7)
    life.start()
    await hours(life, 0.3)
    assert await mutations(life) == ["create"]
    life.start()
    await hours(life, 0.3)
    assert await mutations(life) == ["create", "delete"]


@pytest.mark.long
async def test_a_time_in_which_nobody_looked_is_not_idle_if_there_were_requests(new_idle):
    life = await new_idle()
    await use(life, 1)
    await life.wait(5 * HOUR)
    await use(life, 0)
    life.start()
    await hours(life, 0.9)
    assert await mutations(life) == ["create"]
    await hours(life, 0.4)
    assert await mutations(life) == ["create", "delete"]


async def test_nothing_ends_while_nobody_looked(new_idle):
    """The process dies when it has noticed, and a request comes before the next one looks."""
    life = await new_idle()
    await until(life, NOW + timedelta(hours=2), lambda: life.status.expired is not None)
    assert life.status.expired is not None
    await use(life, 1)
    await life.wait(600)
    life.start()
    await hours(life, 0.2)
    assert (told(life.status)["Idle"], await mutations(life)) == ("False NotIdle", ["create"])
    assert "Expiring" not in told(life.status)


@pytest.mark.long
async def test_nothing_ends_while_its_metrics_cannot_be_read_again(new_idle):
    life = await new_idle()
    await until(life, NOW + timedelta(hours=2), lambda: told(life.status)["Idle"] == "True NoRequests")
    await life.world.fault("error", operation="metrics", status=500)
    await hours(life, 1)
    assert (told(life.status)["Idle"], await mutations(life)) == ("Unknown MetricsUnavailable", ["create"])


async def test_a_request_in_the_last_minute_keeps_it(new_idle):
    life = await new_idle()
    await until(life, NOW + timedelta(hours=2), lambda: life.status.expired is not None)
    assert life.status.expired is not None
    await use(life, 50)
    await knobs(life, partial=True)
    await hours(life, 0.2)
    assert (told(life.status)["Ready"], await mutations(life)) == ("True Available", ["create"])


async def test_with_orphan_it_is_only_reported_until_there_is_a_request(new_idle):
    life = await new_idle(deletionPolicy="Orphan")
    await hours(life, 2)
    words = told(life.status)
    assert (words["Ready"], words["Expiring"], words["Idle"]) == (
        "True Available",
        "True Expired",
        "True NoRequests",
    )
    await use(life, 1)
    await hours(life, 0.3)
    assert "Expiring" not in told(life.status)
    assert await mutations(life) == ["create"]


@pytest.mark.long
async def test_no_time_counts_outside_the_hours_nor_before_them(new_idle):
    """NOW is a Sunday at noon."""
    windows = {"timeZone": "UTC", "active": ["Sun 12:00-12:40", "Sun 14:00-17:00"], "outside": "MinReplicas"}
    life = await new_idle("MinReplicas", schedule=windows)
    await hours(life, 1.5)
    assert told(life.status)["Idle"] == "False OutsideActiveHours"
    await hours(life, 1)
    assert told(life.status)["Idle"] == "False NotIdle"
    assert await most(life) == {"minReplicas": 1, "maxReplicas": 3}
    await hours(life, 0.9)
    assert told(life.status)["Idle"] == "True NoRequests"
    assert await most(life) == {"minReplicas": 1, "maxReplicas": 1}


async def test_a_date_that_is_earlier_counts(new_idle):
    life = await new_idle(expiresAt=(NOW + timedelta(minutes=30)).isoformat().replace("+00:00", "Z"))
    await hours(life, 0.6)
    assert told(life.status)["Ready"] == "True Expired"
    assert life.status.expires_at == NOW + timedelta(minutes=30)


@pytest.mark.long
async def test_one_that_is_made_again_is_not_idle_yet(new_idle):
    life = await new_idle("MinReplicas")
    await hours(life, 1.3)
    await life.remove(life.status.external_id)
    await life.go(240, every=3)
    assert told(life.status)["Idle"] == "False NotIdle"
    assert await most(life) == {"minReplicas": 1, "maxReplicas": 3}


async def test_a_clock_that_was_ahead_for_a_moment_finds_nothing(new_idle):
    life = await new_idle()
    life.now += timedelta(days=3)
    await life.work()
    await life.work()
    life.now -= timedelta(days=3)
    await hours(life, 0.9)
    assert (told(life.status)["Idle"], await mutations(life)) == ("False NotIdle", ["create"])


async def test_without_the_field_no_metrics_are_read(paitient, new_life):
    life = new_life(paitient)
    await life.serve()
    await hours(life, 3)
    assert await life.count("metrics") == 0
    assert (life.status.idle, "Idle" in told(life.status)) == (None, False)


async def test_an_edit_before_it_is_deleted_keeps_it_at_once(new_idle):
    life = await new_idle()
    await life.world.fault("error", operation="delete", status=503, count=1)
    await until(
        life, NOW + timedelta(hours=2), lambda: bool(life.status.expired and life.status.expired.is_final)
    )
    await life.work()
    assert await life.count("delete") == 1
    life.edit(contextLength=2048)
    await life.wait(60)
    await life.work()
    await hours(life, 0.1)
    assert (told(life.status)["Ready"], await life.count("delete")) == ("True Available", 1)


async def test_an_expiry_is_announced_before_it_and_said_once_across_a_restart(new_idle):
    life = await new_idle()
    await hours(life, 0.6)
    assert "Expiring" not in told(life.status)
    await hours(life, 0.3)
    assert (told(life.status)["Expiring"], told(life.status)["Idle"]) == (
        "True ExpiresWithinHour",
        "False NotIdle",
    )
    life.start()
    await hours(life, 0.05)
    assert told(life.status)["Expiring"] == "True ExpiresWithinHour"
    assert await mutations(life) == ["create"]
    assert await life.count("metrics") <= 8
    await hours(life, 0.5)
    assert await mutations(life) == ["create", "delete"]
    assert events(life).count(("Warning", "ExpiresWithinHour")) == 1


async def test_a_request_takes_the_announcement_back(new_idle):
    life = await new_idle()
    await hours(life, 0.9)
    assert told(life.status)["Expiring"] == "True ExpiresWithinHour"
    await use(life, 1)
    await hours(life, 0.2)
    assert ("Expiring" in told(life.status), await mutations(life)) == (False, ["create"])
    await hours(life, 1)
    assert await mutations(life) == ["create"]


async def test_an_edit_takes_the_announcement_back(new_idle):
    life = await new_idle()
    await hours(life, 0.9)
    life.edit(contextLength=2048)
    await hours(life, 0.1)
    assert ("Expiring" in told(life.status), life.status.idle.expires_at) == (False, None)


async def test_an_announcement_goes_when_its_metrics_cannot_be_read_any_more(new_idle):
    life = await new_idle()
    await hours(life, 0.9)
    await life.world.fault("error", operation="metrics", status=500)
    await hours(life, 0.7)
    assert ("Expiring" in told(life.status), await mutations(life)) == (False, ["create"])
