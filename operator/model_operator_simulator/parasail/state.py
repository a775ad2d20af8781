"""Parasail's world: the deployments of each account, and what requests and outsiders do to them.

Nothing here knows HTTP; `routes.py` says which request does what, `lifecycle.py` what follows from it in time.
"""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from model_operator_simulator.call import Distortion
from model_operator_simulator.core import Core
from model_operator_simulator.counters import Counters

from .bill import open_ledger, usage_of
from .catalogue import lacking
from .deployment import STOPPED, Deployment
from .fields import gpus_per_replica
from .knobs import ParasailKnobs
from .lifecycle import Lifecycle

FIRST_ID = 33665  # the id in the vendor's document
KEPT_GONE = 1000


class NameConflict(Exception):
    """A live deployment of the account has the name already."""


class QuotaRefused(Exception):
    """The account's GPUs do not suffice, and the knob ``quota_mode`` says to refuse."""


class CapacityRefused(Exception):
    """No machine is free, and the knob ``capacity_mode`` says to refuse; the text says of which kind."""


class PowerConflict(Exception):
    """A pause or resume that does not fit the status, and the knob ``power_conflict`` says 409."""


class Parasail:
    """All Parasail deployments of one simulator.

    Args:
        core: clock and knobs.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self.counters = Counters()
        self.ledger = open_ledger(core)
        self.live: dict[int, Deployment] = {}
        self.gone: deque[tuple[float, Deployment]] = deque(maxlen=KEPT_GONE)
        self._by_name: dict[tuple[str, str], list[Deployment]] = {}
        self._last_id = FIRST_ID - 1
        self.lifecycle = Lifecycle(core, self.counters, self.vanish)

    def find(self, account: str, identifier: int) -> Deployment | None:
        """A live deployment of the account."""
        found = self.live.get(identifier)
        return found if found is not None and found.account == account else None

    def of(self, account: str) -> Iterator[Deployment]:
        """The account's live deployments, oldest first."""
        return (deployment for deployment in self.live.values() if deployment.account == account)

    def by_alias(self, account: str, alias: str) -> Deployment | None:
        """The account's deployment that a chat request names."""
        named = self._by_name.get((account, alias.removeprefix(f"{account}-")))
        if named and named[0].alias == alias:
            return named[0]
        return next((found for found in self.of(account) if alias in found.aliases), None)

    def create(self, account: str, fields: dict[str, Any], asked: Distortion) -> Deployment:
        """A new deployment, STARTING.

        Raises:
            NameConflict: the name is taken (a deployment that is being deleted still holds its own).
            QuotaRefused: over quota with ``quota_mode=http``.
            CapacityRefused: none of its devices is available, with ``capacity_mode=http``.
        """
        self._check(account, fields, None)
        self._last_id += 1
        now = self._core.clock.now()
        deployment = Deployment(self._last_id, account, fields, created_at=now, modified_at=now)
        deployment.changed = self._meter
        _distort(deployment, asked)
        self.live[deployment.id] = deployment
        self._index(deployment)
        self.counters.deployment_created(deployment.identity, None)
        self.lifecycle.start(deployment)
        return deployment

    def put(self, deployment: Deployment, fields: dict[str, Any], asked: Distortion) -> None:
        """Replace what a client writes. Raises as :meth:`create`."""
        for ignored in self._core.knobs.of(ParasailKnobs).put_ignored_fields:
            fields.pop(ignored, None)
            if ignored in deployment.fields:
                fields[ignored] = deployment.fields[ignored]
        self._check(deployment.account, fields, deployment)
        self._begin_write(deployment, "put", asked)
        deployment.modified_at = self._core.clock.now()
        self._replace_fields(deployment, fields)

    def pause(self, deployment: Deployment, asked: Distortion) -> None:
        """Stop it on demand.

        Raises:
            PowerConflict: it is stopped, stopping or being deleted.
        """
        if deployment.status in STOPPED or deployment.status == "STOPPING":
            return self._power_conflict(f"cannot pause a deployment that is {deployment.status}")
        self._begin_write(deployment, "pause", asked)
        end = self._core.knobs.of(ParasailKnobs).pause_end
        return self._soon(deployment, lambda: self.lifecycle.stop(deployment, end))

    def resume(self, deployment: Deployment, asked: Distortion) -> None:
        """Start it again.

        Raises:
            PowerConflict: it is not stopped; one that is still STOPPING is not.
        """
        if deployment.status not in (*STOPPED, "ERROR"):
            return self._power_conflict(f"cannot resume a deployment that is {deployment.status}")
        self._begin_write(deployment, "resume", asked)
        return self._soon(deployment, lambda: self.lifecycle.start(deployment))

    def delete(self, deployment: Deployment, asked: Distortion) -> None:
        """Delete it for good; a second time is no error while it is on its way."""
        if deployment.deleting and deployment.status == "STOPPING":
            return
        self._begin_write(deployment, "delete", asked)
        deployment.deleting = True
        if self._core.knobs.of(ParasailKnobs).delete_mode == "sync":
            self.vanish(deployment)
        else:
            self.lifecycle.enter(deployment, "STOPPING")
            self.lifecycle.plan(deployment)

    def requested(self, deployment: Deployment) -> None:
        """A chat request reached it: the INACTIVE policy counts from now."""
        deployment.last_request_at = self._core.clock.now()

    def force(self, deployment: Deployment, status: str, message: str | None) -> None:
        """Put it into any status, also one that nobody knows, and leave it there."""
        if status in ("ONLINE", "STARTING") and not deployment.granted_gpus:
            self.lifecycle.gpus.claim(deployment)
        self.lifecycle.enter(deployment, status, message)
        if status in ("ONLINE", "STARTING", "ERROR"):
            self.lifecycle.renew_instances(deployment, status)

    def edit(self, deployment: Deployment, fields: dict[str, Any]) -> None:
        """Change fields as the vendor's own UI would, without a request; ``None`` removes one."""
        merged = {**deployment.fields, **fields}
        self._replace_fields(deployment, {name: value for name, value in merged.items() if value is not None})

    def vanish(self, deployment: Deployment) -> None:
        """It is gone: 404 from now on."""
        if self.live.pop(deployment.id, None) is None:
            return
        deployment.epoch += 1
        self._unindex(deployment)
        self.counters.deployment_ended(deployment.identity, None)
        self.gone.append((self._core.clock.now(), deployment))
        self.lifecycle.gpus.release(deployment)
        self.ledger.note(str(deployment.id), deployment.account, deployment.name, None)

    def _meter(self, deployment: Deployment) -> None:
        """It is another one now, for whoever pays."""
        self.ledger.note(str(deployment.id), deployment.account, deployment.name, usage_of(deployment))

    def _check(self, account: str, fields: dict[str, Any], own: Deployment | None) -> None:
        knobs = self._core.knobs.of(ParasailKnobs)
        named = self._by_name.get((account, fields["deploymentName"]), [])
        if knobs.duplicate_names == "reject" and any(other is not own for other in named):
            raise NameConflict(fields["deploymentName"])
        lack = lacking(fields, knobs) if knobs.capacity_mode == "http" and own is None else None
        if lack is not None:
            raise CapacityRefused(lack)
        if knobs.quota_mode == "http":
            needed = fields["replicas"] * gpus_per_replica(fields) - (own.granted_gpus if own else 0)
            if needed > self.lifecycle.gpus.free(account):
                raise QuotaRefused

    def _begin_write(self, deployment: Deployment, operation: str, asked: Distortion) -> None:
        deployment.remember(self._core.clock.now())
        self.counters.wrote(str(deployment.id), operation)
        _distort(deployment, asked)

    def _replace_fields(self, deployment: Deployment, fields: dict[str, Any]) -> None:
        old = deployment.fields
        self._unindex(deployment)
        deployment.fields = fields
        self._index(deployment)
        self.lifecycle.follow(deployment, old)

    def _soon(self, deployment: Deployment, action: Callable[[], None]) -> None:
        lag = self._core.knobs.of(ParasailKnobs).power_lag_s
        if lag:
            self.lifecycle.later(deployment, lag, action)
        else:
            action()

    def _power_conflict(self, text: str) -> None:
        if self._core.knobs.of(ParasailKnobs).power_conflict == "409":
            raise PowerConflict(text)

    def _index(self, deployment: Deployment) -> None:
        self._by_name.setdefault((deployment.account, deployment.name), []).append(deployment)

    def _unindex(self, deployment: Deployment) -> None:
        key = (deployment.account, deployment.name)
        named = [other for other in self._by_name.get(key, ()) if other is not deployment]
        if named:
            self._by_name[key] = named
        else:
            self._by_name.pop(key, None)


def _distort(deployment: Deployment, asked: Distortion) -> None:
    if asked.stuck:
        deployment.stuck = True
    if asked.fail_after_s is not None:
        deployment.fail_after_s, deployment.fail_message = asked.fail_after_s, asked.fail_message
