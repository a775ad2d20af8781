"""The allow-list decides who may see an API key, so every spelling that two parsers might read differently loses."""

import pytest

from model_operator.hosts import HostRule, may_send
from model_operator.settings import Settings


@pytest.mark.parametrize(
    ("entry", "rule", "canonical"),
    [
        pytest.param(
            "https://gateway.example.com",
            HostRule("https", "gateway.example.com", 443),
            "https://gateway.example.com",
            id="scheme and host",
        ),
        pytest.param(
            "gateway.example.com",
            HostRule("https", "gateway.example.com", 443),
            "https://gateway.example.com",
            id="https unless it says http",
        ),
        pytest.param(
            "gateway.example.com:8443",
            HostRule("https", "gateway.example.com", 8443),
            "https://gateway.example.com:8443",
            id="port without scheme",
        ),
        pytest.param(
            "http://127.0.0.1:8080",
            HostRule("http", "127.0.0.1", 8080),
            "http://127.0.0.1:8080",
            id="http when it says so",
        ),
        pytest.param(
            "HTTPS://GateWay.Example.COM:443/",
            HostRule("https", "gateway.example.com", 443),
            "https://gateway.example.com",
            id="upper case, default port, root path",
        ),
        pytest.param(
            "https://[2001:DB8:0:0::1]:8443",
            HostRule("https", "2001:db8::1", 8443),
            "https://[2001:db8::1]:8443",
            id="IPv6",
        ),
        pytest.param(
            "team-a=Gateway.example.com:8443",
            HostRule("https", "gateway.example.com", 8443, "team-a"),
            "team-a=https://gateway.example.com:8443",
            id="for one namespace",
        ),
    ],
)
def test_an_entry_is_read_into_one_canonical_rule(entry, rule, canonical):
    assert HostRule.parse(entry) == rule
    assert str(rule) == canonical
    assert HostRule.parse(canonical) == rule


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param("", id="empty"),
        pytest.param("=https://gateway.example.com", id="an empty namespace"),
        pytest.param("Team=https://gateway.example.com", id="no namespace's name"),
        pytest.param("*=https://gateway.example.com", id="a wildcard for the namespace"),
        pytest.param("a=b=https://gateway.example.com", id="two namespaces"),
        pytest.param("team-a=", id="a namespace only"),
        pytest.param("https://", id="no host"),
        pytest.param("ftp://gateway.example.com", id="another scheme"),
        pytest.param("https://user:hunter2@gateway.example.com", id="userinfo"),
        pytest.param("https://gateway.example.com/api", id="a path"),
        pytest.param("https://gateway.example.com?x=1", id="a query"),
        pytest.param("https://*.example.com", id="a wildcard"),
        pytest.param("https://gateway.example.com:0", id="port 0"),
        pytest.param("https://gateway.example.com:65536", id="port too large"),
        pytest.param("https://gateway.example.com:", id="empty port"),
        pytest.param("https://gateway.example.com.", id="trailing dot"),
        pytest.param("https://[::1", id="open bracket"),
        pytest.param("https://[fe80::1%25eth0]", id="zone id"),
        pytest.param("https://[1:2]", id="not an IPv6 address"),
        pytest.param("https://gâteway.example.com", id="not ASCII"),
        pytest.param(" https://gateway.example.com", id="a space before"),
        pytest.param("https://gateway.example.com\n", id="a newline behind"),
    ],
)
def test_an_entry_that_is_not_just_an_origin_is_refused_without_repeating_it(entry):
    with pytest.raises(ValueError, match="an allowed host is") as caught:
        HostRule.parse(entry)
    assert "hunter2" not in str(caught.value)


RULE = HostRule("https", "gateway.example.com", 443)


