"""The reads by which a ModelDeployment is found idle: one request, and only when one is due."""

import random
from dataclasses import replace
from datetime import timedelta
from typing import Final

from model_operator.errors import ProviderError
from model_operator.plan.deployment import idle
from model_operator.plan.deployment.requests import CALM, Requests
from model_operator.plan.deployment.situation import Situation
from model_operator.providers.base import Provider
from model_operator.reconcile.deployment.memory import Memory

_SPREAD: Final = CALM
"""A restart does not read a thousand at once."""


async def look_for_requests(s: Situation, provider: Provider, memory: Memory) -> Situation:
    """The situation with what its metrics say, should they be due. Never raises a ProviderError: nothing comes of it."""
    s = replace(s, requests=_planned(s, memory.requests.rested()))
    asked, id_ = idle.question(s), s.status.external_id
    if asked is not None and id_ is not None:
        try:
            figures = await provider.figures(id_, asked.start, asked.end, asked.interval)
        except ProviderError as error:
            s = replace(s, requests=s.requests.failed(str(error), s.now))
        else:
            s = idle.read(replace(s, requests=s.requests.answered(figures, s.now)), figures.length)
    memory.counted(s.requests)
    return s


def _planned(s: Situation, requests: Requests) -> Requests:
    """When a process that has read nothing begins."""
    first = idle.first_read(s)
    requests = Requests() if requests.is_ahead(s.now) else requests
    if requests.read_at is not None or first is None:
        return requests
    is_watched = s.status.idle is not None and s.status.idle.found_at is not None
    spread = timedelta() if is_watched else _SPREAD * random.random()  # noqa: S311
    return requests.due(max(first, s.now + spread))
