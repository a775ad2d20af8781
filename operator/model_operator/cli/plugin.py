"""`kubectl models`: the same commands under the name by which kubectl finds them.

kubectl takes any program `kubectl-models` on the PATH for a command of its own. What is not for users of a cluster
(`run`, `simulator`, `demo`, its own `completion`) stays with `model-operator`.
"""

import copy
from typing import Final

import click

from model_operator import __version__
from model_operator.cli import main as whole

PROGRAM: Final = "kubectl models"
_WORDS: Final = "model-operator"
_NOT_HERE: Final = frozenset({"run", "simulator", "demo", "completion"})

EPILOG = """\b
Examples:
  kubectl models status                   all objects with state, reason and remedy
  kubectl models explain QuotaExceeded    what a reason means
  kubectl models plan -f llama.yaml       the requests that would be sent
  kubectl models COMMAND --help           help and examples of a command
"""


def renamed(command: click.Command) -> click.Command:
    """A copy whose examples are those of the plugin."""
    own = copy.copy(command)
    own.epilog = _spoken(command.epilog)
    own.help = _spoken(command.help)
    if isinstance(own, click.Group):
        own.commands = {name: renamed(child) for name, child in own.commands.items()}
    return own


def _spoken(text: str | None) -> str | None:
    return None if text is None else text.replace(f"{_WORDS} ", f"{PROGRAM} ")


def plugin() -> click.Group:
    """The program."""
    group = click.Group(
        "models",
        commands={name: renamed(one) for name, one in whole.commands.items() if name not in _NOT_HERE},
        help="View and control models at remote inference providers.",
        epilog=EPILOG,
        context_settings=whole.context_settings,
    )
    return click.version_option(__version__, prog_name=PROGRAM)(group)


def main() -> None:
    plugin().main(prog_name=PROGRAM)
