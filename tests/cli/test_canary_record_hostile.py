"""Whatever users and providers put into an object: its record shows it as text, and as nothing else."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from model_operator.cli.record.gathering import record_of
from model_operator.cli.record.markdown import markdown
from model_operator.cli.record.markup import harmless
from model_operator.cli.record.page import page
from support.canary_recorded import NOW, body
from support.markup import Markup

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onload='alert(1)",
    "</style></svg></table><iframe src=//evil.example>",
    "]]>--><!-- <b>&lt;&amp;",
    "javascript:alert(1)",
    "[a](https://evil.example) ![b](https://evil.example/p.png) <https://evil.example>",
    "**bold** _it_ ~~gone~~ `code` ``` | cell | $x^2$",
    "# head",
    "line\n\n# head\n- item\n\n    code\n\n---\n| a |\n|---|",
    "\\| \\` \\",
    "\x00\x1b[31mred\x9b",
    "\u202egnp.exe\u2066",
    "é🦙" * 800,
]
_KEPT = {"status", "state", "type", "name", "manager"}
_TIMES = ("At", "Time", "Since", "Until", "since", "at")


def spoilt(value: Any, text: str, key: str = "") -> Any:
    """With the text in the place of all texts that anybody may write."""
    match value:
        case dict():
            return {name: spoilt(inner, text, name) for name, inner in value.items()}
        case list():
            return [spoilt(inner, text, key) for inner in value]
        case str() if not key.endswith(_TIMES) and key not in _KEPT:
            return text
        case _:
            return value


def hostile(text: str) -> dict[str, Any]:
    found = body(failedDestination="x", failure=None)
    found["status"] = spoilt(found["status"], text)
    for field in ("traffic", "history"):
        for item in found["status"][field]:
            item["name" if field == "traffic" else "id"] = text
    found["status"]["conditions"][0]["reason"] = "Available"  # which has a pattern; another one is left out
    found["status"]["rollout"]["to"][0]["name"] = text
    found["status"]["rollout"]["analysis"]["metrics"][0]["name"] = text
    found["status"]["rollout"]["failure"] = {"reason": text, "message": text, "at": "2026-11-28T14:30:00Z"}
    found["metadata"]["managedFields"][0]["manager"] = text
    return found


PLAIN = Markup(page(record_of(hostile("plain"), NOW)))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_page_has_it_as_text(text):
    written = page(record_of(hostile(text), NOW))
    written.encode()
    found = Markup(written)
    assert set(found.elements) == set(PLAIN.elements)
    assert found.attributes == PLAIN.attributes
    assert found.text.count(" ".join(harmless(text).split())) > 20


def test_a_page_asks_nobody_and_runs_nothing():
    assert not {"script", "link", "img", "iframe", "object", "a", "form", "use", "image"} & set(
        PLAIN.elements
    )
    names = {
        name for name in PLAIN.attributes if name.startswith("on") or name in {"src", "href", "xlink:href"}
    }
    assert names == set()
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    assert policy in PLAIN.values
    written = page(record_of(body(), NOW))
    style = written.partition("<style>")[2].partition("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style
    assert style in written
    assert {value for value in PLAIN.values if "url(" in value} == {"url(#hatch)"}


def read(text: str) -> Markup:
    """As a forge renders a ticket, whose HTML it lets through."""
    return Markup(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text))


PLAIN_TICKET = read(markdown(record_of(hostile("plain"), NOW)))


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_has_it_as_text(text):
    found = read(markdown(record_of(hostile(text), NOW)))
    assert found.elements == PLAIN_TICKET.elements
    assert found.attributes == PLAIN_TICKET.attributes
    assert found.text.count(" ".join(harmless(text).split())) > 20


@pytest.mark.parametrize(
    ("text", "written"),
    [
        pytest.param("@everyone", "@\N{WORD JOINER}everyone", id="nobody is told"),
        pytest.param(
            "see https://a.example", r"see https\://a.example", id="a forge makes no link of an address"
        ),
        pytest.param("www.a.example", r"www\.a.example", id="nor of a name"),
        pytest.param("closes #12", r"closes \#12", id="no issue is closed"),
    ],
)
def test_markdown_is_no_trigger(text, written):
    assert written in markdown(record_of(body(message=text), NOW))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(HOSTILE),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
TIMES = st.sampled_from(
    ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-11-28T14:00:00Z", "2027-01-01T00:00:00+14:00"]
)
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.integers(-1, 101)


def paths(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way, *(path for key, inner in items for path in paths(inner, (*way, key)))]


PLACES = [path for path in paths(body()) if path and path[0] in {"spec", "status"}]


@settings(max_examples=50)
@given(st.lists(st.tuples(st.sampled_from(PLACES), JSON | TIMES | NUMBERS), min_size=1, max_size=4))
def test_there_is_a_record_of_any_object(edits):
    found = body()
    for way, value in edits:
        at: Any = found
        for key in way[:-1]:
            at = (
                at.get(key)
                if isinstance(at, dict)
                else at[key]
                if isinstance(at, list) and key in range(len(at))
                else None
            )
        if isinstance(at, dict) or (isinstance(at, list) and way[-1] in range(len(at))):
            at[way[-1]] = value
    record = record_of(found, NOW)
    page(record).encode()
    markdown(record).encode()
    assert all(leg.start <= leg.end for leg in record.legs)
