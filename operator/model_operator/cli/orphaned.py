"""Reads what the operator has found to be orphaned, and adopts or deletes it with the user's own rights.

The operator's word may be minutes old. So right before a DELETE, objects and deployment are looked at once more, and what
anybody may hold is left alone.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from model_operator.accounts.account import is_live
from model_operator.cli.accounts import base_url, connection, credentials, open_transport, provider_named
from model_operator.cli.connecting import Place, Session, in_cluster
from model_operator.cli.imported import Imported
from model_operator.cli.objects import age
from model_operator.cli.unheld import Request, find
from model_operator.domain import DEPLOYMENT, PROVIDER, Remote
from model_operator.errors import NotFound
from model_operator.hosts import HostRule
from model_operator.kube import Body, KubeForbidden
from model_operator.models.orphans import Orphan
from model_operator.models.provider import ModelProviderStatus
from model_operator.modes import Mode
from model_operator.owner_marks import OwnerMark
from model_operator.providers.registry import PROVIDERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """To the cluster, and from there to a provider."""

    place: Place
    allowed_hosts: tuple[HostRule, ...]
    provider_ca_file: Path | None


@dataclass(frozen=True, slots=True)
class Listed:
    """One orphan, and the ModelProvider whose status names it."""

    namespace: str
    provider: str
    orphan: Orphan

    def cells(self, now: datetime) -> Iterator[str]:
        one = self.orphan
        yield from (self.namespace, self.provider, one.id, one.name, one.owner)
        yield age(one.created_at or one.found_at, now)
        yield one.per_hour or ""

    def document(self) -> dict[str, Any]:
        return {"namespace": self.namespace, "provider": self.provider, **self.orphan.dump()}


def listed(place: Place, ids: Sequence[str]) -> list[Listed]:
    """All that the statuses name, or those of these ids. Raises `click.ClickException` if one is not among them."""

    async def errand(session: Session) -> list[Listed]:
        namespace = None if place.is_everywhere else session.namespace
        found = [one async for body in session.kube.list(PROVIDER, namespace) for one in _of(body)]
        chosen = [one for one in found if not ids or one.orphan.id in ids]
        unknown = set(ids) - {one.orphan.id for one in chosen}
        if unknown:
            raise click.ClickException(f"{', '.join(sorted(unknown))}: not an orphaned deployment")
        return chosen

    return in_cluster(place, errand)


def _of(body: Body) -> Iterator[Listed]:
    metadata, status = body["metadata"], ModelProviderStatus.parse(body.get("status"))
    for orphan in status.orphans.items if status.orphans is not None else ():
        yield Listed(metadata["namespace"], metadata["name"], orphan)


def adopting(way: Way, found: Iterable[Listed]) -> list[Imported]:
    """The objects that adopt them, under the names that they had. Raises `click.ClickException`."""
    objects = []
    for one in found:
        request = Request(
            place=replace(way.place, namespace=one.namespace),
            provider=one.provider,
            ids=(one.orphan.id,),
            deletion_policy="Delete",
            allowed_hosts=way.allowed_hosts,
            provider_ca_file=way.provider_ca_file,
        )
        objects += [_renamed(new, one) for _, _, new in find(request).objects]
    return objects


def _renamed(new: Imported, one: Listed) -> Imported:
    mark = OwnerMark.read(one.orphan.owner)
    if mark is None or mark.namespace != one.namespace:
        return new
    return replace(new, body={**new.body, "metadata": {**new.body["metadata"], "name": mark.name}})


def delete(way: Way, one: Listed) -> None:
    """Once nobody can be found that holds it. Raises `click.ClickException`."""

    async def errand(session: Session) -> None:
        provider = await provider_named(session, one.provider)
        if left := left_in(provider.spec.mode or Mode.MANAGE):
            raise click.ClickException(f"{one.orphan.id} is not deleted: ModelProvider {one.provider} {left}")
        vendor = PROVIDERS[provider.spec.type]
        url = base_url(provider, vendor, way.allowed_hosts)
        key = await credentials(session, provider, vendor)
        async with open_transport(way.provider_ca_file) as transport:
            account = vendor.connect(connection(url, key, transport))
            try:
                remote = await account.get(one.orphan.id)
                problem = objection(one.orphan, remote, await _objects(session))
                if problem is not None:
                    raise click.ClickException(f"{remote.id} is not deleted: {problem}")
                await account.delete(remote.id, force=False)
            except NotFound as error:
                raise click.ClickException(f"{one.orphan.id} no longer exists at the provider") from error

    in_cluster(replace(way.place, namespace=one.namespace), errand)


def left_in(mode: Mode) -> str | None:
    """Why nothing is deleted there. A stand-by cluster calls orphaned what only the one that manages has an object for."""
    if mode is Mode.MANAGE:
        return None
    return f"is in mode {mode}, so another cluster may manage it. Set its spec.mode to Manage first"


def objection(orphan: Orphan, remote: Remote, objects: Iterable[Body] | None) -> str | None:
    """Why it is not to be deleted, by what is there now. `objects` are the ModelDeployments of all namespaces, or None."""
    if not is_live(remote):
        return "it is being deleted already"
    if OwnerMark.read(remote.owner) is None or remote.owner != orphan.owner:
        return "its owner mark is not the one that the operator saw"
    if objects is None:
        return "you may not list the ModelDeployments of all namespaces, so that it may be managed by one"
    holder = next((body["metadata"] for body in objects if holds(body, remote)), None)
    return holder and f"ModelDeployment {holder['namespace']}/{holder['name']} may manage it"


async def _objects(session: Session) -> list[Body] | None:
    try:
        return [body async for body in session.kube.list(DEPLOYMENT, None)]
    except KubeForbidden:
        return None


def holds(body: Mapping[str, Any], remote: Remote) -> bool:
    """By its UID, its id, or its name in the owner mark, unless it has another deployment. Also in another account."""
    metadata, spec, status = body["metadata"], body.get("spec") or {}, body.get("status") or {}
    ids = {status.get("externalID"), spec.get("externalID")} - {None}
    if metadata["uid"] == remote.owner_uid or remote.id in ids:
        return True
    mark = OwnerMark.read(remote.owner)
    is_named = mark is not None and (mark.namespace, mark.name) == (metadata["namespace"], metadata["name"])
    return is_named and not ids
