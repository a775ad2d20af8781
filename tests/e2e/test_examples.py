"""The examples that README and demo show: accepted by the server as they stand, and meant for the vendors."""

import json
import re
import shlex
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import yaml

from e2e.conftest import World
from model_operator.cli.simulator import run_simulator
from support.markdown import PAGES
from support.namespace import Namespace

pytest_plugins = ("support.shared_world",)

DEFAULT = "http://127.0.0.1:8700"
"""Where the simulator listens, unless told otherwise."""
EXAMPLES = Path(__file__).parents[2] / "manifests" / "examples"
FILES = sorted(EXAMPLES.glob("*.yaml"))


def documents(path: Path) -> list[dict[str, Any]]:
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_server_accepts_it_and_it_says_what_it_is_for(path: Path, namespace: Namespace) -> None:
    assert path.read_text().startswith("# ")
    done = namespace.kubectl("apply", "--server-side", "--dry-run=server", "--filename", str(path))
    assert len(done.stdout.splitlines()) == len(documents(path))


_OF_OTHER_PLACES = {"simulator", "parasail-provider", "paitient-provider"}
"""A simulator as a pod, and the accounts at the providers themselves."""

TOGETHER = [path for path in FILES if path.stem not in _OF_OTHER_PLACES]


def test_what_an_example_refers_to_another_one_makes() -> None:
    found = [document for path in TOGETHER for document in documents(path)]
    made = {item["metadata"]["name"] for item in found if item["kind"] == "ModelDeployment"}
    shares = [
        share for item in found if item["kind"] == "CanaryEndpoint" for share in item["spec"]["traffic"]
    ]
    assert {share["deploymentRef"]["name"] for share in shares} <= made


def commands(path: Path) -> list[list[str]]:
    """Those of its first comment, as a shell would split them."""
    head = path.read_text().partition("\n---")[0]
    blocks = re.findall(r"(?:^#   .*\n?)+", head, re.MULTILINE)
    lines = (re.sub(r"^#   ", "", block, flags=re.MULTILINE) for block in blocks)
    return [shlex.split(command.replace("\\\n", " ")) for command in lines]


def run_curl(command: list[str], simulator: str) -> Any:
    """What `curl URL --header … --data …` would be answered."""
    (_, url, *rest) = command
    flags = list(zip(rest[::2], rest[1::2], strict=True))
    headers = dict(value.split(": ", 1) for flag, value in flags if flag == "--header")
    (data,) = (value for flag, value in flags if flag == "--data")
    request = urllib.request.Request(url.replace(DEFAULT, simulator), data.encode(), headers)
    with urllib.request.urlopen(request) as reply:
        return json.load(reply)


@pytest.mark.long
def test_all_of_them_applied_together_get_ready(shared: World, tmp_path: Path) -> None:
    """With the commands of their own comments, in the order of their names."""
    (curl,) = commands(EXAMPLES / "parasail-adopt.yaml")
    (create_secret,) = commands(EXAMPLES / "parasail-gated.yaml")
    (adopted,) = documents(EXAMPLES / "parasail-adopt.yaml")
    assert str(run_curl(curl, shared.simulator.url)["id"]) == adopted["spec"]["externalID"]
    kubectl = shared.namespace.kubectl
    kubectl(*create_secret[1:])
    for path in TOGETHER:
        here = tmp_path / path.name
        here.write_text(path.read_text().replace(DEFAULT, shared.simulator.url))
        kubectl("apply", "--server-side", "--force-conflicts", "--filename", str(here))
    ours = "modelproviders,modeldeployments,canaryendpoints,modelbudgets"
    try:
        kubectl("wait", ours, "--all", "--for=condition=Ready", "--timeout=60s")
    finally:
        print(kubectl("get", ours, "--output=wide").stdout)  # noqa: T201


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
