"""The provider simulator: a stateful stand-in for Parasail and PaiTIENT, over real HTTP or in the process.

It imports nothing of the operator. `Simulator` is asked directly or serves inside a test, `run` as a process of its own.
"""

from .call import Request
from .knobs import Knobs
from .outcome import Complete, Cut, Outcome, Reset
from .server import Simulator, run

__all__ = ["Complete", "Cut", "Knobs", "Outcome", "Request", "Reset", "Simulator", "run"]
