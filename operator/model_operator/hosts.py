"""Which hosts may see an API key: the allow-list of provider hosts.

A ModelProvider's author chooses the URL that its Secret's key is sent to, so anything but a vendor's own URL
must be on the list that the operator's administrator wrote.
"""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv6Address
from typing import Self

from typing_extensions import override

DEFAULT_PORTS = {"http": 80, "https": 443}

# Stricter than RFC 3986 on purpose: no userinfo, query, fragment, escape, backslash or non-ASCII character,
# so that two parsers cannot read two hosts in one URL.
_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?:(?P<name>[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*)|\[(?P<ip6>[0-9a-f:.]+)\])"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<path>(?:/[a-z0-9._~-]+)*/?)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class HostRule:
    """One admitted origin. All three parts have to match; there are no wildcards."""

    scheme: str
    host: str
    """Lower case; an IPv6 address in its shortest form, without brackets."""
    port: int

    @classmethod
    def parse(cls, entry: str) -> Self:
        """`gateway.example.com`, `https://gateway.example.com:8443` or `http://127.0.0.1:8080`.

        https unless the entry says http. Raises `ValueError` on anything with a path, userinfo or worse; the
        text does not repeat the entry, which may hold a password.
        """
        origin = _origin(entry if "://" in entry else f"https://{entry}")
        if origin is None or origin[3] not in ("", "/"):
            raise ValueError("an allowed host is [http://|https://]host[:port] and nothing more")
        return cls(*origin[:3])

    def allows(self, url: str) -> bool:
        """True if the URL has this scheme, host and port, default ports counted."""
        origin = _origin(url)
        return origin is not None and origin[:3] == (self.scheme, self.host, self.port)

    @override
    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"


def _origin(url: str) -> tuple[str, str, int, str] | None:
    """Scheme, host, port and path of a plain URL; None if it is anything but plain."""
    match = _URL.fullmatch(url)
    if match is None or not {".", ".."}.isdisjoint(match["path"].split("/")):
        return None
    scheme = match["scheme"].lower()
    port = int(match["port"] or DEFAULT_PORTS[scheme])
    host = _host(match)
    return (scheme, host, port, match["path"]) if host and port <= 65535 else None


def _host(match: re.Match[str]) -> str | None:
    if match["name"] is not None:
        return match["name"].lower()
    try:
        return str(IPv6Address(match["ip6"]))
    except AddressValueError:
        return None
