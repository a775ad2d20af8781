"""Wherever a user reads, one thing has one word, and it is the field's: the table in docs/architecture.md names the others."""

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
import pytest
import yaml

from model_operator.cli import main

ROOT: Final = Path(__file__).parents[2]
GLOSSARY: Final = ROOT / "docs" / "architecture.md"
_HEADING: Final = "### Words that users do not read"
_CODE: Final = re.compile(r"```.*?```|`[^`\n]*`|\]\([^)\s]*\)", re.DOTALL)
"""Of Markdown: names, commands and addresses, which are what they are."""
_FIELD: Final = re.compile(r"\{[^{}]*\}")


def old_words() -> dict[str, str]:
    """The refused words, with `~` for any ending, and what to write instead."""
    table = GLOSSARY.read_text().partition(_HEADING)[2]
    rows = re.findall(r"^\| (`.*`) \| (.*) \|$", table, re.MULTILINE)
    return {word: better for cell, better in rows for word in re.findall(r"`([^`]+)`", cell)}


def pattern(words: Iterator[str] | dict[str, str]) -> re.Pattern[str]:
    alternatives = "|".join(re.escape(word).replace("\\~", r"\w*").replace(r"\ ", r"\s+") for word in words)
    return re.compile(rf"\b(?:{alternatives})\b", re.IGNORECASE)


OLD: Final = pattern(old_words())


def prose(markdown: str) -> str:
    return _CODE.sub(" ", markdown)


def texts_of_python(path: Path) -> Iterator[str]:
    """What a program may show: its strings of several words, without docstrings and without what is filled in."""
    tree = ast.parse(path.read_text())
    silent = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if " " in text and id(node) not in silent:
                yield _FIELD.sub(" ", prose(text))


def helps(command: click.Command, *names: str) -> Iterator[tuple[str, str]]:
    """The name of each command with its --help."""
    # As the program has it: a command keeps the flags of its first help for good.
    context = click.Context(command, info_name=" ".join(names), help_option_names=["-h", "--help"])
    yield " ".join(names), command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            if (child := command.get_command(context, name)) is not None:
                yield from helps(child, *names, name)


def descriptions(schema: object) -> Iterator[str]:
    """Descriptions and messages of rules, at any depth of a CRD."""
    if isinstance(schema, dict):
        yield from (schema[key] for key in ("description", "message") if isinstance(schema.get(key), str))
        yield from itertools.chain.from_iterable(map(descriptions, schema.values()))
    elif isinstance(schema, list):
        yield from itertools.chain.from_iterable(map(descriptions, schema))


def found(text: str) -> list[str]:
    return [text[max(0, hit.start() - 40) : hit.end() + 20] for hit in OLD.finditer(text)]


PAGES: Final = sorted(
    {*(ROOT / "docs").glob("*.md"), *ROOT.glob("*.md"), *(ROOT / "helm").glob("*/README.md")}
    - {ROOT / "CHANGELOG.md"}
)
PROGRAM: Final = sorted((ROOT / "operator").rglob("*.py"))
COMMENTED: Final = sorted(
    [
        *(ROOT / "helm").glob("**/values*.yaml"),
        *(ROOT / "helm").glob("*/templates/NOTES.txt"),
        *(ROOT / "helm").glob("*/files/*.yaml"),
        *(ROOT / "manifests" / "examples").glob("*.yaml"),
        *(ROOT / "manifests" / "demo").glob("*.yaml"),
    ]
)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_no_page_has_an_old_word(path: Path) -> None:
    assert found(prose(path.read_text())) == []


@pytest.mark.parametrize("path", COMMENTED, ids=name_of)
def test_neither_the_chart_nor_an_example_has_one(path: Path) -> None:
    assert found(prose(path.read_text())) == []


def test_no_message_has_one() -> None:
    shown = {
        name_of(path): [hit for text in texts_of_python(path) for hit in found(text)] for path in PROGRAM
    }
    assert {path: hits for path, hits in shown.items() if hits} == {}


def test_no_help_has_one() -> None:
    shown = {name: found(text) for name, text in helps(main, "model-operator")}
    assert len(shown) > 10
    assert {name: hits for name, hits in shown.items() if hits} == {}


@pytest.mark.parametrize("path", sorted((ROOT / "crds").glob("*.yaml")), ids=name_of)
def test_no_description_has_one(path: Path) -> None:
    texts = list(descriptions(yaml.safe_load(path.read_text())))
    assert texts
    assert [hit for text in texts for hit in found(text)] == []


def test_the_table_names_the_old_words_and_what_is_said_instead() -> None:
    words = old_words()
    assert words["vendor~"] == "provider"
    assert words["gainer~"] == "canary, baseline"
    assert all(words.values())


@pytest.mark.parametrize(
    ("text", "hits"),
    [
        pytest.param("Ask the vendors' support.", ["vendors"], id="with an ending"),
        pytest.param("Vendor", ["Vendor"], id="in capitals"),
        pytest.param("two failed verdicts in\n  a row", ["in\n  a row"], id="over two lines"),
        pytest.param("Ask the provider to amend it.", [], id="a part of another word"),
    ],
)
def test_an_old_word_is_found(text: str, hits: list[str]) -> None:
    assert OLD.findall(text) == hits


def test_names_in_code_are_left_as_they_are() -> None:
    assert found(prose("`vendor` of [the journal](simulator.md#by-vendor), and\n```\nvendor: x\n```\n")) == []