@pytest.mark.parametrize(
    ("url", "is_allowed"),
    [
        pytest.param("https://gateway.example.com", True, id="itself"),
        pytest.param("https://gateway.example.com/", True, id="root"),
        pytest.param("https://gateway.example.com/api/v1", True, id="any plain path"),
        pytest.param("https://gateway.example.com:443/api/v1/", True, id="default port, spelled out"),
        pytest.param("HTTPS://GATEWAY.EXAMPLE.COM/API", True, id="upper case"),
        pytest.param("http://gateway.example.com", False, id="no TLS"),
        pytest.param("http://gateway.example.com:443", False, id="no TLS on the TLS port"),
        pytest.param("https://gateway.example.com:8443", False, id="another port"),
        pytest.param("https://gateway.example.com:0443", False, id="a port with a leading zero"),
        pytest.param("https://gateway.example.com:443:443", False, id="two ports"),
        pytest.param("https://gateway.example.com:+443", False, id="a signed port"),
        pytest.param("https://gateway.example.com:", False, id="an empty port"),
        pytest.param("https://gateway.example.com.", False, id="a trailing dot"),
        pytest.param("https://a.gateway.example.com", False, id="a subdomain"),
        pytest.param("https://example.com", False, id="the parent domain"),
        pytest.param("https://gateway.example.com.evil.test", False, id="a longer name"),
        pytest.param("https://evilgateway.example.com", False, id="a longer label"),
        pytest.param("https://gateway.example.com@evil.test", False, id="our host as user"),
        pytest.param("https://evil.test@gateway.example.com", False, id="any userinfo"),
        pytest.param(
            "https://gateway.example.com:443@evil.test", False, id="our origin as user and password"
        ),
        pytest.param("https://gateway.example.com\\@evil.test", False, id="a backslash"),
        pytest.param("https:\\\\gateway.example.com", False, id="backslashes for slashes"),
        pytest.param("https:gateway.example.com", False, id="no slashes"),
        pytest.param("https:///gateway.example.com", False, id="three slashes"),
        pytest.param("//gateway.example.com", False, id="no scheme"),
        pytest.param("gateway.example.com", False, id="only a host"),
        pytest.param("https://gateway.example.com/#@evil.test", False, id="a fragment"),
        pytest.param("https://gateway.example.com?@evil.test", False, id="a query"),
        pytest.param("https://gateway.example.com/a/../b", False, id="parent segments"),
        pytest.param("https://gateway.example.com/.", False, id="a dot segment"),
        pytest.param("https://gateway.example.com/%2e%2e/", False, id="escaped dots"),
        pytest.param("https://gateway.example.com//evil.test", False, id="an empty segment"),
        pytest.param("https://gateway%2eexample.com", False, id="an escaped host"),
        pytest.param("https://gateway.example.com%00.evil.test", False, id="an escaped NUL"),
        pytest.param("https://gateway.example.com\x00", False, id="a NUL"),
        pytest.param("https://gateway.example.com\t", False, id="a tab"),
        pytest.param("https://gateway.example.com\r\nX-Header: 1", False, id="a header break"),
        pytest.param("https://gateway。example.com", False, id="an ideographic full stop"),
        pytest.param("https://ɢateway.example.com", False, id="a small capital"),
        pytest.param("https://\u212aateway.example.com", False, id="a Kelvin sign"),
        pytest.param("https://gateway.example.com/\u212a", False, id="a Kelvin sign in the path"),
        pytest.param("https://gateway.example.com/\u017f", False, id="a long s in the path"),
        pytest.param("file:///etc/passwd", False, id="another scheme"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_a_rule_admits_its_own_origin_only(url, is_allowed):
    assert RULE.allows(url, "team-a") is is_allowed


@pytest.mark.parametrize(
    ("rule", "url", "is_allowed"),
    [
        pytest.param("http://127.0.0.1:8080", "http://127.0.0.1:8080/api", True, id="IPv4"),
        pytest.param("http://127.0.0.1:8080", "http://127.1:8080", False, id="IPv4, short"),
        pytest.param("http://127.0.0.1:8080", "http://2130706433:8080", False, id="IPv4, as a number"),
        pytest.param("http://127.0.0.1:8080", "http://0x7f.0.0.1:8080", False, id="IPv4, hexadecimal"),
        pytest.param("http://127.0.0.1:8080", "http://[::ffff:127.0.0.1]:8080", False, id="IPv4 in IPv6"),
        pytest.param("http://127.0.0.1:8080", "http://localhost:8080", False, id="a name for it"),
        pytest.param("http://127.0.0.1", "http://127.0.0.1:80", True, id="default port of http"),
        pytest.param("http://127.0.0.1", "https://127.0.0.1", False, id="http does not admit https"),
        pytest.param("http://[::1]:8080", "http://[0:0:0:0:0:0:0:1]:8080/x", True, id="IPv6, long"),
        pytest.param("http://[::1]:8080", "http://[::1%25lo]:8080", False, id="IPv6 with a zone"),
        pytest.param("http://[::1]:8080", "http://::1:8080", False, id="IPv6 without brackets"),
        pytest.param("http://[::1]:8080", "http://[::1]:8080@evil.test", False, id="IPv6 as user"),
        pytest.param("http://[::1]:8080", "http://[::1]evil.test:8080", False, id="text behind the bracket"),
    ],
)
def test_addresses_match_by_what_they_are_not_by_what_they_resemble(rule, url, is_allowed):
    assert HostRule.parse(rule).allows(url, "team-a") is is_allowed


VENDOR = "https://api.vendor.test/v1"
GATEWAY, OWN = "https://gateway.example.com/v1", "https://own.example.com:8443/v1"


@pytest.mark.parametrize(
    ("url", "namespace", "may"),
    [
        pytest.param(VENDOR, "team-a", True, id="the vendor's own, to the letter"),
        pytest.param(VENDOR + "/", "team-a", False, id="almost the vendor's own"),
        pytest.param("https://api.vendor.test/v2", "team-a", False, id="another path at the vendor"),
        pytest.param(GATEWAY, "team-a", True, id="a host for all"),
        pytest.param(GATEWAY, "team-b", True, id="a host for all, another namespace"),
        pytest.param(OWN, "team-a", True, id="a host for this namespace"),
        pytest.param(OWN, "team-b", False, id="a host for another namespace"),
        pytest.param(OWN, "team-a-2", False, id="a longer name"),
        pytest.param(OWN, "", False, id="no namespace"),
        pytest.param("https://other.example.com", "team-a", False, id="another host"),
    ],
)
def test_a_key_goes_to_the_vendor_and_where_its_namespace_may_send(url, namespace, may):
    entries = ("https://gateway.example.com", "team-a=https://own.example.com:8443")
    rules = Settings(allowed_provider_hosts=entries).allowed_provider_hosts
    assert may_send(url, VENDOR, rules, namespace) is may
    assert may_send(url, VENDOR, (), namespace) is (url == VENDOR)
