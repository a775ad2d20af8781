"""XML as text, in which only this module can write a `<`: whatever is no `Markup` is text of somebody, and is escaped."""

import html
import re
from typing import Final

_CONTROLS: Final = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"  # no page may have them
    r"|[\u200e\u200f\u202a-\u202e\u2066-\u2069]"  # they turn the text that follows around
)
_EMPTY: Final = frozenset({"meta", "rect", "line", "path", "circle", "polygon", "br", "col"})


class Markup(str):
    """Text that this module has made."""

    __slots__ = ()


def harmless(text: str) -> str:
    """With a mark in the place of each character that a page cannot have, or that shows another text than there is."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


def element(tag: str, /, *children: str, **attributes: object) -> Markup:
    """`element("td", text, class_="n")`. None as a value leaves an attribute out; `_` in a name is `-`, a last one is none."""
    inside = "".join(child if isinstance(child, Markup) else _escaped(child) for child in children)
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_escaped(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if tag in _EMPTY and not inside:
        return Markup(f"<{tag}{written}/>")
    return Markup(f"<{tag}{written}>{inside}</{tag}>")


def together(*parts: str) -> Markup:
    """One after the other."""
    return Markup("".join(part if isinstance(part, Markup) else _escaped(part) for part in parts))


def trusted(text: str) -> Markup:
    """A text of this package itself, such as its style sheet."""
    return Markup(text)


def _escaped(text: str) -> str:
    return html.escape(harmless(text))
