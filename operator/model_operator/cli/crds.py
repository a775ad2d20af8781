"""The CustomResourceDefinitions as YAML: what `model-operator crds` prints and `crds/` holds."""

from collections.abc import Iterable

import yaml

from model_operator.models.crd import KINDS, Kind, custom_resource_definition

_HEADER = "---\n# Made from the models by `make generate`; do not edit.\n"


def render(kinds: Iterable[Kind] | None = None) -> str:
    """One YAML document per kind (default: all), each starting with `---`: the files of `crds/`, joined."""
    return "".join(files(kinds).values())


def files(kinds: Iterable[Kind] | None = None) -> dict[str, str]:
    """The content of `crds/` by file name."""
    return {f"{kind.crd_name}.yaml": _document(kind) for kind in (KINDS if kinds is None else kinds)}


def _document(kind: Kind) -> str:
    body = yaml.safe_dump(custom_resource_definition(kind), sort_keys=False, width=110, allow_unicode=True)
    return _HEADER + body
