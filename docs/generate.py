"""Writes every file that is made from the code; `--check` writes nothing and fails if one differs.

A generated file is one line in `generated()`: its path from the repository's root, and its content.
"""

import argparse
import difflib
import sys
from datetime import timedelta
from pathlib import Path
from typing import Literal, get_args, get_origin

from model_operator.cli import crds
from model_operator.settings import Settings, default_of, env_of, flag_of, is_many, is_switch

ROOT = Path(__file__).parents[1]


def generated() -> dict[str, str]:
    """Content by path."""
    return {
        **{f"crds/{name}": text for name, text in crds.files().items()},
        "docs/settings.md": settings(),
    }


def settings() -> str:
    """The reference of all settings, as Markdown."""
    rows = "\n".join(
        f"| `{flag_of(name)}`<br>`{env_of(name)}`<br>`{name}` | {_type(name)} | {_default(name)} "
        f"| {_cell(field.description or '')} |"
        for name, field in Settings.model_fields.items()
    )
    return f"""<!-- Made from the code by `make generate`; do not edit. -->
# Settings of `model-operator run`

Each setting is a flag, an environment variable and a key of the file that `--config` names (YAML, or TOML if
it ends in `.toml`). The first of these that names it wins; an empty variable counts as none. They are read once,
at start-up; all problems are reported together, with exit code 2.

Durations are written `500ms`, `60s`, `10m` or `1h30m`. A list is a repeated flag, a comma-separated variable, or
a list in the file.

| flag, variable, key | type | default | |
|---|---|---|---|
{rows}
"""


def _type(name: str) -> str:
    kind = Settings.model_fields[name].annotation
    if get_origin(kind) is Literal:
        return _cell(" | ".join(f"`{word}`" for word in get_args(kind)))
    if is_many(name):
        return "list"
    if is_switch(name):
        return "`true` or `false`"
    return {int: "number", timedelta: "duration", str: "address"}.get(kind, "file")  # type: ignore[arg-type]


def _default(name: str) -> str:
    default = default_of(name)
    return f"`{default}`" if default else "–"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> int:
    """0 if all is well, 1 if a file differs in `--check`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file differs")
    is_check = parser.parse_args().check
    status = 0
    for name, text in generated().items():
        path = ROOT / name
        found = path.read_text(encoding="utf-8") if path.exists() else ""
        if found == text:
            continue
        if is_check:
            diff = difflib.unified_diff(found.splitlines(True), text.splitlines(True), name, "generated")
            sys.stderr.writelines(diff)
            sys.stderr.write(f"{name} is not what the code makes of it: run `make generate`\n")
            status = 1
        else:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"wrote {name}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
