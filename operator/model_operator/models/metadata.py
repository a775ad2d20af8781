"""What Kubernetes keeps about every object, as far as the operator looks at it.

Read from bodies that the server made; nothing here appears in a CRD.
"""

from pydantic import Field

from model_operator.models.wire import Model, Time


class Metadata(Model):
    name: str
    namespace: str = ""
    uid: str = ""
    generation: int = 0
    resource_version: str = ""
    creation_timestamp: Time | None = None
    deletion_timestamp: Time | None = None
    finalizers: tuple[str, ...] = ()
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)

    @property
    def is_terminating(self) -> bool:
        return self.deletion_timestamp is not None
