"""Who may read /metrics, where it is guarded: whom the API server knows by a token and lets GET that path.

The same two questions as controller-runtime's filter asks, so that the same ClusterRole lets Prometheus in.
"""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

Ask = Callable[[str, Mapping[str, Any]], Awaitable[Mapping[str, Any] | None]]
"""POST of a review to that path of the API server: its answer, or None if there is none."""

_TOKENS: Final = "/apis/authentication.k8s.io/v1/tokenreviews"
_ACCESS: Final = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
_REMEMBERED: Final = 60.0
"""Seconds for which an answer counts."""
_MOST: Final = 256
"""Answers that are remembered, and so the most that a stranger's tokens may take."""
_AT_ONCE: Final = 4
"""Reviews under way, so that a stranger's requests do not become as many of ours."""


class Access:
    def __init__(self, ask: Ask, path: str = "/metrics", clock: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._path = path
        self._clock = clock
        self._known: dict[bytes, tuple[float, HTTPStatus]] = {}
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def judge(self, authorization: str) -> HTTPStatus:
        """Of that header: OK, or 401, 403, or 503 where the API server does not say."""
        scheme, _, token = authorization.partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            return HTTPStatus.UNAUTHORIZED
        key = hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
        async with self._turns:
            until, known = self._known.get(key, (0.0, HTTPStatus.SERVICE_UNAVAILABLE))
            if until > self._clock():
                return known
            found = await self._review(token)
        if found is not HTTPStatus.SERVICE_UNAVAILABLE:
            self._remember(key, found)
        return found

    async def _review(self, token: str) -> HTTPStatus:
        who = await self._say(_TOKENS, "authentication.k8s.io/v1", "TokenReview", {"token": token})
        if who is None:
            return HTTPStatus.SERVICE_UNAVAILABLE
        user = who.get("user")
        if who.get("authenticated") is not True or not isinstance(user, Mapping):
            return HTTPStatus.UNAUTHORIZED
        asked = {
            "user": user.get("username", ""),
            "uid": user.get("uid", ""),
            "groups": user.get("groups") or [],
            "extra": user.get("extra") or {},
            "nonResourceAttributes": {"path": self._path, "verb": "get"},
        }
        may = await self._say(_ACCESS, "authorization.k8s.io/v1", "SubjectAccessReview", asked)
        if may is None:
            return HTTPStatus.SERVICE_UNAVAILABLE
        return HTTPStatus.OK if may.get("allowed") is True else HTTPStatus.FORBIDDEN

    async def _say(
        self, path: str, version: str, kind: str, spec: Mapping[str, Any]
    ) -> Mapping[str, Any] | None:
        answer = await self._ask(path, {"apiVersion": version, "kind": kind, "spec": spec})
        status = answer.get("status") if answer is not None else None
        return status if isinstance(status, Mapping) else None

    def _remember(self, key: bytes, found: HTTPStatus) -> None:
        self._known.pop(key, None)
        while len(self._known) >= _MOST:
            del self._known[next(iter(self._known))]  # the oldest
        self._known[key] = (self._clock() + _REMEMBERED, found)
