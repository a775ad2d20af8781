"""`model-operator canary plan`: the way in words, from YAML alone, and that it is the way which is gone."""

import json
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
        "  each step begins when the provider confirms its split",
        "  1. +0s  v1=95 v2=5  (5 % of the change)  for at least 10m",
        "  2. +10m  v1=75 v2=25  (25 % of the change)  for at least 10m",
        "  3. +20m  v1=50 v2=50  (50 % of the change)  for at least 30m, until it is approved manually",
        "  4. +50m  v2=100  (100 % of the change)  for at least 10m",
        "  +1h  completed, at the earliest",
    ]


def test_checks_are_told_once_and_what_is_found_at_each_step():
    assert plan(EXAMPLES / "canary-judged.yaml", "--from", "v1=100", "--rps", "5").stdout.splitlines()[3:] == [
        "  errors must pass: ErrorRate at most 2 %, at most 1 percentage point above the baseline, of at least 200 requests",
        "  slow must pass: LatencyP95 at most 4000 ms, at most 20 % above the baseline, of at least 200 requests",
        "  wordy only warns: TokensPerRequest at most 30 % above the baseline, of at least 200 requests",
        "  a verdict needs 200 requests, with which error rates from 6.48 % can be detected",
        "  after 2 consecutive failed verdicts it rolls back",
        "  1. +0s  v1=95 v2=5  (5 % of the change)  for at least 15m",
        "       225 requests, error rates from 5.77 % can be detected",
        "  2. +15m  v1=75 v2=25  (25 % of the change)  for at least 15m",
        "       1125 requests, error rates from 3.6 % can be detected",
        "  3. +30m  v1=50 v2=50  (50 % of the change)  for at least 15m",
        "       2250 requests, error rates from 3.05 % can be detected",
        "  4. +45m  v2=100  (100 % of the change)  for at least 15m",
        "       4500 requests, error rates from 2.74 % can be detected",
        "  +1h  completed, at the earliest",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("args", "line"),
    [
        pytest.param((), "200 requests in time need at least 4.44 requests per second to the endpoint", id="unknown traffic"),
        pytest.param(("--rps", "0.2"), "warning: 9 requests in that time, but 200 are needed: the step takes 5h33m20s", id="too little"),
        pytest.param(("--rps", "0"), "warning: no requests are expected, so there is no verdict", id="none"),
    ],
)  # fmt: skip
def test_what_can_be_found_is_told_whatever_the_traffic(args, line):
    shown = plan(EXAMPLES / "canary-judged.yaml", "--from", "v1=100", *args).stdout.splitlines()
    assert f"       {line}" in shown
    assert "  a verdict needs 200 requests, with which error rates from 6.48 % can be detected" in shown


def test_programs_get_the_same_steps():
    args = (EXAMPLES / "canary-judged.yaml", "--from", "v1=100", "--rps", "5")
    (found,) = json.loads(plan(*args, "-o", "json").stdout)
    assert (found["name"], found["from"], found["to"]) == ("triage-judged", {"v1": 100}, {"v2": 100})
    first = found["steps"][0]
    assert (first["split"], first["atLeast"], first["requests"]) == ({"v1": 95, "v2": 5}, "15m", 225)
    assert [found] == yaml.safe_load(plan(*args, "-o", "yaml").stdout)
    assert plan(*args, "-o", "name").stdout == "canaryendpoint.modeloperator.dev/triage-judged\n"


@pytest.mark.parametrize(
    ("origin", "note"),
    [
        pytest.param("triage-v2=100", "", id="by the ModelDeployment of a target"),
        pytest.param(
            "triage-v3=100",
            "note: triage-v3 is neither a target of CanaryEndpoint triage-progressive nor a ModelDeployment in this"
            " file. Did you mean triage-v2? It is assumed to be an existing ModelDeployment triage-v3.\n",
            id="a name that nothing has",
        ),
    ],
)
def test_a_target_that_the_file_does_not_have_is_said(origin, note):
    done = plan(EXAMPLES / "canary-progressive.yaml", "--from", origin)
    assert (done.exit_code, done.stderr) == (0, note)


def test_a_deployment_of_the_same_file_is_known():
    deployment = {
        "apiVersion": "modeloperator.dev/v1alpha1",
        "kind": "ModelDeployment",
        "metadata": {"name": "old"},
    }
    done = plan("-", "--from", "old=100", input=edited() + "---\n" + yaml.safe_dump(deployment))
    assert (done.exit_code, done.stderr) == (0, "")


def edited(**spec):
    body = yaml.safe_load((EXAMPLES / "canary-progressive.yaml").read_text())
    body["spec"].update(spec)
    return yaml.safe_dump(body)


@pytest.mark.parametrize(
    ("input", "args", "line"),
    [
        pytest.param(edited(), (), "create with v2=100 once all targets are serving", id="a first split"),
        pytest.param(edited(), ("--from", "v2=100"), "this is the last good split", id="nowhere to go"),
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


REFUSED = "Error: the API server would refuse CanaryEndpoint triage-progressive:\n"


@pytest.mark.parametrize(
    ("input", "args", "message"),
    [
        pytest.param("{", (), "Error: the standard input is neither YAML nor JSON", id="no YAML"),
        pytest.param("kind: Pod", (), "Error: - contains no CanaryEndpoint\n", id="another kind"),
        pytest.param(edited(traffic=[]), (), f"{REFUSED}  spec.traffic: Invalid value: must have at least 1 items\n", id="no traffic"),
        pytest.param(edited(trafic=[]), (), f"{REFUSED}  spec.trafic: unknown field\n", id="an unknown field"),
        pytest.param(edited(), ("--from", "v1=50"), "Error: --from v1=50: the percentages must sum to 100, but"
        " their sum is 50\n", id="half a split"),
        pytest.param(edited(), ("--from", "v1=50,v1=50"), "Error: --from v1=50,v1=50: a target is named twice\n", id="twice"),
        pytest.param(edited(), ("--from", "v1"), "Error: --from v1: write it as v1=90,v2=10\n", id="no percent"),
    ],
)  # fmt: skip
def test_bad_input_is_told_in_plain_words(input, args, message):
    done = plan("-", *args, input=input)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith(message)
