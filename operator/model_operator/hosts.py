"""Which hosts may see an API key: the allow-list of provider hosts.

A ModelProvider's author chooses the URL that its Secret's key is sent to, so anything but a vendor's own URL
must be on the list that the operator's administrator wrote. `may_send` is the only place that decides it.
"""

import re
from collections.abc import Iterable
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
    re.IGNORECASE | re.ASCII,  # else a Kelvin sign is a k
)
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class HostRule:
    """One admitted origin, for all namespaces or for one. Every part has to match; there are no wildcards."""

    scheme: str
    host: str
    """Lower case; an IPv6 address in its shortest form, without brackets."""
    port: int
    namespace: str | None = None
    """The only namespace that it is admitted for."""

    @classmethod
    def parse(cls, entry: str) -> Self:
        """`gateway.example.com`, `http://127.0.0.1:8080` or, for one namespace, `team-a=https://gateway.example.com`.

        https unless the entry says http. Raises `ValueError` on anything with a path, userinfo or worse; the
        text does not repeat the entry, which may hold a password.
        """
        namespace, has_namespace, host = entry.rpartition("=")
        origin = _origin(host if "://" in host else f"https://{host}")
        is_odd = bool(has_namespace) and not _NAMESPACE.fullmatch(namespace)
        if origin is None or origin[3] not in ("", "/") or is_odd:
            raise ValueError("an allowed host is [NAMESPACE=][http://|https://]host[:port] and nothing more")
        return cls(*origin[:3], namespace if has_namespace else None)

    def allows(self, url: str, namespace: str) -> bool:
        """True if the URL has this scheme, host and port, default ports counted, and the namespace may use it."""
        if self.namespace not in (None, namespace):
            return False
        origin = _origin(url)
        return origin is not None and origin[:3] == (self.scheme, self.host, self.port)

    @override
    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}"
        only = "" if self.namespace is None else f"{self.namespace}="
        return f"{only}{self.scheme}://{host}{port}"


def may_send(url: str, default: str | None, rules: Iterable[HostRule], namespace: str) -> bool:
    """Whether a key of that namespace may go to `url`: exactly the vendor's own, or on a host that is admitted there."""
    return url == default or any(rule.allows(url, namespace) for rule in rules)


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
