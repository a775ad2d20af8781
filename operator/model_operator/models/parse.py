"""From a body of the API server to its parts: strict about a spec, forgiving about a status.

The server has validated the spec already, so an error here means that its CRD and this operator do not match.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from model_operator.models.metadata import Metadata
from model_operator.models.status import Status
from model_operator.models.wire import Model

SpecT = TypeVar("SpecT", bound=Model)
StatusT = TypeVar("StatusT", bound=Status)


class InvalidResource(Exception):
    """The server let a spec through that this operator does not understand; `str()` names the fields.

    The rest of the object is there all the same: `metadata` and `status` to report it where it happened, and
    `orphans` (deletionPolicy Orphan), the way out for one that is being deleted.
    """

    def __init__(
        self, message: str, *, metadata: Metadata, status: Status, orphans: bool, provider: str | None = None
    ) -> None:
        """`provider` is the name of the ModelProvider that it needs, as far as that can be read."""
        super().__init__(message)
        self.provider = provider
        self.external_id: str | None = None
        """That its spec names."""
        self.deployment_name: str | None = None
        self.mode: str | None = None
        """Of a ModelProvider, as its spec has it."""
        self.metadata = metadata
        self.status = status
        self.orphans = orphans


def parse_body(
    body: Mapping[str, Any], spec_type: type[SpecT], status_type: type[StatusT]
) -> tuple[Metadata, SpecT, StatusT]:
    """All of one custom resource. Raises `InvalidResource`."""
    metadata = Metadata.read(body["metadata"])
    status = status_type.parse(body.get("status"))
    raw = body.get("spec")
    try:
        return metadata, spec_type.read(raw), status
    except ValidationError as error:
        problems = _explain(error)
    # Not in the `except`: pydantic's error has the whole input, and whoever keeps this one would keep that.
    orphans = isinstance(raw, Mapping) and raw.get("deletionPolicy") == "Orphan"
    invalid = InvalidResource(
        problems, metadata=metadata, status=status, orphans=orphans, provider=_provider_of(raw)
    )
    invalid.external_id, invalid.deployment_name = _text(raw, "externalID"), _text(raw, "deploymentName")
    invalid.mode = _text(raw, "mode")
    raise invalid


def _provider_of(raw: object) -> str | None:
    return _text(raw.get("providerRef"), "name") if isinstance(raw, Mapping) else None


def _text(raw: object, field: str) -> str | None:
    found = raw.get(field) if isinstance(raw, Mapping) else None
    return found if isinstance(found, str) and found else None


def _explain(error: ValidationError) -> str:
    """`spec.replicas: Input should be …; spec.model: Field required`, without the values."""
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(
        f"{'.'.join(('spec', *map(str, problem['loc'])))}: {problem['msg'].removeprefix('Value error, ')}"
        for problem in problems
    )
