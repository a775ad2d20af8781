"""A replica that stands by passes an event on to the one that leads, as it came.

It knows no ModelProvider and no secret, so it can say nothing about an event itself.
"""

import ipaddress
import socket
from collections.abc import Callable, Mapping
from typing import Final

import aiohttp

_TIMEOUT: Final = aiohttp.ClientTimeout(total=3)
_MARK: Final = "X-Model-Operator-Handed-Over"
"""On what was passed on once: nobody passes it on again."""
_NOT_PASSED_ON: Final = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "keep-alive", "expect", "upgrade", "te"}
)


class Handover:
    """`leader` tells where the replica that leads in a namespace takes events, as `IP:PORT`; None where nobody knows."""

    def __init__(self, leader: Callable[[str], str | None]) -> None:
        self._leader = leader

    async def post(self, namespace: str, path: str, headers: Mapping[str, str], body: bytes) -> int | None:
        """The leader's status, or None where it cannot be reached."""
        leader = self._leader(namespace)
        if leader is None or _MARK in headers or not is_address(leader):
            return None
        passed_on = {name: value for name, value in headers.items() if name.lower() not in _NOT_PASSED_ON}
        try:
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=False, auto_decompress=False) as session,
                session.post(
                    f"http://{leader}{path}",
                    data=body,
                    headers={**passed_on, _MARK: "1"},
                    allow_redirects=False,
                ) as reply,
            ):
                return reply.status
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            return None


def is_address(text: str) -> bool:
    """`IP:PORT` and nothing else: the Lease that names it is no place for URLs."""
    host, _, port = text.rpartition(":")
    try:
        ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return port.isascii() and port.isdigit()


def reached_at(address: str) -> str | None:
    """Where the other replicas find who listens on `HOST:PORT`; None where this machine does not know its own name."""
    host, _, port = address.rpartition(":")
    try:
        if not ipaddress.ip_address(host.removeprefix("[").removesuffix("]")).is_unspecified:
            return address
        # A pod's name is in its /etc/hosts.
        found = socket.getaddrinfo(socket.gethostname(), None, type=socket.SOCK_STREAM)[0][4][0]
    except (OSError, ValueError):
        return None
    return f"[{found}]:{port}" if ":" in str(found) else f"{found}:{port}"
