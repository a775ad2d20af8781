"""One chat completion for each way up, and a model's own limits are nobody else's."""

from support.situations import told

PROBE = {"probe": {"prompt": "Say yes."}}


async def test_a_list_from_before_the_get_that_showed_it_up_asks_no_second_time(parasail, new_life):
    life = new_life(parasail, **PROBE)
    await life.serve()
    assert await life.count("chat") == 1
    life.edit(paused=True)
    await life.work()
    await life.go(10)
    life.edit(paused=False)
    await life.work()
    await life.wait(parasail.row.start - 1)
    await life.poll()  # this list says STARTING
    await life.wait(2)
    for _ in range(4):
        await life.work()
    assert told(life.status)["Ready"] == "True Available"
    await life.go(30)
    assert await life.count("chat") == 2


async def test_a_model_with_as_many_requests_as_it_takes_serves(parasail, new_life):
    await parasail.set(max_connections=0)
    life = new_life(parasail, **PROBE)
    await life.serve()
    assert told(life.status)["Ready"] == "True Available"
    assert (await life.count("chat"), parasail.gate.pauses) == (1, [])


async def test_a_gateway_that_names_a_time_for_a_model_stops_no_account(parasail, new_life):
    await parasail.fault("error", operation="chat", status=503, retry_after=120)
    life = new_life(parasail, **PROBE)
    await life.serve()
    assert told(life.status)["Ready"] == "False ProbeFailed"
    assert parasail.gate.pauses == []
