"""How pages are taken apart: what is a command, where links are, and what an anchor is called."""

from pathlib import Path

import pytest

from support.markdown import Block, anchors, blocks, links


def page(folder: Path, text: str) -> Path:
    path = folder / "page.md"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "script", "output"),
    [
        pytest.param("```console\n$ a\nsaid\n$ b\n```\n", "a\nb\n", ["said"], id="commands and output"),
        pytest.param(
            "```console\n$ a \\\n    b\nsaid\n```\n", "a \\\n    b\n", ["said"], id="a command of two lines"
        ),
        pytest.param("1. so:\n\n   ```console\n   $ a\n   ```\n", "a\n", [], id="in a list"),
        pytest.param("```sh\na\nb\n```\n", "a\nb\n", [], id="a script"),
    ],
)
def test_commands_and_their_output(tmp_path: Path, text: str, script: str, output: list[str]) -> None:
    (block,) = blocks(page(tmp_path, text))
    assert block.script == script
    assert block.output == output


@pytest.mark.parametrize(
    ("info", "is_test"),
    [("console test", True), ("console", False), ("yaml test", False), ("", False)],
)
def test_only_marked_shells_are_carried_out(info: str, *, is_test: bool) -> None:
    assert Block(Path("page.md"), 1, tuple(info.split()), "$ a\n").is_test is is_test


def test_links_are_found_outside_of_code_only(tmp_path: Path) -> None:
    text = "[a](b.md#c) `[no](no.md)` [[x]](d.md)\n\n```\n[no](no.md)\n```\n"
    assert links(page(tmp_path, text)) == ["b.md#c", "d.md"]


def test_anchors_are_spelled_as_github_does(tmp_path: Path) -> None:
    text = (
        "# One, `Two` & three\n\n## It's [a link](b.md)\n\n## Twice\n\n## Twice\n\n```\n# no heading\n```\n"
    )
    assert anchors(page(tmp_path, text)) == {"one-two--three", "its-a-link", "twice", "twice-1"}
