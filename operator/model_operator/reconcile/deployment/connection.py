"""The ConfigMap that tells applications how to reach a model: base URL and model name, never a key.

Owned by the ModelDeployment through an ownerReference; one that exists and is not ours is left alone.
"""

from dataclasses import replace
from typing import Any

from model_operator.conditions import Reason
from model_operator.domain import GROUP, VERSION
from model_operator.kube import ObjectGone, WriteConflict
from model_operator.models.deployment import ModelDeployment
from model_operator.plan.deployment.situation import Decision, Situation
from model_operator.plan.verdict import Progress, Verdict
from model_operator.reconcile.deployment.memory import Memory
from model_operator.reconcile.store import Store


async def publish(
    kube: Store, resource: ModelDeployment, s: Situation, step: Decision, memory: Memory
) -> Decision:
    """Create or correct the ConfigMap when what it says has changed (or once per process). May raise `KubeError`."""
    spec, remote = resource.spec, s.remote
    url = resource.status.endpoint_url or (remote.url if remote else None)
    if spec.connection is None or not url or resource.metadata.is_terminating:
        return step
    name = spec.connection.config_map_name
    model = (remote.alias if remote else None) or resource.status.external_alias or spec.model
    wanted = (name, url, model)
    if memory.view.published == wanted:
        return step
    if not await _write(kube, resource, name, {"baseURL": url, "model": model}):
        message = f'ConfigMap "{name}" exists and is not ours. Delete it, or name another in spec.connection.'
        return replace(step, accepted=Verdict(False, Reason.NAME_TAKEN, message), progress=Progress.STUCK)
    memory.published(wanted)
    return step


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
