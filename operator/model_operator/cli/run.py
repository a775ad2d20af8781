"""`model-operator run`: settings in, exit code out; the operator itself is put together in `model_operator.app`."""

import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Literal, get_args, get_origin

import click
from typing_extensions import override

from model_operator.cli.grouping import SETTINGS, Grouped
from model_operator.setting_values import Address
from model_operator.settings import Settings
from model_operator.settings_loading import (
    SettingsInvalid,
    default_of,
    env_of,
    flag_of,
    is_many,
    is_switch,
    load,
)

EPILOG = """\b
Examples:
  model-operator run                                    this machine's kubeconfig, all namespaces
  model-operator run --namespace team-a --namespace team-b
  model-operator run --allowed-provider-host http://127.0.0.1:9000 --log-level debug
  MODEL_OPERATOR_LOG_FORMAT=json model-operator run --config settings.yaml

\b
Each setting is a flag, an environment variable and a key of the --config file; the first of these
that sets it wins. Durations are written 500ms, 60s, 10m or 1h30m. Invalid settings are reported
together, and the exit code is 2.
"""


class WrongSettings(click.ClickException):
    """Prints one line per problem; exit code 2, as for every wrong use of the command line."""

    exit_code = 2

    @override
    def format_message(self) -> str:
        return f"these settings are invalid:\n{self.message}"


def _setting_flags(command: Callable[..., Any]) -> Callable[..., Any]:
    """A flag for each field of `Settings`, as text: all of them are parsed, and judged, in one place."""
    for name in reversed(Settings.model_fields):
        flag = flag_of(name)
        command = click.option(
            f"{flag}/--no-{flag.removeprefix('--')}" if is_switch(name) else flag,
            name,
            type=bool if is_switch(name) else str,
            default=None,
            multiple=is_many(name),
            metavar=_metavar(name),
            help=_help(name),
        )(command)
    return command


def _metavar(name: str) -> str | None:
    kind = Settings.model_fields[name].annotation
    if get_origin(kind) is Literal:
        return "|".join(get_args(kind))
    if is_many(name):
        return name.rpartition("_")[2].removesuffix("s").upper()
    if kind is str:
        return "ADDRESS" if name.endswith("host") else "NAME"
    words: dict[object, str | None] = {
        int: "NUMBER",
        int | None: "NUMBER",
        timedelta: "DURATION",
        bool: None,
        Address | None: "HOST:PORT",
    }
    return words.get(kind, "FILE")


def _help(name: str) -> str:
    default = default_of(name)
    more = [f"default {default}"] if default else []
    more += ["may be repeated"] if is_many(name) else []
    return f"{Settings.model_fields[name].description}  [{'; '.join([*more, env_of(name)])}]"


@click.command("run", cls=Grouped, groups=SETTINGS, epilog=EPILOG)
@_setting_flags
def run_operator(**flags: str | bool | tuple[str, ...] | None) -> None:
    """Run the operator until SIGTERM or SIGINT.

    It watches ModelProviders, ModelDeployments, CanaryEndpoints and ModelBudgets (modeloperator.dev) and manages the
    deployments at the providers. Apply the CRDs first (model-operator crds).
    """
    given = {name: value for name, value in flags.items() if value not in (None, ())}
    try:
        settings = load(given)
    except SettingsInvalid as invalid:
        raise WrongSettings("\n".join(f"  {problem}" for problem in invalid.problems)) from None

    # httpx loads a command line of its own where rich is installed: 5 MB that an operator has no use for.
    sys.modules["httpx._main"] = None  # type: ignore[assignment]
    from model_operator.app import run  # noqa: PLC0415  the other commands start without kopf

    raise SystemExit(run(settings))
