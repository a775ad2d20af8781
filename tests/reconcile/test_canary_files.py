"""How many files one step of a canary leads through: those that docs/architecture.md names, and no others."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import model_operator
from support.rollouts import ANALYSIS, Rollouts, path, rollouts
from support.running import on_virtual_time

ROOT = Path(model_operator.__file__).parent
PAGE = Path(__file__).parents[2] / "docs/architecture.md"
ROOMS = ("reconcile/canary/", "plan/canary/", "status/canary", "providers/paitient/")


@contextmanager
def those_with_a_say() -> Iterator[set[str]]:
    """Files of the canary's rooms in which a function answers more than yes, no, nothing, or what it was given."""
    found: set[str] = set()

    def watch(frame: FrameType, event: str, answer: Any) -> None:
        if event == "return" and frame.f_code.co_filename.startswith(f"{ROOT}/"):
            is_silent = answer is None or isinstance(answer, bool)
            if not is_silent and not any(answer is given for given in arguments(frame)):
                found.add(str(Path(frame.f_code.co_filename).relative_to(ROOT)))

    sys.setprofile(watch)
    try:
        yield found
    finally:
        sys.setprofile(None)


def arguments(frame: FrameType) -> list[Any]:
    code = frame.f_code
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return [frame.f_locals.get(name) for name in names]


async def step(world: Rollouts, **rollout: Any) -> set[str]:
    """From v2=25, acknowledged and held for its time, to v2=50, acknowledged."""
    world.apply(v1=100)
    await world.until_split("v1=100")
    world.apply(path(25, 50, 100, hold="3m", **rollout), v2=100)
    await world.until_split("v1=75 v2=25")
    await world.wait(2)
    with those_with_a_say() as files:
        await world.until_split("v1=50 v2=50")
    of_deployments = {
        "providers/paitient/paging.py",
        "providers/paitient/wire.py",
        "providers/paitient/vendor.py",
    }
    return {file for file in files if file.startswith(ROOMS)} - of_deployments


def named(text: str) -> set[str]:
    """Files of a table's rows, each after its folder."""
    found = set()
    for row in re.findall(r"^\| the .*", text, re.MULTILINE):
        folder = ""
        for word in re.findall(r"`([^`]+)`", row):
            if word.endswith("/"):
                folder = word
            else:
                found.add(folder + word)
    return found


@pytest.mark.parametrize("is_judged", [False, True], ids=["by time", "by metrics"])
def test_the_page_names_the_files_that_a_step_leads_through(is_judged: bool) -> None:
    section = PAGE.read_text(encoding="utf-8").partition("**A step of a canary becomes a PATCH.**")[2]
    table, _, rest = section.partition("\n\nA step that is judged by metrics")
    files = named(table)
    assert len(files) <= 13
    if is_judged:
        files |= {f"plan/canary/{name}" for name in re.findall(r"`(\w+\.py)`", rest.partition("\n\n")[0])}

    @on_virtual_time
    async def story() -> None:
        async with rollouts() as world:
            assert await step(world, **({"analysis": ANALYSIS} if is_judged else {})) == files

    story()
