"""What a ModelProvider's status says of deployments that no object manages."""

from pydantic import Field

from model_operator.models.wire import Model, Time


class Orphan(Model):
    id: str = Field(description="The provider's id of the deployment.")
    name: str = Field(default="", description="Name of the deployment at the provider.")
    owner: str = Field(
        default="",
        description="Its owner mark, INSTALLATION/NAMESPACE/NAME: the object that the deployment was created for.",
    )
    created_at: Time | None = Field(
        default=None,
        description="When it was created, by the provider's clock. Absent if the provider does not say.",
    )
    found_at: Time | None = Field(
        default=None, description="When the operator found that no object manages it."
    )
    per_hour: str | None = Field(
        default=None, description="What it costs per hour, with the currency. Absent if no price is known."
    )


class Orphans(Model):
    count: int = Field(default=0, description="Number of orphaned deployments.")
    items: tuple[Orphan, ...] = Field(
        default=(), description="The first 20 of them, in the order of their ids."
    )
