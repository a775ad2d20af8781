"""PaiTIENT's deployments API: which request does what to the world, and which error it gets."""

from collections.abc import Callable
from functools import partial
from itertools import takewhile

from model_operator_simulator.call import BadBody, Call, Handler, Json, Refused, Reply, Route, route
from model_operator_simulator.core import Core

from . import errors
from .deployment import Deployment
from .endpoint_routes import EndpointRoutes
from .errors import PaitientError
from .knobs import PaitientKnobs
from .metrics import Metrics
from .state import Paitient
from .wire import CREATED, LISTED, PATCHED, full, shown

TAG = "tags["
DEFAULT_LIMIT = 20
MOST_LIMIT = 100


class PaitientApi:
    """The vendor's API, below ``/v1``.

    Args:
        core: clock, knobs, keys.
        state: deployments and endpoints.
    """

    status_field = "status"

    def __init__(self, core: Core, state: Paitient) -> None:
        self._core = core
        self._state = state
        self._metrics = Metrics(core, state)
        deployments = "/v1/deployments"
        documented = (
            route("POST", deployments, "create", self._create),
            route("GET", deployments, "list", self._list),
            route("GET", deployments + "/{}", "get", self._get),
            route("PATCH", deployments + "/{}", "update", self._patch),
            route("DELETE", deployments + "/{}", "delete", self._delete),
            route("GET", deployments + "/{}/metrics", "metrics", self._show_metrics),
            route("GET", deployments + "/{}/logs", "logs", self._logs),
            *EndpointRoutes(core, state, self.find).routes,
        )
        self.routes: tuple[Route, ...] = tuple(
            Route(r.method, r.pattern, r.operation, self._translated(r.handler)) for r in documented
        )

    def admit(self, call: Call) -> None:
        """Bearer key and ``X-Client-ID`` that belong together; read-only keys may only GET."""
        try:
            key = self._credentials(call)
        except PaitientError as error:
            raise Refused(self._error(error)) from error
        knobs = self._core.knobs.of(PaitientKnobs)
        wait = self._core.wait_for(f"paitient/{key}", knobs.requests_per_minute)
        if wait is not None:
            reply = self.failure(call, 429, "Too many requests")
            raise Refused(self._core.later(reply, wait, knobs.retry_after))

    def failure(self, _call: Call, status: int, message: str = "", code: str = "", /) -> Reply:
        """The vendor's error object for a status."""
        knobs = self._core.knobs.of(PaitientKnobs)
        cause = errors.BY_STATUS.get(status, "deployment_error")
        chosen = code or errors.code_of(cause, knobs)
        return errors.error_reply(status, chosen, message, None, self._core.new_id("req_", 12), knobs)

    def objects(self, payload: Json, /) -> list[Json]:
        """The items of a list's page, or the one object."""
        items = payload.get("deployments", [payload])
        return items if isinstance(items, list) else [payload]

    def find(self, call: Call, identifier: str) -> Deployment:
        """The caller's deployment, also a tombstone.

        Raises:
            PaitientError: resource_not_found.
        """
        deployment = self._state.find(call.account, identifier)
        if deployment is None:
            raise PaitientError("resource_not_found", f"Deployment {identifier[:100]} not found")
        return deployment

    def _credentials(self, call: Call) -> str:
        key, client = call.bearer(), call.headers.get("X-Client-ID")
        if not key:
            raise PaitientError("missing_api_key", "An API key is required")
        token = self._core.tokens.find("paitient", key)
        if token is None:
            raise PaitientError("invalid_api_key", "The API key is not valid")
        if not client:
            raise PaitientError("missing_client_id", "The X-Client-ID header is required")
        if client != token.client_id:
            raise PaitientError("invalid_client_id", "The client ID is not valid for this API key")
        call.account = token.account
        if token.read_only and call.method != "GET":
            raise PaitientError("permission_denied", "This API key is read-only")
        return token.key

    def _error(self, error: PaitientError) -> Reply:
        knobs = self._core.knobs.of(PaitientKnobs)
        status, code = errors.status_of(error.cause, knobs), errors.code_of(error.cause, knobs)
        request = self._core.new_id("req_", 12)
        return errors.error_reply(status, code, error.message, error.param, request, knobs)

    def _translated(self, handler: Handler) -> Handler:
        def translated(call: Call, segments: tuple[str, ...]) -> Reply:
            try:
                return handler(call, segments)
            except BadBody as error:
                raise Refused(self._error(PaitientError("invalid_json", str(error)))) from error
            except PaitientError as error:
                raise Refused(self._error(error)) from error

        return translated

    def _create(self, call: Call, _: tuple[str, ...]) -> Reply:
        deployment = self._state.create(call.account, call.json_object(), call.distortion)
        knobs = self._core.knobs.of(PaitientKnobs)
        return Reply(knobs.create_status, shown(CREATED, deployment, knobs, call.base))

    def _get(self, call: Call, segments: tuple[str, ...]) -> Reply:
        deployment = self.find(call, *segments)
        lag = max(self._core.knobs.of(PaitientKnobs).stale_read_s, call.distortion.stale_read_s)
        now = self._core.clock.now()
        if lag and now < deployment.created_at + lag:
            raise PaitientError("resource_not_found", f"Deployment {deployment.id} not found")
        if deployment.before_write is not None and now < deployment.written_at + lag:
            deployment = deployment.before_write
        return Reply(
            200, full(deployment, self._core.knobs.of(PaitientKnobs), call.base, now, self._core.seed)
        )

    def _patch(self, call: Call, segments: tuple[str, ...]) -> Reply:
        deployment = self.find(call, *segments)
        self._state.patch(deployment, call.json_object(), call.distortion)
        stale = deployment.before_write if call.distortion.stale_reply else None
        return Reply(200, shown(PATCHED, stale or deployment, self._core.knobs.of(PaitientKnobs), call.base))

    def _delete(self, call: Call, segments: tuple[str, ...]) -> Reply:
        deployment = self.find(call, *segments)
        if deployment.status == "deleted":
            raise PaitientError("resource_not_found", f"Deployment {deployment.id} not found")
        self._state.delete(deployment, _flag(call, "force"), call.distortion)
        return Reply(200, {"id": deployment.id, "status": "deleting"})

    def _show_metrics(self, call: Call, segments: tuple[str, ...]) -> Reply:
        return self._metrics.reply(call, self.find(call, *segments))

    def _logs(self, call: Call, segments: tuple[str, ...]) -> Reply:
        return self.find(call, *segments).logs.reply(call, self._core.clock.now())

    def _list(self, call: Call, _: tuple[str, ...]) -> Reply:
        knobs = self._core.knobs.of(PaitientKnobs)
        limit = _integer(call, "limit", DEFAULT_LIMIT, 1, MOST_LIMIT)
        offset = _integer(call, "offset", 0, 0, 10**9)
        matching = self._matching(call)
        start = max(0, offset + call.distortion.page_shift)
        page = matching[start : start + limit]
        first_tag_only = knobs.list_tags == "partial"
        items = [shown(LISTED, deployment, knobs, call.base, first_tag_only) for deployment in page]
        total = {"all": len(matching), "page": len(page), "none": None}[knobs.total]
        pagination = {"total": total, "limit": limit, "offset": offset}
        if offset + limit < len(matching) or (knobs.last_next_offset == "beyond" and page):
            pagination["next_offset"] = offset + limit
        elif knobs.last_next_offset == "null":
            return Reply(200, {"deployments": items, "pagination": {**pagination, "next_offset": None}})
        return Reply(200, {"deployments": items, "pagination": pagination})

    def _matching(self, call: Call) -> list[Deployment]:
        """What the list holds, newest first as in the vendor's example."""
        lag = max(self._core.knobs.of(PaitientKnobs).list_lag_s, call.distortion.list_lag_s)
        seen = self._core.clock.now() - lag
        listed = [d for d in reversed(self._state.of(call.account)) if d.created_at <= seen]
        gone = takewhile(lambda pair: pair[0] > seen, reversed(self._state.gone))
        listed += [deployment for _, deployment in gone if deployment.account == call.account]
        tests = _filters(call)
        return [deployment for deployment in listed if all(test(deployment) for test in tests)]


