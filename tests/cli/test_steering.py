"""From a verb to the action that the operator takes, or to a refusal of what is stale."""

import pytest

from model_operator.cli.steering import Meant, Stale, Verb, answer, token
from model_operator.models.canary_status import CanaryEndpointStatus, LastAction

AT = "2026-01-01T00:00:00Z"


def status(step: str | None = "2/4", last: str | None = None, id: str = "f6fe35") -> CanaryEndpointStatus:
    told = None if last is None else {"token": last, "result": "Accepted", "at": AT}
    rollout = {"id": id, "startedAt": AT, "state": "Holding"}
    return CanaryEndpointStatus.parse({"step": step, "rollout": rollout, "lastAction": told})


@pytest.mark.parametrize(
    ("verb", "status", "meant", "expected"),
    [
        pytest.param(Verb.ADVANCE, status(), Meant(), "advance:f6fe35/2", id="advance names the step"),
        pytest.param(Verb.PROMOTE, status(), Meant(), "promote:f6fe35", id="the others need not"),
        pytest.param(Verb.PAUSE, status(), Meant(step=2), "pause:f6fe35/2", id="unless they are told"),
        pytest.param(Verb.ABORT, status(step=None), Meant("f6fe35"), "abort:f6fe35", id="no step"),
        pytest.param(
            Verb.PROMOTE,
            status(last="promote:f6fe35"),
            Meant(),
            "promote:f6fe35/2",
            id="the same verb again is another word, or it would not count",
        ),
        pytest.param(
            Verb.ADVANCE,
            status(last="advance:f6fe35/2"),
            Meant(),
            "advance:f6fe35",
            id="so is the same advance",
        ),
    ],
)
def test_a_verb_becomes_an_action(verb, status, meant, expected):
    assert token(verb, status, meant) == expected


@pytest.mark.parametrize(
    ("status", "meant", "said"),
    [
        pytest.param(CanaryEndpointStatus(), Meant(), "the CanaryEndpoint has no rollout yet", id="none"),
        pytest.param(
            status(),
            Meant("0a0a0a"),
            "rollout 0a0a0a is over; the current rollout is f6fe35",
            id="another rollout",
        ),
        pytest.param(status(), Meant(step=1), "rollout f6fe35 is now at step 2, not 1", id="another step"),
    ],
)
def test_what_is_stale_is_refused(status, meant, said):
    with pytest.raises(Stale) as refused:
        token(Verb.ADVANCE, status, meant)
    assert str(refused.value) == said


def test_an_answer_is_that_to_this_action():
    last = LastAction.read({"token": "abort:f6fe35", "result": "Rejected", "at": AT})
    assert answer("abort:f6fe35", last) is last
    assert answer("advance:f6fe35/2", last) is None
    assert answer("abort:f6fe35", None) is None
