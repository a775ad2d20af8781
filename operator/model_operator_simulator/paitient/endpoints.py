"""PaiTIENT's endpoints and canary endpoints: names that send traffic to deployments.

The vendor documents how to create both and how to change a canary's split; there is no way to read or delete one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from model_operator_simulator.call import Json
from model_operator_simulator.core import Core
from model_operator_simulator.counters import Counters

from .deployment import ENDING, Deployment
from .errors import PaitientError
from .knobs import PaitientKnobs
from .steps import Steps

MOST_TARGETS = 100
Split = dict[str, int]


@dataclass
class Endpoint:
    """An endpoint (``ep_``, one target with all traffic) or a canary endpoint (``cep_``). Times are clock seconds."""

    id: str
    account: str
    name: str
    created_at: float
    updated_at: float
    status: str = "active"
    # Deployment id -> percent of the traffic, over time; empty before the endpoint existed.
    split: Steps[Split] = field(default_factory=lambda: Steps({}))
    # Requests per second offered to it, over time; None is the knob metrics.endpoint_rps.
    rps: Steps[float | None] = field(default_factory=lambda: Steps(None))

    @property
    def is_canary(self) -> bool:
        """Whether it splits traffic."""
        return self.id.startswith("cep_")


class Endpoints:
    """All endpoints of both kinds.

    Args:
        core: clock and knobs.
        counters: told of creates and writes.
        find: the account's deployment by id.
    """

    def __init__(self, core: Core, counters: Counters, find: Callable[[str, str], Deployment | None]) -> None:
        self._core = core
        self._counters = counters
        self._find = find
        self.all: dict[str, Endpoint] = {}

    def create(self, account: str, body: dict[str, Json]) -> Endpoint:
        """An endpoint from ``{name, deployment_id}``.

        Raises:
            PaitientError: the body does not fit, or there is no such deployment.
        """
        name = _name(body)
        target = body.get("deployment_id")
        if not isinstance(target, str):
            raise PaitientError(
                "missing_required_parameter", "deployment_id must be a string", "deployment_id"
            )
        self._check_target(account, target, "deployment_id")
        self._counters.created("endpoint")
        return self._add("ep_", account, name, {target: 100})

    def create_canary(self, account: str, body: dict[str, Json]) -> Endpoint:
        """A canary endpoint from ``{name, deployments: [{id, traffic_percentage}]}``. Raises as :meth:`create`."""
        name = _name(body)
        split = self._split(account, body)
        self._counters.created("canary_endpoint")
        return self._add("cep_", account, name, split)

    def patch_canary(self, account: str, identifier: str, body: dict[str, Json]) -> Endpoint:
        """Give a canary endpoint another split; the whole list is sent each time. Raises as :meth:`create`."""
        endpoint = self.find(account, identifier)
        if endpoint is None or not endpoint.is_canary:
            raise PaitientError("resource_not_found", f"Canary endpoint {identifier[:100]} not found")
        split = self._split(account, body)
        if self._core.knobs.of(PaitientKnobs).canary_membership == "fixed" and set(split) != set(
            endpoint.split.last
        ):
            raise PaitientError(
                "invalid_parameters", "The deployments of a canary endpoint are fixed", "deployments"
            )
        self.set_split(endpoint, split)
        self._counters.wrote(endpoint.id, "update")
        return endpoint

    def set_split(self, endpoint: Endpoint, split: Split) -> None:
        """Another split from now on, whoever asked for it."""
        endpoint.updated_at = self._core.clock.now()
        endpoint.split.set(endpoint.updated_at, split)

    def find(self, account: str, identifier: str) -> Endpoint | None:
        """An endpoint of either kind."""
        found = self.all.get(identifier)
        return found if found is not None and found.account == account else None

    def sends_traffic(self, deployment: str) -> bool:
        """Whether any endpoint sends it more than nothing."""
        return any(endpoint.split.last.get(deployment, 0) > 0 for endpoint in self.all.values())

    def pick(self, endpoint: Endpoint) -> str | None:
        """The deployment that serves the next request, drawn by the split."""
        split = {target: percent for target, percent in endpoint.split.last.items() if percent > 0}
        if not split:
            return None
        return self._core.random.choices(list(split), weights=list(split.values()))[0]

    def _add(self, prefix: str, account: str, name: str, split: Split) -> Endpoint:
        now = self._core.clock.now()
        endpoint = Endpoint(self._core.new_id(prefix), account, name, now, now)
        endpoint.split.set(now, split)
        self.all[endpoint.id] = endpoint
        return endpoint

    def _split(self, account: str, body: dict[str, Json]) -> Split:
        items = body.get("deployments")
        if not isinstance(items, list) or len(items) > MOST_TARGETS:
            raise PaitientError("missing_required_parameter", "deployments must be an array", "deployments")
        split: Split = {}
        for place, item in enumerate(items):
            identifier, percent = _target(item, f"deployments[{place}]")
            if identifier in split:
                raise PaitientError("invalid_parameters", "deployments must not repeat an id", "deployments")
            split[identifier] = percent
        least = self._core.knobs.of(PaitientKnobs).canary_min_targets
        if len(split) < least:
            raise PaitientError(
                "invalid_parameters", f"deployments must have at least {least}", "deployments"
            )
        if sum(split.values()) != 100:
            raise PaitientError("invalid_parameters", "traffic_percentage must sum to 100", "deployments")
        for identifier in split:
            self._check_target(account, identifier, "deployments")
        return split

    def _check_target(self, account: str, identifier: str, param: str) -> None:
        deployment = self._find(account, identifier)
        if deployment is None or deployment.status in ENDING:
            raise PaitientError("resource_not_found", f"Deployment {identifier[:100]} not found", param)


def _name(body: dict[str, Any]) -> str:
    name = body.get("name")
    if not isinstance(name, str) or not 1 <= len(name) <= 128:
        raise PaitientError(
            "missing_required_parameter", "name must be a string of 1 to 128 characters", "name"
        )
    return name


def _target(item: Json, param: str) -> tuple[str, int]:
    if not isinstance(item, dict) or not isinstance(item.get("id"), str):
        raise PaitientError("parameter_type_error", f"{param}.id must be a string", f"{param}.id")
    percent = item.get("traffic_percentage")
    if isinstance(percent, bool) or not isinstance(percent, int) or not 0 <= percent <= 100:
        text = f"{param}.traffic_percentage must be an integer from 0 to 100"
        raise PaitientError("parameter_type_error", text, f"{param}.traffic_percentage")
    return item["id"], percent
