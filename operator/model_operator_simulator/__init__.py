"""The provider simulator: a stateful stand-in for Parasail and PaiTIENT over real HTTP.

It imports nothing of the operator. `Simulator` serves it inside a test, `run` as a process of its own.
"""

from .knobs import Knobs
from .server import Simulator, run

__all__ = ["Knobs", "Simulator", "run"]
