"""Whose a task is: every task that a process of the operator makes belongs to it, so that the process can be killed."""

import asyncio
from contextvars import Context, ContextVar, copy_context
from typing import Any

Tasks = set[asyncio.Task[Any]]
_OWNER: ContextVar[Tasks | None] = ContextVar("owner", default=None)


def own_tasks(loop: asyncio.AbstractEventLoop) -> None:
    """From now on every task of this loop belongs to the process that made it."""

    def make(loop: asyncio.AbstractEventLoop, coro: Any, context: Any = None) -> asyncio.Task[Any]:
        task = asyncio.Task(coro, loop=loop, context=context)
        owner = context.get(_OWNER) if context is not None else _OWNER.get()
        if owner is not None:
            owner.add(task)
            task.add_done_callback(owner.discard)
        return task

    loop.set_task_factory(make)


def owned(tasks: Tasks) -> Context:
    """A context of whose tasks `tasks` has those that are not done."""
    context = copy_context()
    context.run(_OWNER.set, tasks)
    return context
