"""Commands in the documentation work: blocks marked `test` are carried out, all others are read by a shell.

The marker stands behind the language, as in ```` ```console test ````; readers do not see it.
"""

import base64
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from support.markdown import PAGES, ROOT, Block, blocks, is_shown
from support.namespace import Namespace
from support.operator_process import OperatorProcess
from support.simulator_process import SimulatorProcess

BASH = shutil.which("bash") or "/bin/bash"
STORIES = {"README", "tutorial-platform", "tutorial-ml", "tutorial-oncall"}
"""Pages whose blocks are carried out in their order, by tests of their own."""
SHELL_BLOCKS = [block for page in PAGES for block in blocks(page) if block.is_shell]
README = ROOT / "README.md"


@pytest.mark.parametrize("block", SHELL_BLOCKS, ids=str)
def test_a_shell_understands_it(block: Block) -> None:
    assert block.script.strip(), f"{block}: no command; in a console it begins with `$ `"
    done = subprocess.run([BASH, "-n", "-c", block.script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "block", [block for block in SHELL_BLOCKS if block.is_test and block.page.stem not in STORIES], ids=str
)
def test_what_is_marked_works(block: Block, run: Callable[[Block], str]) -> None:
    output = run(block)
    assert [line for line in block.output if not is_shown(line, output)] == []


def test_a_key_is_replaced_by_the_documented_command(
    namespace: Namespace, run: Callable[[Block], str]
) -> None:
    """Also one that `kubectl create` has made, whose fields another manager holds."""
    (block,) = [
        block
        for block in SHELL_BLOCKS
        if "create secret" in block.script and block.page.stem == "troubleshooting"
    ]
    namespace.kubectl("create", "secret", "generic", "parasail", "--from-literal=apiKey=OLD")
    run(block)
    key = base64.b64decode(namespace.get("Secret", "parasail")["data"]["apiKey"])
    assert key == b"YOUR_SECRET_API_KEY"


BY_DEVICE = (
    "    devices:\n      - device: L40S\n        count: 1\n      - device: RTX4090\n        count: 1\n"
)
BY_TIER = "    serviceTierName: low-cost\n"


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.parametrize("profile", ["extended", "documented"])
def test_the_readme_works_from_top_to_bottom(
    profile: str,
    namespace: Namespace,
    simulator: SimulatorProcess,
    operator: Callable[..., OperatorProcess],
    run: Callable[[Block], str],
    tmp_path: Path,
) -> None:
    """Its blocks in their order up to a chat completion and on to the end, with an operator that runs and with the
    simulator as the vendor, of either kind of account."""
    simulator.put_token("parasail", "YOUR_SECRET_API_KEY")
    simulator.knobs(parasail={"profile": profile})
    examples = tmp_path / "checkout" / "manifests" / "examples"
    account, chat = examples / "parasail-provider.yaml", f"{simulator.url}/parasail/v1"
    addresses = f"  baseURL: {simulator.url}/parasail/api/v1\n  chatBaseURL: {chat}\n"
    account.write_text(account.read_text().replace("spec:\n", f"spec:\n{addresses}"))
    operator(transition_poll="200ms")
    missing: list[tuple[str, Any]] = []
    for block in [block for block in blocks(README) if block.is_test]:
        output = run(block)
        missing += [(str(block), line) for line in block.output if not is_shown(line, output)]
        if "apply -f manifests/examples/parasail.yaml" in block.script and profile == "documented":
            run(by_tier_as_the_message_says(namespace, examples / "parasail.yaml", block))
        if ".status.externalAlias" in block.script:
            said = answer_of(run, output.split(), chat)
            assert said.startswith("assistant: ")
            assert f"assistant: {answer_of_client(run, output.split(), chat)}" == said
    assert missing == []
    assert simulator.counters("parasail")["live"] == 0
    created = simulator.counters("parasail")["creates_by_name"]
    assert list(created.values()) == [1]


def by_tier_as_the_message_says(namespace: Namespace, example: Path, block: Block) -> Block:
    """What an account that knows no devices asks of a reader of the README: another field in the same object."""

    def is_told(body: dict[str, Any]) -> bool:
        found = [one["message"] for one in body["status"]["conditions"] if one["type"] == "Ready"]
        return "set spec.parasail.serviceTierName, instead of devices" in found[0]

    namespace.wait("ModelDeployment", "llama", is_told, what="the message that names the field")
    kept = [
        line for line in example.read_text().splitlines(keepends=True) if not line.lstrip().startswith("#")
    ]
    plain = re.sub(r" +#.*", "", "".join(kept))
    assert BY_DEVICE in plain
    example.write_text(plain.replace(BY_DEVICE, BY_TIER))
    return replace(block, info=("sh",), body="kubectl apply -f manifests/examples/parasail.yaml\n")


def answer_of_client(run: Callable[[Block], str], status: list[str], chat: str) -> str:
    """What the README's program prints, with what the status says."""
    (block,) = [block for block in blocks(README) if block.info[:1] == ("python",)]
    program = block.body.replace("https://api.parasail.io/v1", chat).replace("acme-llama-k3x7qd2n", status[1])
    assert program != block.body
    script = f"export PARASAIL_API_KEY=YOUR_SECRET_API_KEY\n{sys.executable} - <<'EOF'\n{program}EOF\n"
    return run(replace(block, info=("sh",), body=script)).strip()


def answer_of(run: Callable[[Block], str], status: list[str], chat: str) -> str:
    """The README's own request, with what the status says; role and words of what is answered."""
    url, alias = status
    assert url == chat
    (block,) = [
        block for block in SHELL_BLOCKS if block.page == README and "chat/completions" in block.script
    ]
    request = block.script.replace("https://api.parasail.io/v1", url).replace("acme-llama-k3x7qd2n", alias)
    assert request.count(url) == request.count(alias) == 1
    key = "export PARASAIL_API_KEY=YOUR_SECRET_API_KEY\n"
    answer = json.loads(run(replace(block, info=("sh",), body=f"{key}{request}")))
    said = answer["choices"][0]["message"]
    return f"{said['role']}: {said['content']}"


@pytest.mark.parametrize(
    ("line", "output", "expected"),
    [
        pytest.param("NAME  READY", "NAME    READY\n", True, id="other spaces"),
        pytest.param("llama True 8m", "llama True 3s\n", True, id="another age"),
        pytest.param("llama True 8m", "llama False 3s\n", False, id="another word"),
        pytest.param("llama True", "llama True Extra\n", False, id="one word more"),
    ],
)
def test_promised_output_is_compared_by_its_words(line: str, output: str, *, expected: bool) -> None:
    assert is_shown(line, output) is expected
