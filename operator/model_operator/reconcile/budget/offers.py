"""What replicas cost by the provider's own word, asked before there is a deployment that shows it."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from model_operator.domain import Priority
from model_operator.errors import ProviderError, delay_after
from model_operator.models.deployment import ModelDeployment
from model_operator.reconcile.base import Surroundings
from model_operator.reconcile.cache import provider_key

NO_OFFERS: Final[Mapping[str, Decimal]] = {}


@dataclass(frozen=True, slots=True)
class Missed:
    """It could not be told."""

    error: ProviderError
    until: float
    """By the event loop's clock: not asked again before."""
    count: int
    """Of such answers, one after the other."""


@dataclass(slots=True)
class Offers:
    """Of one process. What an adapter has been told is as old as it lets it get."""

    around: Surroundings
    _by_uid: dict[str, Mapping[str, Decimal] | Missed] = field(default_factory=dict)

    def of(self, resource: ModelDeployment) -> Mapping[str, Decimal]:
        """What was last told for it, by machine."""
        found = self._by_uid.get(resource.metadata.uid, NO_OFFERS)
        return NO_OFFERS if isinstance(found, Missed) else found

    def forget(self, uid: str) -> None:
        self._by_uid.pop(uid, None)

    async def ask(self, resource: ModelDeployment) -> Missed | None:
        """Not None: that is not known now."""
        uid, now = resource.metadata.uid, asyncio.get_running_loop().time()
        account, before = self.around.bindings.account(provider_key(resource)), self._by_uid.get(uid)
        if account is None:
            return None
        if isinstance(before, Missed) and now < before.until:
            return before
        spec, vendor = resource.spec, self.around.vendors[resource.spec.vendor]
        try:
            found = await account.provider.at(Priority.EDIT).offers(spec.model, vendor.fields(spec))
        except ProviderError as error:
            count = before.count if isinstance(before, Missed) else 0
            wait = delay_after(error, count).total_seconds()
            self._by_uid[uid] = missed = Missed(error.to_keep(), now + wait, count + 1)
            return missed
        self._by_uid[uid] = found
        return None

    async def ask_once(self, others: Iterable[ModelDeployment]) -> None:
        """Of those that are begun: a process before this one may have been told. What is missed, their passes ask again."""
        for other in [one for one in others if one.metadata.uid not in self._by_uid]:
            await self.ask(other)
