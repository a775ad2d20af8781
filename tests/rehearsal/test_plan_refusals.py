"""What a plan says where the provider or the API server refuses, or nothing can be read."""

from model_operator.rehearsal.schema import problems
from support.engine_world import SIM, World
from support.manifests import deployment, parasail_deployment, provider
from support.memory_store import Effect, Trouble, Verb
from support.planned import plan
from support.planned_files import EVERY, beside, only, with_account


@EVERY
def test_a_key_that_is_not_accepted(vendor: str) -> None:
    async def story(world: World) -> None:
        with_account(world, vendor, apiKey="another-key-of-nobody")
        planned, shown = await plan(world, deployment(vendor, "a"))
        assert only(shown) == ("Refused", "CredentialsInvalid")
        assert planned.is_refused
        _, shown = await plan(world, provider(vendor, SIM))
        assert only(shown) == ("Refused", "CredentialsInvalid")

    beside(story)


@EVERY
def test_a_provider_that_does_not_answer(vendor: str) -> None:
    async def story(world: World) -> None:
        with_account(world, vendor)
        await world.simulator.control("POST", "/faults", {"kind": "error", "status": 503, "vendor": vendor})
        for body in (deployment(vendor, "a"), provider(vendor, SIM)):
            _, shown = await plan(world, body)
            assert only(shown)[1] == "ProviderUnavailable"

    beside(story)


def test_a_secret_that_is_not_there() -> None:
    async def story(world: World) -> None:
        world.apply(provider("parasail", SIM))
        _, shown = await plan(world, parasail_deployment("a"))
        assert only(shown) == ("Refused", "CredentialsMissing")

    beside(story)


def test_what_the_api_server_refuses_is_in_its_own_words() -> None:
    async def story(world: World) -> None:
        with_account(world, "parasail")
        world.apply(parasail_deployment("a"))
        planned, shown = await plan(
            world, parasail_deployment("a", model="org/other"), parasail_deployment("b", replicas=0)
        )
        first, second = shown["objects"]
        assert "model is immutable" in first["message"]
        assert "spec.replicas" in second["message"]
        assert planned.is_refused
        assert [one.requests for one in planned.objects] == [(), ()]

    beside(story)


def test_what_may_not_be_read_is_not_taken_for_an_answer() -> None:
    async def story(world: World) -> None:
        with_account(world, "parasail")
        forbidden = Trouble(
            Effect.REFUSE, kinds=frozenset({"Secret"}), status=403, message="secrets is forbidden"
        )
        _, shown = await plan(world, parasail_deployment("a"), trouble=forbidden)
        assert only(shown) == ("Unknown", "SecretForbidden")
        assert "may not read" in shown["objects"][0]["message"]

    beside(story)


def test_who_may_not_try_it_gets_the_word_of_the_schema_that_ships() -> None:
    async def story(world: World) -> None:
        with_account(world, "parasail")
        world.apply(parasail_deployment("a"))
        verbs = frozenset({Verb.CREATE, Verb.PATCH})
        forbidden = Trouble(Effect.REFUSE, verbs=verbs, status=403, message="may not patch")
        bodies = [parasail_deployment("a", replicas=2), parasail_deployment("b", replicas=None)]
        _, shown = await plan(world, *bodies, trouble=forbidden)
        edited, refused = shown["objects"]
        assert (edited["object"], edited["outcome"]) == ("update", "Changes")
        assert "may not patch" in edited["notes"][0]
        assert "set exactly one of replicas and autoscaling" in refused["message"]
        other, _ = await plan(world, parasail_deployment("a", model="org/other"), trouble=forbidden)
        assert "model is immutable" in other.objects[0].message

    beside(story)


def test_no_replicas_are_refused_with_what_to_do_instead_as_on_the_server() -> None:
    refused = problems("ModelDeployment", parasail_deployment("a", replicas=0))
    assert refused == [
        "spec.replicas: Invalid value: 0: should be greater than or equal to 1",
        "spec.replicas: Invalid value: replicas cannot be 0: to stop the deployment and its costs, set paused to true",
    ]
