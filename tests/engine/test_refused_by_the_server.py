"""What the API server refuses is said on the object, nothing is repeated at the provider, and it heals by itself."""

import asyncio

import pytest

from model_operator.domain import CANARY, DEPLOYMENT, PROVIDER, Key
from support.canary_specs import spec
from support.engine_world import LLAMA, SIM, World, play
from support.manifests import deployment, parasail_deployment, parasail_provider
from support.memory_store import Effect, Trouble, Verb

WORDS = "exceeded quota: none, requested: configmaps=1"
PARASAIL = Key(PROVIDER, "team", "parasail")
CONNECTION = {"configMapName": "llama-connection"}


def refusing(verb: Verb, kind: str, status: int = 403) -> Trouble:
    return Trouble(Effect.REFUSE, frozenset({verb}), frozenset({kind}), status=status, message=WORDS)


def said(world: World, key: Key = LLAMA) -> bool:
    """Whether some condition of the object, or an Event, has the server's words."""
    conditions = world.server.get(key)["status"]["conditions"]
    events = [body["message"] for body in world.server.list("Event", "team")]
    return any(WORDS in text for text in (*(c["message"] for c in conditions), *events))


@pytest.mark.parametrize("status", [403, 422])
def test_a_refused_config_map_hides_nothing_of_the_deployment(status: int) -> None:
    async def story(world: World) -> None:
        world.store.troubles = [refusing(Verb.CREATE, "ConfigMap", status)]
        world.apply(parasail_deployment("llama", connection=CONNECTION))
        await asyncio.sleep(180)
        assert world.status["externalID"]
        assert world.ready() == ("False", "ConnectionNotWritten")
        assert WORDS in world.condition("Ready")["message"]
        assert world.condition("Stalled")["status"] == "True"
        assert world.condition("Serving")["status"] == "True"
        world.server.merge(LLAMA, {"spec": {"replicas": 2}})
        await asyncio.sleep(120)
        assert world.status["observedGeneration"] == 2
        assert world.status["lastApplied"]["replicas"] == 2
        world.store.troubles = []
        await asyncio.sleep(120)
        assert world.ready() == ("True", "Available")
        assert await world.count("create") == 1

    play(story, is_served=False)


def test_a_server_in_trouble_with_config_maps_hides_nothing_of_the_deployment() -> None:
    async def story(world: World) -> None:
        world.store.troubles = [refusing(Verb.CREATE, "ConfigMap", 500)]
        world.apply(parasail_deployment("llama", connection=CONNECTION))
        await asyncio.sleep(180)
        assert world.status["externalID"]
        assert world.condition("Serving")["status"] == "True"
        world.server.merge(LLAMA, {"spec": {"replicas": 2}})
        await asyncio.sleep(120)
        assert world.status["observedGeneration"] == 2

    play(story, is_served=False)


EVERY_WRITE = [
    pytest.param(verb, kind, id=f"{verb} {kind}")
    for verb, kind in (
        (Verb.FINALIZER, DEPLOYMENT),
        (Verb.STATUS, DEPLOYMENT),
        (Verb.FINALIZER, PROVIDER),
        (Verb.STATUS, PROVIDER),
        (Verb.CREATE, "Event"),
        (Verb.CREATE, "ConfigMap"),
        (Verb.PATCH, "ConfigMap"),
        (Verb.GET, "Secret"),
    )
]


@pytest.mark.parametrize("status", [403, 422])
@pytest.mark.parametrize(("verb", "kind"), EVERY_WRITE)
def test_whatever_is_refused_is_said_and_heals(verb: Verb, kind: str, status: int) -> None:
    """A whole life under a refusal, and its end without one."""

    async def story(world: World) -> None:
        world.store.troubles = [refusing(verb, kind, status)]
        world.apply(parasail_deployment("llama", connection=CONNECTION))
        await asyncio.sleep(300)
        key = PARASAIL if kind in {PROVIDER, "Secret"} else LLAMA
        is_needed = (verb, kind) not in {(Verb.CREATE, "Event"), (Verb.PATCH, "ConfigMap")}
        assert said(world, key) == is_needed
        assert await world.count("create") <= 1
        world.store.troubles = []
        await asyncio.sleep(300)
        assert world.ready() == ("True", "Available")
        assert world.status["observedGeneration"] == 1
        assert await world.count("create") == 1
        world.store.troubles = [refusing(verb, kind, status)]
        world.server.delete(LLAMA)
        await asyncio.sleep(300)
        assert await world.count("delete") == 1
        assert await world.live() == []
        world.store.troubles = []
        await asyncio.sleep(120)
        assert world.server.find(LLAMA) is None

    play(story, is_served=False)


def test_a_finalizer_that_is_refused_is_stalled_after_the_grace_and_one_event() -> None:
    async def story(world: World) -> None:
        world.store.troubles = [refusing(Verb.FINALIZER, DEPLOYMENT)]
        world.apply(parasail_deployment("llama"))
        await asyncio.sleep(30)
        assert world.ready() == ("False", "WriteRefused")
        assert world.condition("Reconciling")["status"] == "True"
        await asyncio.sleep(120)
        assert world.condition("Stalled")["reason"] == "WriteRefused"
        assert len(world.events("WriteRefused")) == 1
        assert await world.count("create") == 0

    play(story, is_served=False)


