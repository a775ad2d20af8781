"""From files to a plan: what `model-operator plan` asks, of whom, and how it fails in one line."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import click

from model_operator.cli.accounts import open_transport
from model_operator.cli.connecting import Place, plain, where
from model_operator.cli.files import Document
from model_operator.domain import GROUP, VERSION, Key
from model_operator.hosts import HostRule
from model_operator.kube import Kube, KubeError
from model_operator.kubeconfig import KubeConfigError, namespace_of
from model_operator.providers.base import Transport
from model_operator.providers.registry import PROVIDERS
from model_operator.reconcile.store import Body
from model_operator.rehearsal.cluster import KINDS, Cluster
from model_operator.rehearsal.imagined import IMAGINED_INSTALLATION
from model_operator.rehearsal.overlay import Reads
from model_operator.rehearsal.plan import Gathered
from model_operator.rehearsal.rehearse import Means, rehearse
from model_operator.rehearsal.shown import Shown
from model_operator.rehearsal.sources import SECRET, Account, MadeUp, gather_offline, gather_online
from model_operator.settings import Settings
from model_operator.settings_loading import SettingsInvalid, load
from model_operator_simulator import Simulator
from model_operator_simulator.registry import VENDORS

QUICK: Final = timedelta(milliseconds=50)
"""Between two LISTs of one account: nobody waits for something to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the command line says."""

    documents: tuple[Document, ...]
    namespace: str | None
    kubeconfig: Path | None
    context: str | None
    allowed_hosts: tuple[HostRule, ...]
    provider_ca_file: Path | None
    installation: str | None
    is_offline: bool
    provider_url: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    document: Mapping[str, Any]
    is_refused: bool
    has_changes: bool


@dataclass(frozen=True, slots=True)
class _Objects:
    """Those of the files that mean something here."""

    found: Mapping[Key, Body]
    namespaces: frozenset[str]
    """That the files make."""
    skipped: tuple[str, ...]


def answer(question: Question) -> Answer:
    """Raises `click.ClickException`."""
    # What they warn of here is in the plan, too.
    for name in ("kubernetes", "model_operator"):
        logging.getLogger(name).addHandler(logging.NullHandler())
    try:
        return asyncio.run(_offline(question) if question.is_offline else _online(question))
    except (KubeConfigError, KubeError) as error:
        place = Place.of(question.namespace, question.kubeconfig, question.context)
        raise click.ClickException(plain(error, where(place))) from error
    except SettingsInvalid as error:
        raise click.ClickException("; ".join(error.problems)) from error


async def _online(question: Question) -> Answer:
    default = question.namespace or namespace_of(question.kubeconfig, question.context)
    objects = _objects(question, default)
    async with await Kube.connect(question.kubeconfig, question.context) as kube:
        cluster = Cluster(kube)
        gathered = await gather_online(objects.found, cluster, objects.namespaces)
        settings = _settings(question, question.allowed_hosts, await kube.cluster())
        async with open_transport(question.provider_ca_file) as transport:
            return await _answer(gathered, objects, cluster, transport, settings)


async def _offline(question: Question) -> Answer:
    objects = _objects(question, question.namespace or "default")
    async with (
        _simulator(question.provider_url) as url,
        open_transport(question.provider_ca_file) as transport,
    ):
        gathered = gather_offline(
            objects.found, _accounts(url), PROVIDERS, hides_urls=question.provider_url is None
        )
        settings = _settings(question, (_host_of(url),), None)
        return await _answer(gathered, objects, MadeUp(), transport, settings)


async def _answer(
    gathered: Gathered, objects: _Objects, reads: Reads, transport: Transport, settings: Settings
) -> Answer:
    means = Means(reads=reads, transport=transport, vendors=PROVIDERS, settings=settings)
    plan = await rehearse(gathered, means)
    for skipped in objects.skipped:
        click.echo(f"skipped: {skipped}", err=True)
    return Answer(Shown(plan, gathered).document(), plan.is_refused, plan.has_changes)


def _host_of(url: str) -> HostRule:
    scheme, _, rest = url.partition("://")
    try:
        return HostRule.parse(f"{scheme}://{rest.partition('/')[0]}")
    except ValueError as error:
        raise click.ClickException(
            f"--provider-url {url} is not a URL such as http://127.0.0.1:8700"
        ) from error


def _settings(question: Question, allowed_hosts: tuple[HostRule, ...], cluster: str | None) -> Settings:
    """The defaults of `run`, and what the environment says of them. `cluster` is its name if no setting has one."""
    given = {} if question.installation is None else {"installation": question.installation}
    settings = load(given)
    told: dict[str, object] = {
        "allowed_provider_hosts": allowed_hosts,
        "transition_poll": QUICK,
        "installation": settings.installation or cluster or IMAGINED_INSTALLATION,
    }
    return load(told)


@asynccontextmanager
async def _simulator(url: str | None) -> AsyncIterator[str]:
    """That one, or one of our own that is empty."""
    if url is not None:
        yield url.rstrip("/")
        return
    simulator = Simulator()
    async with simulator.serve() as own:
        yield own
    await simulator.aclose()


def _accounts(url: str) -> Mapping[str, Account]:
    """Each provider's half of a simulator, with the key that it has from its start."""
    found = {}
    for vendor in VENDORS:
        token = vendor.keys[0]
        chat = vendor.bases.get(f"{vendor.name}_chat")
        secret = {"apiKey": token.key, **({"clientID": token.client_id} if token.client_id else {})}
        found[vendor.name] = Account(
            base_url=url + vendor.bases[vendor.name],
            chat_base_url=None if chat is None else url + chat,
            secret=secret,
        )
    return found


def _objects(question: Question, default: str) -> _Objects:
    """Raises `click.ClickException` on what kubectl would refuse before it asks anybody."""
    found: dict[Key, Body] = {}
    skipped = []
    for document in question.documents:
        if not _is_ours(document):
            if document.kind != "Namespace":
                skipped.append(f"{document.kind} {document.name} in {document.place}")
            continue
        key = _key(document, question.namespace, default)
        if key in found:
            raise click.ClickException(f"{document.place}: {key.kind} {key.name} is defined twice")
        found[key] = document.body
    if not any(key.kind in KINDS for key in found):
        raise click.ClickException(
            "these files contain no ModelProvider, ModelDeployment, CanaryEndpoint or ModelBudget"
        )
    return _Objects(found, frozenset(_namespaces(question.documents)), tuple(skipped))


def _is_ours(document: Document) -> bool:
    version = str(document.body.get("apiVersion") or "")
    if version.partition("/")[0] == GROUP and version != f"{GROUP}/{VERSION}":
        raise click.ClickException(
            f"{document.place}: {document.kind} {document.name}: apiVersion {version} is not known"
        )
    return (version == "v1" and document.kind == SECRET) or (
        version == f"{GROUP}/{VERSION}" and document.kind in KINDS
    )


def _key(document: Document, chosen: str | None, default: str) -> Key:
    namespace = document.metadata.get("namespace")
    if not document.name:
        raise click.ClickException(f"{document.place}: a {document.kind} has no metadata.name")
    if chosen is not None and namespace not in (None, chosen):
        raise click.ClickException(
            f"{document.place}: {document.kind} {document.name} has namespace {namespace}, but --namespace is"
            f" {chosen}"
        )
    return Key(document.kind, str(namespace or default), document.name)


def _namespaces(documents: Iterable[Document]) -> Iterable[str]:
    return (document.name for document in documents if document.kind == "Namespace")
