"""The ConfigMap that tells applications how to reach a model: base URL and model name, never a key.

Owned by the ModelDeployment through an ownerReference; one that exists and is not ours is left alone.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from model_operator.conditions import Reason
from model_operator.domain import GROUP, VERSION
from model_operator.kube import KubeError, KubeForbidden, ObjectGone, WriteConflict
from model_operator.models.deployment import ModelDeployment
from model_operator.plan.deployment.situation import Decision, Situation
from model_operator.plan.verdict import Progress, Verdict
from model_operator.reconcile.deployment.memory import Memory
from model_operator.reconcile.store import Store

_AGAIN: Final = timedelta(seconds=30)
"""Until a ConfigMap that was refused is tried again."""


async def publish(
    kube: Store, resource: ModelDeployment, s: Situation, step: Decision, memory: Memory
) -> Decision:
    """Create or correct the ConfigMap when what it says has changed (or once per process).

    Where the API server refuses it the decision says so: what is reported never waits for a ConfigMap.
    """
    spec, remote = resource.spec, s.remote
    url = resource.status.endpoint_url or (remote.url if remote else None)
    if spec.connection is None or not url or resource.metadata.is_terminating:
        return step
    name = spec.connection.config_map_name
    model = (remote.alias if remote else None) or resource.status.external_alias or spec.model
    wanted = (name, url, model)
    if memory.view.published == wanted:
        return step
    try:
        is_written = await _write(kube, resource, name, {"baseURL": url, "model": model})
    except KubeError as error:
        return _refused(step, f'ConfigMap "{name}": {error}.', error)
    if not is_written:
        message = f'ConfigMap "{name}" exists and is not ours. Delete it, or name another in spec.connection.'
        return replace(step, accepted=Verdict(False, Reason.NAME_TAKEN, message), progress=Progress.STUCK)
    memory.published(wanted)
    return step


def _refused(step: Decision, message: str, error: KubeError) -> Decision:
    if isinstance(error, KubeForbidden):
        message += " Let the operator write ConfigMaps in this namespace (Helm: rbac.connections)."
    # A server that is in trouble mends itself; what it refuses, a person has to.
    progress = Progress.STUCK if 400 <= error.status < 500 else step.progress
    again = min(step.look_again or _AGAIN, _AGAIN)
    verdict = Verdict(False, Reason.CONNECTION_NOT_WRITTEN, message)
    return replace(step, accepted=verdict, progress=progress, look_again=again)


async def _write(kube: Store, resource: ModelDeployment, name: str, data: dict[str, str]) -> bool:
    """False if the ConfigMap is somebody else's."""
    metadata = resource.metadata
    try:
        found = await kube.get("ConfigMap", metadata.namespace, name)
    except ObjectGone:
        return await _create(kube, resource, name, data)
    if not _is_ours(found, metadata.uid):
        return False
    if found.get("data") != data:
        await kube.patch("ConfigMap", metadata.namespace, name, {"data": data})
    return True


async def _create(kube: Store, resource: ModelDeployment, name: str, data: dict[str, str]) -> bool:
    metadata = resource.metadata
    owner = {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": "ModelDeployment",
        "name": metadata.name,
        "uid": metadata.uid,
        "controller": True,
        "blockOwnerDeletion": False,
    }
    body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": name,
            "namespace": metadata.namespace,
            "ownerReferences": [owner],
            "labels": {"app.kubernetes.io/managed-by": "model-operator"},
        },
        "data": data,
    }
    try:
        await kube.create("ConfigMap", metadata.namespace, body)
    except WriteConflict:
        found = await kube.get("ConfigMap", metadata.namespace, name)
        return _is_ours(found, metadata.uid)
    return True


def _is_ours(found: dict[str, Any], uid: str) -> bool:
    return any(owner.get("uid") == uid for owner in found["metadata"].get("ownerReferences", ()))
