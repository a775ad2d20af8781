"""What the vendor can run a model on, asked before a create and before a move to another device.

The catalogue is not in the vendor's document. An account without it is sent what the spec names, and answers for itself.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final, TypeVar

from model_operator.domain import Desired, Fields
from model_operator.errors import InsufficientCapacity, InvalidRequest, NotFound, Unsupported
from model_operator.providers.account import Account
from model_operator.providers.base import Call, Site
from model_operator.providers.parasail import devices
from model_operator.providers.parasail.machines import prices_of

_ENGINE: Final = "VLLM"
"""Of the vendor, where a spec names none."""

_FRESH: Final = 600.0
"""Seconds: as long as a create may wait for its turn."""

T = TypeVar("T")


class Patience:
    """One deadline for several requests, from now on."""

    def __init__(self, within: timedelta | None) -> None:
        self._until = None if within is None else asyncio.get_running_loop().time() + within.total_seconds()

    @property
    def left(self) -> timedelta | None:
        """None: as long as it takes."""
        if self._until is None:
            return None
        return max(timedelta(seconds=self._until - asyncio.get_running_loop().time()), timedelta())


class Answers:
    """What the catalogue has said for creates that then got no turn in time: an account with few requests would ask for
    it again and again, and never come to the create."""

    def __init__(self) -> None:
        self._by_call: dict[tuple[Any, ...], tuple[float, Any]] = {}

    def find(self, call: tuple[Any, ...]) -> Any:
        """The answer, or None."""
        asked_at, answer = self._by_call.get(call, (0.0, None))
        return answer if asked_at + _FRESH > asyncio.get_running_loop().time() else None

    def keep(self, call: tuple[Any, ...], answer: Any) -> None:
        now = asyncio.get_running_loop().time()
        fresh = {key: kept for key, kept in self._by_call.items() if kept[0] + _FRESH > now}
        self._by_call = {**fresh, call: (now, answer)}

    def forget(self, model: str) -> None:
        """The create was sent, or what was said is no answer: the next one asks anew."""
        self._by_call = {key: kept for key, kept in self._by_call.items() if key[-1] != model}


@dataclass(frozen=True, slots=True)
class Catalogue:
    answers: Answers
    account: Account
    site: Site
    title: str
    """How messages begin."""
    patience: Patience

    async def configs(self, desired: Desired) -> dict[str, Any]:
        """`deviceConfigs` for a spec that names devices, else nothing.

        Raises `Unsupported` where the vendor does not run the model, or on none of them, `InsufficientCapacity` where
        none is free.
        """
        wanted = devices.wanted_devices(desired.fields.get(devices.FIELD))
        if not wanted:
            return {}
        refuse = partial(
            devices.refuse_unsupported, title=self.title, model=desired.model, clean=self.account.clean
        )
        try:
            await self._ask("support", desired.model, desired.fields, refuse)
            offers = await self._ask("devices", desired.model, desired.fields, devices.offers_of)
            chosen = devices.chosen_from(offers, wanted, self.title, desired.model, self.account.clean)
        except (NotFound, Unsupported, InvalidRequest, InsufficientCapacity) as error:
            self.answers.forget(desired.model)
            # An access key has no place in a URL, where every proxy writes it down. So of a gated model the catalogue may
            # know nothing, and of an account without a catalogue nobody does: the create finds out.
            is_not_there = isinstance(error, NotFound | Unsupported) and error.status is not None
            is_judged_without_key = desired.secrets and not isinstance(error, InsufficientCapacity)
            if not (is_not_there or is_judged_without_key):
                raise
            chosen = devices.unlisted(wanted)
        return {"deviceConfigs": chosen}

    async def prices(self, model: str, fields: Fields) -> Mapping[str, Decimal]:
        """What a replica costs on each device, for an hour; nothing where no devices are named, or the catalogue does not
        know the model or is not there. Asked for at most once in ten minutes.
        """
        if not devices.wanted_devices(fields.get(devices.FIELD)):
            return {}
        try:
            offers = await self._ask("devices", model, fields, devices.offers_of)
        except (NotFound, Unsupported, InvalidRequest):
            return {}  # the create finds out
        return prices_of(offers)

    async def _ask(self, operation: str, model: str, fields: Fields, read: Callable[[Any], T]) -> T:
        engine = str(fields.get("parasail.engine", _ENGINE))
        draft = fields.get("parasail.draftModelName")
        params = [
            # Of two clients that were tested against the live API, one says engineName and one engine.
            ("engineName", engine),
            ("engine", engine),
            ("modelName", model),
            *([("draftModelName", str(draft))] if draft is not None else []),
        ]
        asked = (operation, *(value for _, value in params), model)
        known = self.answers.find(asked)
        if known is not None:
            return read(known)
        call = Call(
            operation=operation,
            method="GET",
            path=f"/dedicated/{operation}",
            params=params,
            about=model,
            mutates=False,
        )
        answer, found = await self.account.ask(
            self.site, call, lambda body: (body, read(body)), within=self.patience.left
        )
        self.answers.keep(asked, answer)
        return found


def explained(error: InvalidRequest, desired: Desired) -> InvalidRequest:
    """With the way out, where an account chooses machines otherwise than the spec does."""
    said, fields = str(error), desired.fields
    hint = ""
    if devices.FIELD not in fields and re.search(r"device", said, re.IGNORECASE):
        hint = " This account chooses machines by device: name them in spec.parasail.devices, instead of serviceTierName."
    elif "parasail.serviceTierName" not in fields and re.search(r"service.?tier", said, re.IGNORECASE):
        hint = (
            " This account chooses machines by tier: set spec.parasail.serviceTierName, instead of devices."
        )
    return InvalidRequest(f"{said}{hint}", status=error.status)
