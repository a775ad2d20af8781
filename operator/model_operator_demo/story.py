"""The demo's first act, step by step: from `kubectl apply` to a served model, through every edit, to nothing left.

Each step does what a user would do, with the command shown, and then looks at what came of it: a step that
does not come true ends the demo with `NotShown`.
"""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta

from model_operator_demo import shipped
from model_operator_demo.proof import Object, ask, check, control, get
from model_operator_demo.screen import Column, Row
from model_operator_demo.stage import PORT, Stage

_WITHIN = timedelta(seconds=90)
_PARASAIL = {"Authorization": "Bearer sim-parasail-key"}
_PAITIENT = {"Authorization": "Bearer sim-paitient-key", "X-Client-ID": "sim-client"}
_FILES = ("parasail.yaml", "paitient.yaml")
_COLUMNS: tuple[Column, ...] = (
    ("NAME", 22),
    ("PHASE", 10),
    ("READY", 8),
    ("REASON", 12),
    ("REPLICAS", 9),
    ("PROVIDER", 9),
)
_NAMES = ("llama", "clinical-assistant")  # of the deployments in these files


def tell(stage: Stage) -> None:
    """The whole act. Raises `NotShown` or what kubectl raises."""
    for chapter in (_accounts, _deployments, _chat, _generate, _scale, _pause, _resume, _delete):
        chapter(stage)


def _accounts(stage: Stage) -> None:
    stage.screen.step("An account at each provider: a Secret and a ModelProvider")
    path = stage.examples / "simulator-providers.yaml"
    url = f"http://127.0.0.1:{PORT}"
    if stage.simulator.url == url:
        stage.kubectl("apply", "--filename", shipped.as_typed(path))
    else:  # the port is taken: same file, other port
        port = stage.simulator.url.rpartition(":")[2]
        stage.screen.command(f"sed s/{PORT}/{port}/ {shipped.as_typed(path)} | kubectl apply --filename -")
        text = path.read_text(encoding="utf-8").replace(url, stage.simulator.url)
        stage.screen.outcome(stage.cluster.kubectl("apply", "--filename=-", input=text).stdout)
    stage.kubectl("wait", "modelproviders", "--all", "--for=condition=Ready", "--timeout=60s")


def _deployments(stage: Stage) -> None:
    stage.screen.step("A model at each provider")
    stage.kubectl("apply", *_filenames(stage))
    _follow(stage, lambda row: row[2] == "True", "both deployments to be Ready")
    stage.screen.good("both are served")


def _chat(stage: Stage) -> None:
    stage.screen.step(
        "A chat completion at Parasail: status.endpointURL, and status.externalAlias as the model"
    )
    status = get(stage, "llama")["status"]
    url, model = status["endpointURL"], status["externalAlias"]
    message = {"role": "user", "content": "What is the capital of France?"}
    code, text = _post(stage, f"{url}/chat/completions", _PARASAIL, {"model": model, "messages": [message]})
    check(stage, code == 200, f"the chat completion was answered with {code}: {text}")
    stage.screen.good(f"the model says: {json.loads(text)['choices'][0]['message']['content']}")


def _generate(stage: Stage) -> None:
    stage.screen.step("A prompt at PaiTIENT: status.endpointURL takes it as it is")
    url = get(stage, "clinical-assistant")["status"]["endpointURL"]
    body = {"prompt": "Summarize: the patient reports a mild headache.", "max_tokens": 64}
    code, text = _post(stage, url, _PAITIENT, body)
    check(stage, code == 200, f"the prompt was answered with {code}: {text}")
    stage.screen.good(f"the model says: {json.loads(text)['text']}")


def _scale(stage: Stage) -> None:
    stage.screen.step("Two replicas instead of one")
    stage.kubectl("scale", "modeldeployment", "llama", "--replicas=2")
    _follow(stage, _row("llama", phase="Ready", replicas="2"), "two replicas")
    remote = _remote(stage, "llama")
    check(stage, remote["replicas"] == 2, f"Parasail has {remote['replicas']} replicas")
    stage.screen.good("Parasail runs two replicas")


def _pause(stage: Stage) -> None:
    stage.screen.step("Paused: nothing runs, nothing is billed")
    _patch_paused(stage, paused=True)
    _follow(stage, _row("llama", phase="Paused"), "the pause")
    remote = _remote(stage, "llama")
    word = remote["status"]["status"]
    check(stage, word in ("OFFLINE", "PAUSED"), f"Parasail says {word}")
    stage.screen.good(
        f"Parasail says {word}; Ready is still True, because the deployment is as the spec says"
    )


