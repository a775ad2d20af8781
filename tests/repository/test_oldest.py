"""The oldest control plane that `make test-oldest` builds is the oldest that is promised."""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
import oldest

ROOT = oldest.ROOT


def test_it_is_of_the_version_that_the_chart_and_the_page_promise() -> None:
    minor = oldest.version().removeprefix("v").rpartition(".")[0]
    chart = (ROOT / "helm" / "model-operator" / "Chart.yaml").read_text()
    assert re.findall(r'kubeVersion: ">=(\d+\.\d+)', chart) == [minor]
    page = (ROOT / "docs" / "versioning.md").read_text()
    assert f"| Kubernetes | {minor} and newer;" in page
    assert f"on Kubernetes {oldest.version().removeprefix('v')} " in page


def test_its_module_has_every_program_that_is_built() -> None:
    module = (oldest.MODULE / "go.mod").read_text()
    tools = re.findall(r"^\tk8s\.io/kubernetes/cmd/(\S+)$", module, re.MULTILINE)
    assert set(tools) == set(oldest.PROGRAMS)
