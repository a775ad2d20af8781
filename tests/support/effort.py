"""What a call costs, fit for bounds: CPU time of this thread, the median of a few, so that a busy machine is no fault."""

import statistics
import time
from collections.abc import Callable


def cpu_seconds(call: Callable[[], object], *, times: int = 5) -> float:
    """The median of so many calls."""
    costs = []
    for _ in range(times):
        began = time.thread_time()
        call()
        costs.append(time.thread_time() - began)
    return statistics.median(costs)
