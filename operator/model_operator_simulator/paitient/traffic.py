"""How many requests a deployment had within a span of time, and how it behaved under them.

Each endpoint is offered a rate; its split of that time says which share a deployment got, if it was serving. What
changed within the span is taken piece by piece, so a bucket across a change shows both.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

from model_operator_simulator.core import Core

from .deployment import Behaviour, Deployment
from .endpoints import Endpoints
from .knobs import MetricsKnobs

DAY = 86_400.0


@dataclass
class Load:
    """The traffic of a span: expected simulated requests with their weighted behaviour, and the real requests."""

    requests: float = 0.0
    latency_ms: float = 0.0
    p95_factor: float = 1.0
    p99_factor: float = 1.0
    error_percent: float = 0.0
    input_tokens: float = 0.0
    output_tokens: float = 0.0
    real_requests: int = 0
    real_input_tokens: int = 0
    real_output_tokens: int = 0


BEHAVIOUR = ("latency_ms", "p95_factor", "p99_factor", "error_percent", "input_tokens", "output_tokens")


class Traffic:
    """Works out loads.

    Args:
        core: knobs, for what deployments and endpoints do not say themselves.
        endpoints: who sends traffic where.
    """

    def __init__(self, core: Core, endpoints: Endpoints) -> None:
        self._core = core
        self._endpoints = endpoints

    def load(self, deployment: Deployment, start: float, end: float) -> Load:
        """The load of ``start`` <= t < ``end`` (clock seconds)."""
        total = Load()
        sums, weight = dict.fromkeys(BEHAVIOUR, 0.0), 0.0
        for begin, until in pairwise(self._pieces(deployment, start, end)):
            requests = self._rate(deployment, begin) * (until - begin) * self._wave((begin + until) / 2)
            total.requests += requests
            # Without any traffic the behaviour still counts a little: it says how fast an answer would have been.
            share = max(requests, 1e-9)
            weight += share
            for name in BEHAVIOUR:
                sums[name] += share * self._effective(deployment.behaviour.at(begin), name)
        for name in BEHAVIOUR:
            setattr(total, name, sums[name] / weight if weight else 0.0)
        self._add_real(total, deployment, start, end)
        return total

    def _effective(self, behaviour: Behaviour, name: str) -> float:
        own = getattr(behaviour, name)
        return float(getattr(self._core.knobs.of(MetricsKnobs), name) if own is None else own)

    def _pieces(self, deployment: Deployment, start: float, end: float) -> list[float]:
        times = {start, end}
        times.update(deployment.serving.changes(start, end), deployment.behaviour.changes(start, end))
        for endpoint in self._endpoints.all.values():
            times.update(endpoint.split.changes(start, end), endpoint.rps.changes(start, end))
        return sorted(times)

    def _rate(self, deployment: Deployment, when: float) -> float:
        """Requests per second at a time, without the daily wave."""
        if not deployment.serving.at(when):
            return 0.0
        rate, is_member = 0.0, False
        for endpoint in self._endpoints.all.values():
            percent = endpoint.split.at(when).get(deployment.id)
            if percent is not None:
                own = endpoint.rps.at(when)
                rate += (
                    (self._core.knobs.of(MetricsKnobs).endpoint_rps if own is None else own) * percent / 100
                )
                is_member = True
        if is_member:
            return rate + (deployment.behaviour.at(when).direct_rps or 0.0)
        return self._effective(deployment.behaviour.at(when), "direct_rps")

    def _wave(self, when: float) -> float:
        return 1 + self._core.knobs.of(MetricsKnobs).diurnal * math.sin(2 * math.pi * when / DAY)

    @staticmethod
    def _add_real(total: Load, deployment: Deployment, start: float, end: float) -> None:
        for minute, counted in deployment.minutes.items():
            if start <= minute * 60 < end:
                total.real_requests += counted.requests
                total.real_input_tokens += counted.input_tokens
                total.real_output_tokens += counted.output_tokens
