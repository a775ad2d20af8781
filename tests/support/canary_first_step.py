"""Rollouts as drivers begin them: targets that serve, and the first of ten steps."""

from support.canary_driver import Driver
from support.canary_paper import MINUTE
from support.canary_specs import judged, path, spec

TEN = 10 * MINUTE


def serving(rollout=None, **percents):
    """v1 has everything; then the spec wants this."""
    driver = Driver(spec(v1=100))
    driver.settle()
    assert driver.at() == {"v1": 100}
    driver.edit(spec(rollout, **(percents or {"v2": 100})))
    return driver


def at_first_step(**more):
    driver = serving(path(25, 50, 100, analysis=judged(), **more))
    driver.settle()
    assert driver.at() == {"v1": 75, "v2": 25}
    return driver
