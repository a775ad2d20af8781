"""Parasail's control API: which request does what to the world, and which error it gets.

The list, `/dedicated/support` and `/dedicated/devices` are not in the vendor's document; clients of the live API use
them.
"""

from itertools import takewhile

from model_operator_simulator.call import BadBody, Call, Json, Refused, Reply, Route, route
from model_operator_simulator.core import Core

from .chat import CHAT_PREFIX, Chat, openai_error
from .deployment import Deployment
from .fields import Invalid, checked
from .knobs import ParasailKnobs
from .state import NameConflict, Parasail, PowerConflict, QuotaRefused
from .wire import UNAUTHORIZED_TEXT, encoded, problem, refuse

CONTROL = "/api/v1"
DEVICES = (
    ("RTX4090", 1, 0.65),
    ("L40S", 1, 1.1),
    ("A100_80GB", 1, 1.9),
    ("H100SXM", 1, 2.9),
    ("H100SXM", 2, 5.8),
)


class ParasailApi:
    """The vendor's API: control API below ``/api/v1``, chat below ``/v1``.

    Args:
        core: clock, knobs, keys.
        state: the deployments.
    """

    status_field = "status.status"

    def __init__(self, core: Core, state: Parasail) -> None:
        self._core = core
        self._state = state
        deployments = f"{CONTROL}/dedicated/deployments"
        self.routes: tuple[Route, ...] = (
            route("POST", deployments, "create", self._create),
            route("GET", deployments, "list", self._list),
            route("GET", deployments + "/{}", "get", self._get),
            route("PUT", deployments + "/{}", "update", self._put),
            route("DELETE", deployments + "/{}", "delete", self._delete),
            route("POST", deployments + "/{}/pause", "pause", self._pause),
            route("POST", deployments + "/{}/resume", "resume", self._resume),
            route("GET", f"{CONTROL}/dedicated/support", "support", self._support),
            route("GET", f"{CONTROL}/dedicated/devices", "devices", self._devices),
            *Chat(core, state).routes,
        )

    def admit(self, call: Call) -> None:
        """Bearer key, known; read-only keys may only GET."""
        token = self._core.tokens.find("parasail", call.bearer())
        if token is None:
            if self._core.knobs.of(ParasailKnobs).unauthorized == "problem":
                raise refuse(401, "Invalid token", call.path)
            raise Refused(Reply(401, text=UNAUTHORIZED_TEXT, content_type="text/plain"))
        call.account = token.account
        if token.read_only and call.method != "GET":
            raise Refused(self.failure(call, 403, "This API key is read-only"))
        knobs = self._core.knobs.of(ParasailKnobs)
        wait = self._core.wait_for(f"parasail/{token.key}", knobs.requests_per_minute)
        if wait is not None:
            reply = self.failure(call, 429, "Too many requests")
            raise Refused(self._core.later(reply, wait, knobs.retry_after))

    def failure(self, call: Call, status: int, message: str = "", _code: str = "", /) -> Reply:
        """RFC 7807 on the control API, OpenAI's error object on the chat API."""
        if call.path.startswith(CHAT_PREFIX):
            return openai_error(status, message)
        return problem(status, message, call.path)

    def objects(self, payload: Json, /) -> list[Json]:
        """The items of the bare list, or the one object."""
        return payload if isinstance(payload, list) else [payload]

    def _create(self, call: Call, _: tuple[str, ...]) -> Reply:
        fields = self._fields(call, None)
        try:
            deployment = self._state.create(call.account, fields, call.distortion)
        except (NameConflict, QuotaRefused) as error:
            raise self._conflict(call, error) from error
        return self._shown(call, deployment, self._core.knobs.of(ParasailKnobs).create_status)

    def _list(self, call: Call, _: tuple[str, ...]) -> Reply:
        knobs = self._core.knobs.of(ParasailKnobs)
        if knobs.listing != "on":
            raise refuse(int(knobs.listing), "Listing is not available", call.path)
        now = self._core.clock.now()
        seen = now - max(knobs.list_lag_s, call.distortion.list_lag_s)
        items = [
            encoded(d, knobs, call.base, now) for d in self._state.of(call.account) if d.created_at <= seen
        ]
        # Gone, but the lagging list has not heard of it.
        gone = takewhile(lambda pair: pair[0] > seen, reversed(self._state.gone))
        items += [encoded(d, knobs, call.base, now) for _, d in gone if d.account == call.account]
        return Reply(200, text=b"[" + b",".join(items) + b"]")

    def _get(self, call: Call, segments: tuple[str, ...]) -> Reply:
        deployment = self._find(call, segments)
        lag = max(self._core.knobs.of(ParasailKnobs).stale_read_s, call.distortion.stale_read_s)
        now = self._core.clock.now()
        if lag and now < deployment.created_at + lag:
            raise refuse(404, f"Deployment {deployment.id} not found", call.path)
        if deployment.before_write is not None and now < deployment.written_at + lag:
            deployment = deployment.before_write
        return self._shown(call, deployment)

    def _put(self, call: Call, segments: tuple[str, ...]) -> Reply:
        deployment = self._find(call, segments)
        if deployment.deleting:
            raise refuse(409, f"Deployment {deployment.id} is being deleted", call.path)
        fields = self._fields(call, deployment)
        try:
            self._state.put(deployment, fields, call.distortion)
        except (NameConflict, QuotaRefused) as error:
            raise self._conflict(call, error) from error
        stale = deployment.before_write if call.distortion.stale_reply else None
        return self._shown(call, stale or deployment)

    def _pause(self, call: Call, segments: tuple[str, ...]) -> Reply:
        deployment = self._find(call, segments)
        try:
            self._state.pause(deployment, call.distortion)
        except PowerConflict as error:
            raise refuse(409, str(error), call.path) from error
        return self._powered(deployment)

    def _resume(self, call: Call, segments: tuple[str, ...]) -> Reply:
        deployment = self._find(call, segments)
        try:
            self._state.resume(deployment, call.distortion)
        except PowerConflict as error:
            raise refuse(409, str(error), call.path) from error
        return self._powered(deployment)

    def _delete(self, call: Call, segments: tuple[str, ...]) -> Reply:
        self._state.delete(self._find(call, segments), call.distortion)
        return Reply(self._core.knobs.of(ParasailKnobs).delete_status)

    def _support(self, call: Call, _: tuple[str, ...]) -> Reply:
        model = self._model(call)
        properties = {"context": 8192, "parameter_count": 8_000_000_000, "base_model": model}
        kinds = {
            "supported": True,
            "known": True,
            "generative": True,
            "embedding": False,
            "multimodal": False,
        }
        engines = {"supportingEngines": ["VLLM", "SGLANG"], "modelRedirect": None, "messages": []}
        return Reply(200, {**kinds, **engines, "properties": properties, "errorMessage": None})

    def _devices(self, call: Call, _: tuple[str, ...]) -> Reply:
        self._model(call)
        return Reply(200, [_device(*device, recommended=place == 1) for place, device in enumerate(DEVICES)])

    @staticmethod
    def _model(call: Call) -> str:
        model = call.param("modelName")
        if not model:
            raise refuse(400, "modelName is required", call.path)
        return model

    def _find(self, call: Call, segments: tuple[str, ...]) -> Deployment:
        (text,) = segments
        if not (text.isascii() and text.isdigit() and len(text) <= 19):
            raise refuse(400, "The deployment id must be a number", call.path)
        deployment = self._state.find(call.account, int(text))
        if deployment is None:
            raise refuse(404, f"Deployment {text} not found", call.path)
        return deployment

    def _fields(self, call: Call, deployment: Deployment | None) -> dict[str, object]:
        try:
            body = call.json_object()
            return checked(
                body, self._core.knobs.of(ParasailKnobs), None if deployment is None else deployment.fields
            )
        except (BadBody, Invalid) as error:
            raise refuse(400, str(error), call.path) from error

    def _conflict(self, call: Call, error: Exception) -> Refused:
        if isinstance(error, NameConflict):
            status = self._core.knobs.of(ParasailKnobs).duplicate_status
            return refuse(status, f"A deployment named {error} already exists", call.path)
        return refuse(403, "Insufficient quota", call.path)

    def _shown(self, call: Call, deployment: Deployment, status: int = 200) -> Reply:
        now = self._core.clock.now()
        return Reply(status, text=encoded(deployment, self._core.knobs.of(ParasailKnobs), call.base, now))

    def _powered(self, deployment: Deployment) -> Reply:
        body = self._core.knobs.of(ParasailKnobs).power_body
        return Reply(200, {"id": deployment.id} if body == "object" else None)


def _device(device: str, count: int, cost: float, recommended: bool) -> dict[str, object]:
    return {
        "device": device,
        "count": count,
        "displayName": f"{count}x {device}",
        "cost": cost,
        "estimatedSingleUserTps": 60.0,
        "estimatedSystemTps": 900.0,
        "recommended": recommended,
        "limitedContext": False,
        "available": True,
        "selected": False,
    }
