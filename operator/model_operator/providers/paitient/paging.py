"""All pages of a list by offset, or an error; never part of it.

The document says neither how the last page is marked nor what happens to offsets when the list changes meanwhile.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from model_operator.providers.paitient.wire import Page, identifier
from model_operator.providers.reading import Malformed

PAGE_LIMIT = 100
"""Items per page, the most that the vendor allows."""

MOST_PAGES = 1000
"""No account is that large; a server that never stops is."""

FetchPage = Callable[[int, int], Awaitable[Page]]
"""(limit, offset) → page."""


async def all_items(fetch: FetchPage) -> Sequence[Mapping[str, Any]]:
    """Every item once, in the vendor's order. Raises `Malformed` if the pages do not advance or do not end."""
    found: dict[str, Mapping[str, Any]] = {}
    offset, reached, total = 0, 0, None
    for _ in range(MOST_PAGES):
        page = await fetch(PAGE_LIMIT, offset)
        known, unread = len(found), offset >= reached
        reached = max(reached, offset + len(page.items))
        for item in page.items:
            found.setdefault(identifier(item), item)
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
    """Where the next page begins; None after the last one."""
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
    return following if page.total is None or following < page.total else None
