"""Where a plan's objects come from: the user's files, as the cluster would store them or, without one, as they stand."""

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from typing_extensions import override

from model_operator.domain import CANARY, DEPLOYMENT, PROVIDER, Key
from model_operator.kube import KubeError, KubeForbidden, ObjectGone
from model_operator.providers.base import Vendor
from model_operator.reconcile.store import Body
from model_operator.rehearsal.cluster import Cluster, cleaned, explained
from model_operator.rehearsal.overlay import Nothing
from model_operator.rehearsal.plan import Gathered, Item
from model_operator.rehearsal.schema import immutable_fields, problems, stored

SECRET = "Secret"  # noqa: S105  a kind
_NOT_TRIED = (
    "The API server was not asked ({why}); the object was checked against the CRDs of this version instead."
)
_ADOPTS = "It adopts {id}, and what that is like cannot be known without the provider."


@dataclass(frozen=True, slots=True)
class Account:
    """One provider's half of a simulator."""

    base_url: str
    chat_base_url: str | None
    secret: Mapping[str, str] = field(repr=False)
    """What a Secret for it holds."""


class _AnyKey(dict[str, str]):
    """Whatever key is asked for, there is one."""

    def __missing__(self, name: str) -> str:
        return base64.b64encode(f"made-up-{name}-of-nobody".encode()).decode()


class MadeUp(Nothing):
    """No API server, and all Secrets that anybody asks for."""

    @override
    async def get(self, kind: str, namespace: str, name: str) -> Body:
        if kind != SECRET:
            return await super().get(kind, namespace, name)
        return {"metadata": {"name": name, "resourceVersion": "1"}, "data": _AnyKey()}


Found = Mapping[Key, Body]
"""The objects of the files, in their order."""


async def gather_online(found: Found, cluster: Cluster, namespaces_to_come: frozenset[str]) -> Gathered:
    """Ask the API server about each. `namespaces_to_come` are in the files, too. Raises `KubeError`."""
    there, is_whole = await cluster.everything(dict.fromkeys(key.namespace for key in found))
    items = [
        await _tried(key, body, there.get(key), cluster, namespaces_to_come)
        for key, body in found.items()
        if key.kind != SECRET
    ]
    notes = (
        ()
        if is_whole
        else ("Objects of other namespaces may not be read: what they claim at the provider is not known.",)
    )
    secrets = {key: _opened(body) for key, body in found.items() if key.kind == SECRET}
    return Gathered(items=tuple(items), there=there, added=secrets, notes=notes)


async def _tried(
    key: Key, body: Body, before: Body | None, cluster: Cluster, namespaces_to_come: frozenset[str]
) -> Item:
    try:
        after = await cluster.apply(key, body, before)
    except KubeForbidden as error:
        return _checked(key, body, before, _NOT_TRIED.format(why=error))
    except KubeError as error:
        is_early = isinstance(error, ObjectGone) and key.namespace in namespaces_to_come
        if is_early:
            why = f"namespace {key.namespace} is not there yet"
            return _checked(key, body, before, _NOT_TRIED.format(why=why))
        return Item(key=key, body=None, is_new=before is None, refusal=explained(error))
    is_edited = before is not None and before.get("spec") != after.get("spec")
    immutable = immutable_fields(key.kind, after)
    return Item(key=key, body=after, is_new=before is None, is_edited=is_edited, immutable=immutable)


def _checked(key: Key, body: Body, before: Body | None = None, note: str = "") -> Item:
    """By the schema that ships with this version."""
    body, notes = cleaned(body), (note,) if note else ()
    wrong = problems(key.kind, body, before)
    if wrong:
        return Item(key=key, body=None, is_new=before is None, refusal="; ".join(wrong), notes=notes)
    immutable = immutable_fields(key.kind, body)
    if before is None:
        return Item(key=key, body=stored(key.kind, body), is_new=True, immutable=immutable, notes=notes)
    is_edited = before.get("spec") != body["spec"]
    generation = before["metadata"].get("generation", 1) + is_edited
    after = {**before, "spec": body["spec"], "metadata": {**before["metadata"], "generation": generation}}
    return Item(key=key, body=after, is_new=False, is_edited=is_edited, immutable=immutable, notes=notes)


