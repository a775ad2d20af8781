"""`model-operator canary plan`: the way in words, from YAML alone, and that it is the way which is gone."""

import re
from datetime import timedelta
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from model_operator.cli import main
from model_operator.durations import format_duration
from support.canary_driver import Driver
from support.canary_specs import judged, path, spec

EXAMPLES = Path(__file__).parents[2] / "manifests" / "examples"


def plan(*args, input=None):
    return CliRunner().invoke(main, ["canary", "plan", *map(str, args)], input=input)


def test_a_progressive_example_in_full():
    assert plan(EXAMPLES / "canary-progressive.yaml", "--from", "v1=100").stdout.splitlines() == [
        "CanaryEndpoint triage-progressive",
        "  from v1=100 to v2=100",
        "  1. +0s  v1=95 v2=5  (5 % of the change)",
        "       for at least 10m after the provider's acknowledgement",
        "  2. +10m  v1=75 v2=25  (25 % of the change)",
        "       for at least 10m after the provider's acknowledgement",
        "  3. +20m  v1=50 v2=50  (50 % of the change)",
        "       for at least 30m after the provider's acknowledgement",
        "       manual approval is needed to leave this step",
        "  4. +50m  v2=100  (100 % of the change)",
        "       for at least 10m after the provider's acknowledgement",
        "  +1h  completed, at the earliest",
    ]


def test_checks_and_blind_spots_are_told():
    shown = plan(EXAMPLES / "canary-judged.yaml", "--from", "v1=100", "--rps", "0.2").stdout
    assert "errors must pass: ErrorRate at most 2 %" in shown
    assert "wordy only warns" in shown
    assert "9 requests in that time, but 200 are needed: the step takes 5h33m20s" in shown
    assert "error rates below 28 % cannot be seen" in shown


def edited(**spec):
    body = yaml.safe_load((EXAMPLES / "canary-progressive.yaml").read_text())
    body["spec"].update(spec)
    return yaml.safe_dump(body)


@pytest.mark.parametrize(
    ("input", "args", "line"),
    [
        pytest.param(edited(), (), "create with v2=100 once all of them serve", id="a first split"),
        pytest.param(edited(), ("--from", "v2=100"), "that is the last good split", id="nowhere to go"),
        pytest.param(edited(rollout={"limit": 30}), ("--from", "v1=100"), "stop: the next step is 50 %", id="a limit"),
        pytest.param(edited(rollout={"paused": True}), ("--from", "v1=100"), "paused by the spec", id="paused"),
    ],
)  # fmt: skip
def test_what_else_there_is_to_say(input, args, line):
    done = plan("-", *args, input=input)
    assert (done.exit_code, line in done.stdout) == (0, True), done.output


@pytest.mark.parametrize(
    ("rollout", "origin", "to"),
    [
        pytest.param({}, {"v1": 100}, {"v2": 100}, id="the default steps"),
        pytest.param(path(10, 60, 100, hold="7m"), {"v1": 80, "v2": 20}, {"v3": 50, "v1": 50}, id="three targets"),
        pytest.param(path(1, 2, 3, 100), {"v1": 99, "v2": 1}, {"v1": 60, "v2": 40}, id="steps that change nothing"),
        pytest.param(path(50, 100, hold="1m", analysis=judged(warmup="2m", delay="1m")), {"v1": 100}, {"v2": 100}, id="judged"),
    ],
)  # fmt: skip
def test_what_is_shown_is_what_decisions_do_at_a_perfect_provider(rollout, origin, to):
    driver = Driver(spec(**origin), rps=1000.0)
    driver.settle()
    driver.edit(spec(rollout, **to))
    body = {"kind": "CanaryEndpoint", "spec": driver.wanted}
    given = ",".join(f"{name}={percent}" for name, percent in origin.items())
    shown = plan("-", "--from", given, input=yaml.safe_dump(body)).stdout
    begun, sent = driver.now, len(driver.changes)
    driver.run(timedelta(hours=3))
    moves = [(at, in_words(split)) for at, split in driver.changes[sent:]]
    done = driver.status.history[0].finished_at
    assert re.findall(r"^  (?:\d+\. )?\+(\S+)  (.*?)(?:  \(|, at the)", shown, re.MULTILINE) == [
        (format_duration(at - begun), words)
        for at, words in (*(next(same) for _, same in groupby(moves, itemgetter(1))), (done, "completed"))
    ]


def in_words(split):
    return " ".join(f"{id.removeprefix('dep_')}={percent}" for id, percent in split.items() if percent)


@pytest.mark.parametrize(
    ("input", "args", "message"),
    [
        pytest.param("{", (), "is not YAML", id="no YAML"),
        pytest.param("kind: Pod", (), "there is no CanaryEndpoint", id="another kind"),
        pytest.param(edited(traffic=[]), (), "spec.traffic", id="no traffic"),
        pytest.param(edited(), ("--from", "v1=50"), "must sum to 100", id="half a split"),
        pytest.param(edited(), ("--from", "v1"), "write it as v1=90,v2=10", id="no percent"),
    ],
)
def test_bad_input_is_one_line(input, args, message):
    done = plan("-", *args, input=input)
    assert (done.exit_code, message in done.output) == (1, True), done.output
    assert "Traceback" not in done.output
