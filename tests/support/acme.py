"""A vendor `acme`, made from Parasail's code in a copy of the tree, as docs/new-provider.md says.

Nothing of it is ever committed. A place that does not read any more as it is expected here is an `AssertionError` that
names it: then the page needs the same change.
"""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

PACKAGE = "operator/model_operator"
SIMULATOR = "operator/model_operator_simulator"
MODEL = "models/deployment.py"
RULES = "models/deployment_rules.py"


def make_acme(root: Path) -> None:
    """Add the vendor to the tree at `root`."""
    for path in (f"{PACKAGE}/providers/parasail", f"{SIMULATOR}/parasail"):
        shutil.copytree(root / path, root / acme(path), ignore=shutil.ignore_patterns("__pycache__"))
        for file in (root / acme(path)).rglob("*.py"):
            file.write_text(acme(file.read_text("utf-8")), "utf-8")
    copied = (f"{PACKAGE}/models/parasail.py", "manifests/examples/parasail-provider.yaml")
    for path in (*copied, "manifests/examples/parasail.yaml"):
        (root / acme(path)).write_text(acme((root / path).read_text("utf-8")), "utf-8")
    _spec(root)
    _registries(root)
    _for_tests_and_users(root)


def acme(text: str) -> str:
    """Text about Parasail as text about acme, whose key is no shorter than a key may be."""
    text = text.replace("sim-parasail-key", "sim-acme-secret-key")
    return text.replace("parasail", "acme").replace("Parasail", "Acme").replace("PARASAIL", "ACME")


def _spec(root: Path) -> None:
    edit(root, f"{PACKAGE}/models/provider.py", twin(r"    PARASAIL = .*\n"))
    edit(
        root,
        f"{PACKAGE}/models/provider.py",
        instead("self.type == 'parasail'", "self.type in ['parasail', 'acme']"),
    )
    line = "from model_operator.models.acme import AcmeSpec\n"
    edit(
        root,
        f"{PACKAGE}/models/__init__.py",
        instead("from model_operator.models.parse ", f"{line}from model_operator.models.parse "),
        instead("__all__ = [\n", '__all__ = [\n    "AcmeSpec",\n'),
    )
    edit(
        root,
        f"{PACKAGE}/{MODEL}",
        twin(r"from model_operator\.models\.parasail import .*\n"),
        twin(r"    parasail: ParasailSpec \| None = Field\(\n(?:        .*\n)+    \)\n"),
    )
    edit(
        root,
        f"{PACKAGE}/{RULES}",
        instead(
            '"has(self.parasail) == has(oldSelf.parasail)"',
            '"has(self.parasail) == has(oldSelf.parasail) && has(self.acme) == has(oldSelf.acme)"',
        ),
        instead(
            '"has(self.parasail) != has(self.paitient)"',
            '"[has(self.parasail), has(self.paitient), has(self.acme)].exists_one(one, one)"',
        ),
        twin(r'    rule\(\n        "!has\(self\.externalID\) \|\| !has\(self\.parasail\)(?:.*\n)+?    \),\n'),
        twin(r'    rule\(\n        "!has\(self\.replicas\) \|\| !has\(self\.parasail\)(?:.*\n)+?    \),\n'),
        twin(r'    rule\(\n        "!has\(self\.parasail\) \|\| has\(self\.autoscaling\)(?:.*\n)+?    \),\n'),
        twin(r'    rule\(\n        "!has\(self\.parasail\) \|\| has\(self\.externalID\)(?:.*\n)+?    \),\n'),
        twin(
            r'    rule\(\n        "!has\(self\.deploymentName\) \|\| !has\(self\.parasail\)(?:.*\n)+?    \),\n'
        ),
    )


def _registries(root: Path) -> None:
    path = f"{PACKAGE}/providers/registry.py"
    edit(
        root,
        path,
        twin(r"from model_operator\.providers\.parasail .*\n"),
        instead("(Parasail(), ", "(Parasail(), Acme(), "),
    )
    path = f"{SIMULATOR}/registry.py"
    edit(root, path, twin(r"from \.parasail .*\n"), instead("PAITIENT)", "PAITIENT, ACME)"))


def _for_tests_and_users(root: Path) -> None:
    edit(root, "tests/support/rows.py", twin(r'    "parasail": Row\(\n(?:.*\n)+?    \),\n'))
    edit(root, f"{PACKAGE}/cli/simulator.py", twin(r"      parasail  apiKey: .*\n"))
    edit(
        root,
        "docs/simulator.md",
        twin(r"\| `/parasail/.*\n"),
        twin(r"## Parasail\n(?:.*\n)+?(?=## )"),
        at_end_of_table("Knobs", r"\| `parasail\..*\n"),
    )
    edit(
        root,
        "manifests/examples/simulator-providers.yaml",
        lambda text: text + "---\n" + acme(_documents(text, "parasail")),
    )


Edit = Callable[[str], str]


def edit(root: Path, path: str, *edits: Edit) -> None:
    """Change one file."""
    text = (root / path).read_text("utf-8")
    for change in edits:
        changed = change(text)
        assert changed != text, f"{path} does not read as docs/new-provider.md expects"
        text = changed
    (root / path).write_text(text, "utf-8")


def twin(pattern: str) -> Edit:
    """What matches first, and the same for acme after it."""
    return lambda text: re.sub(pattern, lambda found: found[0] + acme(found[0]), text, count=1)


def instead(old: str, new: str) -> Edit:
    return lambda text: text.replace(old, new, 1)


def at_end_of_table(heading: str, pattern: str) -> Edit:
    """The rows that match, once more for acme, below the last row of the section's table."""

    def change(text: str) -> str:
        before, title, after = text.partition(f"# {heading}\n")
        rows = "".join(acme(row) for row in re.findall(pattern, after))
        end = list(re.finditer(r"^\|.*\n", after, re.MULTILINE))[-1].end()
        return before + title + after[:end] + rows + after[end:]

    return change


def _documents(text: str, word: str) -> str:
    return "---\n".join(part for part in text.split("---\n") if word in part)
