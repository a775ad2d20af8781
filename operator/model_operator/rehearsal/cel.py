"""As much of CEL as the rules of our CRDs are written in, for when no API server is there to judge them.

`holds(rule, value, old)`. What it does not know it refuses to read (`Unreadable`) rather than to guess; the suite holds
it against the real API server's word on every case that the CRDs are tested with.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

from model_operator.durations import parse_duration

_TOKEN: Final = re.compile(
    r"""\s*(?:
        (?P<number>\d+(?:\.\d+)?)
      | '(?P<text>(?:[^'\\]|\\.)*)'
      | (?P<name>[A-Za-z_]\w*)
      | (?P<sign>\|\||&&|==|!=|<=|>=|[<>!+\-?:.,()\[\]])
    )""",
    re.VERBOSE,
)
_BINARY: Final = (("||",), ("&&",), ("==", "!=", "<", "<=", ">", ">=", "in"), ("+", "-"))
"""Weakest first."""

Names = Mapping[str, Any]
Term = Callable[[Names], Any]


class Unreadable(Exception):
    """It is not in the part of the language that is known here."""


class Failed(Exception):
    """It cannot be evaluated for that value, which the API server counts as broken."""


def holds(rule: str, value: Any, old: Any = None) -> bool:
    """Whether the rule holds for `self` (and `oldSelf`). Raises `Unreadable`."""
    try:
        return _parsed(rule)({"self": value, "oldSelf": old}) is True
    except (Failed, TypeError, ValueError, KeyError, IndexError, AttributeError):
        return False


class _Token(NamedTuple):
    kind: str
    text: str


@lru_cache(maxsize=512)
def _parsed(rule: str) -> Term:
    parser = _Parser(_tokens(rule))
    term = parser.choice()
    if parser.left:
        raise Unreadable(f"{rule!r}: what is {parser.left[0].text!r}?")
    return term


def _tokens(rule: str) -> list[_Token]:
    found, at = [], 0
    while rule[at:].strip():
        match = _TOKEN.match(rule, at)
        if match is None or match.lastgroup is None:
            raise Unreadable(f"{rule!r} at {at}")
        found.append(_Token(match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


@dataclass(slots=True)
class _Parser:
    left: list[_Token]

    def choice(self) -> Term:
        condition = self.binary(0)
        if not self.takes("?"):
            return condition
        yes = self.choice()
        self.need(":")
        no = self.choice()
        return lambda names: yes(names) if condition(names) else no(names)

    def binary(self, level: int) -> Term:
        if level == len(_BINARY):
            return self.unary()
        term = self.binary(level + 1)
        while self.left and self.left[0].kind != "text" and self.left[0].text in _BINARY[level]:
            operator = self.left.pop(0).text
            term = _OPERATORS[operator](term, self.binary(level + 1))
        return term

    def unary(self) -> Term:
        if self.takes("!"):
            inner = self.unary()
            return lambda names: not inner(names)
        if self.takes("-"):
            inner = self.unary()
            return lambda names: -inner(names)
        return self.member(self.primary())

    def member(self, term: Term) -> Term:
        while self.left:
            if self.takes("."):
                term = self.after_dot(term, self.name())
            elif self.takes("["):
                index = self.choice()
                self.need("]")
                term = _at(term, index)
            else:
                break
        return term

    def after_dot(self, term: Term, name: str) -> Term:
        if not self.takes("("):
            return _field(term, name)
        if name in _MACROS:
            variable = self.name()
            self.need(",")
            body = self.choice()
            self.need(")")
            return _macro(_MACROS[name], term, variable, body)
        return _call(_METHODS, name, [term, *self.arguments()])

    def primary(self) -> Term:
        if not self.left:
            raise Unreadable("it ends too early")
        token = self.left.pop(0)
        match token:
            case ("number", text):
                number = float(text) if "." in text else int(text)
                return lambda _: number
            case ("text", text):
                plain = re.sub(r"\\(.)", r"\1", text)
                return lambda _: plain
            case ("sign", "("):
                inner = self.choice()
                self.need(")")
                return inner
            case ("sign", "["):
                items = self.arguments("]")
                return lambda names: [item(names) for item in items]
            case ("name", name):
                return self.named(name)
            case _:
                raise Unreadable(f"what is {token.text!r}?")

    def named(self, name: str) -> Term:
        if name in {"true", "false"}:
            return lambda _: name == "true"
        if not self.takes("("):
            return lambda names: names[name]
        arguments = self.arguments()
        return _has(arguments[0]) if name == "has" else _call(_FUNCTIONS, name, arguments)

    def arguments(self, end: str = ")") -> list[Term]:
        found: list[Term] = []
        while not self.takes(end):
            found.append(self.choice())
            if not self.takes(","):
                self.need(end)
                break
        return found

    def takes(self, sign: str) -> bool:
        if self.left and self.left[0] == ("sign", sign):
            self.left.pop(0)
            return True
        return False

    def need(self, sign: str) -> None:
        if not self.takes(sign):
            raise Unreadable(f"{sign!r} is missing")

    def name(self) -> str:
        if not self.left or self.left[0].kind != "name":
            raise Unreadable("a name is missing")
        return self.left.pop(0).text


def _field(term: Term, name: str) -> Term:
    def read(names: Names) -> Any:
        value = term(names)
        if not isinstance(value, Mapping) or name not in value:
            raise Failed(f"no such key: {name}")
        return value[name]

    return read


def _at(term: Term, index: Term) -> Term:
    return lambda names: term(names)[index(names)]


def _has(term: Term) -> Term:
    """Of the last field alone: the way to it must be there."""

    def read(names: Names) -> bool:
        try:
            term(names)
        except Failed:
            return False
        return True

    return read


def _call(known: Mapping[str, Callable[..., Any]], name: str, arguments: list[Term]) -> Term:
    if name not in known:
        raise Unreadable(f"there is no {name}() here")
    function = known[name]
    return lambda names: function(*(argument(names) for argument in arguments))


def _macro(fold: Callable[[list[Any], list[Any]], Any], term: Term, variable: str, body: Term) -> Term:
    def read(names: Names) -> Any:
        items = list(term(names))  # of a map: its keys
        return fold(items, [body({**names, variable: item}) for item in items])

    return read


def _either(left: Term, right: Term, decisive: bool) -> Term:
    """What decides alone decides, whatever is wrong with the other side."""

    def read(names: Names) -> bool:
        try:
            is_decided = left(names) is decisive
        except Failed:
            if right(names) is not decisive:
                raise
            is_decided = True
        return decisive if is_decided else bool(right(names) is True)

    return read


def _both(compute: Callable[[Any, Any], Any]) -> Callable[[Term, Term], Term]:
    return lambda left, right: lambda names: compute(left(names), right(names))


_OPERATORS: Final[Mapping[str, Callable[[Term, Term], Term]]] = {
    "||": lambda left, right: _either(left, right, True),
    "&&": lambda left, right: _either(left, right, False),
    "==": _both(lambda a, b: a == b),
    "!=": _both(lambda a, b: a != b),
    "<": _both(lambda a, b: a < b),
    "<=": _both(lambda a, b: a <= b),
    ">": _both(lambda a, b: a > b),
    ">=": _both(lambda a, b: a >= b),
    "in": _both(lambda a, b: a in b),
    "+": _both(lambda a, b: a + b),
    "-": _both(lambda a, b: a - b),
}
_MACROS: Final[Mapping[str, Callable[[list[Any], list[Any]], Any]]] = {
    "all": lambda _, results: all(results),
    "exists": lambda _, results: any(results),
    "exists_one": lambda _, results: results.count(True) == 1,
    "map": lambda _, results: results,
    "filter": lambda items, results: [item for item, keep in zip(items, results, strict=True) if keep],
}
_FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "size": len,
    "duration": parse_duration,
    "double": float,
    "int": int,
    "string": str,
}
_METHODS: Final[Mapping[str, Callable[..., Any]]] = {
    "size": len,
    "sum": sum,
    "isSorted": lambda items: items == sorted(items),
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "contains": lambda text, part: part in text,
    "matches": lambda text, pattern: re.search(pattern, text) is not None,
}
