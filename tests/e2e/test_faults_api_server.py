"""An API server that conflicts, fails, cuts and forgets: nothing is lost, nothing is made twice."""

from collections.abc import Callable

import pytest

from support import manifests
from support.apiproxy import ApiProxy
from support.crash_steps import OBJECT, STATUS
from support.fault_stage import FaultStage, Fleet
from support.proxy_rules import CUT, Answer, Outcome, Phase, status_error

pytest_plugins = ("support.fault_fixtures",)
pytestmark = pytest.mark.e2e

LONG = pytest.mark.long

FLEET = Fleet(3, 3)
ANY_WRITE = rf"({STATUS}|{OBJECT})"
WATCH = r"/modeldeployments\?.*watch=true"


def every_second(proxy: ApiProxy, phase: Phase, then: Outcome) -> None:
    """The first and every other of the next thirty writes goes wrong: each object has four to make."""
    for nth in range(1, 30, 2):
        proxy.rule("PATCH", ANY_WRITE, phase=phase, nth=nth, then=then)


@pytest.mark.parametrize(
    ("phase", "then"),
    [
        pytest.param(Phase.REQUEST, status_error(409, "Conflict"), id="conflict", marks=LONG),
        pytest.param(Phase.REQUEST, status_error(500, "InternalError"), id="server error", marks=LONG),
        pytest.param(
            Phase.REPLY,
            status_error(500, "InternalError"),
            id="server error although it was written",
            marks=LONG,
        ),
        pytest.param(Phase.REQUEST, CUT, id="connection cut", marks=LONG),
        pytest.param(Phase.REPLY, CUT, id="connection cut although it was written"),
    ],
)
def test_writes_that_go_wrong_lose_and_double_nothing(stage: FaultStage, phase: Phase, then: Outcome) -> None:
    every_second(stage.proxy, phase, then)
    stage.apply_providers()
    stage.deploy(*FLEET.manifests())
    stage.all_until("Ready=True Available")
    stage.assert_created_once(len(FLEET))
    stage.proxy.clear()
    every_second(stage.proxy, phase, then)
    stage.edit_all(replicas=2)
    stage.all_until("Ready=True Available")
    stage.assert_nothing_is_left()


def cut(proxy: ApiProxy) -> None:
    proxy.cut_watches()


def refuse(proxy: ApiProxy) -> None:
    proxy.rule("GET", WATCH, then=status_error(500, "InternalError"))
    proxy.cut_watches()


def expire(proxy: ApiProxy) -> None:
    # As the API server says it: an event, also where the watch begins with it.
    event = b'{"type": "ERROR", "object": %s}\n' % status_error(410, "Expired").body
    proxy.rule("GET", WATCH, times=2, then=Answer(200, event, {"Content-Type": "application/json"}))
    proxy.cut_watches()


@pytest.mark.long
@pytest.mark.parametrize(
    "deafen",
    [
        pytest.param(cut, id="cut"),
        pytest.param(refuse, id="cut and refused"),
        pytest.param(expire, id="410"),
        pytest.param(ApiProxy.down, id="server down"),
    ],
)
def test_what_happens_while_the_watch_is_deaf_is_seen_afterwards(
    stage: FaultStage, deafen: Callable[[ApiProxy], object]
) -> None:
    stage.apply_providers()
    stage.deploy(manifests.parasail_deployment("edited"), manifests.paitient_deployment("deleted"))
    stage.all_until("Ready=True Available")
    deafen(stage.proxy)
    stage.edit("edited", replicas=2)
    stage.namespace.delete("ModelDeployment", "deleted")
    stage.deploy(manifests.paitient_deployment("created"))
    stage.proxy.clear()
    stage.proxy.up()
    stage.namespace.wait_gone("ModelDeployment", "deleted")
    edited, _ = stage.until("edited", "Ready=True Available"), stage.until("created", "Ready=True Available")
    assert stage.simulator.deployment("parasail", edited["status"]["externalID"])["replicas"] == 2
    assert stage.live() == 2
    stage.assert_created_once(3)


def test_what_is_released_before_the_watch_begins_is_not_waited_for(stage: FaultStage) -> None:
    """After a restart the first passes run before the watch does, and it never tells of what was gone by then."""
    stage.apply_providers()
    stage.deploy(manifests.parasail_deployment("llama"))
    stage.until("llama", "Ready=True Available")
    stage.operator.kill()
    stage.namespace.delete("ModelDeployment", "llama")
    stage.namespace.delete("ModelProvider", "parasail")
    watches = stage.proxy.rule("GET", "watch=true", hold=True)
    stage.operator.restart()
    watches.wait()
    stage.namespace.wait_gone("ModelProvider", "parasail")
    stage.namespace.wait_gone("ModelDeployment", "llama")
    watches.release()
    stage.deploy(manifests.parasail_deployment("orphan"))
    stage.until("orphan", "Accepted=False ProviderNotFound")


def test_the_first_list_is_tried_again_like_any_other(stage: FaultStage) -> None:
    stage.operator.kill()
    failing = stage.proxy.rule(
        "GET", r"/modeldeployments\?(?!.*watch)", times=2, then=status_error(500, "InternalError")
    )
    stage.operator.restart()
    assert failing.reached == 2
