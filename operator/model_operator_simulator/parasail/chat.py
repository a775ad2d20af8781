"""Parasail's chat API: OpenAI's chat completions for a deployment that is ONLINE, whole or streamed.

The text is invented; what matters is that only a serving deployment answers, under its ``externalAlias``.
"""

from collections.abc import Iterator

from model_operator_simulator.call import BadBody, Call, Json, Refused, Reply, Route, route
from model_operator_simulator.core import Core, compact

from .deployment import Deployment
from .knobs import ParasailKnobs
from .state import Parasail

CHAT_PREFIX = "/v1/"
MOST_TOKENS = 4096
ROLES = ("system", "developer", "user", "assistant", "tool", "function")

# OpenAI's words for a status, as the vendor's chat reference uses them.
TYPES = {
    400: ("invalid_request_error", "invalid_request"),
    401: ("authentication_error", "invalid_api_key"),
    403: ("permission_error", "permission_denied"),
    404: ("invalid_request_error", "model_not_found"),
    405: ("invalid_request_error", "method_not_allowed"),
    413: ("invalid_request_error", "request_too_large"),
    429: ("rate_limit_error", "rate_limit_exceeded"),
    503: ("service_unavailable_error", "model_not_ready"),
}


def openai_error(status: int, message: str) -> Reply:
    """``{"error": {message, type, code}}``."""
    kind, code = TYPES.get(status, ("server_error", "internal_error"))
    return Reply(status, {"error": {"message": message, "type": kind, "code": code}})


class Chat:
    """The operations below ``/v1``."""

    def __init__(self, core: Core, state: Parasail) -> None:
        self._core = core
        self._state = state
        self._count = 0
        self.routes: tuple[Route, ...] = (
            route("POST", "/v1/chat/completions", "chat", self._complete),
            route("GET", "/v1/models", "models", self._models),
        )

    def _models(self, call: Call, _: tuple[str, ...]) -> Reply:
        online = [d for d in self._state.of(call.account) if d.status == "ONLINE"]
        listed = [
            {"id": d.alias, "object": "model", "created": int(d.created_at), "owned_by": d.account}
            for d in online
        ]
        return Reply(200, {"object": "list", "data": listed})

    def _complete(self, call: Call, _: tuple[str, ...]) -> Reply:
        body = self._body(call)
        deployment = self._state.by_alias(call.account, body["model"])
        if deployment is None:
            raise _refuse(404, f"The model {body['model'][:200]!r} does not exist")
        if deployment.status != "ONLINE":
            status = self._core.knobs.of(ParasailKnobs).chat_unready
            raise _refuse(status, f"The model {body['model'][:200]!r} is not ready")
        self._admit(deployment, body["model"])
        self._state.requested(deployment)
        self._count += 1
        return self._reply(deployment, body)

    def _admit(self, deployment: Deployment, model: str) -> None:
        """Each replica takes so many requests at once: the limit of this model, and of nobody else."""
        knob = self._core.knobs.of(ParasailKnobs).max_connections
        limit = deployment.fields.get("maxConnectionsPerReplica", knob)
        online = sum(instance.status == "ONLINE" for instance in deployment.instances)
        if limit is not None and deployment.connections >= limit * max(1, online):
            raise _refuse(429, f"The model {model[:200]!r} has its most concurrent requests")

    def _body(self, call: Call) -> dict[str, Json]:
        try:
            body = call.json_object()
        except BadBody as error:
            raise _refuse(400, str(error)) from error
        problem = _problem(body)
        if problem:
            raise _refuse(400, problem)
        return body

    def _reply(self, deployment: Deployment, body: dict[str, Json]) -> Reply:
        prompt = sum(len(str(message.get("content") or "").split()) for message in body["messages"])
        words = f"This is {deployment.fields['modelName']}, answering from the simulator.".split()
        limit = body.get("max_completion_tokens") or body.get("max_tokens") or MOST_TOKENS
        said, reason = words[:limit], "length" if limit < len(words) else "stop"
        usage = {"prompt_tokens": prompt, "completion_tokens": len(said), "total_tokens": prompt + len(said)}
        head = {
            "id": f"chatcmpl-{self._core.seed:x}-{self._count}",
            "created": int(self._core.clock.now()),
            "model": body["model"],
        }
        if body.get("stream"):
            wants_usage = bool((body.get("stream_options") or {}).get("include_usage"))
            chunks = list(_chunks(head, said, reason, usage if wants_usage else None))
            return Reply(200, content_type="text/event-stream", chunks=chunks)
        message = {"role": "assistant", "content": " ".join(said)}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reason}
        return Reply(200, {**head, "object": "chat.completion", "choices": [choice], "usage": usage})


def _chunks(head: dict[str, Json], words: list[str], reason: str, usage: Json) -> Iterator[bytes]:
    def chunk(delta: Json, finish: str | None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return _event({**head, "object": "chat.completion.chunk", "choices": [choice]})

    yield chunk({"role": "assistant", "content": ""}, None)
    for place, word in enumerate(words):
        yield chunk({"content": word if place == 0 else f" {word}"}, None)
    yield chunk({}, reason)
    if usage is not None:
        yield _event({**head, "object": "chat.completion.chunk", "choices": [], "usage": usage})
    yield b"data: [DONE]\n\n"


def _event(payload: Json) -> bytes:
    return b"data: " + compact(payload) + b"\n\n"


def _problem(body: dict[str, Json]) -> str | None:
    if not isinstance(body.get("model"), str):
        return "model must be a string"
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        return "messages must be a non-empty array"
    if not all(isinstance(message, dict) and message.get("role") in ROLES for message in messages):
        return f"each message must be an object with a role of {', '.join(ROLES)}"
    for name in ("max_tokens", "max_completion_tokens"):
        value = body.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
            return f"{name} must be an integer >= 1"
    if not isinstance(body.get("stream_options") or {}, dict):
        return "stream_options must be an object"
    return None


def _refuse(status: int, message: str) -> Refused:
    return Refused(openai_error(status, message))
