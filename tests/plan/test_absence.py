"""When "not seen" is "gone": the whole rule, look by look."""

from datetime import timedelta

import pytest

from model_operator.plan.deployment.absence import NOT_LOOKED, Looks, Span, Standing, is_gone, next_look
from support.situations import NOW

WINDOW = timedelta(seconds=60)


def at(second: float):
    return NOW + timedelta(seconds=second)


def looks(*missed: tuple[float, bool], doubt: float | None = None) -> Looks:
    """Seconds at which complete LISTs began that did not show it, and whether a GET beside was answered 404."""
    found = NOT_LOOKED if doubt is None else NOT_LOOKED.seen(at(doubt))
    for second, is_proof in missed:
        found = found.missed(at(second), is_proof=is_proof)
    return found


def standing(**changes) -> Standing:
    return Standing(**{"window": WINDOW, "is_credible": True, **changes})


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        pytest.param(looks(), False, id="nobody looked"),
        pytest.param(looks((0, True)), False, id="one look"),
        pytest.param(looks((0, True), (59, True)), False, id="two, too close"),
        pytest.param(looks((0, True), (60, True)), True, id="two, a window apart"),
        pytest.param(looks((0, True), (60, False)), False, id="no 404 beside the second"),
        pytest.param(looks((0, False), (60, True)), False, id="no 404 beside the first"),
        pytest.param(looks((0, True), (30, False), (60, True)), True, id="an outage between them"),
        pytest.param(looks((0, True), (60, True), doubt=0), False, id="the first began with the doubt"),
        pytest.param(looks((1, True), (61, True), doubt=0), True, id="both began after it"),
        pytest.param(
            looks((0, True)).seen(at(30)).missed(at(60), is_proof=True), False, id="seen between them"
        ),
    ],
)
def test_gone_is_what_two_looks_a_window_apart_do_not_show(seen, expected):
    assert is_gone(seen, standing()) is expected


@pytest.mark.parametrize("has_list", [True, False])
def test_without_a_credible_account_nothing_is_gone(has_list):
    assert not is_gone(looks((0, True), (600, True)), standing(is_credible=False, has_list=has_list))


@pytest.mark.parametrize(
    ("seen", "has_list", "expected"),
    [
        pytest.param(looks(doubt=0), True, False, id="nobody looked since"),
        pytest.param(looks((0, True), doubt=0), True, False, id="the LIST is from before the DELETE"),
        pytest.param(looks((1, True), doubt=0), True, True, id="one LIST and a 404"),
        pytest.param(looks((1, False), doubt=0), True, False, id="one LIST, and GET fails"),
        pytest.param(looks((1, False), (61, False), doubt=0), True, True, id="two LISTs, and GET fails"),
        pytest.param(looks((1, True), doubt=0), False, False, id="no LIST, one 404"),
        pytest.param(looks((1, True), (61, True), doubt=0), False, True, id="no LIST, two 404s"),
    ],
)
@pytest.mark.parametrize("is_credible", [True, False])
def test_after_our_own_delete_one_look_is_enough(seen, has_list, expected, is_credible):
    assert is_gone(seen, standing(is_deleted=True, has_list=has_list, is_credible=is_credible)) is expected


@pytest.mark.parametrize(
    ("seen", "is_deleted", "expected"),
    [
        (looks(), False, 0),
        (looks((0, True)), False, 50),
        (looks((0, False)), False, 0),
        (looks((-50, True)), False, 0),
        (looks(doubt=0), True, 0),
        (looks((0, False)), True, 50),
    ],
)
def test_the_next_look_is_made_when_it_can_prove_something(seen, is_deleted, expected):
    assert next_look(seen, standing(is_deleted=is_deleted), at(10)) == timedelta(seconds=expected)


def test_seen_again_is_a_doubt_that_does_not_go_back():
    seen = looks((1, True), (70, True), doubt=0).seen(at(90)).seen(at(80))
    assert seen == Looks(doubt=at(90))
    assert seen.missed(at(90), is_proof=True) == seen
    assert seen.missed(at(91), is_proof=False) == Looks(doubt=at(90), lists=Span(at(91), at(91)))