def _resume(stage: Stage) -> None:
    stage.screen.step("Resumed")
    _patch_paused(stage, paused=False)
    _follow(stage, _row("llama", phase="Ready", replicas="2"), "the resumption")
    remote = _remote(stage, "llama")
    check(stage, remote["status"]["status"] == "ONLINE", f"Parasail says {remote['status']}")
    stage.screen.good("Parasail says ONLINE, under the same id as before")


def _delete(stage: Stage) -> None:
    stage.screen.step("Deleted, and nothing is left at the providers")
    stage.kubectl("delete", *_filenames(stage))
    counters = control(stage, "GET", "/counters")
    for vendor, name in (("parasail", "Parasail"), ("paitient", "PaiTIENT")):
        count = counters[vendor]
        created, deleted, live = count["creates"].get("deployment", 0), count["deletes"], count["live"]
        stage.screen.outcome(f"{name}: {created} created, {deleted} deleted, {live} left")
        check(
            stage, (created, deleted, live) == (1, 1, 0), f"{name} should have created one and have none left"
        )
    stage.screen.good("one created and none left at each")


def _filenames(stage: Stage) -> tuple[str, ...]:
    paths = (shipped.as_typed(stage.examples / name) for name in _FILES)
    return tuple(word for path in paths for word in ("--filename", path))


def _patch_paused(stage: Stage, *, paused: bool) -> None:
    patch = json.dumps({"spec": {"paused": paused}}, separators=(",", ":"))
    stage.kubectl("patch", "modeldeployment", "llama", "--type=merge", "--patch", patch)


def _follow(stage: Stage, until: Callable[[Row], bool], what: str) -> None:
    """Show the table until `until` holds of each row."""
    stage.screen.command("kubectl get modeldeployments --watch")
    rows = stage.screen.follow(_COLUMNS, lambda: _rows(stage), lambda rows: all(map(until, rows)), _WITHIN)
    check(stage, rows is not None, f"waited {_WITHIN.total_seconds():g} s for {what}")


def _rows(stage: Stage) -> Sequence[Row]:
    """One per deployment of the demo; a status that is about an older generation counts as not Ready."""
    found = json.loads(stage.kubectl("get", "modeldeployments", *_NAMES, "--output=json", shown=False))
    return [_as_row(item) for item in found["items"]]


def _as_row(item: Object) -> Row:
    status = item.get("status", {})
    conditions = {condition["type"]: condition for condition in status.get("conditions", ())}
    ready = conditions.get("Ready", {})
    is_current = status.get("observedGeneration") == item["metadata"]["generation"]
    return (
        item["metadata"]["name"],
        status.get("phase") or "",
        ready.get("status", "") if is_current else "Unknown",
        ready.get("reason", "") if is_current else "Edited",
        str(status.get("replicas", "")),
        item["spec"]["providerRef"]["name"],
    )


def _row(name: str, *, phase: str, replicas: str | None = None) -> Callable[[Row], bool]:
    """Holds of any other row, and of this one when it is Ready in that phase."""

    def holds(row: Row) -> bool:
        is_there = row[1:3] == (phase, "True") and replicas in (None, row[4])
        return row[0] != name or is_there

    return holds


def _remote(stage: Stage, name: str) -> Object:
    """The deployment as Parasail shows it."""
    id_ = get(stage, name)["status"]["externalID"]
    url = f"{stage.simulator.url}/parasail/api/v1/dedicated/deployments/{id_}"
    fields = "{id, replicas, status: .status.status}"
    stage.screen.command(f"curl {url} {_header_flags(_PARASAIL)} | jq -c '{fields}'")
    code, text = ask(stage, "GET", url, _PARASAIL, None)
    check(stage, code == 200, f"{url} was answered with {code}: {text}")
    remote: Object = json.loads(text)
    shown = {"id": remote["id"], "replicas": remote["replicas"], "status": remote["status"]["status"]}
    stage.screen.outcome(json.dumps(shown, separators=(",", ":")))
    return remote


def _post(stage: Stage, url: str, headers: dict[str, str], body: Object) -> tuple[int, str]:
    stage.screen.command(f"curl {url} {_header_flags(headers)} --json '{json.dumps(body)}'")
    code, text = ask(stage, "POST", url, headers, body)
    stage.screen.outcome(text)
    return code, text


def _header_flags(headers: dict[str, str]) -> str:
    return " ".join(f"-H '{name}: {value}'" for name, value in headers.items())
