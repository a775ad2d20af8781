"""The tests' browser: it renders a file, and hears what the page's console says."""

from pathlib import Path

import pytest

from support.browser import pictured, printed, rendered
from support.debian import Program

pytestmark = [pytest.mark.long, pytest.mark.slow]


def page(folder: Path, body: str) -> Path:
    file = folder / "page.html"
    file.write_text(f"<!doctype html><html><head><title>t</title></head><body>{body}</body></html>")
    return file


def test_a_page_is_rendered_and_has_nothing_to_say(chromium: Program, tmp_path: Path) -> None:
    found = rendered(chromium, page(tmp_path, "<p>v1 75 %"), tmp_path / "profile")
    assert "<p>v1 75 %</p>" in found.dom
    assert found.console == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param("<script>console.error('broken')</script>", "broken", id="an error"),
        pytest.param("<script>nowhere.x</script>", "nowhere is not defined", id="an exception"),
    ],
)
def test_what_the_console_says_is_heard(chromium: Program, tmp_path: Path, body: str, said: str) -> None:
    (line,) = rendered(chromium, page(tmp_path, body), tmp_path / "profile").console
    assert said in line


def test_a_page_can_be_printed(chromium: Program, tmp_path: Path) -> None:
    printed(chromium, page(tmp_path, "<p>v1 75 %"), tmp_path / "profile", tmp_path / "page.pdf")


def test_a_page_is_pictured_light_and_dark(chromium: Program, tmp_path: Path) -> None:
    style = "<style>@media (prefers-color-scheme: dark) { html { background: #123456 } }</style>"
    file = page(tmp_path, f"{style}<svg><rect width='100' height='50' fill='#fedcba'/></svg>")
    light = pictured(chromium, file, tmp_path / "light", tmp_path / "light.png")
    dark = pictured(chromium, file, tmp_path / "dark", tmp_path / "dark.png", is_dark=True)
    assert (light.width, light.height) == (1000, 1000)
    assert light.colours == {"#ffffff": 995_000, "#fedcba": 5_000}
    assert dark.colours == {"#123456": 995_000, "#fedcba": 5_000}
