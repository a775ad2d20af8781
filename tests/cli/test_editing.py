"""`pause`, `resume`, `scale`, `refresh` and the verbs of `canary`, by the real kubectl on a real API server."""

import json

import click
import pytest
import yaml

from model_operator.cli.power import scaling
from support import manifests
from support.canary_world import CanaryWorld, canary, path, traffic


@pytest.fixture
def llama(namespace) -> str:
    namespace.apply(
        manifests.provider("parasail", "http://127.0.0.1:9"), manifests.parasail_deployment("llama")
    )
    return "llama"


def test_a_deployment_is_paused_resumed_and_scaled(namespace, kubectl, llama):
    def spec() -> dict:
        return namespace.get("ModelDeployment", llama)["spec"]

    paused = kubectl("models", "pause", llama)
    assert (paused.returncode, paused.stderr) == (0, "")
    assert paused.stdout == "modeldeployment.modeloperator.dev/llama is to be paused\n"
    assert spec()["paused"] is True
    assert (
        kubectl("models", "resume", llama, "-o", "name").stdout == "modeldeployment.modeloperator.dev/llama\n"
    )
    assert spec()["paused"] is False
    assert kubectl("models", "scale", llama, "--replicas", "3").returncode == 0
    assert spec()["replicas"] == 3
    scaled = kubectl("models", "scale", llama, "--min", "1", "--max", "4", "-o", "json")
    assert json.loads(scaled.stdout)["spec"]["autoscaling"] == {"minReplicas": 1, "maxReplicas": 4}

    extended = kubectl("models", "extend", llama, "--until", "2099-12-24T18:00:00Z", "-o", "json")
    assert json.loads(extended.stdout)["spec"]["expiresAt"] == "2099-12-24T18:00:00Z"
    assert "replicas" not in spec()
    managers = {
        entry["manager"] for entry in namespace.get("ModelDeployment", llama)["metadata"]["managedFields"]
    }
    assert "kubectl-models" in managers


def test_a_field_that_flux_manages_is_warned_of_and_git_gets_its_yaml(namespace, kubectl, llama):
    namespace.edit(
        "ModelDeployment", llama, {"metadata": {"labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}}}
    )
    result = kubectl("models", "scale", llama, "--replicas", "2")
    assert result.stderr == (
        "warning: Flux manages ModelDeployment llama and may set spec.replicas back: change it in Git as well\n"
    )
    first, _, text = result.stdout.partition("\n")
    assert first == "modeldeployment.modeloperator.dev/llama is to have 2 replicas"
    assert yaml.safe_load(text)["spec"] == {"replicas": 2}


def test_a_dry_run_prints_the_yaml_and_changes_nothing(namespace, kubectl, llama):
    before = namespace.get("ModelDeployment", llama)
    result = kubectl("models", "pause", llama, "--dry-run")
    assert yaml.safe_load(result.stdout)["spec"] == {"paused": True}
    assert namespace.get("ModelDeployment", llama) == before


def test_what_the_server_refuses_is_said_in_its_words(namespace, kubectl):
    namespace.apply(
        manifests.paitient_provider("http://127.0.0.1:9"), manifests.paitient_deployment("triage")
    )
    result = kubectl("models", "pause", "triage")
    assert (result.returncode, result.stdout) == (1, "")
    assert "paused" in result.stderr
    assert f"namespace {namespace.name})" in result.stderr


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        pytest.param((None, None, None), "use either", id="nothing"),
        pytest.param((1, 1, 2), "use either", id="both"),
        pytest.param((0, None, None), "stop it with `pause`", id="zero"),
        pytest.param((None, 3, 2), "--min must not be more than --max", id="the wrong way round"),
        pytest.param((None, 1, None), "use --min and --max together", id="half"),
    ],
)
def test_scaling_that_makes_no_sense_says_what_to_do(flags, said):
    with pytest.raises(click.UsageError, match=said):
        scaling(*flags)


def test_a_refresh_is_an_event_on_the_object_and_on_its_provider(namespace, kubectl, llama):
    assert kubectl("models", "refresh", llama, "-o", "name").returncode == 0
    for kind, name in (("ModelProvider", "parasail"), ("ModelDeployment", llama)):
        assert "modeloperator.dev/refresh" in namespace.get(kind, name)["metadata"]["annotations"]
    other = kubectl("models", "refresh", "nobody")
    assert (other.returncode, "'nobody' (context" in other.stderr) == (1, True)


def test_who_may_not_patch_the_provider_has_the_deployment_looked_at(namespace, run_as, llama):
    editor = "--clusterrole=model-operator-edit"
    done = run_as(editor, "refresh", llama)
    assert (done.exit_code, done.stdout) == (
        0,
        "modeldeployment.modeloperator.dev/llama: the operator was asked to look\n",
    )
    first, *_ = done.stderr.splitlines()
    assert first == (
        "note: ModelProvider parasail was not asked to look again, because you may not patch it; who has the ClusterRole"
        " model-operator-admin can: kubectl models refresh parasail"
    )
    assert "modeloperator.dev/refresh" in namespace.get("ModelDeployment", llama)["metadata"]["annotations"]
    refused = run_as(editor, "refresh", "parasail")
    assert (refused.exit_code, 'cannot patch resource "modelproviders"' in refused.stderr) == (1, True)


@pytest.mark.long
@pytest.mark.e2e
@pytest.mark.simulator("--clock=scaled", "--time-scale=60")
def test_a_rollout_is_moved_without_knowing_its_id_and_a_stale_move_is_refused(
    namespace, simulator, operator, kubectl
):
    world = CanaryWorld(namespace, simulator, operator)
    world.open("v1", "v2")
    namespace.apply(canary(traffic=traffic(v1=100)))
    world.until("RolloutComplete=True Completed")
    world.edit(traffic=traffic(v2=100), rollout=path(25, 50, 100, hold="100h"))
    live = world.when(lambda status: status.get("split") == "v1=75 v2=25", "the first step")
    name, id = live["metadata"]["name"], live["status"]["rollout"]["id"]

    stale = kubectl("models", "canary", "advance", name, "--step", "2")
    assert (stale.returncode, "is now at step 1, not 2" in stale.stderr) == (1, True)
    told = kubectl("models", "canary", "advance", name)
    assert (told.returncode, told.stdout) == (0, f"advance:{id}/1 accepted\n")
    world.when(lambda status: status.get("split") == "v1=50 v2=50", "the second step")
    rejected = kubectl("models", "canary", "resume", name)
    assert (rejected.returncode, rejected.stdout) == (1, "")
    assert f"resume:{id} was rejected: it is not paused by an action" in rejected.stderr
    tree = kubectl("models", "canary", "status", name).stdout
    assert "v1=50 v2=50" in tree
    aborted = kubectl("models", "canary", "abort", name, "-o", "json")
    assert json.loads(aborted.stdout) == {"action": f"abort:{id}", "result": "Accepted"}
    world.when(lambda status: status.get("split") == "v1=100", "the way back")
