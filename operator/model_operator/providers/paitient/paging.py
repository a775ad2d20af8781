"""All pages of a list by offset, or an error; never part of it.

The document says neither how the last page is marked nor what happens to offsets when the list changes meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from model_operator.providers.items import MOST_ITEMS
from model_operator.providers.paitient.wire import Page, identifier
from model_operator.providers.reading import Malformed

T = TypeVar("T")

PAGE_LIMIT = 100
"""Items per page, the most that the vendor allows."""

LARGEST_PAGE = 2 * PAGE_LIMIT
"""Items that a page may have although fewer were asked for."""

_AT_ONCE = 5
"""Items that are read before everybody else has a turn."""

MOST_PAGES = 1000
"""No account is that large; a server that never stops is."""

FetchPage = Callable[[int, int], Awaitable[Page]]
"""(limit, offset) → page."""


async def all_items(fetch: FetchPage, read: Callable[[Mapping[str, Any]], T]) -> Sequence[T]:
    """What `read` makes of every item, once, in the vendor's order.

    Raises `Malformed` if the pages are too large, do not advance or do not end.
    """
    found: dict[str, T] = {}
    offset, reached, total = 0, 0, None
    for _ in range(MOST_PAGES):
        page = await fetch(PAGE_LIMIT, offset)
        if not page.items and page.total and not found:
            raise Malformed(f"it shows none of the {page.total} deployments that it counts")
        known, unread = len(found), offset >= reached
        reached = max(reached, offset + len(page.items))
        if len(page.items) > LARGEST_PAGE or len(found) > MOST_ITEMS:
            raise Malformed("its pages are larger than was asked for, or too many")
        for number, item in enumerate(page.items):
            id = identifier(item)
            if id not in found:
                found[id] = read(item)
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
        vanished = total - page.total if total is not None and page.total is not None else 0
        total = page.total
        if vanished > 0 and offset > 0:
            # Items before this page are gone, so that others moved up past it: look at those, too.
            offset = max(0, offset - vanished)
            continue
        if page.items and unread and len(found) == known:
            raise Malformed("its pages repeat themselves")
        following = _next(page, offset)
        if following is None:
            return tuple(found.values())
        offset = following
    raise Malformed("its pages do not end")


def _next(page: Page, offset: int) -> int | None:
    """Where the next page begins; None after the last one.

    Of two statements the explicit one is believed: a total may lag, or be that of the page.
    """
    if not page.items:
        return None
    following = page.next_offset
    if following is None:
        # Absent on the last page, or on every page of a server that leaves it out: the counts decide.
        following = offset + len(page.items)
        has_more = following < page.total if page.total is not None else len(page.items) >= PAGE_LIMIT
        return following if has_more else None
    if following <= offset:
        raise Malformed("its pages do not advance")
    return following
