"""`kubectl models canary report`: from the real API server into a real browser."""

import json
import re
import zlib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from model_operator.cli import main
from model_operator.cli.record.gathering import record_of
from model_operator.cli.record.page import page
from support.browser import pictured, printed, rendered
from support.canary_recorded import NOW, body
from support.debian import Program
from support.markup import Markup


@pytest.fixture
def applied(namespace) -> dict[str, Any]:
    """The object on the server, with its status."""
    found = body()
    metadata = {"name": "triage", "namespace": namespace.name}
    made = {
        "apiVersion": found["apiVersion"],
        "kind": found["kind"],
        "metadata": metadata,
        "spec": found["spec"],
    }
    namespace.apply(made)
    patch = json.dumps({"status": found["status"]})
    namespace.kubectl("patch", "canep", "triage", "--subresource=status", "--type=merge", f"--patch={patch}")
    return found


@pytest.mark.long
def test_a_report_becomes_a_file_or_goes_to_the_standard_output(applied, namespace, kubectl, tmp_path):
    html, ticket = tmp_path / "rollout.html", tmp_path / "rollout.md"
    made = kubectl("models", "canary", "report", "triage", "-o", str(html))
    assert (made.returncode, made.stdout, made.stderr) == (0, "", f"written to {html}\n")
    shown = Markup(html.read_text(encoding="utf-8")).text
    assert "At v1=50 v2=50 (step 3/4), earliest advance 14:34:45Z" in shown
    kubectl("models", "canary", "report", "triage", "-o", str(ticket))
    said = kubectl("models", "canary", "report", "triage").stdout
    clocks = re.compile(r"at \d+ \w+ \d+ [\d:]+ UTC")
    assert clocks.sub("", said) == clocks.sub("", ticket.read_text(encoding="utf-8"))
    assert said.startswith(f"## Canary rollout {namespace.name}/triage\n")
    assert (
        kubectl("models", "canary", "report", "triage", "-o", "name").stdout
        == "canaryendpoint.modeloperator.dev/triage\n"
    )
    document = json.loads(kubectl("models", "canary", "report", "triage", "-o", "json").stdout)
    assert [move["who"] for move in document["moves"]] == ["spec", "person", "provider", "operator"]


@pytest.mark.long
def test_what_is_not_there_is_said(namespace, kubectl):
    made = kubectl("models", "canary", "report", "nobody")
    assert (made.returncode, made.stdout) == (1, "")
    assert made.stderr.startswith("Error: CanaryEndpoint 'nobody' does not exist")
    assert f"namespace {namespace.name})" in made.stderr


@pytest.mark.long
def test_a_file_that_cannot_be_written_is_said(applied, kubectl, tmp_path):
    made = kubectl("models", "canary", "report", "triage", "-o", str(tmp_path / "none" / "rollout.html"))
    assert (made.returncode, made.stdout) == (1, "")
    assert made.stderr == f"Error: cannot write {tmp_path}/none/rollout.html: No such file or directory\n"


def test_a_format_that_there_is_not_is_refused_before_anything_is_asked():
    said = CliRunner().invoke(main, ["canary", "report", "triage", "-o", "rollout.pdf"])
    assert said.exit_code == 2
    assert "Invalid value for -o: rollout.pdf: name a file that ends in .html or .md" in said.output


@pytest.fixture
def file(tmp_path) -> Path:
    path = tmp_path / "rollout.html"
    path.write_text(page(record_of(body(), NOW)), encoding="utf-8")
    return path


@pytest.mark.long
@pytest.mark.slow
def test_a_browser_shows_every_figure_of_the_status_and_has_no_complaint(chromium: Program, file, tmp_path):
    found = rendered(chromium, file, tmp_path / "profile")
    assert found.console == []
    shown = Markup(found.dom).text
    status = body()["status"]
    rollout = status["rollout"]
    figures = [
        value
        for metric in rollout["analysis"]["metrics"]
        for name in ("name", "verdict", "canary", "lowerBound", "baseline", "limit")
        if (value := metric.get(name))
    ]
    past = [one[name] for one in status["history"] for name in ("id", "from", "to", "result")]
    words = [
        status[name] for name in ("phase", "message", "split", "step", "verdict", "externalID", "endpointURL")
    ]
    for word in (*figures, *past, *words, rollout["id"], "1,482", "of 200 needed", "75 %"):
        assert word in shown, word


@pytest.mark.long
@pytest.mark.slow
def test_a_page_that_would_ask_somebody_is_stopped_and_heard(chromium: Program, file, tmp_path):
    """What the silence of the test above is worth."""
    poisoned = file.read_text(encoding="utf-8").replace(
        "</body>", '<img src="http://127.0.0.1:9/x.png"/><script>document.title = "run"</script></body>'
    )
    file.write_text(poisoned, encoding="utf-8")
    found = rendered(chromium, file, tmp_path / "profile")
    assert len([line for line in found.console if "Content Security Policy" in line]) == 2, found.console
    assert "<title>run</title>" not in found.dom


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize(
    ("is_dark", "paper", "bands"),
    [(False, "#ffffff", ("#e69f00", "#64788c")), (True, "#12171d", ("#f0ad1f", "#71869b"))],
    ids=["light", "dark"],
)
def test_its_picture_is_drawn_in_the_colours_of_the_browser(
    chromium: Program, file, tmp_path, is_dark, paper, bands
):
    seen = pictured(chromium, file, tmp_path / "profile", tmp_path / "page.png", is_dark=is_dark)
    assert seen.colours.most_common(1)[0][0] == paper
    assert [seen.colours[band] > 10_000 for band in bands] == [True, True]


@pytest.mark.long
@pytest.mark.slow
def test_on_paper_it_has_its_text_and_its_colours(chromium: Program, file, tmp_path):
    """Even of a browser that is dark otherwise."""
    pdf = tmp_path / "page.pdf"
    printed(chromium, file, tmp_path / "profile", pdf)
    drawn = "\n".join(
        zlib.decompress(stream).decode("latin-1")
        for stream in re.findall(
            rb"/FlateDecode[^>]*>>\s*stream\r?\n(.*?)endstream", pdf.read_bytes(), re.DOTALL
        )
    )
    fills = {
        tuple(round(float(part) * 255) for part in found)
        for found in re.findall(r"([\d.]+) ([\d.]+) ([\d.]+) rg", drawn)
    }
    assert {(0xE6, 0x9F, 0x00), (0x64, 0x78, 0x8C), (0x17, 0x20, 0x2A)} <= fills
    assert (0x12, 0x17, 0x1D) not in fills
    assert len(re.findall(r"T[jJ]\b", drawn)) > 100
