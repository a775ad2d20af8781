"""The tables of the page, one function for each."""

from collections.abc import Iterable, Iterator
from typing import Final

from model_operator.cli.record.chart import Lanes
from model_operator.cli.record.gauge import gauge
from model_operator.cli.record.markup import Markup, element, together
from model_operator.cli.record.model import CheckRow, Past, Place, Record, StepRow
from model_operator.cli.record.strip import SIGNS, strip, tone
from model_operator.cli.record.times import moment, passed

VERDICTS: Final = {
    "Pass": ("✓", "good"),
    "Fail": ("✕", "bad"),
    "Error": ("!", "bad"),
    "Inconclusive": ("?", "wait"),
}
_ROWS: Final = {Place.HERE: "here", Place.SENDING: "here", Place.AHEAD: "ahead", Place.NOT_REACHED: "ahead"}
_YES: Final = {True: "yes", False: "no", None: "not known"}


def sections(record: Record, lanes: Lanes) -> Iterator[Markup]:
    """In the order of the page."""
    yield from _targets(record, lanes)
    yield from _steps(record)
    yield from _checks(record)
    yield from _moves(record)
    yield from _history(record, lanes)
    yield from _conditions(record)


def _table(head: Iterable[str], rows: Iterable[Markup]) -> Markup:
    """A `>` before a heading: its column has numbers."""
    cells = [
        element("th", name.removeprefix(">"), scope="col", class_="n" if name.startswith(">") else None)
        for name in head
    ]
    table = element("table", element("thead", element("tr", *cells)), element("tbody", *rows))
    return element("div", table, class_="scroll")


def _sub(text: str) -> str:
    return element("span", text, class_="sub") if text else ""


def _number(text: str) -> Markup:
    return element("td", text or "–", class_="n")


def _targets(record: Record, lanes: Lanes) -> Iterator[Markup]:
    if not record.targets:
        return
    yield element("h2", "Targets")
    rows = [
        element(
            "tr",
            element("td", element("span", class_=f"swatch t{lanes[one.label] % 8}"), element("b", one.label)),
            element("td", one.deployment),
            element("td", str(one.role)),
            _number(f"{one.before} %"),
            _number(f"{one.now} %"),
            _number(f"{one.to} %"),
            element("td", _YES[one.is_serving]),
        )
        for one in record.targets
    ]
    yield _table(("Target", "Deployment", "Role", ">Before", ">Now", ">Destination", "Serves"), rows)


def _steps(record: Record) -> Iterator[Markup]:
    if not record.steps:
        return
    yield element("h2", "Steps")
    rows = [_step(one, len(record.steps)) for one in record.steps]
    yield _table(("Step", ">Of the way", "Split", "Held for at least", "Gate", "Where it is"), rows)


def _step(one: StepRow, most: int) -> Markup:
    return element(
        "tr",
        element("td", f"{one.number}/{most}", class_="w"),
        _number(f"{one.percent} %"),
        element("td", one.split),
        element("td", one.hold),
        element("td", "a person" if one.is_gated else "–"),
        element(
            "td", element("b", str(one.place)) if one.place in {Place.HERE, Place.SENDING} else str(one.place)
        ),
        class_=_ROWS.get(one.place),
    )


def _checks(record: Record) -> Iterator[Markup]:
    if not record.judgement and not record.checks:
        return
    sign, kind = VERDICTS.get(record.verdict, ("", ""))
    said = element("b", f" {sign} {record.verdict}", class_=kind) if record.verdict else ""
    yield element("h2", "Metrics and verdicts", together(":" if said else "", said))
    yield element("p", record.judgement, class_="aside")
    if not record.checks:
        return
    head = ("Check", "Verdict", ">Canary", ">At least", ">Baseline", ">Limit", ">Requests", "")
    yield _table(head, (_check(one) for one in record.checks))
    if any(gauge(one) for one in record.checks):
        yield _key()


def _check(one: CheckRow) -> Markup:
    sign, kind = VERDICTS.get(one.verdict, ("–", "quiet"))
    limits = ", ".join(one.limits) + (" (only warns)" if one.only_warns else "")
    unit = f" {one.unit}" if one.unit else ""
    requests = "" if one.requests is None else f"{one.requests:,}"
    needed = "" if one.needed is None else f"of {one.needed:,} needed"
    return element(
        "tr",
        element("td", element("b", one.name), _sub(one.metric), _sub(limits), class_="check"),
        element("td", element("span", f"{sign} {one.verdict}", class_=f"verdict {kind}"), _sub(one.message)),
        _number(one.canary and one.canary + unit),
        _number(one.bound and one.bound + unit),
        _number(one.baseline and one.baseline + unit),
        _number(one.limit and one.limit + unit),
        element("td", requests or "–", _sub(needed), class_="n"),
        element("td", gauge(one) or ""),
    )


def _key() -> Markup:
    def item(shape: Markup, words: str) -> Markup:
        return element("li", element("svg", shape, viewBox="0 0 22 16", aria_hidden="true"), words)

    return element(
        "ul",
        item(element("rect", class_="bar", x=0, y=4, width=22, height=8), "canary"),
        item(element("line", class_="bound", x1=11, x2=11, y1=1, y2=15), "at least, with 95 % confidence"),
        item(element("polygon", class_="baseline", points="11,2 17,8 11,14 5,8"), "baseline"),
        item(element("line", class_="limit", x1=11, x2=11, y1=0, y2=16), "limit"),
        class_="key",
    )


def _moves(record: Record) -> Iterator[Markup]:
    if not record.moves:
        return
    yield element("h2", "Who did what, and when")
    rows = [
        element(
            "tr",
            element("td", element("span", str(number), class_="number")),
            element("td", moment(one.at), class_="w"),
            element("td", str(one.who), class_="w"),
            element("td", element("span", one.what, class_="bad" if one.is_bad else None), _sub(one.detail)),
        )
        for number, one in enumerate(record.moves, start=1)
    ]
    yield _table(("", "Time (UTC)", "Who", "What"), rows)


def _history(record: Record, lanes: Lanes) -> Iterator[Markup]:
    if not record.history:
        return
    yield element("h2", "The last rollouts")
    words = "The oldest on the left: from where, how far, and where it ended. Hatched: the times of the steps are not kept."
    drawn = element("div", strip(record.history, lanes), class_="scroll")
    yield element("figure", drawn, element("figcaption", words))
    head = ("Rollout", "Result", "From", "To", ">Farthest", "Began (UTC)", "Took")
    yield _table(head, (_past(one) for one in record.history))


def _past(one: Past) -> Markup:
    result = element(
        "span", f"{SIGNS.get(one.result, '•')} {one.result}", class_=f"verdict {tone(one.result)}"
    )
    return element(
        "tr",
        element("td", one.id, class_="w"),
        element("td", result, _sub(one.reason)),
        element("td", one.before or "–"),
        element("td", one.to or "–"),
        _number(f"{one.peak} %"),
        element("td", moment(one.started), class_="w"),
        element("td", passed(one.finished - one.started), class_="w"),
    )


def _conditions(record: Record) -> Iterator[Markup]:
    if not record.conditions:
        return
    yield element("h2", "Conditions")
    rows = [
        element(
            "tr",
            element("td", element("b", one.type)),
            element("td", one.status),
            element("td", one.reason),
            element("td", moment(one.since), class_="w"),
            element("td", one.message),
        )
        for one in record.conditions
    ]
    yield _table(("Condition", "Status", "Reason", "Since (UTC)", "Message"), rows)
