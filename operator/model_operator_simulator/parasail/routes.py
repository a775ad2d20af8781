"""Parasail's control API: which request does what to the world, and which error it gets.

The list, `/dedicated/support`, `/dedicated/devices` and what else may only be read are not in the vendor's document;
clients of the live API use them, or another of its pages names them.
"""

from itertools import takewhile

from model_operator_simulator.call import BadBody, Call, Json, Refused, Reply, Route, route
from model_operator_simulator.core import Core
from model_operator_simulator.vendor import operation_of

from .catalogue import offers, support
from .chat import CHAT_PREFIX, Chat, openai_error
from .deployment import Deployment
from .errors import Invalid
from .fields import checked
from .knobs import ParasailKnobs
from .state import CapacityRefused, NameConflict, Parasail, PowerConflict, QuotaRefused
from .wire import UNAUTHORIZED_TEXT, encoded, problem, refuse

CONTROL = "/api/v1"
READABLE = frozenset(
    {"devices", "support", "performance", "list", "get", "deployment_models", "catalogue_models"}
)
"""The operations that the vendor's page on read-only keys lists, but for its invoices."""


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
            route("GET", f"{CONTROL}/dedicated/performance", "performance", self._performance),
            route("GET", deployments + "/{}/models", "deployment_models", self._deployment_models),
            route("GET", f"{CONTROL}/openrouter/models", "catalogue_models", self._catalogue_models),
            *Chat(core, state).routes,
        )

    def admit(self, call: Call) -> None:
        """Bearer key, known; read-only keys may GET what the vendor's page on them lists."""
        token = self._core.tokens.find("parasail", call.bearer())
        if token is None:
            if self._core.knobs.of(ParasailKnobs).unauthorized == "problem":
                raise refuse(401, "Invalid token", call.path)
            raise Refused(Reply(401, text=UNAUTHORIZED_TEXT, content_type="text/plain"))
        call.account = token.account
        if token.read_only and operation_of(self, call.method, call.path) not in READABLE:
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
        except (NameConflict, QuotaRefused, CapacityRefused) as error:
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
        knobs = self._catalogue(call)
        return Reply(200, support(self._model(call), bool(call.param("modelAccessKey")), knobs))

    def _devices(self, call: Call, _: tuple[str, ...]) -> Reply:
        knobs = self._catalogue(call)
        model = self._model(call)
        if knobs.device_query != "either" and not call.param(knobs.device_query):
            raise refuse(400, f"{knobs.device_query} is required", call.path)
        has_key = bool(call.param("modelAccessKey"))
        return Reply(200, offers(knobs) if support(model, has_key, knobs)["supported"] else [])

    def _performance(self, call: Call, _: tuple[str, ...]) -> Reply:
        self._model(call)
        return Reply(
            200, [{"device": row.device, "count": row.count} for row in self._catalogue(call).devices]
        )

    def _catalogue_models(self, _call: Call, _: tuple[str, ...]) -> Reply:
        return Reply(200, {"data": []})

    def _deployment_models(self, call: Call, segments: tuple[str, ...]) -> Reply:
        deployment = self._find(call, segments)
        return Reply(200, [{"id": deployment.alias, "modelName": deployment.fields["modelName"]}])

    def _catalogue(self, call: Call) -> ParasailKnobs:
        knobs = self._core.knobs.of(ParasailKnobs)
        if knobs.catalogue != "on":
            raise refuse(int(knobs.catalogue), "No static resource", call.path)
        return knobs

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
        if isinstance(error, CapacityRefused):
            return refuse(400, str(error), call.path)
        return refuse(403, "Insufficient quota", call.path)

    def _shown(self, call: Call, deployment: Deployment, status: int = 200) -> Reply:
        now = self._core.clock.now()
        return Reply(status, text=encoded(deployment, self._core.knobs.of(ParasailKnobs), call.base, now))

    def _powered(self, deployment: Deployment) -> Reply:
        body = self._core.knobs.of(ParasailKnobs).power_body
        return Reply(200, {"id": deployment.id} if body == "object" else None)
