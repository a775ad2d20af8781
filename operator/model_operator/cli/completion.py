"""Completion of commands, flags and choices: click's machinery for bash, zsh and fish, and a PowerShell script on it.

kubectl asks a program `kubectl_complete-models` for the words of its plugin, in the way of cobra: one line each, and a last
line `:DIRECTIVE`.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from typing import ClassVar, Final

import click
from click.shell_completion import (
    CompletionItem,
    ShellComplete,
    add_completion_class,
    get_completion_class,
    split_arg_string,
)
from typing_extensions import override

PROGRAM: Final = "model-operator"
_VARIABLE: Final = "_MODEL_OPERATOR_COMPLETE"
_NO_FILES: Final = ":4"
"""cobra's ShellCompDirectiveNoFileComp."""
_FILES: Final = ":0"

EPILOG = """\b
Examples:
  source <(model-operator completion bash)
  source <(model-operator completion zsh)
  model-operator completion fish > ~/.config/fish/completions/model-operator.fish
  model-operator completion powershell | Out-String | Invoke-Expression

\b
kubectl completes `kubectl models` by itself where the program kubectl_complete-models is on the PATH, which the package
installs.
"""

_POWERSHELL = """\
Register-ArgumentCompleter -Native -CommandName %(prog_name)s -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $env:COMP_WORDS = $commandAst.ToString()
    $env:COMP_CWORD = $wordToComplete
    $env:%(complete_var)s = "powershell_complete"
    try {
        %(prog_name)s | ForEach-Object {
            $kind, $value, $help = $_ -split "`t", 3
            if ($kind -eq "plain") {
                if (-not $help) { $help = $value }
                [System.Management.Automation.CompletionResult]::new($value, $value, "ParameterValue", $help)
            }
        }
    } finally {
        Remove-Item Env:COMP_WORDS, Env:COMP_CWORD, Env:%(complete_var)s
    }
}
"""


class PowerShell(ShellComplete):
    """Gets the whole line and the word under the cursor, gives a line `kind TAB value TAB help` per word."""

    name: ClassVar[str] = "powershell"
    source_template: ClassVar[str] = _POWERSHELL

    @override
    def get_completion_args(self) -> tuple[list[str], str]:
        words = split_arg_string(os.environ.get("COMP_WORDS", ""))
        incomplete = os.environ.get("COMP_CWORD", "")
        arguments = words[1:]
        if incomplete and arguments and arguments[-1] == incomplete:
            arguments.pop()
        return arguments, incomplete

    @override
    def format_completion(self, item: CompletionItem) -> str:
        return f"{item.type}\t{item.value}\t{item.help or ''}"


add_completion_class(PowerShell)


@click.command("completion", epilog=EPILOG)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish", "powershell"]))
@click.pass_context
def print_completion(context: click.Context, shell: str) -> None:
    """Print the completion script of a shell."""
    kind = get_completion_class(shell)
    if kind is None:  # the choices are those that there are
        raise click.ClickException(f"completion for {shell} is not supported")
    complete = kind(context.find_root().command, {}, PROGRAM, _VARIABLE)
    click.echo(complete.source_template % complete.source_vars())


def words(program: click.Command, arguments: Sequence[str]) -> Iterator[str]:
    """What kubectl is told when the user presses Tab behind these arguments; the last one is not complete yet."""
    *before, incomplete = arguments or [""]
    found = ShellComplete(program, {}, "kubectl models", "").get_completions(list(before), incomplete)
    for item in found:
        if item.type == "plain":
            yield f"{item.value}\t{item.help}" if item.help else str(item.value)
    yield _NO_FILES if all(item.type == "plain" for item in found) else _FILES


def complete_for_kubectl() -> None:
    """The program `kubectl_complete-models`."""
    from model_operator.cli.plugin import plugin  # noqa: PLC0415  it imports this module

    for line in words(plugin(), sys.argv[1:]):
        click.echo(line)
