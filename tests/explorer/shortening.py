"""A history that fails, made shorter."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from explorer.history import History, Step


def shorten(history: History, fails: Callable[[History], bool]) -> History:
    """The shortest history that still fails, as far as taking steps out and waits off finds it."""
    size = max(1, len(history) // 2)
    while size:
        history, is_shorter = _without_parts(history, size, fails)
        size = size if is_shorter and size > 1 else size // 2
    for place, step in enumerate(history):
        for simpler in _simpler(step):
            candidate = (*history[:place], simpler, *history[place + 1 :])
            if fails(candidate):
                history = candidate
                break
    return history


def _without_parts(history: History, size: int, fails: Callable[[History], bool]) -> tuple[History, bool]:
    found = False
    place = 0
    while place < len(history):
        candidate = history[:place] + history[place + size :]
        if candidate and fails(candidate):
            history, found = candidate, True
        else:
            place += size
    return history, found


def _simpler(step: Step) -> Iterator[Step]:
    if step.wait:
        yield replace(step, wait=0.0)
    if step.wait > 10:
        yield replace(step, wait=10.0)
    if step.at:
        yield replace(step, at=None)
