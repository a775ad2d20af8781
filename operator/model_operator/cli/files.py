"""Objects out of files, folders and the standard input, in the way in which `kubectl -f` takes them."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
import yaml

_SUFFIXES: Final = frozenset({".json", ".yaml", ".yml"})


@dataclass(frozen=True, slots=True)
class Document:
    """One object, and where it stands."""

    place: str
    body: dict[str, Any]

    @property
    def kind(self) -> str:
        return str(self.body.get("kind") or "")

    @property
    def name(self) -> str:
        return str(self.metadata.get("name") or "")

    @property
    def metadata(self) -> Mapping[str, Any]:
        found = self.body.get("metadata")
        return found if isinstance(found, Mapping) else {}


def documents(paths: Iterable[str], *, is_recursive: bool) -> Iterator[Document]:
    """All objects, lists opened, in the order of the files. Raises `click.ClickException`."""
    for path in paths:
        for place, text in _texts(path, is_recursive=is_recursive):
            yield from _parsed(place, text)


def _texts(path: str, *, is_recursive: bool) -> Iterator[tuple[str, str]]:
    if path == "-":
        yield "the standard input", sys.stdin.read()
        return
    for file in _files(Path(path), is_recursive=is_recursive):
        try:
            yield str(file), file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise click.ClickException(f"cannot read {file}: {why}") from error


def _files(path: Path, *, is_recursive: bool) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = path.rglob("*") if is_recursive else path.glob("*")
    files = sorted(file for file in found if file.suffix in _SUFFIXES and file.is_file())
    if not files:
        raise click.ClickException(f"{path} contains no .yaml, .yml or .json file")
    return files


def _parsed(place: str, text: str) -> Iterator[Document]:
    try:
        found = list(yaml.load_all(text, Loader=_Loader))
    except (yaml.YAMLError, RecursionError) as error:
        raise click.ClickException(f"{place} is neither YAML nor JSON: {_one_line(error)}") from error
    for body in found:
        if body is not None:
            yield from _opened(place, body)


def _opened(place: str, body: Any) -> Iterator[Document]:
    """Lists of objects, of whatever kind, are the objects in them."""
    if not isinstance(body, dict) or not isinstance(body.get("kind"), str):
        raise click.ClickException(f"{place} holds something that is not a Kubernetes object")
    items = body.get("items")
    if body["kind"].endswith("List") and isinstance(items, list):
        for item in items:
            yield from _opened(place, item)
    else:
        yield Document(place, body)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


class _Loader(yaml.SafeLoader):
    """YAML as Kubernetes reads it: a date is text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if tag != "tag:yaml.org,2002:timestamp"]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
