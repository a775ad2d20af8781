"""Finds what runs at the providers and no object holds: reads of the cluster and LISTs and GETs at the accounts."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import click

from model_operator.cli.accounts import base_url, connection, credentials, open_transport, provider_named
from model_operator.cli.connecting import Place, Session, in_cluster
from model_operator.cli.imported import Imported, Wish, imported, object_name
from model_operator.domain import DEPLOYMENT, PROVIDER, Key, Remote, RunState
from model_operator.errors import InvalidRequest, NotFound
from model_operator.hosts import HostRule
from model_operator.kube import Body, KubeForbidden
from model_operator.models import InvalidResource, ModelDeployment
from model_operator.providers.base import Provider, Transport, Vendor
from model_operator.providers.registry import PROVIDERS
from model_operator.reconcile.claims import HASH_LENGTH, Claimant, Claims

_LEAVING = frozenset({RunState.GONE, RunState.DELETING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the command line says."""

    place: Place
    provider: str | None
    """None: every ModelProvider of the namespace."""
    ids: tuple[str, ...]
    """None of them: all that no object holds."""
    deletion_policy: str
    allowed_hosts: tuple[HostRule, ...]
    provider_ca_file: Path | None


@dataclass(frozen=True, slots=True)
class Found:
    """What is printed, and what is said beside it."""

    objects: tuple[tuple[Remote, str, Imported], ...]
    """With the name of the ModelProvider."""
    warnings: tuple[str, ...]


class _Account(NamedTuple):
    name: str
    vendor: Vendor
    provider: Provider


def find(request: Request) -> Found:
    """Raises `click.ClickException`."""

    async def errand(session: Session) -> Found:
        async with open_transport(request.provider_ca_file) as transport:
            return await _Search(session, request, transport).found()

    return in_cluster(request.place, errand)


