"""What a pass over a CanaryEndpoint sees around it: its ModelProvider, its deployments, other CanaryEndpoints."""

from typing import Any

import pytest

from model_operator.domain import CANARY, FINALIZER
from support.canary_world import canary, traffic
from support.memory_store import Effect, Trouble, Verb
from support.running import deployment, on_virtual_time, running


def waits_for_a_person(reason: str) -> dict[str, str]:
    """What Ready and its kin say after the grace for things that are applied in any order."""
    said = f"True {reason}"
    return {"Ready": f"False {reason}", "Reconciling": "False Idle", "Stalled": said}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        pytest.param(
            {"provider": "nobody"},
            {"Accepted": "False ProviderNotFound", **waits_for_a_person("ProviderNotFound")},
            id="no ModelProvider",
        ),
        pytest.param(
            {"provider": "parasail"},
            {"Accepted": "False Unsupported", **waits_for_a_person("Unsupported")},
            id="one without endpoints",
        ),
        pytest.param(
            {"traffic": [{"name": "x", "deploymentID": "dep_neverissued0", "percent": 100}]},
            {"TargetsReady": "False TargetFailed", **waits_for_a_person("TargetFailed")},
            id="an id that is not there",
        ),
        pytest.param(
            {"traffic": traffic(v9=100)},
            {"TargetsReady": "False TargetNotFound", **waits_for_a_person("TargetNotFound")},
            id="no deployment",
        ),
        pytest.param(
            {"traffic": traffic(other=100)},
            {"Accepted": "False ProviderMismatch", **waits_for_a_person("ProviderMismatch")},
            id="of another",
        ),
    ],
)
@on_virtual_time
async def test_what_cannot_be_done_is_said_and_nothing_is_created(
    given: dict[str, Any], says: dict[str, str]
) -> None:
    async with running() as operator:
        await operator.serve(deployment("paitient", "triage-v1"), deployment("parasail", "triage-other"))
        operator.apply(canary(**{"traffic": traffic(v1=100), **given}))
        await operator.wait(120)
        found = operator.says("triage", CANARY)
        assert {type: found[type] for type in says} == says
        assert await operator.asked("create_canary") == 0
        # Once, and as a Warning from its first moment.
        reason = says["Ready"].partition(" ")[2]
        assert operator.events("triage") == operator.warnings("triage") == [reason]


@on_virtual_time
async def test_a_deployment_is_followed_by_name_or_by_id() -> None:
    async with running() as operator:
        first, second = await operator.serve(*(deployment("paitient", f"triage-v{n}") for n in (1, 2)))
        rows = [*traffic(v1=40), {"name": "v2", "deploymentID": second, "percent": 60}]
        operator.apply(canary(traffic=rows))
        await operator.until(lambda: operator.says("triage", CANARY).get("Ready") == "True Available")
        state = await operator.simulator.control("GET", "/state")
        assert [e["split"] for e in state["endpoints"] if "split" in e] == [{first: 40, second: 60}]


@on_virtual_time
async def test_one_deployment_under_two_names_is_refused() -> None:
    async with running() as operator:
        (id_,) = await operator.serve(deployment("paitient", "triage-v1"))
        rows = [*traffic(v1=40), {"name": "twice", "deploymentID": id_, "percent": 60}]
        operator.apply(canary(traffic=rows))
        await operator.wait(10)
        assert operator.says("triage", CANARY)["Accepted"] == "False InvalidRequest"


@on_virtual_time
async def test_the_finalizer_comes_after_the_first_report_and_goes_with_the_object() -> None:
    async with running() as operator:
        await operator.serve(deployment("paitient", "triage-v1"))
        operator.store.seen.clear()
        operator.apply(canary(traffic=traffic(v1=100)))
        await operator.until(lambda: operator.says("triage", CANARY).get("Ready") == "True Available")
        verbs = [r.verb for r in operator.store.seen if r.key.kind == CANARY]
        assert verbs.index(Verb.STATUS) < verbs.index(Verb.FINALIZER)
        assert operator.find("triage", CANARY)["metadata"]["finalizers"] == [FINALIZER]
        operator.delete("triage", CANARY)
        await operator.until(lambda: operator.find("triage", CANARY) is None)


@pytest.mark.parametrize("effect", [Effect.REFUSE, Effect.LOSE, Effect.HANG])
@pytest.mark.parametrize("verb", [Verb.STATUS, Verb.FINALIZER])
@on_virtual_time
async def test_at_most_one_endpoint_comes_of_it_whatever_the_api_server_does(
    verb: Verb, effect: Effect
) -> None:
    async with running() as operator:
        await operator.serve(deployment("paitient", "triage-v1"))
        operator.store.troubles.append(Trouble(effect, frozenset({verb}), frozenset({CANARY}), left=2))
        operator.apply(canary(traffic=traffic(v1=100)))
        await operator.wait(300)
        assert await operator.asked("create_canary") <= 1


@on_virtual_time
async def test_nothing_is_written_while_nothing_changes_and_a_restart_writes_nothing() -> None:
    async with running() as operator:
        await operator.serve(deployment("paitient", "triage-v1"))
        operator.apply(canary(traffic=traffic(v1=100)))
        await operator.until(lambda: operator.says("triage", CANARY).get("Ready") == "True Available")
        await operator.wait(60)
        before = operator.find("triage", CANARY)
        await operator.wait(7200)
        await operator.restart()
        await operator.wait(600)
        assert operator.find("triage", CANARY) == before


@on_virtual_time
async def test_an_endpoint_that_is_applied_before_its_deployments_is_not_stalled_by_their_start() -> None:
    async with running() as operator:
        operator.apply(canary(traffic=traffic(v1=100)))
        await operator.wait(30)
        said = operator.says("triage", CANARY)
        assert (said["Ready"], said["Stalled"]) == ("False TargetNotFound", "False NotStalled")
        assert "ModelDeployment triage-v1 does not exist in namespace team" in operator.message(
            "triage", "Ready", CANARY
        )
        operator.apply(deployment("paitient", "triage-v1"))
        await operator.wait(1)
        said = operator.says("triage", CANARY)
        assert (said["Ready"], said["Stalled"]) == ("False TargetNotReady", "False NotStalled")


@on_virtual_time
async def test_a_provider_that_refuses_an_endpoint_is_quoted_and_what_to_do_follows() -> None:
    async with running() as operator:
        await operator.serve(deployment("paitient", "triage-v1"))
        await operator.fault(
            "error", method="POST", path="/canary-endpoints", status=403, message="read-only key"
        )
        operator.apply(canary(traffic=traffic(v1=100)))
        await operator.wait(120)
        said = operator.message("triage", "Ready", CANARY)
        assert "read-only key" in said
        assert said.endswith('Store a key with write permission in the Secret of ModelProvider "paitient".')
        assert operator.warnings("triage") == ["PermissionDenied"]
