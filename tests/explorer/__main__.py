"""`python -m explorer`: random histories for so many minutes, or one again by its seed.

Prints histories per minute, and of each failure the shortest history that was found and the command that repeats it.
"""

import argparse
import gc
import json
import os
import sys
import time
from collections import Counter
from datetime import UTC, datetime

import click

from explorer.drawing import draw
from explorer.history import History, Outcome, run
from explorer.named import NAMED, muted
from explorer.shortening import shorten

_COLLECT = 25  # histories between two searches for garbage


def main() -> int:
    options = _options()
    if options.named:
        click.echo(json.dumps({named.name: list(run(named.steps, named.seed).problems) for named in NAMED}))
        return 0
    first = (
        options.seed if options.seed is not None else int(datetime.now(UTC).strftime("%y%m%d")) * 1_000_000
    )
    click.echo(f"seed {first}; again with: python -m explorer --seed {first}")
    began, cpu, seed = time.monotonic(), time.process_time(), first
    found, heard = Counter[str](), Counter[str]()
    while _goes_on(options, time.monotonic() - began, seed - first):
        history = draw(seed)
        outcome = run(history, seed)
        known = muted() if options.mute else frozenset()
        for rule in outcome.rules:
            (heard if rule in known else found)[rule] += 1
        if outcome.rules - known:
            _tell(seed, history, outcome, outcome.rules - known, is_brief=options.brief)
            if not options.keep_going:
                break
        seed += 1
        if seed % _COLLECT == 0:
            gc.collect()
    minutes, core = (time.monotonic() - began) / 60, (time.process_time() - cpu) / 60
    done = seed - first
    click.echo(f"{done} histories, {done / minutes:.0f} a minute, {done / core:.0f} a minute and core")
    for title, counts in (("known faults", heard), ("failures", found)):
        for rule, count in counts.most_common():
            click.echo(f"{title}: {count} times {rule}")
    return 1 if found else 0


def _goes_on(options: argparse.Namespace, seconds: float, done: int) -> bool:
    if options.histories is not None and done >= options.histories:
        return False
    minutes = options.minutes if options.minutes is not None else 1.0
    is_bounded = options.minutes is not None or options.histories is None
    return not is_bounded or seconds < minutes * 60


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m explorer", description=__doc__)
    parser.add_argument("--minutes", type=float, help="one, unless --histories says how many")
    parser.add_argument("--histories", type=int, help="so many at the most")
    parser.add_argument("--seed", type=int, help="of the first history; today's date without it")
    parser.add_argument("--keep-going", action="store_true", help="do not stop at the first failure")
    parser.add_argument("--mute", action="store_true", help="do not fail for what known faults break")
    parser.add_argument(
        "--named", action="store_true", help="play the named histories, and print what they break"
    )
    parser.add_argument("--brief", action="store_true", help="do not shorten what fails")
    return parser.parse_args()


def _tell(seed: int, history: History, outcome: Outcome, rules: set[str], *, is_brief: bool) -> None:
    for rule, text in outcome.problems:
        click.echo(f"seed {seed}: {rule}: {text}")
    if is_brief:
        return
    short = shorten(history, lambda h: bool(rules & run(h, seed).rules))
    click.echo(f"the shortest that was found (python -m explorer --seed {seed} --histories 1):")
    for step in short:
        click.echo(f"    {step}")
    for _, text in run(short, seed).problems:
        click.echo(f"  = {text}")


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":  # sets of strings come in the order of this seed
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "explorer", *sys.argv[1:]])
    sys.exit(main())
