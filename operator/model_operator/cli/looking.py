"""One look at all of our objects."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import click

from model_operator.cli.connecting import Place, Session, in_cluster, where
from model_operator.cli.objects import Seen, seen
from model_operator.cli.tree import Row, related, rows
from model_operator.kube import PLURALS


@dataclass(frozen=True, slots=True)
class Look:
    """What `status` shows."""

    rows: tuple[Row, ...]

    @property
    def rows_without_age(self) -> tuple[Row, ...]:
        """To see whether something happened, other than that time passed."""
        return tuple(replace(row, age="") for row in self.rows)


def look(place: Place, name: str | None) -> Look:
    """Raises `click.ClickException`."""

    async def errand(session: Session) -> list[Seen]:
        return await everything(session, is_everywhere=place.is_everywhere)

    found = in_cluster(place, errand)
    if name is not None and not (found := related(found, name)):
        raise click.ClickException(
            f"there is no ModelProvider, ModelDeployment or CanaryEndpoint {name!r}{where(place)}"
        )
    return Look(tuple(rows(found, datetime.now(UTC))))


async def everything(session: Session, *, is_everywhere: bool = False) -> list[Seen]:
    """All objects of the kinds that the cluster has."""
    namespace = None if is_everywhere else session.namespace
    return [seen(kind, body) for kind in PLURALS async for body in session.kube.list(kind, namespace)]
