"""`kubectl models explain`: what a reason means, and what to do then."""

import difflib
from collections.abc import Iterator

import click

from model_operator.cli.showing import output_flag, show, table
from model_operator.conditions import Reason
from model_operator.meanings import MEANINGS

EPILOG = """\b
Examples:
  model-operator explain QuotaExceeded
  model-operator explain                all reasons, one line each
  model-operator explain -o yaml
"""


@click.command("explain", epilog=EPILOG)
@click.argument("reason", required=False)
@output_flag("json", "yaml", "name")
def explain_reason(*, reason: str | None, output: str) -> None:
    """Explain a reason that an object shows.

    REASON is a word from the column REASON, a condition or an Event. Neither a cluster nor a provider is contacted.
    """
    chosen = list(MEANINGS) if reason is None else [_found(reason)]
    document = [_document(one) for one in chosen]
    text = _all() if reason is None else _one(chosen[0])
    show(output, text, document if reason is None else document[0], map(str, chosen))


def _found(word: str) -> Reason:
    """By its name, whatever the case. Raises `click.ClickException`."""
    by_name = {str(known).lower(): known for known in MEANINGS}
    if word.lower() in by_name:
        return by_name[word.lower()]
    near = difflib.get_close_matches(word.lower(), by_name, n=1)
    hint = f"; did you mean {by_name[near[0]]}?" if near else ""
    raise click.ClickException(f"{word!r} is not a reason of the operator{hint}")


def _document(reason: Reason) -> dict[str, str]:
    meaning, remedy = MEANINGS[reason]
    return {"reason": str(reason), "meaning": meaning, "remedy": remedy}


def _one(reason: Reason) -> Iterator[str]:
    meaning, remedy = MEANINGS[reason]
    yield click.style(str(reason), bold=True)
    yield f"  {meaning}"
    yield f"  What to do: {remedy}" if remedy else "  No action is needed."


def _all() -> Iterator[str]:
    yield from table([["REASON", "MEANING"], *([str(one), MEANINGS[one].meaning] for one in MEANINGS)])
