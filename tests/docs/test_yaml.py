"""The YAML and the queries in the documentation: well-formed, about metrics that exist, and rules that Prometheus takes."""

import re
from pathlib import Path

import pytest
import yaml

from support.debian import Program
from support.markdown import PAGES, ROOT, Block, blocks
from support.namespace import Namespace

YAML = [block for page in PAGES for block in blocks(page) if block.info[:1] == ("yaml",)]
METRICS = set(re.findall(r"^\| `(\w+)`", (ROOT / "docs" / "metrics.md").read_text(), re.MULTILINE))
OURS = [block for block in YAML if block.body.startswith("apiVersion: modeloperator.dev/")]
RULES = [block for block in YAML if "groups:" in block.body and "expr:" in block.body]


def metrics_in(text: str) -> set[str]:
    """Names of our metrics, without what a histogram appends."""
    found = re.findall(r"\bmodel_operator_\w+", text)
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in found}


@pytest.mark.parametrize("block", YAML, ids=str)
def test_yaml_is_well_formed(block: Block) -> None:
    assert [document for document in yaml.safe_load_all(block.body) if document]


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=lambda page: page.name
)
def test_metrics_that_a_page_names_exist(page: Path) -> None:
    named = metrics_in("".join(block.body for block in blocks(page)))
    assert named - METRICS - {"model_operator_demo", "model_operator_simulator"} == set()


@pytest.mark.parametrize("block", OURS, ids=str)
def test_the_server_takes_documented_objects(block: Block, namespace: Namespace) -> None:
    body = block.body.replace("namespace: team-a", f"namespace: {namespace.name}")
    namespace.kubectl("apply", "--dry-run=server", "--filename=-", input=body)


def test_there_are_rules_to_check() -> None:
    assert RULES != []


@pytest.mark.long
@pytest.mark.parametrize("block", RULES, ids=str)
def test_prometheus_takes_a_documented_rule(block: Block, promtool: Program, tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(block.body)
    done = promtool("check", "rules", str(tmp_path / "rules.yaml"))
    assert done.returncode == 0, done.stdout + done.stderr
