"""A mypy plugin: keywords of `Model.with_` are the model's fields, so a misspelt name or a wrong type is an error.

pydantic's own plugin does this for the constructor only. Methods of other classes that pass their keywords on to
`with_` are named in `_PASS_ON`, with where the model is found on their object.
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
    ProperType,
    Type,
    TypeOfAny,
    get_proper_type,
)
from typing_extensions import override

_MODEL: Final = "model_operator.models.wire.Model"
_PASS_ON: Final[dict[str, str]] = {}
"""`package.module.Class.method` → the attribute of that class, or the property, whose model it changes."""


class ModelsPlugin(Plugin):
    @override
    def get_method_signature_hook(self, fullname: str) -> Callable[[MethodSigContext], FunctionLike] | None:
        if fullname in _PASS_ON:
            attribute = _PASS_ON[fullname]
            return lambda context: _signature(context, _type_of(context.type, attribute))
        if fullname.endswith(".with_"):
            return lambda context: _signature(context, get_proper_type(context.type))
        return None


def _signature(context: MethodSigContext, model: ProperType) -> CallableType:
    """`def (*, field: its type = ..., …)` instead of `def (**changes: object)`."""
    declared = context.default_signature
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


def _type_of(owner: Type, attribute: str) -> ProperType:
    proper = get_proper_type(owner)
    if not isinstance(proper, Instance) or (symbol := proper.type.get(attribute)) is None:
        return AnyType(TypeOfAny.from_error)
    found = get_proper_type(symbol.type) if symbol.type is not None else None
    found = get_proper_type(found.ret_type) if isinstance(found, CallableType) else found  # of a property
    return found if found is not None else AnyType(TypeOfAny.from_error)


def plugin(_version: str) -> type[Plugin]:
    return ModelsPlugin
