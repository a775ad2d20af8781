"""What adds up between looks, and by how much nobody can know: spans in, checkpoint out."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from model_operator.billing.accrual import (
    NO_USAGE,
    Birth,
    Look,
    Tally,
    Usage,
    advance,
    begin,
    closed,
    extrapolated,
    rolled,
)
from model_operator.billing.money import Price, Rate, Sum
from model_operator.models.cost import Cost, Share

NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
AN_HOUR = timedelta(hours=1)
DOLLARS = Price(Decimal(6), "USD")
ONE, TWO = Usage("g5", Decimal(1)), Usage("g5", Decimal(2))
STARTING = Usage("g5", Decimal(1), Decimal(1))
BIRTH = Birth(NOON)


def look(after, usage=ONE, *, price=DOLLARS, took=0, changed=None):
    """So many minutes after noon; it took so many, and says that it changed so many after noon."""
    begun = NOON + timedelta(minutes=after)
    return Look(
        begun=begun,
        ended=begun + timedelta(minutes=took),
        usage=usage,
        price=price,
        changed_at=None if changed is None else NOON + timedelta(minutes=changed),
    )


def tally_of(*looks, birth=BIRTH):
    tally, _ = begin(looks[0], birth)
    for one in looks[1:]:
        tally, _ = advance(tally, one)
    return tally


def said(cost):
    """What a reader sees: minutes after noon, per hour, accrued, uncertain."""
    minutes = (cost.at - NOON) / timedelta(minutes=1)
    return minutes, cost.per_hour, cost.accrued, cost.uncertain


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        pytest.param([look(0)], (0, 6, 0, 0), id="created now: nothing yet"),
        pytest.param([look(0, took=1)], (0, 6, 0, Decimal("0.1")), id="the create took a minute"),
        pytest.param([look(0), look(60)], (0, 6, 0, 0), id="the same again: the checkpoint stays"),
        pytest.param(
            [look(0), look(50), look(60, TWO, changed=55)],
            (60, 12, Decimal("6.5"), Decimal("1.5")),
            id="scaled at 55, and one for sure until 50: 5.00 + 0.50 + 1.00, of which the last ten minutes may be 0 to 2",
        ),
        pytest.param(
            [look(0), look(50), look(60, NO_USAGE)],
            (60, 0, Decimal("5.5"), Decimal("0.5")),
            id="gone at some time of ten minutes: the mean, more or less",
        ),
        pytest.param(
            [look(0), look(50), look(60, NO_USAGE, changed=55)],
            (60, 0, Decimal("5.5"), 1),
            id="paused at 55, as the provider says: it may have run on until 60, or have stopped at 50",
        ),
        pytest.param(
            [look(0, STARTING), look(60, ONE, changed=60)],
            (60, 6, 6, 6),
            id="billed while starting is an assumption, and all of it is in doubt",
        ),
        pytest.param(
            [look(0), look(60, price=Price(Decimal(12), "USD"))],
            (60, 12, 6, 0),
            id="another price counts from now on, which is no gap",
        ),
        pytest.param(
            [look(0), look(60, price=Price(Decimal(5), "EUR"))],
            (60, 5, 0, 0),
            id="another currency begins at zero",
        ),
        pytest.param([look(0), look(60, price=None)], (60, 0, 6, 0), id="without a price nothing is added"),
    ],
)
def test_looks_add_up_to_a_checkpoint(looks, expected):
    assert said(tally_of(*looks).cost) == expected


def test_what_another_process_has_made_before_anybody_looked_is_uncertain_and_not_counted():
    tally, _ = begin(look(60, changed=-600), Birth(NOON, is_ours=False))
    assert said(tally.cost) == (60, 6, 0, 6)


def test_what_a_lost_create_made_is_counted_from_when_the_provider_says():
    tally, _ = begin(look(60, changed=30), Birth(NOON))
    assert said(tally.cost) == (60, 6, 3, 6)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param(-5, (0, 6, 0, 0), id="it has not changed since: the checkpoint stands"),
        pytest.param(30, (60, 6, 6, 6), id="it may have been paused and resumed"),
        pytest.param(None, (60, 6, 6, 6), id="the provider does not say when it changed"),
    ],
)
def test_a_process_that_comes_later_goes_by_when_it_changed(changed, expected):
    tally = Tally.of(tally_of(look(0)).cost)
    assert said(advance(tally, look(60, changed=changed))[0].cost) == expected


def test_something_that_changed_and_came_back_is_a_gap_since_the_last_sure_look():
    tally = tally_of(look(0)).known_until(NOON + timedelta(minutes=50))
    found, spans = advance(tally, look(60), is_doubtful=True)
    assert said(found.cost) == (60, 6, 6, 1)
    assert [span.rate for span in spans] == [Rate(Decimal(6)), Rate(Decimal(6), Decimal(6))]


def test_a_checkpoint_moves_on_to_the_last_look_where_the_status_is_written_anyway():
    tally, _ = rolled(tally_of(look(0), look(30)))
    assert said(tally.cost) == (30, 6, 3, 0)


@pytest.mark.parametrize(
    ("is_left", "expected"),
    [
        pytest.param(False, (60, 0, Decimal("5.5"), Decimal("0.5")), id="gone since the last look"),
        pytest.param(True, (60, 0, 6, 0), id="left as it is: it runs on, on nobody's bill here"),
    ],
)
def test_the_end_closes_the_bill(is_left, expected):
    tally = tally_of(look(0), look(50))
    assert said(closed(tally, NOON + AN_HOUR, is_left=is_left)[0].cost) == expected


def test_a_new_month_counts_from_its_first_moment():
    midnight = datetime(2026, 12, 1, tzinfo=UTC)
    tally = tally_of(look(0))
    found, _ = rolled(tally.known_until(midnight + AN_HOUR))
    assert (found.cost.period, found.cost.accrued, found.cost.uncertain) == ("2026-12", 6, 0)
    assert extrapolated(tally.cost, midnight + AN_HOUR) == Sum(Decimal(6), Decimal(0))


def test_readers_go_on_from_the_checkpoint():
    tally = tally_of(look(0, STARTING))
    assert extrapolated(tally.cost, NOON + AN_HOUR) == Sum(Decimal(6), Decimal(6))


def test_a_checkpoint_from_the_future_is_gone_on_from_now():
    tally = Tally.of(tally_of(look(600)).cost).by(NOON)
    assert (tally.cost.at, tally.sure_at) == (NOON, NOON)


def test_a_share_that_a_clock_has_dated_which_was_ahead_is_counted_from_now():
    share = Share(budget="team", since=NOON + 3 * AN_HOUR, accrued=Decimal(1), uncertain=Decimal(0))
    cost = tally_of(look(0)).cost.with_(shares=(share, share.with_(since=NOON + AN_HOUR / 2)))
    found = Tally.of(cost).by(NOON)
    assert [one.since for one in found.cost.parts] == [NOON, NOON + AN_HOUR / 2], "an hour may be a slip"
    assert (found.cost.accrued, found.cost.at) == (cost.accrued, cost.at)


def test_the_same_number_in_another_currency_is_another_cost():
    tally = tally_of(
        look(0),
        look(60),
        look(120, price=Price(Decimal(6), "EUR")),
        look(180, price=Price(Decimal(6), "EUR")),
    )
    assert (tally.cost.currency, said(tally.cost)) == ("EUR", (120, 6, 0, 0))


def test_what_rounding_takes_is_uncertain():
    third = Price(Decimal("0.01"), "USD")
    tally, _ = rolled(tally_of(look(0, price=third), look(1, price=third)))
    exact = Decimal("0.01") / 60
    assert abs(tally.cost.accrued - exact) <= tally.cost.uncertain <= Decimal("0.000001")


@pytest.mark.parametrize("amount", ["-1", "NaN", "Infinity", "1e999999", "1000000000000001", "x"])
def test_what_is_no_amount_is_not_read(amount):
    raw = {
        "currency": "USD",
        "perHour": amount,
        "accrued": "0",
        "uncertain": "0",
        "at": "2026-11-10T12:00:00Z",
        "period": "2026-11",
    }
    with pytest.raises(ValueError, match="perHour"):
        Cost.read(raw)


def test_a_status_says_decimal_strings_of_six_places_at_most():
    tally, _ = rolled(tally_of(look(0), look(0.001)))
    assert tally.cost.dump() == {
        "currency": "USD",
        "perHour": "6",
        "accrued": "0.0001",
        "uncertain": "0",
        "at": "2026-11-10T12:00:00.060000Z",
        "period": "2026-11",
    }
