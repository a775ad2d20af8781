"""A record as one HTML page: no scripts, no requests, for light and dark browsers and for paper."""

from collections.abc import Iterator
from importlib.resources import files
from typing import Final

from model_operator.cli.record.chart import Lanes, chart, defs
from model_operator.cli.record.markup import Markup, element, together, trusted
from model_operator.cli.record.model import Record, Role, Tone
from model_operator.cli.record.sections import sections
from model_operator.cli.record.times import moment

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""Nothing can be fetched or run even if something got past the escaping."""
SIGNS: Final = {Tone.GOOD: "✓", Tone.BAD: "✕", Tone.WAIT: "‖", Tone.MOVE: "▸"}


def page(record: Record) -> str:
    """The whole file."""
    title = f"{record.namespace}/{record.name}: canary rollout"
    style = (files(__package__) / "page.css").read_text(encoding="utf-8")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", trusted(f"\n{style}")),
    )
    lanes = lanes_of(record)
    body = element(
        "body", defs(), _header(record), *_over_time(record, lanes), *sections(record, lanes), _footer(record)
    )
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def lanes_of(record: Record) -> Lanes:
    """Canaries lie below, so that they are seen to rise; each target has one colour in the whole page."""
    order = (Role.CANARY, Role.KEPT, Role.BASELINE)
    targets = sorted(record.targets, key=lambda target: order.index(target.role))
    lanes: dict[str, int] = {}
    for target in targets:
        others = sum((colour % 2) == (target.role is not Role.CANARY) for colour in lanes.values())
        lanes[target.label] = 2 * others + (target.role is not Role.CANARY)
    older = [name for past in record.history for split in past.splits for name in split]
    for name in older:
        free = next((colour for colour in (2, 3, 4, 5, 6, 7) if colour not in lanes.values()), len(lanes))
        lanes.setdefault(name, free)
    for leg in record.legs:
        for name in leg.split:
            lanes.setdefault(name, len(lanes))
    return lanes


def _header(record: Record) -> Markup:
    tone = record.tone
    facts = [element("div", element("dt", name), element("dd", text)) for name, text in record.facts]
    namespace = element("span", f"{record.namespace}/", class_="namespace") if record.namespace else ""
    notes = (
        element("ul", *(element("li", note) for note in record.notes), class_="notes") if record.notes else ""
    )
    state = element("b", f"{SIGNS[tone]} {record.phase}"), element("span", record.message)
    return element(
        "header",
        element("p", "Canary rollout", class_="eyebrow"),
        element("h1", namespace, record.name),
        element("p", *state, class_=f"state tone-{tone}"),
        element("dl", *facts, class_="facts"),
        notes,
    )


def _over_time(record: Record, lanes: Lanes) -> Iterator[Markup]:
    yield element("h2", "Split over time")
    if not record.legs:
        yield element("p", "There is no rollout yet.", class_="aside")
        return
    words = "Numbers are those of the moves below."
    if not all(leg.is_known for leg in record.legs):
        words += (
            " Hatched: the splits are known, and not when each began, because a status does not keep the times of"
            " earlier steps; they are drawn in proportion to their holds."
        )
    if any(leg.until for leg in record.legs):
        words += " A slope: a person promoted it, so it is not known which steps it took."
    drawn = element("div", chart(record.legs, record.moves, lanes), class_="scroll")
    yield element("figure", drawn, element("figcaption", words))


def _footer(record: Record) -> Markup:
    words = (
        f"As the object was at {moment(record.now)} UTC; all times are UTC. Made by kubectl models {record.version} from its"
        " spec and status, which keep the present rollout and the last ten."
    )
    return element("footer", together(words))
