"""The picture of the dashboard: drawn from the chart's own JSON and from what the real Prometheus recorded of a story.

`make picture` runs the story and keeps the picture: PICTURES names the folder.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from model_operator_demo.processes import Processes
from support import manifests
from support.canary_world import CanaryWorld, canary, judged, path, traffic
from support.deadlines import eventually
from support.debian import Program
from support.helm import CHART, ROOT
from support.namespace import Namespace
from support.operator_process import OperatorProcess
from support.prometheus import Prometheus
from support.simulator_process import SimulatorProcess

sys.path.insert(0, str(ROOT / "tools"))
from dashboard_picture import Line, drawn, figure, lines_of, stacked, stepped

DASHBOARD = json.loads((CHART / "files" / "dashboard.json").read_text())
JOB = "model-operator-system/model-operator"
PICTURE = ROOT / "docs" / "pictures" / "dashboard.svg"


PRICES = {"spec": {"prices": [{"match": "*", "perReplicaHour": "1.21", "currency": "USD"}]}}


def test_lines_have_the_legend_of_their_labels_and_numbers_alone() -> None:
    series = {"metric": {"name": "triage", "arm": "v2"}, "values": [[1, "2"], [2, "NaN"], [3, "4.5"]]}
    found = lines_of({"legendFormat": "{{name}} {{arm}}{{none}}"}, [series])
    assert found == [Line("triage v2", [(1.0, 2.0), (3.0, 4.5)])]


def test_stacked_lines_stand_on_each_other() -> None:
    found = stacked([Line("a", [(1, 75), (2, 50)]), Line("b", [(1, 25), (2, 50)])])
    assert [line.points for line in found] == [[(1, 75), (2, 50)], [(1, 100), (2, 100)]]


def test_a_step_keeps_its_corners_alone() -> None:
    assert stepped([(1, 5), (2, 5), (3, 25), (4, 25)]) == [(1, 5), (3, 5), (3, 25), (4, 25)]


@pytest.mark.parametrize(
    ("value", "unit", "text"), [(100, "percent", "100 %"), (0.01234, "s", "0.0123 s"), (3, "short", "3")]
)
def test_a_figure_has_few_digits_and_its_unit(value: float, unit: str, text: str) -> None:
    assert figure(value, unit) == text


def test_the_committed_picture_has_every_panel_and_is_small() -> None:
    text = PICTURE.read_text(encoding="utf-8")
    written = "".join(ElementTree.fromstring(text).itertext())
    shown = [panel["title"] for panel in DASHBOARD["panels"] if panel["gridPos"]["y"] < 41]
    assert [title for title in shown if title not in written] == []
    assert "team-a/triage" in written
    assert len(text) < 80_000


@pytest.mark.e2e
@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.simulator("--clock=scaled", "--time-scale=60")
def test_a_story_is_recorded_and_drawn(
    namespace: Namespace,
    simulator: SimulatorProcess,
    operator: Callable[..., OperatorProcess],
    prometheus: Program,
    processes: Processes,
    tmp_path: Path,
) -> None:
    watching = Prometheus(prometheus, processes, tmp_path / "prometheus", rules={"groups": []}, job=JOB)
    world = CanaryWorld(namespace, simulator, operator)
    world.open("v1", "v2", "v3")
    world.namespace.kubectl(
        "patch", "modelprovider", "paitient", "--type=merge", f"--patch={json.dumps(PRICES)}"
    )
    world.namespace.apply(manifests.budget("team", "0.5"))
    world.namespace.apply(canary(traffic=traffic(v1=100)))
    world.until("RolloutComplete=True Completed")
    assert world.operator.health_url
    watching.scrape(world.operator.health_url)
    eventually(lambda: watching.ever("model_operator_canary_traffic_percent"), what="the first figures")
    two_rollouts(world)
    recorded = {
        target["expr"]: watching.recorded(filled_in(target["expr"], namespace.name))
        for panel in DASHBOARD["panels"]
        for target in panel.get("targets", ())
    }
    watching.stop()
    told = json.loads(json.dumps(recorded).replace(namespace.name, "team-a"))
    picture = drawn(DASHBOARD, told)
    assert "team-a/triage v2" in picture
    assert "CredentialsMissing" in picture
    folder = Path(os.environ.get("PICTURES", tmp_path))
    (folder / "dashboard.svg").write_text(picture, encoding="utf-8")


def two_rollouts(world: CanaryWorld) -> None:
    """v2 takes over, v3 is taken back, and one account has no Secret."""
    world.namespace.apply(manifests.parasail_provider(world.simulator.url, pollInterval=None))
    steps = path(5, 25, 50, 100, hold="6s", analysis=judged())
    world.edit(traffic=traffic(v2=100), rollout=steps)
    world.when(lambda status: status.get("split") == "v2=100", "v2 to replace v1")
    world.until("RolloutComplete=True Completed")
    world.behave("v3", error_percent=6)
    world.edit(traffic=traffic(v3=100), rollout=steps)
    world.until("Stalled=True RolledBack")
    time.sleep(2)  # the last figures are scraped twice a second


def filled_in(expression: str, namespace: str) -> str:
    """As Grafana would, with one namespace chosen."""
    return expression.replace("$job", JOB).replace("$namespace", namespace).replace("$__rate_interval", "4s")