@pytest.mark.parametrize(
    ("status", "is_released"),
    [
        pytest.param(500, False, id="may pass later"),
        pytest.param(403, True, id="refused, as in a terminating namespace"),
    ],
)
def test_what_stays_is_said_before_the_finalizer_goes(status: int, is_released: bool) -> None:
    async def story(world: World) -> None:
        world.store.troubles = [refusing(Verb.CREATE, "Event", status)]
        world.server.merge(LLAMA, {"spec": {"deletionPolicy": "Orphan"}})
        world.server.delete(LLAMA)
        await asyncio.sleep(60)
        assert (world.server.find(LLAMA) is None) == is_released
        world.store.troubles = []
        await asyncio.sleep(60)
        assert world.server.find(LLAMA) is None
        assert len(world.events("Orphaned")) == (0 if is_released else 1)
        assert len(await world.live()) == 1

    play(story)


def test_what_stays_of_an_endpoint_is_said_before_the_finalizer_goes() -> None:
    """Its API cannot delete one."""

    async def story(world: World) -> None:
        triage = Key(CANARY, "team", "triage")
        world.apply(deployment("paitient", "v1"))
        world.apply(
            {
                "apiVersion": "modeloperator.dev/v1alpha1",
                "kind": CANARY,
                "metadata": {"name": "triage"},
                "spec": {**spec(v1=100), "providerRef": {"name": "paitient"}},
            }
        )
        await asyncio.sleep(300)
        world.store.troubles = [refusing(Verb.CREATE, "Event", 500)]
        world.server.delete(triage)
        await asyncio.sleep(60)
        assert world.server.find(triage) is not None
        world.store.troubles = []
        await asyncio.sleep(60)
        assert world.server.find(triage) is None
        assert [body["count"] for body in world.events("EndpointOrphaned")] == [1]

    play(story, is_served=False, vendors=("paitient",))


def test_a_finalizer_that_does_not_go_tells_of_the_orphan_once() -> None:
    async def story(world: World) -> None:
        world.server.merge(LLAMA, {"spec": {"deletionPolicy": "Orphan"}})
        world.store.troubles = [Trouble(Effect.REFUSE, frozenset({Verb.FINALIZER}), left=5)]
        world.server.delete(LLAMA)
        await asyncio.sleep(120)
        assert world.server.find(LLAMA) is None
        assert [body["count"] for body in world.events("Orphaned")] == [1]

    play(story)


def speak_newer(world: World, provider: Key) -> None:
    """The CRD is one word newer than this operator, and somebody has used it: a rollback leaves such an object."""
    server = world.server
    server.schemas[PROVIDER] = server.schemas[PROVIDER].widened("spec.type", "openrouter")
    body = server.get(provider)
    uid = body["metadata"]["uid"]
    newer = parasail_provider(SIM, name=provider.name, type="openrouter")
    server.objects[provider] = {**body, "spec": newer["spec"]}
    server.merge(provider, {"metadata": {"labels": {"touched": "yes"}}})
    assert server.get(provider)["metadata"]["uid"] == uid


def test_a_provider_that_is_not_understood_is_reported_and_named_rightly() -> None:
    async def story(world: World) -> None:
        speak_newer(world, PARASAIL)
        await asyncio.sleep(60)
        assert world.ready(PARASAIL) == ("False", "Unsupported")
        world.apply(parasail_deployment("second"))
        await asyncio.sleep(60)
        second = Key(DEPLOYMENT, "team", "second")
        assert world.ready(second) == ("False", "Unsupported")
        assert "does not understand ModelProvider" in world.condition("Ready", second)["message"]
        world.server.delete(PARASAIL)
        await asyncio.sleep(60)
        assert world.server.find(PARASAIL) is not None  # its dependents hold it
        assert len(await world.live()) == 1

    play(story)


def test_a_provider_that_is_not_understood_goes_when_nothing_needs_it() -> None:
    async def story(world: World) -> None:
        world.apply(parasail_provider(SIM, name="spare"))
        await asyncio.sleep(10)
        spare = Key(PROVIDER, "team", "spare")
        speak_newer(world, spare)
        await asyncio.sleep(10)
        world.server.delete(spare)
        await asyncio.sleep(10)
        assert world.server.find(spare) is None

    play(story)


def test_an_outage_is_written_once_whatever_its_words() -> None:
    async def story(world: World) -> None:
        await world.simulator.control(
            "POST", "/faults", {"kind": "error", "status": 503, "vendor": "parasail", "operation": "*"}
        )
        await asyncio.sleep(120)
        before = len(world.store.seen)
        await asyncio.sleep(600)
        assert [seen for seen in world.store.seen[before:] if seen.verb is Verb.STATUS] == []

    play(story)


def test_a_refusal_whose_words_differ_each_time_is_one_event_and_one_status() -> None:
    """A webhook names the request, and a quota what is used at the moment."""

    async def story(world: World) -> None:
        world.apply(parasail_deployment("llama"))
        for number in range(30):
            words = f"admission webhook denied the request {number:08x}-5f3a-4c1e"
            trouble = refusing(Verb.FINALIZER, DEPLOYMENT)
            trouble.message = words
            world.store.troubles = [trouble]
            await asyncio.sleep(20)
        messages = {body["message"] for body in world.events("WriteRefused")}
        assert len(messages) == 1
        statuses = [one for one in world.store.seen if (one.verb, one.key) == (Verb.STATUS, LLAMA)]
        assert len(statuses) <= 4
        assert "admission webhook" in world.condition("Ready")["message"]

    play(story, is_served=False)
