"""The worked month of docs/costs.md adds up, by the product's own clock of active hours."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import yaml

from model_operator.models.schedule import Schedule
from support.markdown import ROOT, blocks

PAGE = ROOT / "docs" / "costs.md"
BEGIN, END = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
A_MINUTE = timedelta(minutes=1)


def number(text: str) -> Decimal:
    return Decimal(text.strip().replace(",", ""))


def rows() -> dict[str, list[str]]:
    """The table's cells behind the first, by the object's name."""
    text = PAGE.read_text(encoding="utf-8").partition("## A worked month")[2]
    lines = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return {cells[0].split(",")[0].strip().strip("`"): cells[1:] for cells in lines[2:]}


def schedule() -> Schedule:
    (found,) = [
        document["spec"]["schedule"]
        for block in blocks(PAGE)
        if block.info[:1] == ("yaml",)
        for document in yaml.safe_load_all(block.body)
        if set(document.get("spec", ())) == {"schedule"}
    ]
    return Schedule.model_validate(found)


def active_hours() -> Decimal:
    """Of the page's schedule in that month, edge by edge."""
    hours, at, found = schedule().hours, BEGIN, timedelta()
    while at < END:
        span = hours.at(at)
        until = min(span.until or END, END)
        found += (until - at) if span.is_active else timedelta()
        at = until
    return Decimal(found // A_MINUTE) / 60


def test_the_schedule_gives_the_hours_of_the_table() -> None:
    assert active_hours() == number(rows()["llama"][1])
    assert active_hours() - Decimal(21) / 4 == 21 * 12, "without the quarters of an hour before"


def test_each_row_comes_to_what_it_says_and_all_to_their_sum() -> None:
    table = rows()
    costs = {name: number(cells[3]) for name, cells in table.items()}
    total = costs.pop("all")
    assert costs == {name: number(table[name][1]) * number(table[name][2]) for name in costs}
    assert sum(costs.values()) == total
