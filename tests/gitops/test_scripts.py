"""Argo CD's health script and actions in its sandbox, on samples that the real operator left."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from lupa import lua51

from support.argo_lua import act, customizations, health, offered, run
from support.kube_api import Object
from support.samples import FOLDER, INDEX

HEALTH = (FOLDER / "health.lua").read_text()
CASES: list[dict[str, Any]] = yaml.safe_load(INDEX.read_text())["tests"]
ID = "7f3a9c"


def sample(name: str) -> Object:
    found: Object = yaml.safe_load((FOLDER / "testdata" / f"{name}.yaml").read_text())
    return found


@pytest.mark.parametrize("case", [pytest.param(case, id=Path(case["inputPath"]).stem) for case in CASES])
def test_the_health_of_every_sample(case: dict[str, Any]) -> None:
    obj = yaml.safe_load((FOLDER / case["inputPath"]).read_text())
    assert health(obj) == (case["healthStatus"]["status"], case["healthStatus"]["message"])


def test_every_sample_has_a_case() -> None:
    assert sorted(case["inputPath"] for case in CASES) == sorted(
        f"testdata/{path.name}" for path in (FOLDER / "testdata").iterdir()
    )
    assert {case["healthStatus"]["status"] for case in CASES} == {"Healthy", "Progressing", "Degraded"}


@pytest.mark.parametrize(
    "status",
    [
        pytest.param(None, id="no status"),
        pytest.param({}, id="an empty status"),
        pytest.param({"observedGeneration": 1}, id="no conditions"),
        pytest.param({"observedGeneration": 1, "conditions": []}, id="an empty list"),
        pytest.param(
            {
                "observedGeneration": 1,
                "conditions": [{"type": "Foo", "status": "True", "reason": "R", "message": ""}],
            },
            id="other conditions",
        ),
    ],
)
def test_what_says_nothing_is_progressing(status: Object | None) -> None:
    obj = {**sample("deployment-created"), "status": status}
    assert health(obj)[0] == "Progressing"


@pytest.mark.parametrize(
    "script",
    [
        pytest.param('return string.upper("a")', id="string"),
        pytest.param('return ("a"):upper()', id="a string's methods"),
        pytest.param("return math.floor(1.5)", id="math"),
        pytest.param('return os.execute("true")', id="os"),
        pytest.param('return io.open("x")', id="io"),
        pytest.param("return debug.getinfo(1)", id="debug"),
        pytest.param('return require("string")', id="require"),
        pytest.param('return python.eval("1")', id="python"),
        pytest.param("goto done ::done:: return {}", id="newer Lua"),
    ],
)
def test_the_sandbox_has_nothing_but_base_and_table(script: str) -> None:
    with pytest.raises(lua51.LuaError):
        run(script, {})


def test_the_sandbox_has_base_and_table() -> None:
    script = 'local t = {}; table.insert(t, type(obj.a)); return {t = t, n = #t, s = "x" .. 1}'
    assert run(script, {"a": []}) == {"t": ["table"], "n": 1, "s": "x1"}


def test_applications_have_the_health_that_they_report() -> None:
    script = customizations()["resource.customizations.health.argoproj.io_Application"]
    assert run(script, {"status": {"health": {"status": "Healthy"}}}) == {"status": "Healthy", "message": ""}
    assert run(script, {})["status"] == "Progressing"


@pytest.mark.parametrize(
    ("name", "enabled", "disabled"),
    [
        pytest.param("deployment-ready", {"pause"}, {"resume"}, id="running"),
        pytest.param("deployment-paused", {"resume"}, {"pause"}, id="paused"),
        pytest.param(
            "canary-created", set(), {"advance", "promote", "pause", "resume", "abort", "retry"}, id="new"
        ),
        pytest.param(
            "canary-ready", set(), {"advance", "promote", "pause", "resume", "abort", "retry"}, id="at rest"
        ),
        pytest.param(
            "canary-step", {"advance", "promote", "pause", "abort"}, {"resume", "retry"}, id="at a step"
        ),
        pytest.param(
            "canary-paused", {"resume", "abort"}, {"advance", "promote", "pause", "retry"}, id="paused step"
        ),
        pytest.param(
            "canary-rolled-back",
            {"retry"},
            {"advance", "promote", "pause", "resume", "abort"},
            id="rolled back",
        ),
    ],
)
def test_the_menu_offers_what_the_operator_would_accept(
    name: str, enabled: set[str], disabled: set[str]
) -> None:
    menu = offered(sample(name))
    assert {action for action, is_enabled in menu.items() if is_enabled} == enabled
    assert {action for action, is_enabled in menu.items() if not is_enabled} == disabled


def test_what_cannot_be_paused_has_no_menu() -> None:
    obj = sample("deployment-ready")
    obj["spec"]["paitient"] = obj["spec"].pop("parasail")
    assert offered(obj) == {}


def test_a_limit_below_the_end_forbids_to_promote() -> None:
    obj = sample("canary-step")
    obj["spec"]["rollout"]["limit"] = 50
    assert offered(obj)["promote"] is False
    obj["spec"]["rollout"]["limit"] = 100
    assert offered(obj)["promote"] is True


@pytest.mark.parametrize(
    ("name", "action", "patch"),
    [
        pytest.param("deployment-ready", "pause", {"spec": {"paused": True}}, id="pause"),
        pytest.param("deployment-paused", "resume", {"spec": {"paused": False}}, id="resume"),
        *(
            pytest.param(
                name,
                action,
                {"metadata": {"annotations": {"modeloperator.dev/action": token}}},
                id=f"canary {action}",
            )
            for name, action, token in (
                ("canary-step", "advance", f"advance:{ID}/1"),
                ("canary-step", "promote", f"promote:{ID}"),
                ("canary-step", "pause", f"pause:{ID}"),
                ("canary-paused", "resume", f"resume:{ID}"),
                ("canary-paused", "abort", f"abort:{ID}"),
                ("canary-rolled-back", "retry", f"retry:{ID}"),
            )
        ),
    ],
)
def test_an_action_changes_one_field_and_nothing_else(name: str, action: str, patch: Object) -> None:
    assert act(sample(name), action) == patch


def test_an_action_leaves_empty_blocks_and_other_annotations_alone() -> None:
    obj = sample("deployment-ready")
    obj["spec"]["parasail"] = {}
    assert act(obj, "pause") == {"spec": {"paused": True}}
    canary = sample("canary-step")
    canary["metadata"]["annotations"] = {"note": "mine"}
    assert act(canary, "pause") == {"metadata": {"annotations": {"modeloperator.dev/action": f"pause:{ID}"}}}


@pytest.mark.parametrize("step", ["1/1", "2/4", "12/33"])
def test_the_step_is_read_without_a_string_library(step: str) -> None:
    obj = sample("canary-step")
    obj["status"]["step"] = step
    token = act(obj, "advance")["metadata"]["annotations"]["modeloperator.dev/action"]
    assert token == f"advance:{ID}/{step.partition('/')[0]}"


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(HEALTH.replace('find("Stalled")', 'find("Synced")'), id="another condition"),
        pytest.param(HEALTH.replace("status.observedGeneration ~=", "0 =="), id="no look at the generation"),
        pytest.param(HEALTH.replace('"Degraded"', '"Progressing"'), id="never degraded"),
    ],
)
def test_the_samples_would_show_a_wrong_script(script: str) -> None:
    assert script != HEALTH
    wrong = 0
    for case in CASES:
        obj = yaml.safe_load((FOLDER / case["inputPath"]).read_text())
        if "deletionTimestamp" not in obj["metadata"]:
            wrong += run(script, obj)["status"] != case["healthStatus"]["status"]
    assert wrong
