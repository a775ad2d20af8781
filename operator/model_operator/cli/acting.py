"""Carries a verb out, and waits for what the operator says to it."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import click

from model_operator.cli.connecting import Place, Session, in_cluster
from model_operator.cli.editing import patched
from model_operator.cli.steering import Meant, Stale, Verb, answer, token
from model_operator.domain import ACTION, CANARY
from model_operator.kube import WriteConflict
from model_operator.models.canary_status import CanaryEndpointStatus, LastAction

_TRIES = 5
_BETWEEN = 0.3
"""Seconds between two looks for the answer."""


@dataclass(frozen=True, slots=True)
class Acted:
    """What was written, and the answer; None if none came in time."""

    token: str
    last: LastAction | None


def act(place: Place, name: str, verb: Verb, meant: Meant, patience: timedelta) -> Acted:
    """Raises `click.ClickException`."""

    async def errand(session: Session) -> Acted:
        sent = await _written(session, name, verb, meant)
        return Acted(sent, await _answered(session, name, sent, patience))

    return in_cluster(place, errand)


async def _written(session: Session, name: str, verb: Verb, meant: Meant) -> str:
    """The annotation goes onto the very version of the object that it was decided by."""
    for _ in range(_TRIES):
        body = await session.get(CANARY, name)
        try:
            sent = token(verb, CanaryEndpointStatus.parse(body.get("status")), meant)
        except Stale as error:
            raise click.ClickException(f"CanaryEndpoint {name!r}: {error}") from error
        version = body["metadata"]["resourceVersion"]
        patch = {"metadata": {"resourceVersion": version, "annotations": {ACTION: sent}}}
        try:
            await patched(session, CANARY, name, patch)
        except WriteConflict:
            continue  # it moved on meanwhile: decide again by what it is now
        return sent
    raise click.ClickException(f"CanaryEndpoint {name!r} is being changed by others: try again")


async def _answered(session: Session, name: str, sent: str, patience: timedelta) -> LastAction | None:
    try:
        async with asyncio.timeout(patience.total_seconds()):
            while True:
                body = await session.get(CANARY, name)
                said = answer(sent, CanaryEndpointStatus.parse(body.get("status")).last_action)
                if said is not None:
                    return said
                await asyncio.sleep(_BETWEEN)
    except TimeoutError:
        return None
