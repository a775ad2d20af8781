"""What a start loads: the largest part of a restart, and of the memory before the first object."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

MOST_MEMORY = 68 << 20
"""Bytes resident: 65 MiB here, and what another build of Python or a few modules of ours make of it. What must not come
back is 14 more."""
MOST_SECONDS = 4.0
"""Of CPU; 1.0 on a quiet machine. This one may be busy, and a processor that is shared counts twice."""
UNUSED = frozenset(
    {
        "requests",
        "requests_oauthlib",
        "urllib3",
        "oauthlib",
        "websocket",
        "rich",
        "pygments",
        "kubernetes.client",
    }
)

_OPERATOR = Path(__file__).parents[2] / "operator"
_MEASURED = """
import json, sys, time
import model_operator.app
print(json.dumps([sorted(sys.modules), time.process_time()]), flush=True)
sys.stdin.read()
"""


@dataclass(frozen=True)
class Start:
    modules: frozenset[str]
    memory: int
    seconds: float


@pytest.fixture(scope="module")
def start() -> Start:
    with _process(_MEASURED) as process:
        assert process.stdin
        assert process.stdout
        modules, seconds = json.loads(process.stdout.readline())
        memory = psutil.Process(process.pid).memory_info().rss
        process.stdin.close()
        process.stdout.read()
    return Start(frozenset(modules), memory, seconds)


def said(program: str) -> list[str]:
    """The words that this program prints, in a process of its own."""
    with _process(program) as process:
        words, _ = process.communicate()
    assert process.returncode == 0
    return words.split()


def _process(program: str) -> subprocess.Popen[str]:
    program = f"import sys; sys.path.insert(0, {str(_OPERATOR)!r})\n{program}"
    return subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_no_synchronous_client_and_no_command_line_is_loaded(start: Start) -> None:
    assert start.modules & UNUSED == frozenset()
    assert {"kopf", "kubernetes.aio.client", "httpx"} <= start.modules


def test_a_start_is_small_before_the_first_object(start: Start) -> None:
    assert start.memory <= MOST_MEMORY
    assert start.seconds <= MOST_SECONDS


def test_a_module_that_was_hidden_can_be_imported_afterwards() -> None:
    words = said("""
from model_operator.loading import absent
with absent("colorsys"):
    try:
        import colorsys
    except ImportError:
        print("hidden")
import colorsys
print(colorsys.__name__)
""")
    assert words == ["hidden", "colorsys"]


def test_a_module_that_is_loaded_already_stays() -> None:
    words = said("""
import colorsys, xml
from model_operator.loading import absent, only_submodules
before = xml
with absent("colorsys"), only_submodules("xml"):
    import colorsys, xml
print(colorsys.__name__, xml is before)
""")
    assert words == ["colorsys", "True"]


def test_a_package_that_is_not_installed_is_said_so() -> None:
    words = said("""
from model_operator.loading import only_submodules
try:
    with only_submodules("no_such_package"):
        pass
except ModuleNotFoundError as error:
    print(error.name)
""")
    assert words == ["no_such_package"]
