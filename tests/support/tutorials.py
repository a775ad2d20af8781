"""The tutorials of docs/, in the order in which three people would carry them out, and with seconds for minutes."""

from collections.abc import Mapping
from dataclasses import replace

from support.markdown import ROOT, Block

PLATFORM, ML, ON_CALL = (ROOT / "docs" / f"tutorial-{reader}.md" for reader in ("platform", "ml", "oncall"))
PLUGIN = "from model_operator.cli.plugin import main; main()"
"""What the program `kubectl-models` of an installation does."""
HURRIED: Mapping[str, str] = {
    "    hold: 10m\n": "    hold: 1s\n",
    "    analysis:\n": "    analysis:\n      interval: 1s\n      warmup: 0s\n      delay: 0s\n",
    'curl "$URL': 'curl --fail "$URL',
}


def put(block: Block, words: Mapping[str, str]) -> Block:
    """The block with these words in place of others."""
    body = block.body
    for found, put in words.items():
        body = body.replace(found, put)
    return replace(block, body=body)
