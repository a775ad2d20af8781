"""Calls to Parasail's control API, and one chat completion as a probe.

Every method is the request that the vendor's document describes; `wire` knows the bodies.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final, Self, TypeVar

from typing_extensions import override

from model_operator.domain import Canary, Desired, Endpoint, Fields, Priority, Remote, Split
from model_operator.errors import InvalidRequest, NoTurn, ProviderError, Unavailable, Unsupported
from model_operator.providers.account import Account
from model_operator.providers.base import Call, Capabilities, Provider, Site
from model_operator.providers.known_items import KnownItems
from model_operator.providers.parasail import devices, texts, wire
from model_operator.providers.parasail.catalogue import Answers, Catalogue, Patience, explained
from model_operator.providers.reading import Malformed, listed, mapping
from model_operator.traffic import Figures

T = TypeVar("T")

_ROOT = "/dedicated/deployments"
_PROBE_TOKENS = 16


CAPABILITIES: Final = Capabilities(
    pauses=True,
    names_are_unique=True,
    has_tags=False,
    removes_fields=True,
    has_endpoints=False,
    splits_traffic=False,
    chats=True,
    name_limit=32,
    machine_fields=frozenset({devices.FIELD, "parasail.serviceTierName"}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParasailProvider(Provider):
    """`Provider` for one Parasail account."""

    account: Account
    chats: Account
    """The same at the chat host, whose limits are each model's own."""
    control: Site
    chat: Site
    answers: Answers = field(default_factory=Answers)
    known: KnownItems = field(default_factory=KnownItems)

    @property
    @override
    def capabilities(self) -> Capabilities:
        return CAPABILITIES

    @override
    def at(self, priority: Priority) -> Self:
        return replace(self, account=self.account.at(priority), chats=self.chats.at(priority))

    @override
    async def list(self) -> Sequence[Remote]:
        """One request: the vendor sends a bare array without pages."""
        read = self.known.reading(self._keyless, secrets=self.account.clean.secrets)
        call = Call(operation="list", method="GET", path=_ROOT, mutates=False, each=read)
        return tuple(await self.account.ask(self.control, call, _distinct))

    @override
    async def get(self, id: str) -> Remote:
        return await self._get(id, partial(self._remote, is_full=True))

    @override
    async def find(self, desired: Desired) -> Sequence[Remote]:
        return [remote for remote in await self.list() if remote.name == desired.deployment_name]

    @override
    async def create(self, desired: Desired, *, within: timedelta | None = None) -> Remote:
        """Where the spec names devices, two reads of the vendor's catalogue come before the POST."""
        patience = Patience(within)
        about = f'"{desired.deployment_name}"'
        catalogue = self._catalogue(f"parasail: create {about}", patience)
        self.account.clean.learn(desired.secrets.values())
        body = wire.create_body(desired) | await catalogue.configs(desired)
        call = Call(operation="create", method="POST", path=_ROOT, json=body, about=about)
        try:
            remote = await self.account.ask(self.control, call, self._remote, within=patience.left)
        except NoTurn:
            raise  # what the catalogue has said will do for the next try
        except ProviderError as error:
            self.answers.forget(desired.model)
            raise (explained(error, desired) if isinstance(error, InvalidRequest) else error) from None
        self.answers.forget(desired.model)
        return remote

    @override
    async def offers(self, model: str, fields: Fields) -> Mapping[str, Decimal]:
        """One read of the catalogue, which serves the create as well; none where no devices are named."""
        return await self._catalogue(f"parasail: devices {model}", Patience(None)).prices(model, fields)

    @override
    async def update(
        self,
        id: str,
        changes: Fields,
        removed: frozenset[str],
        shown: Fields | None = None,
        desired: Desired | None = None,
    ) -> None:
        """GET, change the owned keys, PUT the whole object; no PUT if that changes nothing."""
        moved = await self._moved(id, changes, desired)
        current = await self._get(id, dict)
        body = wire.edited(current, changes, removed) | moved
        if desired is not None:
            body |= texts.sent(desired, changes)
        if devices.FIELD in removed and "parasail.serviceTierName" in changes:
            body["deviceConfigs"] = devices.none_of(body.get("deviceConfigs"))
        is_new_key = desired is not None and bool(desired.secrets.keys() & changes.keys())
        if body == current and not is_new_key:
            return
        if desired is not None:
            self.account.clean.learn(desired.secrets.values())
            body = devices.completed(wire.completed(body, desired.fields), desired.fields, shown)
            body = texts.completed(body, desired) | wire.access_keys(desired)
        try:
            await self._send("update", "PUT", id, json=body)
        except InvalidRequest as error:
            raise (error if desired is None else explained(error, desired)) from None

    async def _moved(self, id: str, changes: Fields, desired: Desired | None) -> dict[str, Any]:
        """`deviceConfigs` for another device. Asked before the GET, so that little time is between that and the PUT."""
        if devices.FIELD not in changes or desired is None:
            return {}
        title = f"parasail: update {id}"
        configs = await self._catalogue(title, Patience(None)).configs(desired)
        self.answers.forget(desired.model)
        return configs

    def _catalogue(self, title: str, patience: Patience) -> Catalogue:
        return Catalogue(self.answers, self.account, self.control, title, patience)

    @override
    async def adopt(self, id: str, uid: str, owner: str | None = None, epoch: int | None = None) -> None:
        """Nothing to do: Parasail has no tags."""

    @override
    async def pause(self, id: str) -> None:
        await self._send("pause", "POST", id, suffix="/pause")

    @override
    async def resume(self, id: str) -> None:
        await self._send("resume", "POST", id, suffix="/resume")

    @override
    async def delete(self, id: str, *, force: bool) -> None:
        await self._send("delete", "DELETE", id)

    @override
    async def create_endpoint(self, name: str, id: str) -> Endpoint:
        raise Unsupported(f'parasail: create_endpoint "{name}": there are no routing endpoints')

    @override
    async def create_canary(self, name: str, split: Split) -> Canary:
        raise Unsupported(f'parasail: create_canary "{name}": there are no canary endpoints')

    @override
    async def update_canary(self, id: str, split: Split) -> Canary:
        raise Unsupported(f"parasail: update_canary {id}: there are no canary endpoints")

    @override
    async def figures(self, id: str, start: datetime, end: datetime, interval: timedelta) -> Figures:
        raise Unsupported(f"parasail: metrics {id}: there are none")

    @override
    async def probe(self, remote: Remote, prompt: str, within: timedelta) -> None:
        call = Call(
            operation="probe",
            method="POST",
            path="/chat/completions",
            json={
                "model": remote.alias,
                "messages": [{"role": "user", "content": prompt}],
                "max_tokens": _PROBE_TOKENS,
                "temperature": 0,
            },
            about=remote.id,
            timeout=within,
            mutates=False,
        )
        if remote.alias is None:
            raise Unavailable(
                f"{call.title('parasail')}: there is no externalAlias yet", may_have_landed=False
            )
        await self.chats.ask(self.chat, call, _check_completion)

    async def _get(self, id: str, read: Callable[[dict[str, Any]], T]) -> T:
        call = Call(operation="get", method="GET", path=_path(id, "get"), about=id, mutates=False)
        return await self.account.ask(self.control, call, lambda body: read(_same(body, id)))

    async def _send(
        self, operation: str, method: str, id: str, *, suffix: str = "", json: dict[str, Any] | None = None
    ) -> None:
        """A change whose reply is not read: the document does not say what it holds."""
        call = Call(
            operation=operation,
            method=method,
            path=_path(id, operation) + suffix,
            json=json,
            about=id,
            id=id,
            wants_json=False,
        )
        await self.account.send(self.control, call)

    def _remote(self, item: Any, *, is_full: bool = False) -> Remote:
        return wire.remote_of(
            item, chat_base_url=self.chat.base_url, clean=self.account.clean, is_full=is_full
        )

    def _keyless(self, item: Any) -> Remote:
        return self.account.clean.keyless(self._remote(item))


def _distinct(body: Any) -> Sequence[Remote]:
    """No tuple: each is without keys already, and would be looked through once more."""
    found = listed(body, "the list of deployments")
    return list({remote.id: remote for remote in found}.values())


def _path(id: str, operation: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]{0,18}", id):
        raise InvalidRequest(
            f'parasail: {operation} "{id[:64]}": the id of a deployment is a number without leading zeros'
        )
    return f"{_ROOT}/{id}"


def _same(body: Any, id: str) -> dict[str, Any]:
    item = dict(mapping(body, "a deployment"))
    if wire.identifier(item) != id:
        raise Malformed("it shows another deployment")
    return item


def _check_completion(body: Any) -> None:
    match body:
        case {"choices": [{"message": {}}, *_]}:
            return
        case _:
            raise Malformed("it holds no completion")
