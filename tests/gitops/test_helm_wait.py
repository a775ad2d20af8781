"""`helm --wait` on a chart of a user's own that holds a ModelDeployment: it waits by kstatus, as Flux does."""

from pathlib import Path

import pytest
import yaml

from e2e.conftest import World
from support import manifests
from support.helm import Helm
from support.kstatus import kstatus
from support.kube_api import Object

pytest_plugins = ("support.shared_world",)
pytestmark = pytest.mark.e2e

WAIT = ("--wait", "--timeout=30s")


def chart(folder: Path, deployment: Object) -> Path:
    """A chart of that one object."""
    templates = folder / "chart" / "templates"
    templates.mkdir(parents=True, exist_ok=True)
    (templates.parent / "Chart.yaml").write_text("{apiVersion: v2, name: models, version: 0.0.1}")
    (templates / "model.yaml").write_text(yaml.safe_dump(deployment))
    return templates.parent


def test_it_returns_when_the_model_serves_and_when_it_is_gone(
    shared: World, helm: Helm, tmp_path: Path
) -> None:
    run, where = helm.on(shared.namespace.access), f"--namespace={shared.namespace.name}"
    run("install", "models", chart(tmp_path, manifests.parasail_deployment("llama")), where, *WAIT)
    llama = shared.namespace.get("ModelDeployment", "llama")
    assert kstatus(llama) == "Current"
    assert shared.remote("parasail", llama)["status"]["status"] == "ONLINE"

    run(
        "upgrade", "models", chart(tmp_path, manifests.parasail_deployment("llama", replicas=2)), where, *WAIT
    )
    llama = shared.namespace.get("ModelDeployment", "llama")
    assert (llama["metadata"]["generation"], kstatus(llama)) == (2, "Current")
    assert shared.remote("parasail", llama)["replicas"] == 2

    run("uninstall", "models", where, *WAIT)
    assert shared.namespace.find("ModelDeployment", "llama") is None
    assert shared.simulator.counters("parasail")["live"] == 0


def test_what_does_not_come_up_is_a_failed_release(shared: World, helm: Helm, tmp_path: Path) -> None:
    run, where = helm.on(shared.namespace.access), f"--namespace={shared.namespace.name}"
    late = manifests.parasail_deployment("late", providerRef={"name": "nobody"})
    said = run.refusal("install", "models", chart(tmp_path, late), where, "--wait", "--timeout=4s")
    assert "ModelDeployment" in said
    assert "late" in said
    assert '"status":"failed"' in run("list", where, "--output=json", "--failed")
    run("uninstall", "models", where, *WAIT)
