"""Labels of an object that its ModelProvider carries to the provider's tags, as fields of what is desired. Pure."""

from collections.abc import Mapping

from model_operator.domain import Fields, Value
from model_operator.models.deployment import ModelDeployment
from model_operator.models.provider import ModelProvider
from model_operator.providers.base import Vendor


def carried(resource: ModelDeployment, provider: ModelProvider | None, vendor: Vendor) -> Fields:
    """By the path of each tag. A label that is gone leaves an empty value, since a tag cannot be removed."""
    named = provider.spec.labels_to_tags if provider is not None else None
    if not named or provider is None or provider.spec.type != vendor.type:
        return {}
    applied: Mapping[str, object] = resource.status.last_applied or {}
    found: dict[str, Value] = {}
    for label, tag in named.items():
        path, value = vendor.tag_field(tag), resource.metadata.labels.get(label, "")
        if path is not None and (value or path in applied):
            found[path] = value
    return found
