"""What is made for Argo CD: the ConfigMap that teaches it health and actions, from the Lua files beside it.

`generate.py` writes it. The scripts are written by hand and run as they are by the tests.
"""

from pathlib import Path
from typing import Final

from model_operator.domain import GROUP
from model_operator.models.crd import KINDS

FOLDER: Final = "manifests/gitops/argocd"
# Argo CD's own page on health tells everybody to add this one; without it waves of Applications do not wait.
_APPLICATION: Final = """\
hs = { status = "Progressing", message = "" }
if obj.status ~= nil and obj.status.health ~= nil then
  hs.status = obj.status.health.status
  if obj.status.health.message ~= nil then
    hs.message = obj.status.health.message
  end
end
return hs
"""
_HEAD: Final = """\
# Made from health.lua and actions/ by `make generate`; do not edit.
#
# Teaches Argo CD the health of the four kinds and the actions on them. A patch, not a whole ConfigMap:
#   kubectl --namespace argocd patch configmap argocd-cm --patch-file argocd-cm.yaml
data:
"""


def argocd_files(root: Path) -> dict[str, str]:
    """The patch of argocd-cm by its path, from the scripts in the checkout `root`."""
    folder = root / FOLDER
    health = (folder / "health.lua").read_text(encoding="utf-8")
    parts = [
        _HEAD,
        "  # For waves of Applications, as in root.yaml; leave it out if yours has it already.\n",
        _entry("health.argoproj.io_Application", _APPLICATION),
        *(_entry(f"health.{GROUP}_{kind.kind}", health) for kind in KINDS),
        *(_entry(f"actions.{GROUP}_{path.name}", _actions(path)) for path in _sorted(folder / "actions")),
    ]
    return {f"{FOLDER}/argocd-cm.yaml": "".join(parts)}


def _actions(folder: Path) -> str:
    """The value for one kind: YAML again, with a script for the menu and one for each action."""
    discovery = (folder / "discovery.lua").read_text(encoding="utf-8")
    scripts = [path for path in _sorted(folder) if path.name != "discovery.lua"]
    definitions = "".join(
        f"- name: {path.stem}\n  action.lua: |\n{_indented(path.read_text(encoding='utf-8'), 4)}"
        for path in scripts
    )
    return f"discovery.lua: |\n{_indented(discovery, 2)}definitions:\n{definitions}"


def _entry(key: str, text: str) -> str:
    return f"  resource.customizations.{key}: |\n{_indented(text, 4)}"


def _indented(text: str, by: int) -> str:
    return "".join(f"{' ' * by}{line}" if line.strip() else line for line in text.splitlines(keepends=True))


def _sorted(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())
