"""A record as Markdown for a ticket. Text of users and providers stands in it as text: no links, mentions or HTML."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from model_operator.cli.record.markup import harmless
from model_operator.cli.record.model import CheckRow, Place, Record, Role
from model_operator.cli.record.strip import SIGNS
from model_operator.cli.record.times import moment, passed

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>#|~&!$^])")
_LINKS: Final = re.compile(r"://|(?<=www)\.", re.IGNORECASE)
_BAR: Final = 20
"""Letters of a bar of 100 %."""
_VERDICTS: Final = {"Pass": "✅", "Fail": "❌", "Error": "❗", "Inconclusive": "❔"}


def plain(text: str) -> str:
    """On one line, and read as it is written."""
    line = " ".join(harmless(text).split())
    escaped = _LINKS.sub(
        lambda found: found[0].replace(":", r"\:").replace(".", r"\."), _SPECIAL.sub(r"\\\1", line)
    )
    # No backslash keeps a forge from telling somebody; a joiner that is not to be seen does.
    return escaped.replace("@", "@\N{WORD JOINER}")


def markdown(record: Record) -> str:
    """The whole text."""
    name = f"{record.namespace}/{record.name}" if record.namespace else record.name
    lines = [
        f"## Canary rollout {plain(name)}",
        "",
        f"**{plain(record.phase)}**: {plain(record.message)}",
        "",
    ]
    lines += [f"- {name}: {plain(text)}" for name, text in record.facts]
    if record.notes:
        lines += ["", *(f"> {plain(note)}" for note in record.notes)]
    for heading, part in _parts(record):
        lines += ["", f"### {heading}", "", *part]
    seen = (
        f"As the object was at {moment(record.now)} UTC; all times are UTC. kubectl models {record.version}."
    )
    return "\n".join([*lines, "", f"_{seen}_", ""])


def _parts(record: Record) -> Iterator[tuple[str, Sequence[str]]]:
    if record.targets:
        yield "Split", [*_targets(record)]
    if record.steps:
        yield "Steps", [*_steps(record)]
    if record.judgement or record.checks:
        said = f": {_verdict(record.verdict)}" if record.verdict else ""
        yield f"Metrics and verdicts{said}", [record.judgement, *_checks(record.checks)]
    if record.moves:
        moves = [(moment(m.at), str(m.who), _beside(m.what, m.detail)) for m in record.moves]
        yield "Who did what, and when", [*_table(("Time (UTC)", "Who", "What"), moves)]
    if record.history:
        yield "The last rollouts", [*_history(record)]
    if record.conditions:
        rows = [(c.type, c.status, c.reason, moment(c.since), c.message) for c in record.conditions]
        yield "Conditions", [*_table(("Condition", "Status", "Reason", "Since (UTC)", "Message"), rows)]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A `>` before a heading: its column has numbers. Cells are text."""
    yield f"| {' | '.join(name.removeprefix('>') for name in head)} |"
    yield f"|{'|'.join('---:' if name.startswith('>') else '---' for name in head)}|"
    for row in rows:
        yield f"| {' | '.join(plain(cell) or '–' for cell in row)} |"


def _targets(record: Record) -> Iterator[str]:
    rows = [
        (
            one.label,
            one.deployment if one.role is Role.KEPT else f"{one.deployment} ({one.role})",
            f"{one.before} %",
            f"{'█' * round(one.now * _BAR / 100):░<{_BAR}} {one.now} %",
            f"{one.to} %",
        )
        for one in record.targets
    ]
    return _table(("Target", "Deployment", ">Before", "Now", ">Destination"), rows)


def _steps(record: Record) -> Iterator[str]:
    signs = {Place.HERE: "▶ ", Place.SENDING: "▶ ", Place.PASSED: "✓ ", Place.TAKEN_BACK: "↩ "}
    rows = [
        (
            f"{one.number}/{len(record.steps)}",
            f"{one.percent} %",
            one.split,
            one.hold,
            "a person" if one.is_gated else "",
            f"{signs.get(one.place, '')}{one.place}",
        )
        for one in record.steps
    ]
    return _table(("Step", ">Of the way", "Split", "Held for at least", "Gate", "Where it is"), rows)


def _verdict(word: str) -> str:
    return f"{_VERDICTS[word]} {word}" if word in _VERDICTS else plain(word)


def _checks(checks: Sequence[CheckRow]) -> Iterator[str]:
    if not checks:
        return
    yield ""
    rows = [
        (
            _beside(f"{one.name} {one.metric}", ", ".join(one.limits) + " (only warns)" * one.only_warns),
            _beside(f"{_VERDICTS.get(one.verdict, '')} {one.verdict}".strip(), one.message),
            *(
                f"{value} {one.unit}" if value else ""
                for value in (one.canary, one.bound, one.baseline, one.limit)
            ),
            "" if one.requests is None else f"{one.requests:,} of {one.needed or 0:,}",
        )
        for one in checks
    ]
    yield from _table(
        ("Check", "Verdict", ">Canary", ">At least", ">Baseline", ">Limit", ">Requests (of those needed)"),
        rows,
    )


def _beside(text: str, more: str) -> str:
    return f"{text}: {more}" if more else text


def _history(record: Record) -> Iterator[str]:
    rows = [
        (
            one.id,
            _beside(f"{SIGNS.get(one.result, '')} {one.result}".strip(), one.reason),
            one.before,
            one.to,
            f"{one.peak} %",
            moment(one.started),
            passed(one.finished - one.started),
        )
        for one in record.history
    ]
    return _table(("Rollout", "Result", "From", "To", ">Farthest", "Began (UTC)", "Took"), rows)