def gather_offline(
    found: Found, accounts: Mapping[str, Account], vendors: Mapping[str, Vendor], *, hides_urls: bool
) -> Gathered:
    """Every object is new, and every account is the simulator's, with its own key.

    `hides_urls`: the simulator is an empty one that nobody knows, so the providers' own URLs are shown.
    """
    items = [_checked(key, body) for key, body in found.items() if key.kind != SECRET]
    usable = {item.key: item.body for item in items if item.body is not None}
    made = dict(_made_up(usable, vendors))
    added: dict[Key, Body] = {}
    real_urls: dict[Key, Mapping[str, str]] = {}
    for key, body in {**usable, **made}.items():
        if key.kind != PROVIDER:
            continue
        spec, type_ = body["spec"], str(body["spec"]["type"])
        account, vendor = accounts[type_], vendors[type_]
        if hides_urls:
            real_urls[key] = dict(_urls(spec, account, vendor))
        added[Key(SECRET, key.namespace, spec["credentials"]["secretRef"]["name"])] = _secret(account.secret)
        moved = {**body, "spec": {**spec, **_where(account)}}
        if key in usable:
            usable[key] = moved
        else:
            added[key] = moved
    notes = tuple(f"There is no {key.kind} {key.name} in the files: one was made up." for key in made)
    items = [_offline(item, usable.get(item.key), is_empty=hides_urls) for item in items]
    hidden = tuple(_opened(body) for key, body in found.items() if key.kind == SECRET)
    return Gathered(items=tuple(items), added=added, hidden=hidden, real_urls=real_urls, notes=notes)


def _made_up(usable: Mapping[Key, Body], vendors: Mapping[str, Vendor]) -> Iterator[tuple[Key, Body]]:
    """ModelProviders that the objects name and the files do not have."""
    for key, body in usable.items():
        if key.kind not in {DEPLOYMENT, CANARY}:
            continue
        provider = Key(PROVIDER, key.namespace, body["spec"]["providerRef"]["name"])
        type_ = next(
            (name for name, vendor in vendors.items() if _fits(key.kind, body["spec"], vendor)), None
        )
        if provider in usable or type_ is None:
            continue
        spec = {"type": type_, "credentials": {"secretRef": {"name": provider.name}}}
        yield provider, stored(PROVIDER, {"metadata": {}, "spec": spec})


def _fits(kind: str, spec: Mapping[str, Any], vendor: Vendor) -> bool:
    return vendor.type in spec if kind == DEPLOYMENT else vendor.capabilities.splits_traffic


def _urls(spec: Mapping[str, Any], account: Account, vendor: Vendor) -> Iterable[tuple[str, str]]:
    if account.chat_base_url is not None:
        yield account.chat_base_url, spec.get("chatBaseURL") or vendor.default_chat_base_url or ""
    yield account.base_url, spec.get("baseURL") or vendor.default_base_url


def _where(account: Account) -> dict[str, str]:
    chat = account.chat_base_url
    return {"baseURL": account.base_url, **({"chatBaseURL": chat} if chat is not None else {})}


def _offline(item: Item, body: Body | None, *, is_empty: bool) -> Item:
    """With the body that leads to the simulator."""
    if item.body is None or body is None:
        return item
    adopted = body["spec"].get("externalID") if is_empty else None
    return replace(item, body=body, set_aside=_ADOPTS.format(id=adopted) if adopted else "")


def _secret(values: Mapping[str, str]) -> Body:
    encoded = {name: base64.b64encode(value.encode()).decode() for name, value in values.items()}
    return {"metadata": {}, "data": encoded}


def _opened(secret: Body) -> Body:
    """As the server stores it: `stringData` is for writing only."""
    plain = secret.get("stringData")
    written = _secret(plain)["data"] if isinstance(plain, Mapping) else {}
    return {"metadata": {}, "data": {**(secret.get("data") or {}), **written}}
