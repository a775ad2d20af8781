"""The demo's second act: a new version takes over step by step, a bad one is taken back, and nothing is left of it.

Each step does what a user would do, with the command shown, and then looks at what came of it, as in the first act.
"""

import json
import time
from collections.abc import Callable, Sequence
from datetime import timedelta

from model_operator_demo import shipped
from model_operator_demo.drawing import split_bar
from model_operator_demo.proof import Object, check, control, get
from model_operator_demo.screen import Column, Row
from model_operator_demo.stage import Stage

_WITHIN = timedelta(seconds=90)
_EVENTS_WITHIN = timedelta(seconds=20)
_COLUMNS: tuple[Column, ...] = (
    ("NAME", 8),
    ("PHASE", 12),
    ("SPLIT", 12),
    ("STEP", 5),
    ("VERDICT", 13),
    ("READY", 6),
    ("MESSAGE", 0),
)
_BAD_PERCENT = 6  # of the requests to v3 fail; the limit in manifests/demo/triage.yaml is 2


def tell(stage: Stage) -> None:
    """The whole act. Raises `NotShown` or what kubectl raises."""
    for chapter in (_versions, _take_over, _bad_version, _take_back, _delete, _nothing_left):
        chapter(stage)


def _versions(stage: Stage) -> None:
    stage.screen.step("Two versions of a model, and a CanaryEndpoint: one address, all traffic to v1")
    stage.kubectl("apply", "--filename", _typed(stage, "triage.yaml"))
    _wait_ready(stage, "triage-v1", "triage-v2")
    _follow(stage, lambda live: _is_complete(live, "v1=100"), "all traffic at v1")
    stage.screen.good("v1 has all the traffic")


def _take_over(stage: Stage) -> None:
    stage.screen.step("v2 takes over step by step, as long as the provider's own metrics of v2 are good")
    _send_to(stage, "v2")
    live = _follow(stage, lambda live: _is_complete(live, "v2=100"), "v2 to replace v1")
    verdict = live["status"].get("verdict")
    check(stage, verdict == "Pass", f"the last verdict on v2 is {verdict}, not Pass")
    _check_split(stage, v2=100)
    stage.screen.good("each step passed, and v2 has all the traffic")


def _bad_version(stage: Stage) -> None:
    stage.screen.step(f"v3, of whose requests {_BAD_PERCENT} % fail; the limit is 2 %")
    stage.kubectl("apply", "--filename", _typed(stage, "triage-v3.yaml"))
    _wait_ready(stage, "triage-v3")
    path = f"/deployments/paitient/{_id_of(stage, 'triage-v3')}"
    control(stage, "PATCH", path, {"behaviour": {"error_percent": _BAD_PERCENT}})
    stage.screen.good("v3 is served, as far as anybody can see who sends it no traffic")


def _take_back(stage: Stage) -> None:
    stage.screen.step("v3 is tried, seen through, and taken back")
    _send_to(stage, "v3")
    live = _follow(
        stage,
        lambda live: _is_rolled_back(live) or _is_complete(live, "v3=100"),
        "the traffic to go back to v2",
    )
    check(stage, _is_rolled_back(live), "v3 replaced v2, although it is bad")
    rollout = live["status"]["rollout"]
    failure, peak = rollout["failure"], rollout["peakPercent"]
    check(stage, failure["reason"] == "MetricBreached", f"v3 was taken back for {failure}")
    check(stage, peak < 50, f"v3 had {peak} % of the traffic before it was taken back")
    _check_split(stage, v2=100)
    _events(stage, "MetricBreached")
    _events(stage, "RolledBack")
    stage.screen.good(f"v3 never had more than {peak} %, and v2 has all the traffic again")


def _delete(stage: Stage) -> None:
    stage.screen.step("The CanaryEndpoint deleted: its remote endpoint stays, for the API has no delete")
    id_ = get(stage, "triage", "canaryendpoint")["status"]["externalID"]
    stage.kubectl("delete", "canaryendpoint", "triage", f"--timeout={_WITHIN.total_seconds():g}s")
    said = _events(stage, "EndpointOrphaned")
    check(stage, id_ in said, f"no Event names the endpoint {id_} that stays")
    stage.screen.good(f"the Event names what is left to be removed manually: {id_}")


