"""PaiTIENT's deployments, endpoints and logs out of band: what its dashboard does, and what nobody but the vendor can."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from model_operator_simulator.call import Json
from model_operator_simulator.clock import rfc3339
from model_operator_simulator.core import Core
from model_operator_simulator.operations import Ask, Operation, Unknown
from model_operator_simulator.out_of_band import DeploymentEdit, change

from .deployment import Behaviour, Deployment
from .endpoints import Endpoint
from .fields import FIELDS
from .knobs import PaitientKnobs
from .state import Paitient
from .wire import full


class PaitientEdit(DeploymentEdit):
    """An edit of a deployment, which may also say how it answers traffic."""

    behaviour: dict[str, Any] | None = Field(None, description="answers to traffic, from now on")


class EndpointEdit(BaseModel):
    """``PATCH /__sim/endpoints/{id}``."""

    model_config = ConfigDict(extra="forbid")

    rps: float | None = Field(
        None, ge=0, le=1e6, description="requests per second offered to it, from now on"
    )
    split: dict[str, int] | None = Field(None, description="deployment id to percent, from now on, unchecked")
    status: str | None = None


class LogLines(BaseModel):
    """``POST /__sim/deployments/paitient/{id}/logs``."""

    model_config = ConfigDict(extra="forbid")

    message: str = Field(max_length=10_000)
    level: str = "info"
    component: str = "model-service"
    count: int = Field(1, ge=1, le=20_000)


class PaitientOutOfBand:
    """Shows, edits and removes deployments and endpoints, and writes logs.

    Args:
        core: clock and knobs.
        state: the deployments and endpoints.
    """

    def __init__(self, core: Core, state: Paitient) -> None:
        self._core = core
        self._state = state
        self.operations: Mapping[str, Operation] = {
            "POST /deployments/paitient/{id}/logs": self._write_logs,
            "GET /endpoints": lambda _: {"endpoints": self._endpoints()},
            "PATCH /endpoints/{id}": self._edit_endpoint,
            "DELETE /endpoints/{id}": self._remove_endpoint,
        }

    def everything(self, base: str, /) -> dict[str, list[Json]]:
        """All deployments and endpoints."""
        deployments = [self._shown(deployment, base) for deployment in self._state.deployments.values()]
        return {"paitient": deployments, "endpoints": self._endpoints()}

    def show(self, identifier: str, /) -> dict[str, Json]:
        """One deployment, also a tombstone."""
        return self._shown(self._find(identifier), "")

    def edit(self, identifier: str, body: dict[str, Any], /) -> None:
        """Change a deployment; one that is deleted has no other status any more."""
        deployment, edit = self._find(identifier), PaitientEdit.model_validate(body)
        unknown = set(edit.fields) - FIELDS
        if unknown:
            raise ValueError(f"unknown fields: {', '.join(sorted(unknown))}")
        if deployment.ended and edit.status is not None:
            raise ValueError(f"{deployment.id} is deleted")
        if edit.behaviour is not None:
            behaviour = Behaviour.model_validate(edit.behaviour).model_dump(exclude_unset=True)
            self._state.behave(deployment, behaviour)
        change(self._state, deployment, edit)

    def remove(self, identifier: str, /) -> None:
        """It is gone, without a tombstone."""
        self._state.vanish(self._find(identifier))

    def knobs_changed(self) -> None:
        """Nothing waits for a knob."""

    def _write_logs(self, ask: Ask) -> Json:
        lines = LogLines.model_validate(ask.json_object())
        deployment = self._find(ask.path["id"])
        for _ in range(lines.count):
            self._state.lifecycle.log(deployment, lines.level, lines.message, lines.component)
        return {}

    def _endpoints(self) -> list[Json]:
        return [_endpoint(endpoint) for endpoint in self._state.endpoints.all.values()]

    def _edit_endpoint(self, ask: Ask) -> Json:
        edit = EndpointEdit.model_validate(ask.json_object())
        endpoint = self._endpoint(ask.path["id"])
        if edit.rps is not None:
            endpoint.rps.set(self._core.clock.now(), edit.rps)
        if edit.split is not None:
            self._state.endpoints.set_split(endpoint, edit.split)
        if edit.status is not None:
            endpoint.status = edit.status
        return _endpoint(endpoint)

    def _remove_endpoint(self, ask: Ask) -> Json:
        del self._state.endpoints.all[self._endpoint(ask.path["id"]).id]
        return {}

    def _find(self, identifier: str) -> Deployment:
        found = self._state.deployments.get(identifier)
        if found is None:
            raise Unknown(f"no PaiTIENT deployment {identifier[:100]}")
        return found

    def _endpoint(self, identifier: str) -> Endpoint:
        found = self._state.endpoints.all.get(identifier)
        if found is None:
            raise Unknown(f"no endpoint {identifier[:100]}")
        return found

    def _shown(self, deployment: Deployment, base: str) -> dict[str, Json]:
        knobs, now = self._core.knobs.of(PaitientKnobs), self._core.clock.now()
        shown = full(deployment, knobs, f"{base}/paitient", now, self._core.seed)
        sim = {"account": deployment.account, "stuck": deployment.stuck, "message": deployment.message}
        behaviour = deployment.behaviour.last.model_dump()
        return {
            **shown,
            "vpc_config": deployment.fields.get("vpc_config"),
            "sim": {**sim, "behaviour": behaviour},
        }


def _endpoint(endpoint: Endpoint) -> dict[str, Json]:
    facts = {"id": endpoint.id, "name": endpoint.name, "account": endpoint.account}
    times = {"created_at": rfc3339(endpoint.created_at), "updated_at": rfc3339(endpoint.updated_at)}
    return {
        **facts,
        "status": endpoint.status,
        "split": endpoint.split.last,
        "rps": endpoint.rps.last,
        **times,
    }
