"""What the status says of a create while it is under way, should that take longer than people wait without a word."""

import logging
from dataclasses import dataclass

from model_operator.domain import Key
from model_operator.kube import KubeError
from model_operator.models.deployment import ModelDeployment
from model_operator.models.deployment_status import ModelDeploymentStatus
from model_operator.plan.deployment.creating import say_under_way
from model_operator.plan.deployment.situation import Situation
from model_operator.reconcile.base import Surroundings
from model_operator.reconcile.deployment.memory import Memory
from model_operator.status.deployment import summarize

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Saying:
    """Of one create whose intent is the finalizer. The report that follows builds on what was said here."""

    around: Surroundings
    key: Key
    resource: ModelDeployment
    """As it is after that."""
    s: Situation
    memory: Memory
    told: ModelDeploymentStatus | None = None

    async def creating(self) -> None:
        """`pending`, as any other create has it. A refused write is no reason to leave the answer: the finalizer is on."""
        before, metadata = self.resource.status, self.resource.metadata
        status = summarize(self.s, say_under_way(self.s))
        try:
            body = await self.around.store.replace_status(self.key, metadata.resource_version, status.dump())
        except KubeError as error:
            log.debug("the status of a create in progress could not be written: %s", error)
            return
        self.around.cache.renew(self.key, body)
        self.around.fights.lost_sight(self.key)
        self.memory.written(before, status, self.s.now)
        version = str(body["metadata"]["resourceVersion"])
        self.resource = self.resource.with_(metadata=metadata.with_(resource_version=version), status=status)
        self.told = status