def _nothing_left(stage: Stage) -> None:
    stage.screen.step("The deployments deleted, and nothing that costs is left")
    files = (
        word for name in ("triage", "triage-v3") for word in ("--filename", _typed(stage, f"{name}.yaml"))
    )
    stage.kubectl("delete", *files, "--ignore-not-found", f"--timeout={_WITHIN.total_seconds():g}s")
    kinds = "canaryendpoints,modeldeployments"
    left = stage.kubectl("get", kinds, "--output=name")
    check(stage, not left, f"Kubernetes still has {left}")
    count = control(stage, "GET", "/counters")["paitient"]
    created, deleted, live = count["creates"].get("deployment", 0), count["deletes"], count["live"]
    stage.screen.outcome(f"PaiTIENT: {created} created, {deleted} deleted, {live} left")
    check(
        stage, (created, deleted, live) == (4, 4, 0), "PaiTIENT should have created four and have none left"
    )
    stage.screen.good("three versions were created, none is left, here or at the provider")


def _typed(stage: Stage, name: str) -> str:
    return shipped.as_typed(stage.manifests / "demo" / name)


def _wait_ready(stage: Stage, *names: str) -> None:
    within = f"--timeout={_WITHIN.total_seconds():g}s"
    stage.kubectl("wait", "modeldeployment", *names, "--for=condition=Ready", within)


def _send_to(stage: Stage, version: str) -> None:
    """A release, as a person or Git does it: another destination."""
    target = {"name": version, "deploymentRef": {"name": f"triage-{version}"}, "percent": 100}
    patch = json.dumps({"spec": {"traffic": [target]}}, separators=(",", ":"))
    stage.kubectl("patch", "canaryendpoint", "triage", "--type=merge", "--patch", patch)


def _follow(stage: Stage, until: Callable[[Object], bool], what: str) -> Object:
    """Show the CanaryEndpoint until it is so; the object then."""
    stage.screen.command("kubectl get canaryendpoint triage --output=wide --watch")
    live: Object = {}

    def look() -> Sequence[Row]:
        live.update(get(stage, "triage", "canaryendpoint"))
        return [_as_row(live)]

    rows = stage.screen.follow(_COLUMNS, look, lambda _: until(live), _WITHIN, _trail)
    message = live.get("status", {}).get("message", "it has no status")
    check(stage, rows is not None, f"waited {_WITHIN.total_seconds():g} s for {what}: {message}")
    return live


def _as_row(live: Object) -> Row:
    status = live.get("status", {})
    return (
        live["metadata"]["name"],
        *(status.get(name) or "" for name in ("phase", "split", "step", "verdict")),
        _condition(live, "Ready")[0],
        status.get("message") or "",
    )


def _trail(row: Row) -> Row:
    """What stays of each change of the split: a bar, the phase, the step and the verdict."""
    _, phase, split, step, verdict, *_ = row
    return (split_bar(split), phase, f"step {step}" if step else "", verdict) if split else ()


def _condition(live: Object, kind: str) -> tuple[str, str]:
    """Status and reason; empty while there is none of the present generation."""
    status = live.get("status", {})
    if status.get("observedGeneration") != live["metadata"]["generation"]:
        return "", ""
    found = (one for one in status.get("conditions", ()) if one["type"] == kind)
    return next(((one["status"], one["reason"]) for one in found), ("", ""))


def _is_complete(live: Object, split: str) -> bool:
    is_there = live.get("status", {}).get("split") == split
    return is_there and _condition(live, "RolloutComplete") == ("True", "Completed")


def _is_rolled_back(live: Object) -> bool:
    return _condition(live, "Stalled") == ("True", "RolledBack")


def _check_split(stage: Stage, **percents: int) -> None:
    """What the provider itself does, not what the status says."""
    id_ = get(stage, "triage", "canaryendpoint")["status"]["externalID"]
    endpoints = control(stage, "GET", "/endpoints")["endpoints"]
    split: dict[str, int] = next((one["split"] for one in endpoints if one["id"] == id_), {})
    found = {name: percent for name, percent in split.items() if percent}
    stage.screen.outcome(f"{id_}: {json.dumps(found)}")
    wanted = {_id_of(stage, f"triage-{version}"): percent for version, percent in percents.items()}
    check(stage, found == wanted, f"the provider splits {found}, not {wanted}")


def _id_of(stage: Stage, name: str) -> str:
    return str(get(stage, name)["status"]["externalID"])


def _events(stage: Stage, reason: str) -> str:
    """The messages of these Events. The operator writes them beside the status, so they may come a little later."""
    wanted = '--output=jsonpath={range .items[*]}{.message}{"\\n"}{end}'
    argv = ("get", "events", f"--field-selector=involvedObject.name=triage,reason={reason}", wanted)
    deadline = time.monotonic() + _EVENTS_WITHIN.total_seconds()
    while not stage.kubectl(*argv, shown=False):
        seconds = _EVENTS_WITHIN.total_seconds()
        check(stage, time.monotonic() < deadline, f"no Event {reason} of the CanaryEndpoint in {seconds:g} s")
        time.sleep(0.3)
    return stage.kubectl(*argv)
