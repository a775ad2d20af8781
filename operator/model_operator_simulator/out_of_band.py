"""Out-of-band changes of a deployment, as far as they are the same at every vendor."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field


class DeploymentEdit(BaseModel):
    """`PATCH /__sim/deployments/{vendor}/{id}`. Only what is given is done, in the order of the fields."""

    model_config = ConfigDict(extra="forbid")

    fields: dict[str, Any] = Field({}, description="the provider's fields to set; null removes one")
    stuck: bool | None = Field(
        None, description="true: no further transitions; false: continue from the current status"
    )
    status: str | None = Field(
        None, min_length=1, max_length=100, description="any status, also an unknown one"
    )
    message: str | None = Field(None, max_length=2000, description="the status message, or why it fails")
    fail_after_s: float | None = Field(None, ge=0, le=1e8, description="fail so many clock seconds from now")


class Deployment(Protocol):
    """What every vendor's deployment has."""

    stuck: bool
    fail_message: str


D_contra = TypeVar("D_contra", bound=Deployment, contravariant=True)


class Lifecycle(Protocol[D_contra]):
    """What moves a vendor's deployments."""

    def plan(self, deployment: D_contra) -> None:
        """Plan what follows by itself."""

    def fail(self, deployment: D_contra) -> None:
        """Fail now."""

    def later(self, deployment: D_contra, seconds: float, event: Callable[[], None]) -> None:
        """Let something happen, unless the deployment goes another way before."""


class State(Protocol[D_contra]):
    """A vendor's world."""

    @property
    def lifecycle(self) -> Lifecycle[D_contra]:
        """What moves its deployments."""

    def edit(self, deployment: D_contra, fields: dict[str, Any]) -> None:
        """Change fields; None removes one."""

    def force(self, deployment: D_contra, status: str, message: str | None) -> None:
        """Put it into any status."""


def change(state: State[D_contra], deployment: D_contra, edit: DeploymentEdit) -> None:
    """Do what an edit asks for that fits the vendor."""
    if edit.fields:
        state.edit(deployment, edit.fields)
    if edit.stuck is not None:
        deployment.stuck = edit.stuck
        state.lifecycle.plan(deployment)
    if edit.status is not None:
        state.force(deployment, edit.status, edit.message)
    if edit.fail_after_s is not None:
        deployment.fail_message = edit.message or deployment.fail_message
        state.lifecycle.later(deployment, edit.fail_after_s, lambda: state.lifecycle.fail(deployment))
