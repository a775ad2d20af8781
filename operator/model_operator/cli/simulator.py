"""`model-operator simulator`: both vendors' APIs on this machine, for the demo and for users' own tests."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from pydantic import ValidationError

if TYPE_CHECKING:  # it brings a web server
    from model_operator_simulator.clock import ClockMode
    from model_operator_simulator.knobs import Knobs

EPILOG = """\b
Examples:
  model-operator simulator                      http://127.0.0.1:8700/parasail/api/v1 and …/paitient
  model-operator simulator --knob parasail.start_s=2 --knob paitient.create_s=2
  model-operator simulator --clock scaled --time-scale 60      one hour passes in a minute
  curl http://127.0.0.1:8700/__sim              lists what can be controlled at runtime: faults, clock, journal
  model-operator run --allowed-provider-host http://127.0.0.1:8700     allows ModelProviders to use it
"""


@click.command("simulator", epilog=EPILOG)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8700,
    show_default=True,
    help="Port to listen on; 0 chooses a free port.",
)
@click.option(
    "--knob",
    "knobs",
    multiple=True,
    metavar="NAME=VALUE",
    help="Setting of the simulated providers, e.g. parasail.start_s=2; may be repeated.",
)
@click.option("--list-knobs", is_flag=True, help="Print all knobs with their defaults, and exit.")
@click.option(
    "--clock",
    type=click.Choice(["real", "scaled", "manual"]),
    default="real",
    show_default=True,
    help="How time passes: real time, --time-scale times as fast, or only on requests to /__sim.",
)
@click.option(
    "--time-scale",
    type=click.FloatRange(min=0, max=1e6, min_open=True, max_open=True),
    default=1.0,
    show_default=True,
    help="Seconds of a scaled clock per real second.",
)
@click.option("--seed", default=0, show_default=True, help="Seed for everything random.")
@click.option(
    "--ready-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help='File to which {"url": "<url>"} is written once requests are answered.',
)
def run_simulator(  # noqa: PLR0913, PLR0917  the flags of a command
    host: str,
    port: int,
    knobs: tuple[str, ...],
    list_knobs: bool,
    clock: "ClockMode",
    time_scale: float,
    seed: int,
    ready_file: Path | None,
) -> None:
    """Simulate the APIs of both providers.

    The simulator is stateful, has a clock, faults and a journal, and runs until SIGTERM or SIGINT. The
    state is in memory and starts empty, except for two API keys:

    \b
      parasail  apiKey: sim-parasail-key
      paitient  apiKey: sim-paitient-key, clientID: sim-client
    """
    from model_operator_simulator import run  # noqa: PLC0415

    chosen = _chosen(knobs)
    if list_knobs:
        click.echo(_table(chosen))
        return
    try:
        run(host, port, chosen, clock, time_scale, seed, ready_file)
    except OSError as error:
        raise click.ClickException(f"cannot serve on {host} port {port}: {error}") from error


def _chosen(knobs: tuple[str, ...]) -> "Knobs":
    from model_operator_simulator.knobs import Knobs  # noqa: PLC0415

    try:
        return Knobs().changed(dict(map(_parse, knobs)))
    except ValidationError as error:
        lines = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise click.BadParameter("; ".join(lines), param_hint="--knob") from error
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--knob") from error


def _parse(knob: str) -> tuple[str, Any]:
    """`paitient.create_s=2`: the value is JSON, or else text."""
    name, equals, value = knob.partition("=")
    if not equals or "." not in name:
        raise ValueError(f"{knob!r} is not SECTION.NAME=VALUE, e.g. parasail.start_s=2")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _table(knobs: "Knobs") -> str:
    from model_operator_simulator.knobs import described  # noqa: PLC0415

    return "\n".join(
        f"{row['name']}={json.dumps(row['value'])}\n    {row['description']}" for row in described(knobs)
    )
