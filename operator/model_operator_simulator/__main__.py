"""`python -m model_operator_simulator`: the simulator without the operator's command line, for tests."""

import argparse
import json
from typing import Any

from .knobs import Knobs
from .server import run


def main() -> None:
    """Parse the arguments and serve; unfit knobs end with exit code 2 and all problems."""
    parser = argparse.ArgumentParser(prog="python -m model_operator_simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8700, help="0 takes a free port")
    parser.add_argument("--clock", choices=("real", "scaled", "manual"), default="real")
    parser.add_argument(
        "--time-scale", type=float, default=1.0, help="clock seconds per real second (scaled)"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ready-file", help='receives {"url": BASE_URL} once requests are answered')
    parser.add_argument(
        "--knob", action="append", default=[], metavar="SECTION.NAME=VALUE", help="JSON or text"
    )
    given = parser.parse_args()
    try:
        knobs = Knobs().changed(dict(_knob(text) for text in given.knob))
        run(given.host, given.port, knobs, given.clock, given.time_scale, given.seed, given.ready_file)
    except ValueError as error:
        parser.error(str(error))


def _knob(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"{text}: a knob is SECTION.NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


if __name__ == "__main__":
    main()
