"""PaiTIENT's endpoints API, and `/generate` of deployments and endpoints."""

from collections.abc import Callable

from model_operator_simulator.call import Call, Json, Reply, Route, route
from model_operator_simulator.clock import rfc3339
from model_operator_simulator.core import Core

from .deployment import SERVING, Deployment, Minute
from .endpoints import Endpoint, Split
from .errors import PaitientError
from .knobs import PaitientKnobs
from .state import Paitient
from .times import date_of


class EndpointRoutes:
    """The operations on endpoints, and those that endpoints are for.

    Args:
        core: clock, knobs and chance.
        state: deployments and endpoints.
        find: the caller's deployment by id, or a refusal.
    """

    def __init__(self, core: Core, state: Paitient, find: Callable[[Call, str], Deployment]) -> None:
        self._core = core
        self._state = state
        self._find = find
        self.routes: tuple[Route, ...] = (
            route("POST", "/v1/endpoints", "create_endpoint", self._create),
            route("POST", "/v1/canary-endpoints", "create_canary", self._create_canary),
            route("PATCH", "/v1/canary-endpoints/{}", "update_canary", self._patch_canary),
            route("POST", "/v1/deployments/{}/generate", "generate", self._generate),
            route("POST", "/v1/endpoints/{}/generate", "generate_via_endpoint", self._generate_via),
        )

    def _create(self, call: Call, _: tuple[str, ...]) -> Reply:
        endpoint = self._state.endpoints.create(call.account, call.json_object())
        return Reply(self._core.knobs.of(PaitientKnobs).create_status, self._shown(endpoint, call))

    def _create_canary(self, call: Call, _: tuple[str, ...]) -> Reply:
        endpoint = self._state.endpoints.create_canary(call.account, call.json_object())
        status, headers = self._core.knobs.of(PaitientKnobs).create_status, date_of(self._core.clock)
        return Reply(status, self._shown(endpoint, call), headers=headers)

    def _patch_canary(self, call: Call, segments: tuple[str, ...]) -> Reply:
        before = self._state.endpoints.find(call.account, *segments)
        old = before.split.last if before is not None else None
        endpoint = self._state.endpoints.patch_canary(call.account, segments[0], call.json_object())
        shown = self._shown(endpoint, call, old if call.distortion.stale_reply else None)
        return Reply(200, shown, headers=date_of(self._core.clock))

    def _generate(self, call: Call, segments: tuple[str, ...]) -> Reply:
        return self._generated(call, self._find(call, *segments))

    def _generate_via(self, call: Call, segments: tuple[str, ...]) -> Reply:
        endpoint = self._state.endpoints.find(call.account, *segments)
        target = None if endpoint is None else self._state.endpoints.pick(endpoint)
        if endpoint is None or target is None:
            raise PaitientError("resource_not_found", f"Endpoint {segments[0][:100]} not found")
        return self._generated(call, self._find(call, target))

    def _generated(self, call: Call, deployment: Deployment) -> Reply:
        prompt, limit = _prompt(call.json_object())
        if deployment.status not in SERVING:
            raise PaitientError("conflict", f"Deployment {deployment.id} is {deployment.status}")
        model = deployment.fields.get("model_name")
        words = f"This is {model}, answering from the simulator.".split()[:limit]
        used = len(prompt.split())
        identifier = self._core.new_id("gen_")
        self._count(deployment, used, len(words))
        self._state.lifecycle.log(deployment, "info", f"Request {identifier} completed", "inference-service")
        usage = {"prompt_tokens": used, "completion_tokens": len(words), "total_tokens": used + len(words)}
        facts = {"id": identifier, "deployment_id": deployment.id, "model": model}
        created = rfc3339(self._core.clock.now())
        return Reply(200, {**facts, "created_at": created, "text": " ".join(words), "usage": usage})

    def _count(self, deployment: Deployment, input_tokens: int, output_tokens: int) -> None:
        minute = deployment.minutes.setdefault(int(self._core.clock.now() // 60), Minute())
        minute.requests += 1
        minute.input_tokens += input_tokens
        minute.output_tokens += output_tokens

    def _shown(self, endpoint: Endpoint, call: Call, split: Split | None = None) -> dict[str, Json]:
        skew = self._core.knobs.of(PaitientKnobs).clock_skew_s
        current = endpoint.split.last if split is None else split
        targets = [
            {"id": identifier, "traffic_percentage": percent} for identifier, percent in current.items()
        ]
        target: dict[str, Json] = {"deployment_id": next(iter(current))}
        return {
            "id": endpoint.id,
            "name": endpoint.name,
            **({"deployments": targets} if endpoint.is_canary else target),
            "url": f"{call.base}/v1/endpoints/{endpoint.id}/generate",
            "created_at": rfc3339(endpoint.created_at + skew),
            "updated_at": rfc3339(endpoint.updated_at + skew),
            "status": endpoint.status,
        }


def _prompt(body: dict[str, Json]) -> tuple[str, int]:
    prompt, limit = body.get("prompt"), body.get("max_tokens", 1024)
    if not isinstance(prompt, str):
        raise PaitientError("missing_required_parameter", "prompt must be a string", "prompt")
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        raise PaitientError("parameter_type_error", "max_tokens must be an integer >= 1", "max_tokens")
    return prompt, limit
