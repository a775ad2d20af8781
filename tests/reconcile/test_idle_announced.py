"""Before what nobody uses expires it is said, and a request, an edit or metrics that cannot be read take that back."""

import pytest

from support.situations import told
from support.users import hours, use


@pytest.fixture
async def idle(paitient, new_life):
    """With one hour, in use by nobody from the beginning; it expires then."""

    async def new():
        await paitient.control("PATCH", "/knobs", {"metrics": {"direct_rps": 0}})
        life = new_life(paitient, idle={"after": "1h", "then": "Expire"})
        await life.serve()
        return life

    return new


async def test_an_expiry_is_announced_before_it_and_said_once_across_a_restart(idle):
    life = await idle()
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
    assert await life.mutations() == ["create"]
    assert await life.count("metrics") <= 8
    await hours(life, 0.5)
    assert await life.mutations() == ["create", "delete"]
    assert life.events().count(("Warning", "ExpiresWithinHour")) == 1


async def test_a_request_takes_the_announcement_back(idle):
    life = await idle()
    await hours(life, 0.9)
    assert told(life.status)["Expiring"] == "True ExpiresWithinHour"
    await use(life, 1)
    await hours(life, 0.2)
    assert ("Expiring" in told(life.status), await life.mutations()) == (False, ["create"])
    await hours(life, 1)
    assert await life.mutations() == ["create"]


async def test_an_edit_takes_the_announcement_back(idle):
    life = await idle()
    await hours(life, 0.9)
    life.edit(contextLength=2048)
    await hours(life, 0.1)
    assert ("Expiring" in told(life.status), life.status.idle.expires_at) == (False, None)


async def test_an_announcement_goes_when_its_metrics_cannot_be_read_any_more(idle):
    life = await idle()
    await hours(life, 0.9)
    await life.world.fault("error", operation="metrics", status=500)
    await hours(life, 0.7)
    assert ("Expiring" in told(life.status), await life.mutations()) == (False, ["create"])
