"""One look at all of our objects."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import click

from model_operator.cli.connecting import Place, Session, in_cluster, where
from model_operator.cli.editing import patched
from model_operator.cli.objects import Seen, by_key, seen
from model_operator.cli.tree import Row, related, rows
from model_operator.domain import GROUP, PROVIDER, Key
from model_operator.kube import PLURALS

REFRESH: Final = f"{GROUP}/refresh"
"""Annotation whose value means nothing: that it changes is an event, and an event is a pass."""


@dataclass(frozen=True, slots=True)
class Look:
    """What `status` shows."""

    rows: tuple[Row, ...]

    @property
    def rows_without_age(self) -> tuple[Row, ...]:
        """To see whether something happened, other than that time passed."""
        return tuple(replace(row, age="", cost=(), costs=None) for row in self.rows)


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
    """All objects of the kinds that the cluster has."""
    namespace = None if is_everywhere else session.namespace
    return [seen(kind, body) for kind in PLURALS async for body in session.kube.list(kind, namespace)]


def refresh(place: Place, name: str, now: datetime) -> list[Seen]:
    """Have the objects of that name, and their providers, looked at. Raises `click.ClickException`."""

    async def errand(session: Session) -> list[Seen]:
        found = by_key(await everything(session))
        named = [one for one in found.values() if one.key.name == name]
        if not named:
            raise click.ClickException(
                f"no ModelProvider, ModelDeployment, CanaryEndpoint or ModelBudget is named {name!r}"
            )
        keys = {Key(PROVIDER, one.key.namespace, one.provider) for one in named} | {one.key for one in named}
        chosen = [one for key, one in found.items() if key in keys]
        patch = {"metadata": {"annotations": {REFRESH: now.isoformat(timespec="seconds")}}}
        for one in chosen:
            await patched(session, one.key.kind, one.key.name, patch)
        return chosen

    return in_cluster(place, errand)
