"""The documentation as a site: `make docs` puts one version of it into dist/docs/VERSION, beside the others there.

The pages are staged in the repository's own layout, so that each link holds on GitHub and on the site. A file that a page
links is copied beside it, and a folder gets a page that lists it. Zensical builds strictly: a broken link is an error.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from model_operator import __version__

ROOT = Path(__file__).parents[1]
PAGES = ("*.md", "docs/**/*.md", "helm/**/*.md")
_LINK = re.compile(r"(?<=\]\()(?P<path>[^)\s#:]+)(?P<anchor>#[^)\s]*)?(?=\))")
_FENCE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
# GitHub takes a second word behind the language for a comment; Zensical for an option that it does not know.
_MARK = re.compile(r"^( *```\w+) test$", re.MULTILINE)


class SiteFailed(Exception):
    """The site cannot be built; the text has the builder's words."""


def stage(root: Path, pages: Path) -> None:
    """Copy all pages of a checkout, and what they link, to where the site is built from."""
    listed: set[Path] = set()
    for page in sorted(path for pattern in PAGES for path in root.glob(pattern)):
        text = page.read_text(encoding="utf-8")
        for target in linked(page, text):
            if target.is_dir():
                listed.add(target)
            elif target.suffix != ".md":
                _copy(target, pages / target.relative_to(root))
        written = pages / page.relative_to(root)
        written.parent.mkdir(parents=True, exist_ok=True)
        written.write_text(_MARK.sub(r"\1", to_lists(page, text)), encoding="utf-8")
    for folder in sorted(listed):
        if not (folder / "README.md").exists():
            _list(root, folder, pages)


def linked(page: Path, text: str) -> list[Path]:
    """The files and folders that a page links, which exist."""
    prose = _FENCE.sub("", text)
    found = ((page.parent / link["path"]).resolve() for link in _LINK.finditer(prose))
    return [target for target in found if target.exists()]


def to_lists(page: Path, text: str) -> str:
    """The page with links to folders leading to the pages that list them."""

    def leading(link: re.Match[str]) -> str:
        folder = page.parent / link["path"]
        if not folder.is_dir():
            return link[0]
        name = "README.md" if (folder / "README.md").exists() else "index.md"
        return f"{link['path'].rstrip('/')}/{name}{link['anchor'] or ''}"

    at, parts = 0, []
    for fence in _FENCE.finditer(text):
        parts += [_LINK.sub(leading, text[at : fence.start()]), fence[0]]
        at = fence.end()
    return "".join([*parts, _LINK.sub(leading, text[at:])])


def title_of(page: Path) -> str:
    """Its first heading."""
    found = re.search(r"^# (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else page.stem


def _list(root: Path, folder: Path, pages: Path) -> None:
    """A page that lists a folder: pages by their title, other files by their path."""
    lines = [f"# {folder.relative_to(root)}", ""]
    for path in sorted(
        path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    ):
        name = path.relative_to(folder)
        if path.suffix == ".md":
            lines.append(f"- [{title_of(path)}]({name})")
        else:
            _copy(path, pages / path.relative_to(root))
            lines.append(f"- [{name}]({name})")
    written = pages / folder.relative_to(root) / "index.md"
    written.parent.mkdir(parents=True, exist_ok=True)
    written.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _copy(path: Path, written: Path) -> None:
    written.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, written)


def build(root: Path, target: Path) -> None:
    """Build the site of a checkout into a folder, in place of what was there. Raises `SiteFailed`."""
    with tempfile.TemporaryDirectory(prefix="model-operator-docs-") as name:
        folder = Path(name)
        shutil.copyfile(root / "docs" / "site.toml", folder / "zensical.toml")
        stage(root, folder / "pages")
        done = subprocess.run(
            [sys.executable, "-m", "zensical", "build", "--strict"],
            cwd=folder,
            env={**os.environ, "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise SiteFailed(f"{done.stdout}{done.stderr}")
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(folder / "site", target)


def newest_first(names: Iterable[str]) -> list[str]:
    """Versions in the order of their numbers; what is none comes last."""
    return sorted(names, key=lambda name: [int(part) for part in re.findall(r"\d+", name)], reverse=True)


def tell_versions(into: Path) -> None:
    """Write the list for the selector of versions, and a page that leads to the newest."""
    versions = newest_first(path.parent.name for path in into.glob("*/index.html"))
    entries = [
        {"version": version, "title": version, "aliases": ["latest"] if version == versions[0] else []}
        for version in versions
    ]
    (into / "versions.json").write_text(json.dumps(entries, indent=1) + "\n")
    address = f"{versions[0]}/"
    (into / "index.html").write_text(
        f'<!doctype html><meta charset="utf-8"><title>model-operator</title>'
        f'<meta http-equiv="refresh" content="0; url={address}"><a href="{address}">Documentation</a>\n'
    )


def main() -> int:
    """1 if a page or a link is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=ROOT / "dist" / "docs", help="folder with all versions")
    parser.add_argument("--version", default=__version__.rpartition(".")[0], help="such as 0.1")
    arguments = parser.parse_args()
    try:
        build(ROOT, arguments.into / arguments.version)
    except SiteFailed as error:
        sys.stderr.write(f"docs: {error}\n")
        return 1
    tell_versions(arguments.into)
    sys.stdout.write(
        f"{arguments.into}: look at it with `python -m http.server --directory {arguments.into}`\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
