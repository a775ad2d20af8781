"""Deployments with hours, day after day, by a process that is killed each night: what is paid is what was asked for.

A year of 200 takes longer than any test: `make year`.
"""

import pytest

from support.hours_figures import Plan, problems
from support.hours_year import lived

LONG = [pytest.mark.long, pytest.mark.slow(200), pytest.mark.timeout(1500)]


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(Plan(objects=3, days=5), id="three for five days"),
        pytest.param(Plan(objects=200, days=5), id="two hundred for five days", marks=LONG),
        pytest.param(
            Plan(objects=6, days=92),
            id="six for a quarter, with its nights of clocks set forward",
            marks=LONG,
        ),
    ],
)
def test_what_is_billed_is_the_hours_and_nothing_is_asked_between_the_edges(plan: Plan) -> None:
    figures = lived(plan)
    assert figures.kills == plan.days
    assert problems(figures) == [], str(figures)


def test_a_model_that_takes_longer_than_its_lead_time_is_seen_to_be_late() -> None:
    figures = lived(Plan(objects=1, days=2, zones=(0,), start_s=1000))
    assert (figures.wakes, figures.missed) == (1, 0)
    assert figures.slowest > 1000
    assert "awake before its hours begin" in problems(figures)
