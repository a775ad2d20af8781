"""docs/gitops.md says what the tests beside this file try, with commands that are theirs."""

import re

import pytest
import yaml

from support.argo_lua import SNIPPET
from support.shared_cluster import ROOT

PAGE = ROOT / "docs" / "gitops.md"
TEXT = PAGE.read_text()
ONE_LINE = " ".join(TEXT.split())
LINKS = [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", TEXT) if "://" not in link]


@pytest.mark.parametrize("link", LINKS)
def test_a_link_leads_to_a_file(link: str) -> None:
    assert (PAGE.parent / link).exists()


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(
            'get modeldeployments --output=jsonpath=\'{range .items[*]}{.metadata.name}{"\\t"}'
            '{.status.externalID}{"\\n"}{end}\'',
            id="the ids",
        ),
        pytest.param('--type=merge --patch=\'{"metadata":{"finalizers":null}}\'', id="the finalizer"),
        pytest.param('--type=merge --patch=\'{"spec":{"deletionPolicy":"Orphan"}}\'', id="orphan"),
        pytest.param("--patch-file manifests/gitops/argocd/argocd-cm.yaml", id="argocd-cm"),
    ],
)
def test_the_commands_that_are_tried_are_those_of_the_page(command: str) -> None:
    assert command in ONE_LINE


def test_every_action_is_on_the_page() -> None:
    for key, text in yaml.safe_load(SNIPPET.read_text())["data"].items():
        if ".actions." in key:
            for action in yaml.safe_load(text)["definitions"]:
                assert re.search(rf"\| .*\b{action['name']}\b.* \|", TEXT), action["name"]


@pytest.mark.parametrize("path", sorted(set(re.findall(r"manifests/gitops/[\w./-]+", TEXT))))
def test_a_path_that_it_names_is_there(path: str) -> None:
    assert (ROOT / path).exists()
