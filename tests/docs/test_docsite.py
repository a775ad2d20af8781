"""The documentation as a site: pages keep their links, and the built site has every page, link, word and version."""

import json
import re
import shutil
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from typing_extensions import override

from support.markdown import PAGES, ROOT

sys.path.insert(0, str(ROOT / "tools"))
import docsite


class Page(HTMLParser):
    """What a page of the site links, what can be linked on it, and what a browser fetches for it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value for name, value in attrs if value}
        self.anchors |= {values["id"]} if "id" in values else set()
        found = [values[name] for name in ("href", "src") if name in values]
        (self.links if tag == "a" else self.fetched).extend(found)


def broken(site: Path) -> list[str]:
    """Links inside the site that lead nowhere. The page for errors is left out: it knows the site's root only."""
    pages = {path: Page(path) for path in site.resolve().rglob("*.html") if path.name != "404.html"}
    return [
        f"{path.relative_to(site.resolve())}: {link}"
        for path, page in pages.items()
        for link in (*page.links, *page.fetched)
        if not arrives(link, path, pages)
    ]


def arrives(link: str, path: Path, pages: dict[Path, Page]) -> bool:
    url = urlsplit(link)
    if url.scheme:
        return True
    target = (path.parent / unquote(url.path)).resolve() if url.path else path
    target = target / "index.html" if target.is_dir() else target
    known = pages.get(target)
    return target.exists() and (not url.fragment or known is None or unquote(url.fragment) in known.anchors)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A small repository: a page, what it links, and a folder of two."""
    root = tmp_path / "checkout"
    (root / "docs" / "decisions").mkdir(parents=True)
    (root / "manifests").mkdir()
    (root / "README.md").write_text(
        "# Start\n\n[why](docs/decisions) [a](manifests/a.yaml) [heading](#start)\n\n```sh test\nls [x](docs)\n```\n"
    )
    (root / "docs" / "decisions" / "0001-first.md").write_text("# 1. The first\n")
    (root / "manifests" / "a.yaml").write_text("a: 1\n")
    (root / "manifests" / "unlinked.yaml").write_text("b: 1\n")
    return root


def test_pages_are_staged_with_what_they_link(checkout: Path, tmp_path: Path) -> None:
    docsite.stage(checkout, tmp_path / "pages")
    staged = {
        str(path.relative_to(tmp_path / "pages")): path.read_text()
        for path in (tmp_path / "pages").rglob("*")
        if path.is_file()
    }
    assert staged == {
        "README.md": "# Start\n\n[why](docs/decisions/index.md) [a](manifests/a.yaml) [heading](#start)\n\n"
        "```sh\nls [x](docs)\n```\n",
        "docs/decisions/0001-first.md": "# 1. The first\n",
        "docs/decisions/index.md": "# docs/decisions\n\n- [1. The first](0001-first.md)\n",
        "manifests/a.yaml": "a: 1\n",
    }


def test_every_page_is_in_the_navigation() -> None:
    """The decisions have a page that lists them."""
    text = (ROOT / "docs" / "site.toml").read_text()
    expected = {str(page.relative_to(ROOT)) for page in PAGES if page.parent.name != "decisions"}
    named = set(re.findall(r'"([\w./-]+\.md)"', text))
    assert named == {*expected, "docs/decisions/index.md"}


@pytest.mark.parametrize(
    ("names", "order"),
    [(["0.9", "0.10", "0.2"], ["0.10", "0.9", "0.2"]), (["dev", "1.0"], ["1.0", "dev"])],
)
def test_versions_are_ordered_by_their_numbers(names: list[str], order: list[str]) -> None:
    assert docsite.newest_first(names) == order


def test_the_newest_of_several_versions_is_where_readers_arrive(tmp_path: Path) -> None:
    for version in ("0.1", "0.2"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "index.html").write_text("")
    docsite.tell_versions(tmp_path)
    assert json.loads((tmp_path / "versions.json").read_text()) == [
        {"version": "0.2", "title": "0.2", "aliases": ["latest"]},
        {"version": "0.1", "title": "0.1", "aliases": []},
    ]
    assert 'url=0.2/"' in (tmp_path / "index.html").read_text()


@pytest.mark.long
def test_the_site_has_every_page_and_no_broken_link_and_can_be_searched(tmp_path: Path) -> None:
    site = tmp_path / "0.1"
    docsite.build(ROOT, site)
    for page in PAGES:
        name = page.relative_to(ROOT)
        address = name.parent if name.stem == "README" else name.with_suffix("")
        assert (site / address / "index.html").is_file(), name
    assert broken(site) == []
    fetched = {link for path in site.rglob("*.html") for link in Page(path).fetched}
    assert [link for link in fetched if urlsplit(link).netloc] == []
    found = [item["text"] for item in json.loads((site / "search.json").read_text())["items"]]
    assert any("CredentialsInvalid" in text for text in found)
    assert any("canary" in text for text in found)


@pytest.mark.long
def test_a_broken_link_is_an_error(checkout: Path, tmp_path: Path) -> None:
    (checkout / "docs" / "site.toml").write_text(
        '[project]\nsite_name = "x"\ndocs_dir = "pages"\nsite_dir = "site"\n'
    )
    (checkout / "docs" / "a.md").write_text("# A\n\n[nowhere](b.md)\n")
    with pytest.raises(docsite.SiteFailed, match="page does not exist"):
        docsite.build(checkout, tmp_path / "site")
    shutil.copy(checkout / "docs" / "a.md", checkout / "docs" / "b.md")
    docsite.build(checkout, tmp_path / "site")
    assert broken(tmp_path / "site") == []
