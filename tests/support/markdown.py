"""The project's Markdown taken apart: code blocks with their commands, links, and the anchors that headings make."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = tuple(
    sorted(
        [
            *ROOT.glob("*.md"),
            *ROOT.glob("docs/**/*.md"),
            *ROOT.glob("helm/**/*.md"),
            *ROOT.glob("manifests/**/*.md"),
        ]
    )
)
_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<info>[^`\n]*)\n(?P<body>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)
_LINK = re.compile(r"(?<!\\)\[(?:[^\]\[]|\[[^\]]*\])*\]\((?P<target>[^)\s]+)\)")
_SHELLS = ("console", "sh", "bash", "shell")


@dataclass(frozen=True)
class Block:
    """A fenced block. `info` is what stands behind the backticks, `line` where the block begins."""

    page: Path
    line: int
    info: tuple[str, ...]
    body: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def is_shell(self) -> bool:
        return self.info[:1] != () and self.info[0] in _SHELLS

    @property
    def is_test(self) -> bool:
        """Whether its commands are to be carried out."""
        return self.is_shell and "test" in self.info

    @property
    def script(self) -> str:
        """The commands alone: of a console, the lines behind `$` and those that continue them."""
        if self.info[0] != "console":
            return self.body
        return "".join(line for line, is_command in self._lines() if is_command)

    @property
    def output(self) -> list[str]:
        """What a console shows between the commands; a script shows nothing."""
        if self.info[0] != "console":
            return []
        return [line.rstrip("\n") for line, is_command in self._lines() if not is_command and line.strip()]

    def _lines(self) -> Iterator[tuple[str, bool]]:
        is_continued = False
        for line in self.body.splitlines(keepends=True):
            is_command = line.startswith("$ ") or is_continued
            yield (line.removeprefix("$ ") if is_command else line), is_command
            is_continued = is_command and line.rstrip("\n").endswith("\\")


def blocks(page: Path) -> list[Block]:
    """Every fenced block of a page, in order."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(page, text.count("\n", 0, found.start()) + 1, tuple(found["info"].split()), _outdented(found))
        for found in _FENCE.finditer(text)
    ]


def _outdented(found: re.Match[str]) -> str:
    """The body of a block as it is shown: one inside a list is indented with its item."""
    indent = found["indent"]
    return "".join(line.removeprefix(indent) for line in found["body"].splitlines(keepends=True))


def prose(page: Path) -> str:
    """The page without its fenced blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def links(page: Path) -> list[str]:
    """Targets of all links, as they are written."""
    return [found["target"] for found in _LINK.finditer(re.sub(r"`[^`\n]*`", "", prose(page)))]


def anchors(page: Path) -> set[str]:
    """What can stand behind `#`: headings as GitHub spells them, a number behind those that come again."""
    found: set[str] = set()
    for heading in re.findall(r"^#{1,6} (.*)$", prose(page), re.MULTILINE):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", text.lower()).strip().replace(" ", "-")
        number, unique = 0, slug
        while unique in found:
            number += 1
            unique = f"{slug}-{number}"
        found.add(unique)
    return found


def is_shown(line: str, output: str) -> bool:
    """Whether a line of the output is as promised; words with a digit (ages, ids, addresses) may be others."""
    words = [".*" if re.search(r"\d", word) else re.escape(word) for word in line.split()]
    return any(re.fullmatch(r"\s+".join(words), found.strip()) for found in output.splitlines())
