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
from model_operator.reconcile.recorder import is_refusal
from model_operator.reconcile.store import Store

_AGAIN: Final = timedelta(seconds=30)
"""Until a ConfigMap that was refused is tried again."""


def with_connection(decision: Decision, problem: Verdict | None) -> Decision:
    """What is reported while the ConfigMap is not as it should be. Nothing else waits for it."""
    if problem is None:
        return decision
    again = min(decision.look_again or _AGAIN, _AGAIN)
    return replace(decision, accepted=decision.accepted or problem, progress=Progress.STUCK, look_again=again)


async def publish(kube: Store, resource: ModelDeployment, s: Situation, memory: Memory) -> bool:
    """Create or correct the ConfigMap when what it says has changed (or once per process).

    Called after the report, which never waits for it. Returns whether there is something new to report. Raises
    `KubeError` where the API server may do it another time.
    """
    before, wanted = memory.connection, _wanted(resource, s)
    if wanted is None:
        memory.not_published(None)
    elif memory.view.published != wanted:
        await _publish(kube, resource, wanted, memory)
    return memory.connection != before


def _wanted(resource: ModelDeployment, s: Situation) -> tuple[str, str, str] | None:
    """Name, URL and model; None before all are known: a pod that starts with another model name keeps it."""
    spec, remote = resource.spec, s.remote
    url = resource.status.endpoint_url or (remote.url if remote else None)
    if spec.connection is None or not url or not s.wanted:
        return None
    alias = (remote.alias if remote else None) or resource.status.external_alias
    if alias is None and s.capabilities.chats:
        return None
    return spec.connection.config_map_name, url, alias or spec.model


async def _publish(
    kube: Store, resource: ModelDeployment, wanted: tuple[str, str, str], memory: Memory
) -> None:
    name, url, model = wanted
    try:
        is_written = await _write(kube, resource, name, {"baseURL": url, "model": model})
    except KubeError as error:
        if not is_refusal(error):
            raise  # the report is made; another pass tries again
        memory.not_published(Verdict(False, Reason.CONNECTION_NOT_WRITTEN, _explain(name, error)))
        return
    if is_written:
        memory.published(wanted)
        return
    message = (
        f'ConfigMap "{name}" exists and does not belong to this object. Delete it, or set another name in'
        " spec.connection."
    )
    memory.not_published(Verdict(False, Reason.NAME_TAKEN, message))


def _explain(name: str, error: KubeError) -> str:
    message = f'ConfigMap "{name}": {error}.'
    if isinstance(error, KubeForbidden):
        message += " Allow the operator to write ConfigMaps in this namespace (Helm: rbac.connections)."
    return message


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
