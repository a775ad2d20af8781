"""What all commands print alike: tables, colours, and one document as JSON, YAML or names.

Colours are click's plain ANSI: it leaves them out wherever the output is no terminal, and a table and six colours need
no library of their own in an installation. NO_COLOR leaves them out, too.
"""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import click
import yaml

from model_operator.printable import printable

Command = Callable[..., Any]


def output_flag(*formats: str) -> Callable[[Command], Command]:
    """`-o`, with `text` as its default."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(["text", *(formats or ("json", "yaml", "name"))]),
        default="text",
        show_default=True,
        help="Output format.",
    )


_OURS: Final = re.compile(r"(\x1b\[(?:[012]|3[0-7])m|\n)")
"""Line ends, and what click.style makes of a colour, bold, dim and their end."""


def say(text: str, *, err: bool = False) -> None:
    """To a person: coloured on a terminal alone. A status may hold anybody's words, and a terminal obeys some."""
    parts = _OURS.split(text)
    text = "".join(part if at % 2 else printable(part) for at, part in enumerate(parts))
    click.echo(text, err=err, color=False if os.environ.get("NO_COLOR") else None)


def show(output: str, text: Iterable[str], document: Any, names: Iterable[str]) -> None:
    """In the format that was asked for."""
    match output:
        case "json":
            click.echo(json.dumps(document, indent=2, ensure_ascii=False))
        case "yaml":
            click.echo(as_yaml(document), nl=False)
        case "name":
            for name in names:
                click.echo(name)
        case _:
            for line in text:
                say(line)


def as_yaml(document: Any) -> str:
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110)


def table(lines: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns as kubectl aligns them."""
    widths = [max(len(click.unstyle(cell)) for cell in column) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (_padded(cell, width) for cell, width in zip(line, widths, strict=True))
        yield "   ".join(cells).rstrip()


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - len(click.unstyle(cell)))


def named(document: Mapping[str, Any]) -> str:
    """`modeldeployment.modeloperator.dev/llama`, as `kubectl get -o name` writes it."""
    group = str(document["apiVersion"]).partition("/")[0]
    return f"{str(document['kind']).lower()}.{group}/{document['metadata']['name']}"
