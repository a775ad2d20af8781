"""Whoever follows a link inside the repository arrives: files and headings exist, and every page can be found."""

import re
from pathlib import Path

import pytest

from support.markdown import PAGES, ROOT, anchors, links

FILES = [
    str(path)
    for folder in ("operator", "tests", "docs", "tools", "manifests", "crds", "helm", ".github")
    for path in (ROOT / folder).rglob("*.*")
]


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def target_of(page: Path, link: str) -> tuple[Path, str]:
    """File and anchor of a link without a scheme."""
    path, _, anchor = link.partition("#")
    return (page.parent / path).resolve() if path else page, anchor


def inner(page: Path) -> list[str]:
    return [link for link in links(page) if not re.match(r"[a-z]+:", link)]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_within_the_repository_lead_somewhere(page: Path):
    broken = []
    for link in inner(page):
        target, anchor = target_of(page, link)
        is_there = target.exists() and target.is_relative_to(ROOT)
        if not is_there or (anchor and (target.suffix != ".md" or anchor not in anchors(target))):
            broken.append(link)
    assert broken == []


def test_every_page_can_be_reached_from_the_readme():
    reached, ahead = set(), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        if page in reached or not page.exists():
            continue
        reached.add(page)
        for link in inner(page):
            target, _ = target_of(page, link)
            ahead += (
                sorted(target.glob("*.md")) if target.is_dir() else [target] if target.suffix == ".md" else []
            )
    assert [name(page) for page in PAGES if page not in reached] == []


@pytest.mark.parametrize("page", [page for page in PAGES if page.parent == ROOT / "docs"], ids=name)
def test_source_files_that_a_page_names_exist(page: Path):
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|yaml|toml|md|json|lua)|\w+\.py)`", text))
    # `acme` is the vendor that new-provider.md writes an adapter for.
    real = {path for path in named if "acme" not in path}
    assert [path for path in sorted(real) if not any(file.endswith(f"/{path}") for file in FILES)] == []
