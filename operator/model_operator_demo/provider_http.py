"""Plain HTTP requests as an application or curl makes them: to the simulated providers and to health endpoints."""

import http.client
import json
from collections.abc import Mapping
from urllib.parse import urlsplit

_TIMEOUT = 30.0


def request(
    method: str, url: str, headers: Mapping[str, str] | None = None, body: object = None
) -> tuple[int, str]:
    """Status and text of the answer. Raises `OSError` or `HTTPException` where there is none."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.netloc, timeout=_TIMEOUT)
    path = f"{address.path or '/'}?{address.query}" if address.query else address.path or "/"
    content = {} if body is None else {"Content-Type": "application/json"}
    try:
        connection.request(
            method, path, None if body is None else json.dumps(body), {**content, **(headers or {})}
        )
        reply = connection.getresponse()
        return reply.status, reply.read().decode("utf-8", "replace")
    finally:
        connection.close()


def get(url: str, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
    """`request("GET", …)`; status 0 when nobody answers."""
    try:
        return request("GET", url, headers)
    except (OSError, http.client.HTTPException) as error:
        return 0, str(error)
