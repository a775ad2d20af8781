"""A list read item by item as its JSON arrives: never as a whole in memory, and never for long at a time.

`Items` is the parser, without I/O. It understands an array, and an object with arrays in it (a page with its cursor);
whatever is made of an item is all that stays of it.
"""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from typing import Any, Final, TypeVar

from model_operator.providers.reading import Malformed

ITEM_LIMIT: Final = 1 << 18
"""Characters of one item: the longest chat template, each character of it escaped, and what a live object has besides."""
MOST_ITEMS: Final = 20_000
"""Of one list. More than an account may have, and still parsed within seconds."""
SLICE: Final = 0.005
"""Seconds of parsing after which everybody else has a turn."""

_DECODER: Final = json.JSONDecoder()
_CUT = frozenset({"", ".", "e", "E", "e+", "e-", "E+", "E-"})
"""What may follow a number where the text ends within one: `0.` is a zero so far, and may become 0.5."""
_NO_ITEMS: Final = frozenset({"error", "errors", "detail"})
"""Names of arrays that hold what went wrong."""
_BLANKS: Final = re.compile(r"[ \t\r\n]*")

T = TypeVar("T")

Each = Callable[[Any], Any]
Steps = Generator[bool, None, T]


class NotJson(Exception):
    """The text is not what JSON can be, or more than anybody should keep; `str()` says what."""


class Items:
    """Give it text with `feed` and, at the end, `close`; step through what they return. Then there is `body`."""

    def __init__(self, each: Each) -> None:
        self.body: Any = None
        """The list, with what `each` has made of the items."""
        self._each = each
        self._text, self._at = "", 0
        self._is_last = False
        self._count = 0
        self._parsing = self._parse()
        self._is_done = False

    def feed(self, text: str) -> Iterator[None]:
        """Each step is one item. Raises `NotJson`, and what `each` raises."""
        self._text, self._at = self._text[self._at :] + text, 0
        while not self._is_done:
            try:
                is_item = next(self._parsing)
            except StopIteration:
                self._is_done = True
                return
            if not is_item:
                return
            yield

    def close(self) -> Iterator[None]:
        """There is no more text."""
        self._is_last = True
        yield from self.feed("")

    # Generators over the text: they yield True after an item, and False where more text is needed.

    def _parse(self) -> Steps[None]:
        yield from self._fill()
        if self._at == len(self._text):
            return  # an empty body is None
        match self._here():
            case "[":
                self.body = []
                yield from self._array(self.body)
            case "{":
                self.body = {}
                yield from self._object(self.body)
            case _:
                self.body = yield from self._value()
        while True:
            yield from self._fill()
            if self._here():
                raise NotJson("is not JSON")
            if self._is_last:
                return
            yield False

    def _array(self, found: list[Any]) -> Steps[None]:
        self._at += 1
        yield from self._fill()
        if self._here() == "]":
            self._at += 1
            return
        while True:
            item = yield from self._value()
            found.append(self._each(item))
            yield self._counted()
            if (yield from self._separator("]")):
                return

    def _object(self, found: dict[str, Any]) -> Steps[None]:
        self._at += 1
        yield from self._fill()
        if self._here() == "}":
            self._at += 1
            return
        while True:
            name = yield from self._value()
            yield from self._fill()
            if not isinstance(name, str) or self._here() != ":":
                raise NotJson("is not JSON")
            self._at += 1
            yield from self._fill()
            if self._here() == "[" and name not in _NO_ITEMS:
                found[name] = []
                yield from self._array(found[name])
            else:
                found[name] = yield from self._value()
            yield self._counted()
            if (yield from self._separator("}")):
                return

    def _counted(self) -> bool:
        self._count += 1
        if self._count > MOST_ITEMS:
            raise Malformed(f"the list has more than {MOST_ITEMS} items")
        return True

    def _separator(self, end: str) -> Steps[bool]:
        """Returns whether it was the last one."""
        yield from self._fill()
        char = self._here()
        if char not in (",", end):
            raise NotJson("is not JSON")
        self._at += 1
        return char == end

    def _value(self) -> Steps[Any]:
        """Returns one whole value; what ends where the text ends may be part of a longer one."""
        yield from self._fill()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except RecursionError:
                raise Malformed("it is nested too deep") from None
            except ValueError:
                end = len(self._text)
            else:
                if self._is_last or self._text[end : end + 3] not in _CUT:
                    self._at = end
                    return value
                end = len(self._text)
            have = end - self._at
            if self._is_last:
                raise NotJson("is not JSON")
            if have > ITEM_LIMIT:
                raise NotJson(f"has an item of more than {ITEM_LIMIT // 1024} KiB, or is not JSON")
            while len(self._text) - self._at < 2 * have + 1 and not self._is_last:
                yield False

    def _fill(self) -> Steps[None]:
        """Up to the next character that is not blank."""
        while True:
            blanks = _BLANKS.match(self._text, self._at)
            self._at = blanks.end() if blanks else self._at
            if self._at < len(self._text) or self._is_last:
                return
            yield False

    def _here(self) -> str:
        return self._text[self._at : self._at + 1]


async def read_items(pieces: AsyncIterator[str], each: Each, turn: asyncio.Lock) -> Any:
    """The list that arrives in pieces. `turn`: only one list of the process is parsed at a time, piece by piece."""
    items = Items(each)
    async for piece in pieces:
        async with turn:
            await _step_through(items.feed(piece))
    async with turn:
        await _step_through(items.close())
    return items.body


async def _step_through(steps: Iterator[None]) -> None:
    began = time.thread_time()
    for _ in steps:
        if time.thread_time() - began > SLICE:
            await asyncio.sleep(0)
            began = time.thread_time()
    await asyncio.sleep(0)
