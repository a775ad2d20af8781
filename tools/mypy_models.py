"""A mypy plugin: keywords of `Model.with_` are the model's fields, so a misspelt name or a wrong type is an error.

pydantic's own plugin does this for the constructor only.
"""

from collections.abc import Callable
from typing import Final

from mypy.nodes import ARG_NAMED_OPT, TypeInfo, Var
from mypy.plugin import MethodSigContext, Plugin
from mypy.types import (
    AnyType,
    CallableType,
    FunctionLike,
    Instance,
    Type,
    TypeOfAny,
    get_proper_type,
)
from typing_extensions import override

_MODEL: Final = "model_operator.models.wire.Model"


class ModelsPlugin(Plugin):
    @override
    def get_method_signature_hook(self, fullname: str) -> Callable[[MethodSigContext], FunctionLike] | None:
        return _signature if fullname.endswith(".with_") else None


def _signature(context: MethodSigContext) -> CallableType:
    """`def (*, field: its type = ..., …)` instead of `def (**changes: object)`."""
    declared, model = context.default_signature, get_proper_type(context.type)
    if not isinstance(model, Instance) or not model.type.has_base(_MODEL):
        return declared
    fields = _fields(model.type)
    return declared.copy_modified(
        arg_types=list(fields.values()),
        arg_kinds=[ARG_NAMED_OPT] * len(fields),
        arg_names=list(fields),
    )


def _fields(info: TypeInfo) -> dict[str, Type]:
    found: dict[str, Type] = {}
    for base in reversed(info.mro[: [one.fullname for one in info.mro].index(_MODEL)]):
        for name, symbol in base.names.items():
            node = symbol.node
            if isinstance(node, Var) and not (node.is_classvar or node.is_final or name.startswith("_")):
                found[name] = node.type or AnyType(TypeOfAny.unannotated)
    return found


def plugin(_version: str) -> type[Plugin]:
    return ModelsPlugin
