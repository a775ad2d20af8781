"""From a body of the API server to a model: strict about a spec, forgiving about a status.

The server has validated a spec already, so an error here means that its CRD and this operator do not match.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, cast

from pydantic import ValidationError

from model_operator.models.metadata import Metadata
from model_operator.models.wire import Model

M = TypeVar("M", bound=Model)


class InvalidResource(Exception):
    """The server let a spec through that this operator does not understand; `str()` names the fields.

    `metadata` and `status` are there all the same, so that it can be reported where it happened.
    """

    def __init__(self, message: str, metadata: Metadata, status: Any) -> None:
        super().__init__(message)
        self.metadata = metadata
        self.status = status


def parse_resource(
    kind: type[M], body: Mapping[str, Any], spec_model: type[Model], status_model: type[Model]
) -> M:
    """All of one custom resource. Raises `InvalidResource`."""
    metadata = Metadata.model_validate(body["metadata"])
    status = parse_tolerantly(status_model, body.get("status"))
    try:
        spec = spec_model.model_validate(body.get("spec") or {})
    except ValidationError as error:
        raise InvalidResource(_explain(error), metadata, status) from error
    return kind.model_construct(metadata=metadata, spec=spec, status=status)


def parse_tolerantly(model: type[M], raw: Mapping[str, Any] | None) -> M:
    """A model of what can be understood; the parts that cannot are left out, the nearest optional one whole."""
    if not isinstance(raw, Mapping):
        return model()
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        return _without(model, raw, error)


def _without(model: type[M], raw: Mapping[str, Any], error: ValidationError) -> M:
    """Drops whole list items, else whole top-level fields: half an intent is worse than none."""
    rest = dict(raw)
    items: dict[str, set[int]] = {}
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        name, *inner = problem["loc"]
        if inner and isinstance(inner[0], int) and isinstance(raw.get(str(name)), Sequence):
            items.setdefault(str(name), set()).add(inner[0])
        else:
            rest.pop(str(name), None)
    for name, bad in items.items():
        if name in rest:
            rest[name] = [
                item for index, item in enumerate(cast(Sequence[Any], rest[name])) if index not in bad
            ]
    return model.model_validate(rest)


def _explain(error: ValidationError) -> str:
    """`spec.replicas: Input should be …; spec.model: Field required`. Values are left out: they may be anything."""
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(('spec', *map(str, p['loc'])))}: {p['msg']}" for p in problems)
