"""Bodies that a store is given and shows, and its refusals."""

from typing import Any

import pytest

from model_operator.domain import DEPLOYMENT, Key
from model_operator.kube import KubeError, ObjectGone, WriteConflict
from support.kube_api import Object
from support.manifests import parasail_deployment
from support.two_servers import World

OTHER = "example.com/other"


SPEC = parasail_deployment("a")["spec"]


UNSEEN = {
    "observedGeneration": -1,
    "conditions": [
        {
            "type": "Ready",
            "status": "Unknown",
            "reason": "Pending",
            "message": "The operator has not processed the object yet. If this does not change, check that the"
            " operator is running and watches this namespace.",
            "lastTransitionTime": "1970-01-01T00:00:00Z",
        }
    ],
}


STATUS = {"observedGeneration": 1, "externalID": "33665", "replicas": 1, "phase": "Ready"}


def config_map(name: str, **data: str) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def deployment(name: str = "a", **metadata: Any) -> Object:
    body = parasail_deployment(name)
    return {**body, "metadata": {"name": name, **metadata}}


def of(world: World, name: str = "a") -> Key:
    return Key(DEPLOYMENT, world.name, name)


def shown(generation: int = 1, status: Object = UNSEEN, spec: Object = SPEC, **metadata: Any) -> Object:
    """A ModelDeployment as `plain` leaves it."""
    return {
        "apiVersion": "modeloperator.dev/v1alpha1",
        "kind": "ModelDeployment",
        "metadata": {"name": "a", "generation": generation, **metadata},
        "spec": spec,
        "status": status,
    }


async def refusal_of(awaitable: Any) -> tuple[type[KubeError], int, str]:
    with pytest.raises(KubeError) as caught:
        await awaitable
    return type(caught.value), caught.value.status, str(caught.value)


_MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"


STALE = (
    WriteConflict,
    409,
    f'Operation cannot be fulfilled on modeldeployments.modeloperator.dev "a": {_MODIFIED}',
)


GONE = (ObjectGone, 404, 'modeldeployments.modeloperator.dev "a" not found')
