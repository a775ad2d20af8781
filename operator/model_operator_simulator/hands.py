"""Hands on the vendors' objects: what people do in a vendor's console, and what no API call can bring about.

The control plane reaches both vendors through this one door. Nothing here counts as a request.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from .call import Json
from .clock import rfc3339
from .core import Core
from .paitient.deployment import Behaviour
from .paitient.deployment import Deployment as PaitientDeployment
from .paitient.endpoints import Endpoint
from .paitient.fields import FIELDS
from .paitient.state import Paitient
from .paitient.wire import full
from .parasail.deployment import Deployment as ParasailDeployment
from .parasail.fields import BY_NAME, READ_ONLY
from .parasail.state import Parasail
from .parasail.wire import shape


class Unknown(Exception):
    """There is no such object; the text names it."""


class DeploymentEdit(BaseModel):
    """``PATCH /__sim/deployments/{vendor}/{id}``. Only what is given is done, in the order of the fields."""

    model_config = ConfigDict(extra="forbid")

    fields: dict[str, Any] = Field({}, description="the vendor's fields to set; null removes one")
    behaviour: dict[str, Any] | None = Field(None, description="PaiTIENT: answers to traffic, from now on")
    stuck: bool | None = Field(
        None, description="true: no further transitions; false: go on from the present status"
    )
    status: str | None = Field(
        None, min_length=1, max_length=100, description="any status, also an unknown one"
    )
    message: str | None = Field(None, max_length=2000, description="the status message, or why it fails")
    fail_after_s: float | None = Field(None, ge=0, le=1e8, description="fail so many clock seconds from now")


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


class Hands:
    """Shows, edits and removes objects of both vendors.

    Args:
        core: clock and knobs.
        parasail: Parasail's world.
        paitient: PaiTIENT's world.
    """

    def __init__(self, core: Core, parasail: Parasail, paitient: Paitient) -> None:
        self._core = core
        self._parasail = parasail
        self._paitient = paitient

    def knobs_changed(self) -> None:
        """Do what a changed knob does by itself: a higher quota lets waiting deployments start."""
        self._parasail.lifecycle.gpus.wake()

    def everything(self, base: str) -> dict[str, Json]:
        """All objects of both vendors."""
        return {
            "parasail": [self._show_parasail(one, base) for one in self._parasail.live.values()],
            "paitient": [self._show_paitient(one, base) for one in self._paitient.deployments.values()],
            "endpoints": self.endpoints(),
        }

    def show(self, vendor: str, identifier: str) -> dict[str, Json]:
        """One deployment as its vendor shows it (all fields), with what only the simulator knows below ``sim``."""
        if vendor == "parasail":
            return self._show_parasail(self._find_parasail(identifier), "")
        return self._show_paitient(self._find_paitient(vendor, identifier), "")

    def edit(self, vendor: str, identifier: str, body: dict[str, Any]) -> None:
        """Change a deployment out of band.

        Raises:
            Unknown: there is no such deployment.
            ValueError: the body does not fit.
        """
        edit = DeploymentEdit.model_validate(body)
        if vendor == "parasail":
            self._edit_parasail(self._find_parasail(identifier), edit)
        else:
            self._edit_paitient(self._find_paitient(vendor, identifier), edit)

    def remove(self, vendor: str, identifier: str) -> None:
        """A deployment vanishes at once, as if somebody had deleted it long ago."""
        if vendor == "parasail":
            self._parasail.vanish(self._find_parasail(identifier))
        else:
            self._paitient.vanish(self._find_paitient(vendor, identifier))

    def write_logs(self, identifier: str, body: dict[str, Any]) -> None:
        """Write lines into a PaiTIENT deployment's log."""
        lines = LogLines.model_validate(body)
        deployment = self._find_paitient("paitient", identifier)
        for _ in range(lines.count):
            self._paitient.lifecycle.log(deployment, lines.level, lines.message, lines.component)

    def endpoints(self) -> list[dict[str, Json]]:
        """All endpoints and canary endpoints."""
        return [_endpoint(endpoint) for endpoint in self._paitient.endpoints.all.values()]

    def edit_endpoint(self, identifier: str, body: dict[str, Any]) -> dict[str, Json]:
        """Change an endpoint's traffic, split or status from now on."""
        edit = EndpointEdit.model_validate(body)
        endpoint = self._endpoint(identifier)
        if edit.rps is not None:
            endpoint.rps.set(self._core.clock.now(), edit.rps)
        if edit.split is not None:
            self._paitient.endpoints.set_split(endpoint, edit.split)
        if edit.status is not None:
            endpoint.status = edit.status
        return _endpoint(endpoint)

    def remove_endpoint(self, identifier: str) -> None:
        """An endpoint vanishes."""
        self._endpoint(identifier)
        del self._paitient.endpoints.all[identifier]

    def _edit_parasail(self, deployment: ParasailDeployment, edit: DeploymentEdit) -> None:
        for name, value in edit.fields.items():
            problem = BY_NAME[name].check(value) if name in BY_NAME and value is not None else None
            if problem or name in READ_ONLY:
                raise ValueError(f"{name} {problem or 'is read-only'}")
        if edit.behaviour is not None:
            raise ValueError("behaviour is PaiTIENT's")
        required = [
            name for name in ("deploymentName", "modelName", "replicas") if edit.fields.get(name, 1) is None
        ]
        if required:
            raise ValueError(f"{required[0]} cannot be removed")
        if edit.fields:
            self._parasail.edit(deployment, edit.fields)
        if edit.stuck is not None:
            deployment.stuck = edit.stuck
            self._parasail.lifecycle.plan(deployment)
        if edit.status is not None:
            self._parasail.force(deployment, edit.status, edit.message)
        if edit.fail_after_s is not None:
            deployment.fail_message = edit.message or deployment.fail_message
            lifecycle = self._parasail.lifecycle
            lifecycle.later(deployment, edit.fail_after_s, lambda: lifecycle.fail(deployment))

    def _edit_paitient(self, deployment: PaitientDeployment, edit: DeploymentEdit) -> None:
        unknown = set(edit.fields) - FIELDS
        if unknown:
            raise ValueError(f"unknown fields: {', '.join(sorted(unknown))}")
        if deployment.ended and edit.status is not None:
            raise ValueError(f"{deployment.id} is deleted")
        if edit.behaviour is not None:
            self._paitient.behave(
                deployment, Behaviour.model_validate(edit.behaviour).model_dump(exclude_unset=True)
            )
        if edit.fields:
            self._paitient.edit(deployment, edit.fields)
        if edit.stuck is not None:
            deployment.stuck = edit.stuck
            self._paitient.lifecycle.plan(deployment)
        if edit.status is not None:
            self._paitient.force(deployment, edit.status, edit.message)
        if edit.fail_after_s is not None:
            deployment.fail_message = edit.message or deployment.fail_message
            lifecycle = self._paitient.lifecycle
            lifecycle.later(deployment, edit.fail_after_s, lambda: lifecycle.fail(deployment))

    def _find_parasail(self, identifier: str) -> ParasailDeployment:
        is_number = identifier.isascii() and identifier.isdigit() and len(identifier) <= 19
        found = self._parasail.live.get(int(identifier)) if is_number else None
        if found is None:
            raise Unknown(f"no Parasail deployment {identifier[:100]}")
        return found

    def _find_paitient(self, vendor: str, identifier: str) -> PaitientDeployment:
        found = self._paitient.deployments.get(identifier) if vendor == "paitient" else None
        if found is None:
            raise Unknown(f"no {vendor[:100]} deployment {identifier[:100]}")
        return found

    def _endpoint(self, identifier: str) -> Endpoint:
        found = self._paitient.endpoints.all.get(identifier)
        if found is None:
            raise Unknown(f"no endpoint {identifier[:100]}")
        return found

    def _show_parasail(self, deployment: ParasailDeployment, base: str) -> dict[str, Json]:
        knobs = self._core.knobs.parasail.model_copy(update={"reply_fields": "observed"})
        shown = shape(deployment, knobs, f"{base}/parasail", deployment.alias)
        sim = {"account": deployment.account, "stuck": deployment.stuck, "deleting": deployment.deleting}
        return {**shown, "sim": {**sim, "gpus": deployment.granted_gpus}}

    def _show_paitient(self, deployment: PaitientDeployment, base: str) -> dict[str, Json]:
        now = self._core.clock.now()
        shown = full(deployment, self._core.knobs.paitient, f"{base}/paitient", now, self._core.seed)
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
