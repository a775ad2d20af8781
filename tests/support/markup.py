"""What a reader of an HTML page has: its text, and which elements and attributes it is made of."""

from html.parser import HTMLParser

from typing_extensions import override

_QUIET = ("style", "title")


class Markup(HTMLParser):
    """A page, read."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: set[str] = set()
        self.values: set[str] = set()
        self._open: list[str] = []
        self._text: list[str] = []
        self.feed(page)
        self.close()

    @property
    def text(self) -> str:
        """What is shown; each run of white space is one space."""
        return " ".join(" ".join(self._text).split())

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open.append(tag)
        self._note(tag, attrs)

    @override
    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note(tag, attrs)

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    @override
    def handle_data(self, data: str) -> None:
        if not set(_QUIET) & set(self._open):
            self._text.append(data)

    def _note(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        for name, value in attrs:
            self.attributes.add(name)
            self.values.add(value or "")