class _Search:
    def __init__(self, session: Session, request: Request, transport: Transport) -> None:
        self._session, self._request, self._transport = session, request, transport
        self._claims = Claims()
        self._sites: dict[Key, tuple[str, str]] = {}
        """(type, URL) of the ModelProviders that are known."""
        self._taken: set[str] = set()
        """Names of objects in the namespace."""
        self._warnings: list[str] = []

    async def found(self) -> Found:
        await self._learn()
        chosen = self._named if self._request.ids else self._free
        objects = [
            (remote, account.name, self._imported(remote, account))
            async for account, remote in chosen([account async for account in self._accounts()])
        ]
        return Found(tuple(objects), tuple(self._warnings))

    async def _learn(self) -> None:
        """Which deployments are somebody's. Those of other namespaces may be hidden from this user."""
        session = self._session
        try:
            await self._learn_from(None)
        except KubeForbidden:
            await self._learn_from(session.namespace)
            self._warnings.append(
                f"you may list only the objects of namespace {session.namespace}: deployments that objects of other"
                " namespaces manage are shown as unmanaged"
            )

    async def _learn_from(self, namespace: str | None) -> None:
        kube = self._session.kube
        async for body in kube.list(PROVIDER, namespace):
            key, spec = _key_of(PROVIDER, body), body.get("spec") or {}
            vendor = PROVIDERS.get(str(spec.get("type")))
            if vendor is not None:
                self._sites[key] = (
                    vendor.type,
                    str(spec.get("baseURL") or vendor.default_base_url).rstrip("/"),
                )
        async for body in kube.list(DEPLOYMENT, namespace):
            key = _key_of(DEPLOYMENT, body)
            if key.namespace == self._session.namespace:
                self._taken.add(key.name)
            self._claims.put(Claimant.of(key, _parsed(body)))

    async def _accounts(self) -> AsyncIterator[_Account]:
        session, request = self._session, self._request
        names = [request.provider] if request.provider is not None else await self._providers()
        for name in names:
            provider = await provider_named(session, name)
            vendor = PROVIDERS[provider.spec.type]
            url = base_url(provider, vendor, request.allowed_hosts)
            key = await credentials(session, provider, vendor)
            yield _Account(name, vendor, vendor.connect(connection(url, key, self._transport)))

    async def _providers(self) -> list[str]:
        found = [body async for body in self._session.kube.list(PROVIDER, self._session.namespace)]
        if not found:
            raise click.ClickException("there is no ModelProvider: apply one with its Secret first")
        return sorted(body["metadata"]["name"] for body in found)

    async def _free(self, accounts: Sequence[_Account]) -> AsyncIterator[tuple[_Account, Remote]]:
        """In the order of their ids. Two ModelProviders may lead to one account."""
        seen: set[tuple[str, str]] = set()
        for account in accounts:
            for remote in sorted(await account.provider.list(), key=lambda one: one.id):
                if (account.vendor.type, remote.id) in seen or not self._is_free(remote, account):
                    continue
                seen.add((account.vendor.type, remote.id))
                try:
                    full = await account.provider.get(remote.id)
                except NotFound:
                    continue  # it went meanwhile
                if self._is_free(full, account):
                    yield account, full

    async def _named(self, accounts: Sequence[_Account]) -> AsyncIterator[tuple[_Account, Remote]]:
        for id_ in dict.fromkeys(self._request.ids):
            account, remote = await _first(accounts, id_)
            holders = self._holders(remote, account)
            if holders:
                raise click.ClickException(
                    f"{id_} is already managed by {', '.join(map(str, sorted(holders)))}"
                )
            yield account, remote

    def _is_free(self, remote: Remote, account: _Account) -> bool:
        return remote.state not in _LEAVING and not self._holders(remote, account)

    def _holders(self, remote: Remote, account: _Account) -> frozenset[Key]:
        """Objects whose deployment it is, by id or mark, or will be: by the name with which they are creating one."""
        here = Key(PROVIDER, self._session.namespace, account.name)
        terms = [f"id/{remote.id}", f"hash/{remote.name[-HASH_LENGTH:]}", f"uid/{remote.owner_uid}"]
        named = (self._claims.of(key) for key in self._claims.find(f"name/{remote.name}"))
        creating = {one.key for one in named if one and one.provider == here and not one.holds_id}
        return (
            frozenset(key for key in self._claims.find(*terms) if not self._is_elsewhere(key, here))
            | creating
        )

    def _is_elsewhere(self, key: Key, here: Key) -> bool:
        """Its ModelProvider leads to another vendor or host, where the same id is another deployment.

        One of another namespace that does not exist leads nowhere: Parasail's ids are small numbers, which each account
        has. Should it be the same deployment after all, the operator takes it for the elder object's.
        """
        claimant = self._claims.of(key)
        if claimant is None or claimant.provider is None:
            return False
        theirs = self._sites.get(claimant.provider)
        return key.namespace != here.namespace if theirs is None else theirs != self._sites.get(here)

    def _imported(self, remote: Remote, account: _Account) -> Imported:
        name = object_name(remote, self._taken)
        self._taken.add(name)
        wish = Wish(
            provider=account.name,
            namespace=self._session.namespace,
            deletion_policy=self._request.deletion_policy,
        )
        return imported(remote, account.vendor, wish, name)


def _key_of(kind: str, body: Body) -> Key:
    return Key(kind, body["metadata"]["namespace"], body["metadata"]["name"])


def _parsed(body: Body) -> ModelDeployment | InvalidResource:
    try:
        return ModelDeployment.parse(body)
    except InvalidResource as error:
        return error


async def _first(accounts: Iterable[_Account], id_: str) -> tuple[_Account, Remote]:
    """In whichever account it is. Raises `click.ClickException`."""
    names = []
    for account in accounts:
        names.append(account.name)
        try:
            return account, await account.provider.get(id_)
        except (NotFound, InvalidRequest):
            continue
    raise click.ClickException(f"there is no deployment {id_} at {', '.join(names)}")
