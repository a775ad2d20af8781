"""Argo CD's sandbox for scripts from argocd-cm: Lua 5.1 with the libraries base and table, and nothing else.

Source: argo-cd, util/lua/lua.go. `obj` comes in as a global; a table goes out; an empty one is a list there.
"""

import copy
import time
from typing import Any

import yaml
from lupa import lua51

from support.kube_api import Object
from support.shared_cluster import ROOT

SNIPPET = ROOT / "manifests" / "gitops" / "argocd" / "argocd-cm.yaml"
_PREFIX = "resource.customizations"
_TIME_LIMIT = 1.0  # seconds, as Argo CD gives it
# `os` has time and date in Argo CD only; our scripts need neither. A string's methods are the string library, too.
_CLOSE = """
getmetatable("").__index = nil
for _, name in ipairs({"string", "math", "io", "os", "debug", "coroutine", "package", "python",
                       "require", "module", "dofile", "loadfile"}) do
  _G[name] = nil
end
"""


class ScriptTooSlow(AssertionError):
    """Argo CD would have ended it."""


def run(script: str, obj: Object) -> Any:
    """What the script returns, as JSON. Raises `lua51.LuaError` for its errors, `ScriptTooSlow` after a second."""
    lua = lua51.LuaRuntime(unpack_returned_tuples=True, register_eval=False, register_builtins=False)
    lua.execute(_CLOSE)
    lua.globals().obj = _to_lua(lua, obj)
    begun = time.process_time()
    returned = lua.execute(script)
    if time.process_time() - begun > _TIME_LIMIT:
        raise ScriptTooSlow(f"more than {_TIME_LIMIT} s")
    return _from_lua(returned)


def health(obj: Object) -> tuple[str, str]:
    """(status, message) that the shipped argocd-cm has for this object. Argo CD asks no script about the deleted."""
    if obj["metadata"].get("deletionTimestamp"):
        return "Progressing", "Pending deletion"
    said = run(customizations()[f"{_PREFIX}.health.{_key(obj)}"], obj)
    return said["status"], said["message"]


def offered(obj: Object) -> dict[str, bool]:
    """Actions of the menu, and whether they can be clicked."""
    said = run(_actions(obj)["discovery.lua"], obj)
    return {} if said == [] else {name: not entry["disabled"] for name, entry in said.items()}


def act(obj: Object, action: str) -> Object:
    """The merge patch that Argo CD would send for this action."""
    (script,) = [a["action.lua"] for a in _actions(obj)["definitions"] if a["name"] == action]
    return merge_patch(obj, _clean(run(script, obj), obj))


def customizations() -> dict[str, str]:
    """The data of the shipped patch of argocd-cm."""
    data: dict[str, str] = yaml.safe_load(SNIPPET.read_text(encoding="utf-8"))["data"]
    return data


def merge_patch(before: Object, after: Object) -> Object:
    """RFC 7386: what turns one into the other."""
    patch: Object = {key: None for key in before if key not in after}
    for key, value in after.items():
        old = before.get(key)
        if isinstance(value, dict) and isinstance(old, dict):
            inner = merge_patch(old, value)
            patch |= {key: inner} if inner else {}
        elif key not in before or old != value:
            patch[key] = value
    return patch


def _key(obj: Object) -> str:
    return f"{obj['apiVersion'].partition('/')[0]}_{obj['kind']}"


def _actions(obj: Object) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(customizations()[f"{_PREFIX}.actions.{_key(obj)}"])
    return found


def _to_lua(lua: Any, value: Any) -> Any:
    match value:
        case dict():
            return lua.table_from({k: _to_lua(lua, v) for k, v in value.items() if v is not None})
        case list():
            return lua.table_from([_to_lua(lua, item) for item in value])
        case _:
            return value


def _from_lua(value: Any) -> Any:
    if lua51.lua_type(value) != "table":
        return int(value) if isinstance(value, float) and value.is_integer() else value
    items = dict(value.items())
    if set(items) == set(range(1, len(items) + 1)):
        return [_from_lua(items[number]) for number in sorted(items)]
    return {key: _from_lua(item) for key, item in items.items()}


def _clean(new: Any, old: Any) -> Any:
    """As Argo CD: an empty list where an object was is that object, which Lua cannot tell apart."""
    if isinstance(new, dict) and isinstance(old, dict):
        return {key: _clean(item, old[key]) if key in old else item for key, item in new.items()}
    if isinstance(new, list) and isinstance(old, list) and len(new) == len(old):
        return [_clean(*pair) for pair in zip(new, old, strict=True)]
    return copy.deepcopy(old) if new == [] and isinstance(old, dict) else new
