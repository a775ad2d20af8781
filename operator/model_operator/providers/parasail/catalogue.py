"""What the vendor can run a model on, asked before a create and before a move to another device.

The catalogue is not in the vendor's document. An account without it is sent what the spec names, and answers for itself.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final, TypeVar

from model_operator.domain import Desired
from model_operator.errors import InvalidRequest, NotFound, Unsupported
from model_operator.providers.account import Account
from model_operator.providers.base import Call, Site
from model_operator.providers.parasail import devices

_ENGINE: Final = "VLLM"
"""Of the vendor, where a spec names none."""

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


@dataclass(frozen=True, slots=True)
class Catalogue:
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
            await self._ask("support", desired, refuse)
            offers = await self._ask("devices", desired, devices.offers_of)
        except NotFound:
            return {"deviceConfigs": devices.unlisted(wanted)}
        except Unsupported as error:
            if error.status is None:  # said by us
                raise
            return {"deviceConfigs": devices.unlisted(wanted)}
        return {"deviceConfigs": devices.chosen_from(offers, wanted, self.title, desired.model)}

    async def _ask(self, operation: str, desired: Desired, read: Callable[[Any], T]) -> T:
        engine = str(desired.fields.get("parasail.engine", _ENGINE))
        draft = desired.fields.get("parasail.draftModelName")
        params = [
            # Of two clients that were tested against the live API, one says engineName and one engine.
            ("engineName", engine),
            ("engine", engine),
            ("modelName", desired.model),
            *([("draftModelName", str(draft))] if draft is not None else []),
        ]
        call = Call(
            operation=operation,
            method="GET",
            path=f"/dedicated/{operation}",
            params=params,
            about=desired.model,
            mutates=False,
        )
        return await self.account.ask(self.site, call, read, within=self.patience.left)


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
