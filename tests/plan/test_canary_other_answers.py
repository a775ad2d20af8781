"""A provider that says yes and does something else, or says nothing: told apart, and never asked again for ever."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from typing_extensions import override

from model_operator.domain import Canary, Split
from model_operator.errors import NameTaken
from support.canary_driver import Driver
from support.canary_paper import MINUTE
from support.canary_specs import path, spec


@dataclass
class Odd(Driver):
    """Keeps another split than it is sent, for a list of splits that it does not like."""

    instead: dict[int, dict[str, int]] = field(default_factory=dict)
    """By what v2 shall get."""
    is_silent: bool = False
    """Takes a PATCH without a word."""
    is_name_taken: bool = False

    @override
    def answer(self, split: Split, *, is_create: bool) -> Canary:
        if self.is_name_taken and is_create:
            raise NameTaken('paitient: create_canary "c": already exists (HTTP 409)')
        reply = super().answer(split, is_create=is_create)
        if is_create:
            return reply
        kept = self.instead.get(split.get("dep_v2", 0))
        self.split = kept or self.split
        return replace(reply, split=None if self.is_silent else kept or reply.split)


def serving(rollout=None, **odd):
    driver = Odd(spec(v1=100), **odd)
    driver.settle()
    driver.edit(spec(rollout, v1=67, v2=33))
    return driver


def of(v1, v2):
    return {"dep_v1": v1, "dep_v2": v2}


@pytest.mark.parametrize(
    ("kept", "advice"),
    [
        (of(65, 35), "The provider seems to round"),
        (of(100, 0), "Check the endpoint"),
        (of(0, 100), "Check the endpoint"),
    ],
)
def test_a_split_that_the_provider_does_not_keep_ends_with_a_person(kept, advice):
    driver = serving(instead={33: kept})
    driver.run(MINUTE)
    assert driver.condition("Stalled") == "True SplitMismatch"
    (said,) = (c.message for c in driver.status.conditions if c.type == "TrafficSynced")
    shown = " ".join(f"{id.removeprefix('dep_')}={percent}" for id, percent in kept.items() if percent)
    assert f"The provider keeps {shown}, although the operator sent v1=67 v2=33 repeatedly. {advice}" in said
    assert driver.status.split == shown
    before = driver.patches
    driver.run(60 * MINUTE)
    assert driver.patches - before <= 6, "no more often than any split is sent again"


def test_a_split_that_is_kept_in_the_end_heals():
    driver = serving(instead={33: of(65, 35)})
    driver.run(MINUTE)
    driver.instead = {}
    driver.run(15 * MINUTE)
    assert (driver.at(), driver.condition("Stalled")) == ({"v1": 67, "v2": 33}, "False NotStalled")


def test_a_split_that_was_answered_otherwise_once_is_only_sent_again():
    driver = serving(instead={33: of(65, 35)})
    for _ in range(3):
        driver.step()
    assert (driver.condition("TrafficSynced"), driver.condition("Stalled")) == (
        "False SplitMismatch",
        "False NotStalled",
    )


def test_outages_before_it_do_not_count_as_tries():
    driver = serving(instead={33: of(65, 35)})
    for _ in range(8):
        driver.step("down")
        driver.now += 2 * MINUTE
    driver.step()
    assert driver.condition("Stalled") == "False NotStalled"


def test_a_way_back_that_the_provider_does_not_take_is_sent_on():
    driver = serving(path(50, 100, hold="1h"))
    driver.settle()
    driver.instead = {0: of(80, 20)}
    driver.action = f"abort:{driver.status.rollout.id}"
    driver.run(MINUTE)
    assert (driver.condition("Stalled"), driver.status.phase) == ("True SplitMismatch", "RollingBack")
    before = driver.patches
    driver.run(10 * MINUTE)
    assert driver.patches - before >= 18
    driver.instead = {}
    driver.run(MINUTE)
    assert (driver.at(), driver.status.rollout.state) == ({"v1": 100}, "RolledBack")


def test_a_provider_that_takes_a_split_without_a_word_has_it():
    driver = serving(is_silent=True)
    driver.settle()
    assert (driver.at(), driver.condition("TrafficSynced")) == ({"v1": 67, "v2": 33}, "True Synced")


def test_a_name_that_an_endpoint_has_already_is_said_with_the_way_out():
    driver = Odd(spec(v1=100), is_name_taken=True)
    driver.run(timedelta(minutes=40))
    assert driver.condition("Stalled") == "True NameTaken"
    assert "Set spec.externalID to the id of that endpoint to adopt it" in driver.status.message
    driver.edit(spec(v1=100) | {"externalID": "cep_1"})
    driver.settle()
    assert (driver.status.external_id, driver.condition("Ready")) == ("cep_1", "True Available")
