"""Which test comes when, so that no worker is left alone at the end with one that takes a quarter of an hour."""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def dealt(items: Sequence[T], workers: int, seconds: Callable[[T], float]) -> list[T]:
    """What takes long comes first, the longest before all, in equal shares.

    xdist's `worksteal` cuts the list into pieces as equal as can be, one for each worker, which goes through it in order.
    """
    slow = sorted(filter(seconds, items), key=seconds, reverse=True)
    rest = iter([item for item in items if not seconds(item)])
    found: list[T] = []
    for number in range(workers):
        size = (len(items) - len(found)) // (workers - number)
        own = slow[number::workers]
        found += [*own, *islice(rest, max(0, size - len(own)))]
    return [*found, *rest]
