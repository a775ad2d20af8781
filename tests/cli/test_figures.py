"""`metrics`: PaiTIENT's series as tables with units, and as one line each."""

import pytest

from model_operator.cli.figures import Summary, course, summaries, summary_lines, tables
from model_operator.providers.paitient.reports import Metrics, Series

TIMES = ("2026-01-31T12:00:00Z", "2026-01-31T12:05:00Z", "2026-01-31T12:10:00Z")
METRICS = Metrics(
    "5m",
    {
        "latency": Series(TIMES, {"average": (120.0, None, 180.5), "p95": (200.0, 400.0, 300.0)}),
        "error_rate": Series(TIMES, {"percentage": (0.0, 0.0, 12.5)}),
        "unheard_of": Series(TIMES, {"value": (None, None, None)}),
    },
    {"latency": {"average": 150.25}},
)


def test_a_table_says_its_unit_and_the_vendors_summary():
    assert list(tables(METRICS)) == [
        "ERROR_RATE (%)         PERCENTAGE",
        "2026-01-31T12:00:00Z   0",
        "2026-01-31T12:05:00Z   0",
        "2026-01-31T12:10:00Z   12.5",
        "",
        "LATENCY (ms)           AVERAGE   P95",
        "2026-01-31T12:00:00Z   120       200",
        "2026-01-31T12:05:00Z   -         400",
        "2026-01-31T12:10:00Z   180.5     300",
        "summary: average 150.25 (ms)",
        "",
        "UNHEARD_OF             VALUE",
        "2026-01-31T12:00:00Z   -",
        "2026-01-31T12:05:00Z   -",
        "2026-01-31T12:10:00Z   -",
    ]


def test_a_summary_is_one_line_for_each_series():
    assert list(summary_lines(METRICS)) == [
        "METRIC       SERIES       UNIT   POINTS   LEAST   AVERAGE   MOST    LAST    COURSE",
        "error_rate   percentage   %      3        0       4.167     12.5    12.5    ▁▁█",
        "latency      average      ms     2        120     150.2     180.5   180.5   ▁ █",
        "latency      p95          ms     3        200     300       400     300     ▁█▅",
        "unheard_of   value               0        -       -         -       -",
    ]
    assert next(iter(summaries(METRICS))) == Summary(
        metric="error_rate",
        series="percentage",
        unit="%",
        points=3,
        least=0.0,
        average=12.5 / 3,
        most=12.5,
        last=12.5,
        course="▁▁█",
    )


@pytest.mark.parametrize(
    ("values", "bars"),
    [
        pytest.param([], "", id="no points"),
        pytest.param([7.0], "▁", id="one point"),
        pytest.param([5.0, 5.0], "▁▁", id="always the same"),
        pytest.param([0.0, 0.0, 8.0, 8.0, None, None], "▁█ ", id="more points than there is room for"),
    ],
)
def test_a_course_goes_from_the_least_to_the_most(values, bars):
    assert course(values, width=3) == bars
