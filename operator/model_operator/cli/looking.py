"""One look at all of our objects."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import click

from model_operator.cli.connecting import Place, Session, in_cluster, where
from model_operator.cli.editing import patched
from model_operator.cli.objects import Seen, by_key, seen
from model_operator.cli.tree import Row, related, rows
from model_operator.domain import CANARY, GROUP, PROVIDER, Key
from model_operator.kube import PLURALS, KubeForbidden

REFRESH: Final = f"{GROUP}/refresh"
"""Annotation whose value means nothing: that it changes is an event, and an event is a pass."""


@dataclass(frozen=True, slots=True)
class Look:
    """What `status` shows."""

    rows: tuple[Row, ...]

    @property
    def rows_without_age(self) -> tuple[Row, ...]:
        """To see whether something happened, other than that time passed."""
        return tuple(replace(row, age="", cost=(), costs=None, spent="", budget=None) for row in self.rows)


def look(place: Place, name: str | None) -> Look:
    """Raises `click.ClickException`."""

    async def errand(session: Session) -> list[Seen]:
        return await everything(session, is_everywhere=place.is_everywhere)

    found = in_cluster(place, errand)
    if name is not None and not (found := related(found, name)):
        raise click.ClickException(
            f"no ModelProvider, ModelDeployment, CanaryEndpoint or ModelBudget is named {name!r}{where(place)}"
        )
    return Look(tuple(rows(found, datetime.now(UTC))))


async def everything(session: Session, *, is_everywhere: bool = False) -> list[Seen]:
    """All objects of the kinds that the cluster has, and that the roles of people have: canaries may be switched off."""
    namespace = None if is_everywhere else session.namespace
    found: list[Seen] = []
    for kind in PLURALS:
        try:
            found += [seen(kind, body) async for body in session.kube.list(kind, namespace)]
        except KubeForbidden:
            if kind != CANARY:
                raise
    return found


@dataclass(frozen=True, slots=True)
class Refreshed:
    """Who was asked to look again, and which ModelProviders this user may not ask."""

    asked: tuple[Seen, ...]
    refused: tuple[Seen, ...]


def refresh(place: Place, name: str, now: datetime) -> Refreshed:
    """Have the objects of that name, and their providers, looked at. Raises `click.ClickException`."""

    async def errand(session: Session) -> Refreshed:
        found = by_key(await everything(session))
        named = [one for one in found.values() if one.key.name == name]
        if not named:
            raise click.ClickException(
                f"no ModelProvider, ModelDeployment, CanaryEndpoint or ModelBudget is named {name!r}"
            )
        keys = {Key(PROVIDER, one.key.namespace, one.provider) for one in named} | {one.key for one in named}
        chosen = [one for key, one in found.items() if key in keys]
        return await _asked(session, chosen, now)

    return in_cluster(place, errand)


async def _asked(session: Session, chosen: Sequence[Seen], now: datetime) -> Refreshed:
    """Providers last: whoever may edit what uses them, and not them, still gets that looked at. Raises `KubeError`."""
    patch = {"metadata": {"annotations": {REFRESH: now.isoformat(timespec="seconds")}}}
    asked: list[Seen] = []
    refused: list[Seen] = []
    for one in sorted(chosen, key=lambda one: one.key.kind == PROVIDER):
        try:
            await patched(session, one.key.kind, one.key.name, patch)
        except KubeForbidden:
            if one.key.kind != PROVIDER or not asked:
                raise
            refused.append(one)
        else:
            asked.append(one)
    return Refreshed(tuple(asked), tuple(refused))
