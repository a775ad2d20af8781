"""Parasail's deployments out of band: what its console does, and what nobody but the vendor can."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from model_operator_simulator.call import Json
from model_operator_simulator.core import Core
from model_operator_simulator.operations import Operation, Unknown
from model_operator_simulator.out_of_band import DeploymentEdit, change

from .deployment import Deployment
from .fields import BY_NAME, READ_ONLY
from .knobs import ParasailKnobs
from .state import Parasail
from .wire import shape

REQUIRED = ("deploymentName", "modelName", "replicas")


class ParasailEdit(DeploymentEdit):
    """The same, and the load of other clients."""

    connections: int | None = Field(
        None, ge=0, le=1_000_000, description="concurrent chat requests of others from now on"
    )


class ParasailOutOfBand:
    """Shows, edits and removes deployments.

    Args:
        core: knobs.
        state: the deployments.
    """

    operations: Mapping[str, Operation] = {}

    def __init__(self, core: Core, state: Parasail) -> None:
        self._core = core
        self._state = state

    def everything(self, base: str, /) -> dict[str, list[Json]]:
        """All deployments."""
        return {"parasail": [self._shown(deployment, base) for deployment in self._state.live.values()]}

    def show(self, identifier: str, /) -> dict[str, Json]:
        """One deployment, whatever the knob `reply_fields` says."""
        return self._shown(self._find(identifier), "")

    def edit(self, identifier: str, body: dict[str, Any], /) -> None:
        """Change a deployment; a field that no client may write is refused."""
        deployment, edit = self._find(identifier), ParasailEdit.model_validate(body)
        for name, value in edit.fields.items():
            problem = BY_NAME[name].check(value) if name in BY_NAME and value is not None else None
            if problem or name in READ_ONLY:
                raise ValueError(f"{name} {problem or 'is read-only'}")
            if value is None and name in REQUIRED:
                raise ValueError(f"{name} cannot be removed")
        if edit.connections is not None:
            deployment.connections = edit.connections
        change(self._state, deployment, edit)

    def remove(self, identifier: str, /) -> None:
        """It is gone."""
        self._state.vanish(self._find(identifier))

    def knobs_changed(self) -> None:
        """A higher quota, and a machine that is free, let waiting deployments start."""
        self._state.lifecycle.gpus.wake()
        for deployment in list(self._state.live.values()):
            self._state.lifecycle.capacity_changed(deployment)

    def _find(self, identifier: str) -> Deployment:
        is_number = identifier.isascii() and identifier.isdigit() and len(identifier) <= 19
        found = self._state.live.get(int(identifier)) if is_number else None
        if found is None:
            raise Unknown(f"no Parasail deployment {identifier[:100]}")
        return found

    def _shown(self, deployment: Deployment, base: str) -> dict[str, Json]:
        whole = {"reply_fields": "observed", "hidden_fields": [], "autoscale_shows": "replicas"}
        knobs = self._core.knobs.of(ParasailKnobs).model_copy(update=whole)
        shown = shape(deployment, knobs, f"{base}/parasail", deployment.alias)
        sim = {"account": deployment.account, "stuck": deployment.stuck, "deleting": deployment.deleting}
        return {**shown, "sim": {**sim, "gpus": deployment.granted_gpus}}
