"""What the audit trail says of one request: its outcome, and the ids by which the vendor knows it."""

import asyncio
import re
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Final

from model_operator.errors import ProviderError, Unavailable
from model_operator.observability import audit
from model_operator.observability.audit import Change, Outcome
from model_operator.providers.base import Call, Reply, Site
from model_operator.providers.complaints import Refused

_REQUEST_IDS: Final = ("x-request-id", "request-id", "x-amzn-requestid", "x-correlation-id", "cf-ray")
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+=-]{0,127}")


class Trail:
    """Around one request that changes something: writes its line when it is over, however it ends."""

    def __init__(self, site: Site, call: Call, is_secret: Callable[[str], bool]) -> None:
        self._provider = site.provider
        self._call = call
        self._is_secret = is_secret
        self._began = asyncio.get_running_loop().time()
        self._reply: Reply | None = None

    def __enter__(self) -> "Trail":
        return self

    def answered(self, reply: Reply) -> Reply:
        self._reply = reply
        return reply

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        answer = self._reply if error is None else error
        headers = answer.headers if isinstance(answer, Reply | Refused) else {}
        audit.write(
            Change(
                provider=self._provider,
                operation=self._call.operation,
                remote_id=self._call.id or self._made(),
                outcome=_outcome(answer),
                status=getattr(answer, "status", None),
                request_id=self._plain(_first(headers)),
                milliseconds=round(1000 * (asyncio.get_running_loop().time() - self._began)),
            )
        )

    def _made(self) -> str:
        """The id of what was created, if the answer shows one."""
        body = self._reply.body if self._reply is not None else None
        if not isinstance(body, dict):
            return ""
        found = body.get("id") or body.get("deployment_id")
        return self._plain(str(found)) if isinstance(found, str | int) else ""

    def _plain(self, id: str) -> str:
        """The vendor's own, so that it might be anything."""
        return id if _ID.fullmatch(id) and not self._is_secret(id) else ""


def _outcome(answer: object) -> Outcome:
    match answer:
        case Reply():
            return Outcome.ACCEPTED
        case Refused():
            return Outcome.REFUSED
        case Unavailable(may_have_landed=True):
            return Outcome.UNKNOWN
        case ProviderError():
            return Outcome.NOT_SENT
        case _:  # cancelled half-way
            return Outcome.UNKNOWN


def _first(headers: Mapping[str, Any]) -> str:
    return next((str(headers[name]) for name in _REQUEST_IDS if headers.get(name)), "")
