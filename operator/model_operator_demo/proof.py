"""How the demo's acts look at what came of a step: objects with kubectl, the simulator with HTTP, each shown as typed.

What is not as it should be ends the demo with `NotShown`.
"""

import http.client
import json
from typing import Any

from model_operator_demo.processes import end_of
from model_operator_demo.provider_http import request
from model_operator_demo.stage import Stage

Object = dict[str, Any]
_TITLES = {"parasail": "Parasail", "paitient": "PaiTIENT"}


class NotShown(Exception):
    """Something did not come true; the text says what, and how the operator's log ends."""


def check(stage: Stage, is_true: bool, complaint: str) -> None:
    """Raises `NotShown` with the complaint unless it is true."""
    if not is_true:
        raise NotShown(
            f"{complaint}\nThe operator's log ends:\n{end_of(stage.operator.process.log, lines=15)}"
        )


def get(stage: Stage, name: str, kind: str = "modeldeployment") -> Object:
    """The object as it is on the API server."""
    found: Object = json.loads(stage.kubectl("get", kind, name, "--output=json", shown=False))
    return found


def ask(
    stage: Stage, method: str, url: str, headers: dict[str, str] | None = None, body: Object | None = None
) -> tuple[int, str]:
    """Status and text of the simulator's answer. Raises `NotShown` where there is none."""
    try:
        return request(method, url, headers, body)
    except (OSError, http.client.HTTPException) as error:
        raise NotShown(f"{url} does not answer: {error}\n{end_of(stage.simulator.process.log)}") from error


def control(stage: Stage, method: str, path: str, body: Object | None = None) -> Object:
    """A request to the simulator's control plane, shown as typed; `path` is below `/__sim`."""
    url = f"{stage.simulator.url}/__sim{path}"
    sent = "" if body is None else f" --json '{json.dumps(body)}'"
    stage.screen.command(f"curl {'' if method == 'GET' else f'-X {method} '}{url}{sent}")
    code, text = ask(stage, method, url, None, body)
    check(stage, code == 200, f"{url} was answered with {code}: {text}")
    answer: Object = json.loads(text)
    return answer


def tally(stage: Stage) -> list[tuple[str, str]]:
    """What the providers counted in the whole story, for people: one row each."""
    counters: Object = json.loads(ask(stage, "GET", f"{stage.simulator.url}/__sim/counters")[1])
    return [(title, tally_of(counters[name])) for name, title in _TITLES.items()]


def tally_of(count: Object) -> str:
    """`4 created, 4 deleted, 0 left, 0 duplicates`; a duplicate is a second create under one name."""
    created, by_name = count["creates"].get("deployment", 0), count["creates_by_name"]
    duplicates = sum(max(0, times - 1) for times in by_name.values())
    return f"{created} created, {count['deletes']} deleted, {count['live']} left, {duplicates} duplicates"
