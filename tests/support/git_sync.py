"""`kubectl apply --server-side`, as GitOps tools do it."""

import yaml

from support.kube_api import Object
from support.namespace import Namespace

ARGO, FLUX = "argocd-controller", "kustomize-controller"


def sync(
    namespace: Namespace, manager: str, *objects: Object, force: bool = True, verb: str = "apply"
) -> str:
    """`kubectl apply --server-side` as that tool does it; or `verb="diff"`: what it would change."""
    arguments = ["--server-side", f"--field-manager={manager}", "--filename=-"]
    if force:
        arguments.append("--force-conflicts")
    done = namespace.kubectl(verb, *arguments, input=yaml.safe_dump_all(objects), check=verb != "diff")
    assert done.returncode in (0, 1), done.stderr
    return done.stdout
