"""The examples that README and demo show: accepted by the server as they stand, and meant for the vendors."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from model_operator.cli.simulator import run_simulator
from support.markdown import PAGES
from support.namespace import Namespace

EXAMPLES = Path(__file__).parents[2] / "manifests" / "examples"
FILES = sorted(EXAMPLES.glob("*.yaml"))


def documents(path: Path) -> list[dict[str, Any]]:
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_server_accepts_it_and_it_says_what_it_is_for(path: Path, namespace: Namespace) -> None:
    assert path.read_text().startswith("# ")
    done = namespace.kubectl("apply", "--server-side", "--dry-run=server", "--filename", str(path))
    assert len(done.stdout.splitlines()) == len(documents(path))


GATED = re.compile(r"\b(?:meta-llama|google/gemma|mistralai|bigcode|CohereForAI|black-forest-labs)\b[/\w.-]*")
"""Makers whose models nobody gets without an access key."""


def test_a_gated_model_comes_with_its_access_key_and_no_page_has_another() -> None:
    gated = [
        document["spec"]
        for path in FILES
        for document in documents(path)
        if document["kind"] == "ModelDeployment" and GATED.match(document["spec"]["model"])
    ]
    assert all("modelAccessKeySecretRef" in spec["parasail"] for spec in gated)
    assert {
        page.name: GATED.findall(page.read_text()) for page in PAGES if GATED.search(page.read_text())
    } == {}


def test_both_vendors_have_an_account_and_deployments_that_name_it() -> None:
    found = [document for path in FILES for document in documents(path)]
    providers = {item["metadata"]["name"]: item["spec"] for item in found if item["kind"] == "ModelProvider"}
    assert {name: spec["type"] for name, spec in providers.items()} == {
        "parasail": "parasail",
        "paitient": "paitient",
    }
    for deployment in (item["spec"] for item in found if item["kind"] == "ModelDeployment"):
        assert providers[deployment["providerRef"]["name"]]["type"] in deployment


@pytest.mark.parametrize("name", ["parasail", "paitient"])
def test_the_account_at_the_vendor_needs_no_address_and_holds_no_key(name: str) -> None:
    (provider,) = documents(EXAMPLES / f"{name}-provider.yaml")
    assert provider["spec"] == {"type": name, "credentials": {"secretRef": {"name": name}}}


def test_the_simulators_accounts_point_to_where_it_listens_by_default() -> None:
    port = next(option.default for option in run_simulator.params if option.name == "port")
    base = f"http://127.0.0.1:{port}"
    found = {
        item["metadata"]["name"]: item["spec"]
        for item in documents(EXAMPLES / "simulator-providers.yaml")
        if item["kind"] == "ModelProvider"
    }
    assert found["parasail"]["baseURL"] == f"{base}/parasail/api/v1"
    assert found["parasail"]["chatBaseURL"] == f"{base}/parasail/v1"
    assert found["paitient"]["baseURL"] == f"{base}/paitient"