def _filters(call: Call) -> list[Callable[[Deployment], bool]]:
    tests: list[Callable[[Deployment], bool]] = []
    for name, value in call.query:
        if name == "status":
            tests.append(partial(_has_status, value))
        elif name in ("model_name", "region"):
            tests.append(partial(_has_field, name, value))
        elif name.startswith(TAG) and name.endswith("]"):
            tests.append(partial(_has_tag, name[len(TAG) : -1], value))
    return tests


def _has_status(value: str, deployment: Deployment) -> bool:
    return deployment.status == value


def _has_field(name: str, value: str, deployment: Deployment) -> bool:
    return bool(deployment.fields.get(name) == value)


def _has_tag(key: str, value: str, deployment: Deployment) -> bool:
    return (deployment.fields.get("tags") or {}).get(key) == value


def _integer(call: Call, name: str, default: int, least: int, most: int) -> int:
    text = call.param(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and least <= int(text) <= most):
        raise PaitientError("invalid_parameters", f"{name} must be an integer from {least} to {most}", name)
    return int(text)


def _flag(call: Call, name: str) -> bool:
    text = (call.param(name) or "false").lower()
    if text not in ("true", "false", "1", "0"):
        raise PaitientError("invalid_parameters", f"{name} must be true or false", name)
    return text in ("true", "1")
