"""How much of an account a ModelProvider leaves to the operator, and what may be sent in which mode.

`admits` is asked right before each request leaves; no rule, pass or adapter has a say in it.
"""

from enum import StrEnum
from typing import Final

_READS: Final = frozenset({"GET", "HEAD"})


class Mode(StrEnum):
    MANAGE = "Manage"
    OBSERVE = "Observe"
    """Reads only: a stand-by cluster of the same Git repository, or a trial on a production account."""
    SUSPEND = "Suspend"
    """No request at all."""


def is_read(method: str) -> bool:
    """Nothing at the provider changes by it, and nothing is charged for: a probe is no read."""
    return method in _READS


def admits(mode: Mode, method: str) -> bool:
    """Whether a request with that HTTP method may leave."""
    match mode:
        case Mode.MANAGE:
            return True
        case Mode.OBSERVE:
            return is_read(method)
        case Mode.SUSPEND:
            return False
