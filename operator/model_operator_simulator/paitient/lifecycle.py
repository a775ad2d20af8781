"""How a PaiTIENT deployment moves between its statuses, and what it logs and announces on the way.

Each way takes clock time and is an event on the simulator's clock; an event that finds the deployment on another
way than the one it was planned for does nothing.
"""

import fnmatch
from collections.abc import Callable

from model_operator_simulator.call import Json
from model_operator_simulator.core import Core

from .deployment import SERVING, Deployment
from .knobs import PaitientKnobs
from .logs import Line
from .wire import full

SAID = {
    "creating": "is being created",
    "updating": "is being updated",
    "deleting": "is being deleted",
    "deleted": "was deleted",
    "failed": "failed",
    "delete_failed": "could not be deleted",
}
BAD = ("failed", "delete_failed")
Announce = Callable[[str, Json], None]


class Lifecycle:
    """Moves deployments along creating, running, updating, failed, deleting, deleted.

    Args:
        core: clock and knobs.
        announce: told of events.
        meter: told of each deployment whose status has changed.
        end: called when a deployment is deleted.
    """

    def __init__(
        self,
        core: Core,
        announce: Announce,
        meter: Callable[[Deployment], None],
        end: Callable[[Deployment], None],
    ) -> None:
        self._core = core
        self._announce = announce
        self._meter = meter
        self._end = end

    def begin(self, deployment: Deployment) -> None:
        """The first status of a new deployment."""
        self.enter(deployment, "creating")
        self.log(deployment, "info", f"Loading model {deployment.fields.get('model_name')}", "model-service")
        self.tell("created", deployment)
        self.plan(deployment)

    def enter(self, deployment: Deployment, status: str) -> None:
        """Take a status; nothing that was planned before happens any more."""
        now = self._core.clock.now()
        changed = deployment.status != status
        deployment.status, deployment.updated_at = status, now
        deployment.epoch += 1
        deployment.serving.set(now, status in SERVING)
        self._meter(deployment)
        detail = f": {deployment.message}" if deployment.message and status in BAD else ""
        text = f"Deployment {deployment.id} {SAID.get(status, f'is now {status}')}{detail}"
        self.log(deployment, "error" if status in BAD else "info", text)
        if changed:
            self.tell("status_changed", deployment)
        if status == "deleted" and not deployment.ended:
            self.tell("deleted", deployment)
            self._end(deployment)

    def plan(self, deployment: Deployment) -> None:
        """Plan what follows by itself from the present status; nothing, if the deployment is stuck."""
        knobs = self._core.knobs.of(PaitientKnobs)
        if deployment.stuck or deployment.status == "deleted":
            return
        deployment.epoch += 1
        match deployment.status:
            case "creating":
                self._plan_ready(deployment, knobs.create_s)
            case "updating":
                self._plan_ready(deployment, knobs.update_s)
            case "deleting":
                self.later(deployment, knobs.delete_s, lambda: self.enter(deployment, "deleted"))
            case "running" if deployment.fail_after_s is not None:
                self.later(deployment, deployment.fail_after_s, lambda: self.fail(deployment))
            case _:
                pass

    def fail(self, deployment: Deployment) -> None:
        """It fails now, with its ``fail_message``."""
        deployment.fail_after_s = None
        deployment.message = deployment.fail_message
        self.enter(deployment, "failed")
        self.tell("error", deployment)
        self.tell("health_changed", deployment)

    def later(self, deployment: Deployment, seconds: float, event: Callable[[], None]) -> None:
        """Let ``event`` happen after clock seconds, unless the deployment goes another way before."""
        epoch = deployment.epoch
        self._core.clock.after(seconds, lambda: event() if deployment.epoch == epoch else None)

    def log(
        self, deployment: Deployment, level: str, message: str, component: str = "deployment-service"
    ) -> None:
        """A line in the deployment's log."""
        request = self._core.new_id("req_", 12)
        deployment.logs.add(Line(self._core.clock.now(), level, message, component, request))

    def tell(self, kind: str, deployment: Deployment) -> None:
        """Announce ``deployment.KIND`` to whoever listens."""
        shown = full(
            deployment, self._core.knobs.of(PaitientKnobs), "", self._core.clock.now(), self._core.seed
        )
        self._announce(f"deployment.{kind}", shown)

    def _plan_ready(self, deployment: Deployment, seconds: float) -> None:
        model = str(deployment.fields.get("model_name"))
        if any(
            fnmatch.fnmatchcase(model, pattern)
            for pattern in self._core.knobs.of(PaitientKnobs).failing_models
        ):
            deployment.fail_message = f"Failed to load model {model}"
            self.later(deployment, seconds, lambda: self.fail(deployment))
        elif deployment.fail_after_s is not None and deployment.fail_after_s <= seconds:
            self.later(deployment, deployment.fail_after_s, lambda: self.fail(deployment))
        else:
            self.later(deployment, seconds, lambda: self._running(deployment, seconds))

    def _running(self, deployment: Deployment, seconds: float) -> None:
        if deployment.fail_after_s is not None:
            deployment.fail_after_s -= seconds
        deployment.message = None
        count = deployment.fields.get("min_replicas", 1)
        for place in range(1, min(count, 20) + 1):
            self.log(deployment, "info", f"Replica {place}/{count} is now ready")
        self.enter(deployment, "running")
        self.tell("health_changed", deployment)
        self.plan(deployment)
