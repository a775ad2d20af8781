"""PaiTIENT's world: the deployments of each account, and what requests and outsiders do to them.

Nothing here knows HTTP; `routes.py` says which request does what, `lifecycle.py` what follows from it in time.
"""

from collections import deque
from typing import Any

from model_operator_simulator.call import Distortion, Json
from model_operator_simulator.core import Core
from model_operator_simulator.counters import Counters

from .bill import open_ledger, usage_of
from .deployment import ENDING, Behaviour, Deployment
from .endpoints import Endpoints
from .errors import PaitientError
from .fields import created, patched
from .knobs import PaitientKnobs
from .lifecycle import Announce, Lifecycle

KEPT_GONE = 1000


class Paitient:
    """All PaiTIENT deployments of one simulator, and the endpoints in front of them.

    Args:
        core: clock and knobs.
        announce: told of every event, its type and the deployment as a GET shows it.
    """

    def __init__(self, core: Core, announce: Announce) -> None:
        self._core = core
        self.counters = Counters()
        self.ledger = open_ledger(core)
        self.deployments: dict[str, Deployment] = {}
        self._by_account: dict[str, list[Deployment]] = {}
        self._live: dict[str, int] = {}
        self.gone: deque[tuple[float, Deployment]] = deque(maxlen=KEPT_GONE)
        self.lifecycle = Lifecycle(core, announce, self._meter, self._end)
        self.endpoints = Endpoints(core, self.counters, self.find)

    def find(self, account: str, identifier: str) -> Deployment | None:
        """A deployment of the account, also one that is only a tombstone."""
        found = self.deployments.get(identifier)
        return found if found is not None and found.account == account else None

    def of(self, account: str) -> list[Deployment]:
        """The account's deployments and tombstones, oldest first."""
        return self._by_account.get(account, [])

    def create(self, account: str, body: dict[str, Json], asked: Distortion) -> Deployment:
        """A new deployment, creating.

        Raises:
            PaitientError: the body does not fit, the quota is used up, or the name is taken and must not be.
        """
        knobs = self._core.knobs.of(PaitientKnobs)
        fields = created(body, knobs)
        if knobs.max_deployments is not None and self._live.get(account, 0) >= knobs.max_deployments:
            text = f"The account's quota of {knobs.max_deployments} deployments is used up"
            raise PaitientError("quota_exceeded", text)
        if knobs.duplicate_names == "reject":
            self._check_name(account, fields["deployment_name"])
        now = self._core.clock.now()
        prefix = "projects/7/dep_" if knobs.id_form == "path" else "dep_"
        deployment = Deployment(self._core.new_id(prefix), account, fields, knobs.identity_tag, now)
        _distort(deployment, asked)
        self.deployments[deployment.id] = deployment
        self._by_account.setdefault(account, []).append(deployment)
        self._live[account] = self._live.get(account, 0) + 1
        self.counters.deployment_created(*deployment.identity)
        self.lifecycle.begin(deployment)
        return deployment

    def patch(self, deployment: Deployment, body: dict[str, Json], asked: Distortion) -> None:
        """Change what a PATCH may change, and go through updating.

        Raises:
            PaitientError: the body does not fit, or the deployment is neither running nor failed (a conflict).
        """
        fields = patched(deployment.fields, body, self._core.knobs.of(PaitientKnobs))
        if deployment.status not in ("running", "failed"):
            raise PaitientError("conflict", f"Deployment {deployment.id} is {deployment.status}")
        self._begin_write(deployment, "update", asked)
        scaled = any(deployment.fields[name] != fields[name] for name in ("min_replicas", "max_replicas"))
        deployment.fields = fields
        self.lifecycle.enter(deployment, "updating")
        self.lifecycle.tell("updated", deployment)
        if scaled:
            self.lifecycle.tell("scaling_changed", deployment)
        self.lifecycle.plan(deployment)

    def delete(self, deployment: Deployment, force: bool, asked: Distortion) -> None:
        """Begin to delete; a second time is no error while it is on its way.

        Raises:
            PaitientError: an endpoint sends it traffic, ``force`` is not set and the knob ``delete_guard`` is on.
        """
        if deployment.status == "deleting":
            return
        guarded = self._core.knobs.of(PaitientKnobs).delete_guard == "on" and not force
        if guarded and self.endpoints.sends_traffic(deployment.id):
            raise PaitientError(
                "conflict", f"Deployment {deployment.id} still receives traffic from an endpoint"
            )
        self._begin_write(deployment, "delete", asked)
        self.lifecycle.enter(deployment, "deleting")
        self.lifecycle.plan(deployment)

    def force(self, deployment: Deployment, status: str, message: str | None) -> None:
        """Put it into any status, also one that nobody knows, and leave it there."""
        deployment.message = message
        self.lifecycle.enter(deployment, status)

    def edit(self, deployment: Deployment, fields: dict[str, Any]) -> None:
        """Change fields as the vendor's own dashboard would, without a request; ``None`` removes one."""
        merged = {**deployment.fields, **fields}
        deployment.fields = {name: value for name, value in merged.items() if value is not None}
        deployment.updated_at = self._core.clock.now()
        self._meter(deployment)

    def behave(self, deployment: Deployment, behaviour: dict[str, Any]) -> None:
        """Change how it answers traffic from now on; keys that are left out stay."""
        merged = {**deployment.behaviour.last.model_dump(), **behaviour}
        deployment.behaviour.set(self._core.clock.now(), Behaviour.model_validate(merged))

    def vanish(self, deployment: Deployment) -> None:
        """It is gone without a trace: 404 from now on."""
        if self.deployments.pop(deployment.id, None) is None:
            return
        self._by_account[deployment.account].remove(deployment)
        if not deployment.ended:
            self._end(deployment)
        deployment.epoch += 1
        deployment.serving.set(self._core.clock.now(), False)
        self.gone.append((self._core.clock.now(), deployment))
        self.ledger.note(deployment.id, deployment.account, deployment.name, None)

    def _meter(self, deployment: Deployment) -> None:
        """It is another one now, for whoever pays."""
        usage = None if deployment.ended else usage_of(deployment, self._core.seed)
        self.ledger.note(deployment.id, deployment.account, deployment.name, usage)

    def _end(self, deployment: Deployment) -> None:
        """It does not count any more; without tombstones it vanishes with that."""
        deployment.ended = True
        self._meter(deployment)
        self._live[deployment.account] -= 1
        self.counters.deployment_ended(*deployment.identity)
        tombstone = self._core.knobs.of(PaitientKnobs).tombstone_s
        if tombstone <= 0:
            self.vanish(deployment)
        else:
            self.lifecycle.later(deployment, tombstone, lambda: self.vanish(deployment))

    def _begin_write(self, deployment: Deployment, operation: str, asked: Distortion) -> None:
        deployment.remember(self._core.clock.now())
        self.counters.wrote(deployment.id, operation)
        _distort(deployment, asked)

    def _check_name(self, account: str, name: str) -> None:
        if any(other.name == name and other.status not in ENDING for other in self.of(account)):
            raise PaitientError("conflict", f"A deployment named {name!r} already exists")


def _distort(deployment: Deployment, asked: Distortion) -> None:
    if asked.stuck:
        deployment.stuck = True
    if asked.fail_after_s is not None:
        deployment.fail_after_s, deployment.fail_message = asked.fail_after_s, asked.fail_message
