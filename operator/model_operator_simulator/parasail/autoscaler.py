"""The vendor's own autoscaler: with `autoscaling` it moves the number of replicas between minReplicas and maxReplicas.

There is no load here, so it goes one up at a time to the most and one down to the least, over and over; that shows all
that a client can meet.
"""

from collections.abc import Callable

from model_operator_simulator.core import Core

from .deployment import Deployment
from .fields import bounds
from .knobs import ParasailKnobs


class Autoscaler:
    """Moves `Deployment.scaled`.

    Args:
        core: clock and knobs.
        resize: called when the number of a deployment has moved.
    """

    def __init__(self, core: Core, resize: Callable[[Deployment], None]) -> None:
        self._core = core
        self._resize = resize
        self._falling: set[int] = set()

    def begin(self, deployment: Deployment) -> None:
        """Its fields are new: from now on within these bounds, or not at all."""
        if not deployment.fields.get("autoscaling"):
            deployment.scaled = None
            return
        low, high = bounds(deployment.fields)
        deployment.scaled = min(max(deployment.replicas, low), high)

    def watch(self, deployment: Deployment) -> None:
        """It is ONLINE: move it on from time to time, until somebody else watches it."""
        deployment.scaler += 1
        self._later(deployment, deployment.scaler)

    def _later(self, deployment: Deployment, scaler: int) -> None:
        seconds = self._core.knobs.of(ParasailKnobs).autoscale_s
        if deployment.scaled is not None and seconds:
            self._core.clock.after(seconds, lambda: self._move(deployment, scaler))

    def _move(self, deployment: Deployment, scaler: int) -> None:
        if (
            deployment.scaler != scaler
            or deployment.status != "ONLINE"
            or deployment.stuck
            or deployment.deleting
        ):
            return
        low, high = bounds(deployment.fields)
        if low < high and deployment.scaled is not None:
            if deployment.scaled >= high:
                self._falling.add(deployment.id)
            elif deployment.scaled <= low:
                self._falling.discard(deployment.id)
            deployment.scaled += -1 if deployment.id in self._falling else 1
            self._resize(deployment)
        self._later(deployment, scaler)
