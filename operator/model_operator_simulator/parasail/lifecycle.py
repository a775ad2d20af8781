"""How a Parasail deployment moves between its statuses.

Each way takes clock time and is an event on the simulator's clock; an event that finds the deployment on another
way than the one it was planned for does nothing.
"""

import fnmatch
import itertools
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from model_operator_simulator.core import Core
from model_operator_simulator.counters import Counters

from .autoscaler import Autoscaler
from .catalogue import is_gated, lacking
from .deployment import NO_QUOTA, STOPPED, Deployment, Instance
from .fields import needs_restart
from .gpus import Gpus
from .knobs import ParasailKnobs


class Lifecycle:
    """Moves deployments along STARTING, ONLINE, STOPPING, OFFLINE or PAUSED, ERROR, gone.

    Args:
        core: clock and knobs.
        counters: told of GPUs.
        end: called when a deleted deployment is gone.
    """

    def __init__(self, core: Core, counters: Counters, end: Callable[[Deployment], None]) -> None:
        self._core = core
        self._end = end
        self._instance_ids = itertools.count(1001)
        self.gpus = Gpus(core, counters, self._granted)
        self._autoscaler = Autoscaler(core, self._resize)

    def start(self, deployment: Deployment) -> None:
        """STARTING with all instances new; ONLINE follows, once there are GPUs."""
        self._autoscaler.begin(deployment)
        enough = self.gpus.claim(deployment)
        knobs = self._core.knobs.of(ParasailKnobs)
        self.enter(deployment, "STARTING", lacking(deployment.fields, knobs) if enough else NO_QUOTA)
        deployment.started_at = self._core.clock.now()
        self.renew_instances(deployment, "STARTING")
        self.plan(deployment)

    def stop(self, deployment: Deployment, end: str) -> None:
        """STOPPING; ``end`` (OFFLINE or PAUSED) follows."""
        deployment.stop_end = end
        self.enter(deployment, "STOPPING")
        self.plan(deployment)

    def fail(self, deployment: Deployment) -> None:
        """ERROR with the deployment's ``fail_message``, now."""
        deployment.fail_after_s = None
        self.enter(deployment, "ERROR", deployment.fail_message)
        self.renew_instances(deployment, "ERROR")

    def enter(self, deployment: Deployment, status: str, message: str | None = None) -> None:
        """Take a status; nothing that was planned before happens any more."""
        now = self._core.clock.now()
        deployment.status, deployment.message, deployment.status_at = status, message, now
        if status == "ONLINE":
            deployment.online_at = now
        if status in STOPPED:
            deployment.instances = []
            self.gpus.release(deployment)
        deployment.epoch += 1
        deployment.touch()

    def plan(self, deployment: Deployment) -> None:
        """Plan what follows by itself from the present status; nothing, if the deployment is stuck."""
        knobs = self._core.knobs.of(ParasailKnobs)
        deployment.epoch += 1
        if deployment.stuck:
            return
        match deployment.status:
            case "STARTING" if lacking(deployment.fields, knobs) is not None:
                pass
            case "STARTING" if deployment.granted_gpus >= deployment.gpus:
                self._plan_start(deployment)
            case "STOPPING" if deployment.deleting:
                self.later(deployment, knobs.delete_s, lambda: self._end(deployment))
            case "STOPPING":
                self.later(deployment, knobs.stop_s, lambda: self.enter(deployment, deployment.stop_end))
            case "ONLINE":
                self._autoscaler.watch(deployment)
                self._plan_scale_down(deployment)
                if deployment.fail_after_s is not None:
                    self.later(deployment, deployment.fail_after_s, lambda: self.fail(deployment))
            case _:
                pass

    def follow(self, deployment: Deployment, old: dict[str, Any]) -> None:
        """Do what changed fields ask for: nothing while stopped, a restart, or more or fewer instances."""
        self._autoscaler.begin(deployment)
        deployment.touch()
        if deployment.deleting or deployment.status not in ("STARTING", "ONLINE"):
            return
        restarting = needs_restart(old, deployment.fields)
        if (
            deployment.status == "STARTING"
            or restarting
            or self._core.knobs.of(ParasailKnobs).put_transition == "starting"
        ):
            self.start(deployment)
        else:
            self._resize(deployment)
            self.plan(deployment)

    def capacity_changed(self, deployment: Deployment) -> None:
        """The catalogue is another one: what waits for a machine may have one now."""
        if deployment.status == "STARTING" and (deployment.message or "").startswith("No capacity"):
            self.start(deployment)

    def later(self, deployment: Deployment, seconds: float, event: Callable[[], None]) -> None:
        """Let ``event`` happen after clock seconds, unless the deployment goes another way before."""
        epoch = deployment.epoch
        self._core.clock.after(seconds, lambda: event() if deployment.epoch == epoch else None)

    def renew_instances(self, deployment: Deployment, status: str) -> None:
        """All instances new, in one status."""
        now = self._core.clock.now()
        deployment.instances = [
            Instance(next(self._instance_ids), status, now, deployment.message)
            for _ in range(deployment.replicas)
        ]
        deployment.touch()

    def _plan_start(self, deployment: Deployment) -> None:
        knobs = self._core.knobs.of(ParasailKnobs)
        model = deployment.fields["modelName"]
        if is_gated(deployment.fields, knobs):
            deployment.fail_message = f"Cannot access gated repo {model}: a modelAccessKey is required"
            self.later(deployment, knobs.start_s, lambda: self.fail(deployment))
        elif any(fnmatch.fnmatchcase(model, pattern) for pattern in knobs.failing_models):
            deployment.fail_message = f"Failed to load model {model}"
            self.later(deployment, knobs.start_s, lambda: self.fail(deployment))
        elif deployment.fail_after_s is not None and deployment.fail_after_s <= knobs.start_s:
            self.later(deployment, deployment.fail_after_s, lambda: self.fail(deployment))
        else:
            self.later(deployment, knobs.start_s, lambda: self._online(deployment))

    def _online(self, deployment: Deployment) -> None:
        if deployment.fail_after_s is not None:
            deployment.fail_after_s -= self._core.knobs.of(ParasailKnobs).start_s
        self.enter(deployment, "ONLINE")
        now = self._core.clock.now()
        deployment.instances = [
            replace(one, status="ONLINE", at=now, message=None) for one in deployment.instances
        ]
        self.plan(deployment)

    def _plan_scale_down(self, deployment: Deployment) -> None:
        threshold = deployment.fields.get("scaleDownThreshold")
        policy = deployment.fields.get("scaleDownPolicy")
        if policy in ("TIMER", "INACTIVE") and threshold:
            due = self._scale_down_at(deployment)
            self.later(
                deployment, max(0.0, due - self._core.clock.now()), lambda: self._scale_down(deployment)
            )

    def _scale_down_at(self, deployment: Deployment) -> float:
        since = deployment.online_at or 0.0
        if deployment.fields.get("scaleDownPolicy") == "INACTIVE":
            since = max(since, deployment.last_request_at or 0.0)
        return since + float(deployment.fields["scaleDownThreshold"]) / 1000

    def _scale_down(self, deployment: Deployment) -> None:
        # A chat request does not plan anew (there may be thousands): the event looks whether it came too early.
        if self._scale_down_at(deployment) > self._core.clock.now():
            self._plan_scale_down(deployment)
        else:
            self.stop(deployment, "OFFLINE")

    def _resize(self, deployment: Deployment) -> None:
        granted = self.gpus.top_up(deployment)
        now = self._core.clock.now()
        kept = deployment.instances[: deployment.replicas]
        missing = range(len(kept), deployment.replicas)
        new = [
            Instance(next(self._instance_ids), "STARTING", now, None if index < granted else NO_QUOTA)
            for index in missing
        ]
        deployment.instances = kept + new
        deployment.message = NO_QUOTA if granted < deployment.replicas else None
        self._boot(deployment, [instance for instance in new if instance.message is None])
        self.gpus.wake()

    def _boot(self, deployment: Deployment, instances: list[Instance]) -> None:
        seconds = self._core.knobs.of(ParasailKnobs).instance_s
        for place, instance in enumerate(instances, start=1):
            ready = partial(self._instance_online, deployment, instance.id)
            self._core.clock.after(place * seconds, ready)
        deployment.touch()

    def _instance_online(self, deployment: Deployment, identifier: int) -> None:
        if deployment.status == "ONLINE" and not deployment.stuck:
            now = self._core.clock.now()
            deployment.instances = [
                replace(one, status="ONLINE", at=now, message=None) if one.id == identifier else one
                for one in deployment.instances
            ]
            deployment.touch()

    def _granted(self, deployment: Deployment) -> None:
        if deployment.status == "STARTING":
            if self.gpus.claim(deployment):
                deployment.message = lacking(deployment.fields, self._core.knobs.of(ParasailKnobs))
                self.renew_instances(deployment, "STARTING")
                self.plan(deployment)
        elif deployment.status == "ONLINE":
            granted = self.gpus.top_up(deployment)
            waiting = [one for one in deployment.instances[:granted] if one.message == NO_QUOTA]
            booted = {one.id for one in waiting}
            deployment.instances = [
                replace(one, message=None) if one.id in booted else one for one in deployment.instances
            ]
            deployment.message = NO_QUOTA if granted < deployment.replicas else None
            self._boot(deployment, waiting)
