"""Calls to PaiTIENT's deployments API.

Every method is the request that the vendor's document describes; `wire` knows the bodies.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Self, TypeVar

from typing_extensions import override

from model_operator.domain import (
    UID_TAG,
    Canary,
    Desired,
    Endpoint,
    Fields,
    Priority,
    Remote,
    RunState,
    Split,
)
from model_operator.errors import Conflict, InvalidRequest, NotFound, Unavailable, Unsupported
from model_operator.providers.account import Account
from model_operator.providers.base import Call, Capabilities, Provider, Site
from model_operator.providers.known_items import KnownItems
from model_operator.providers.paitient import canary, wire
from model_operator.providers.paitient.paging import all_items
from model_operator.providers.reading import Malformed, mapping, segment, text
from model_operator.traffic import Figures

T = TypeVar("T")

_ROOT = "/v1/deployments"
_PAGE_BYTES: Final = 8 << 20

CAPABILITIES: Final = Capabilities(
    pauses=False,
    names_are_unique=False,
    has_tags=True,
    removes_fields=False,
    has_endpoints=True,
    splits_traffic=True,
    chats=False,
    name_limit=64,
    keeps_logs=True,
    counts_requests=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaitientProvider(Provider):
    """`Provider` for one PaiTIENT account."""

    account: Account
    site: Site
    known: KnownItems = field(default_factory=KnownItems)

    @property
    @override
    def capabilities(self) -> Capabilities:
        return CAPABILITIES

    @override
    def at(self, priority: Priority) -> Self:
        return replace(self, account=self.account.at(priority))

    @override
    async def list(self) -> Sequence[Remote]:
        """One request per 100 deployments. Its items show no owned fields."""
        read = self.known.reading(self._remote, secrets=self.account.clean.secrets)
        return await self._items("list", read)

    @override
    async def get(self, id: str) -> Remote:
        return await self._get(id, self._full)

    @override
    async def find(self, desired: Desired) -> Sequence[Remote]:
        """The list by our tag, then a GET each: an item may show part of its tags, or the filter be ignored."""
        listed = await self._items("find", self._remote, (f"tags[{UID_TAG}]", desired.uid))
        found = []
        for item in listed:
            if item.owner_uid in (None, desired.uid) and not _is_leaving(item):
                try:
                    found.append(await self._get(item.id, self._aged))
                except NotFound:
                    continue
        mine = [one for one in found if one[1].owner_uid == desired.uid and not _is_leaving(one[1])]
        return [remote for _, remote in sorted(mine, key=lambda one: (one[0], one[1].id))]

    @override
    async def create(self, desired: Desired, *, within: timedelta | None = None) -> Remote:
        call = Call(
            operation="create",
            method="POST",
            path=_ROOT,
            json=wire.create_body(desired),
            about=f'"{desired.deployment_name}"',
        )
        return await self.account.ask(self.site, call, self._remote, within=within)

    @override
    async def update(
        self,
        id: str,
        changes: Fields,
        removed: frozenset[str],
        shown: Fields | None = None,
        desired: Desired | None = None,
    ) -> None:
        """PATCH of the changed keys. `removed` is left alone: the vendor's merge cannot take a key away."""
        body = wire.edit_body(changes)
        wanted = body.get("auto_scaling")
        is_as_wanted = wanted is not None and await self._scales(id, shown or {}) == wanted
        if is_as_wanted:  # whether a PATCH may name it is not documented, so only where it has to change
            del body["auto_scaling"]
        if not body:
            return
        found = await self._patch("update", id, body)
        if is_as_wanted and found not in (None, wanted):
            raise Conflict(
                f"paitient: update {id}: scaling was changed outside the operator at the same time"
            )

    async def _scales(self, id: str, shown: Fields) -> bool | None:
        """Whether its number of replicas moves by itself: as shown, else as a GET says."""
        known = wire.scales(shown)
        return known if known is not None else await self._get(id, wire.auto_scaling)

    @override
    async def adopt(self, id: str, uid: str, owner: str | None = None, epoch: int | None = None) -> None:
        await self._patch("adopt", id, {"tags": wire.mark(uid, owner, epoch)})

    @override
    async def pause(self, id: str) -> None:
        raise Unsupported(f"paitient: pause {id}: there is no pause")

    @override
    async def resume(self, id: str) -> None:
        raise Unsupported(f"paitient: resume {id}: there is no pause")

    @override
    async def delete(self, id: str, *, force: bool) -> None:
        call = Call(
            operation="delete",
            method="DELETE",
            path=path_of(id, "delete"),
            params=(("force", "true"),) if force else (),
            about=id,
            id=id,
            wants_json=False,
        )
        await self.account.send(self.site, call)

    @override
    async def create_endpoint(self, name: str, id: str) -> Endpoint:
        path_of(id, "create_endpoint")
        call = Call(
            operation="create_endpoint",
            method="POST",
            path="/v1/endpoints",
            json={"name": name, "deployment_id": id},
            about=f'"{name}"',
        )
        return await self.account.ask(self.site, call, wire.endpoint_of)

    @override
    async def create_canary(self, name: str, split: Split) -> Canary:
        return await canary.ask(self.account, self.site, canary.create_call(name, split), canary.canary_of)

    @override
    async def update_canary(self, id: str, split: Split) -> Canary:
        place = segment(id)
        if place is None:
            raise InvalidRequest(
                f'paitient: update_canary "{text(id[:64])}": this is not the id of an endpoint'
            )
        call = canary.update_call(id, place, split)
        return await canary.ask(self.account, self.site, call, canary.updated(id))

    @override
    async def figures(self, id: str, start: datetime, end: datetime, interval: timedelta) -> Figures:
        """One request. The vendor's `summary` is left alone: it need not agree with the points."""
        length = canary.longest_interval(interval)
        call = canary.figures_call(path_of(id, "metrics"), id, start, end, length)
        return await canary.ask(
            self.account, self.site, call, lambda body, at: canary.figures_of(body, at, length)
        )

    @override
    async def probe(self, remote: Remote, prompt: str, within: timedelta) -> None:
        raise Unsupported(f"paitient: probe {remote.id}: it speaks no chat completions")

    async def _items(
        self, operation: str, read: Callable[[Any], T], *filters: tuple[str, str]
    ) -> Sequence[T]:
        call = Call(
            operation=operation, method="GET", path=_ROOT, mutates=False, each=_as_it_is, limit=_PAGE_BYTES
        )

        async def page(limit: int, offset: int) -> wire.Page:
            params = (*filters, ("limit", str(limit)), ("offset", str(offset)))
            return await self.account.ask(self.site, replace(call, params=params), wire.page_of)

        try:
            return await all_items(page, read)
        except Malformed as error:
            problem = str(error)
        raise Unavailable(f"{call.title(self.site.provider)}: {problem}", may_have_landed=False)

    async def _get(self, id: str, read: Callable[[dict[str, Any]], T]) -> T:
        call = Call(operation="get", method="GET", path=path_of(id, "get"), about=id, mutates=False)
        return await self.account.ask(self.site, call, lambda body: read(_same(body, id)))

    async def _patch(self, operation: str, id: str, body: dict[str, Any]) -> bool | None:
        """What the reply says of auto_scaling; None where it says nothing."""
        call = Call(
            operation=operation,
            method="PATCH",
            path=path_of(id, operation),
            json=body,
            about=id,
            id=id,
            wants_json=False,
        )
        reply = await self.account.send(self.site, call)
        return wire.auto_scaling(reply.body)

    def _remote(self, item: Any, *, is_full: bool = False) -> Remote:
        return self.account.clean.keyless(wire.remote_of(item, clean=self.account.clean, is_full=is_full))

    def _full(self, item: dict[str, Any]) -> Remote:
        return self._remote(item, is_full=True)

    def _aged(self, item: dict[str, Any]) -> tuple[str, Remote]:
        """With its age. Without tags it cannot be told whose it is, and must not be taken for nobody's."""
        mapping(item.get("tags"), "the tags of a deployment")
        return str(item.get("created_at") or ""), self._full(item)


def path_of(id: str, operation: str) -> str:
    """`/v1/deployments/{id}`. Raises `InvalidRequest` on what could be another path."""
    place = segment(id)
    if place is None:
        raise InvalidRequest(f'paitient: {operation} "{text(id[:64])}": this is not the id of a deployment')
    return f"{_ROOT}/{place}"


def _same(body: Any, id: str) -> dict[str, Any]:
    item = dict(mapping(body, "a deployment"))
    if wire.identifier(item) != id:
        raise Malformed("it shows another deployment")
    return item


def _as_it_is(item: Any) -> Any:
    return item


def _is_leaving(remote: Remote) -> bool:
    return remote.state in (RunState.DELETING, RunState.GONE)
