"""From a ModelDeployment's name to its deployment at PaiTIENT, with the user's own kubeconfig.

`logs` and `metrics` say what to read there; every way in which it can fail is one line and exit code 1.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import click

from model_operator.accounts.limiter import Limiter
from model_operator.cli.connecting import Place, plain, where
from model_operator.cli.flags import Target
from model_operator.errors import ProviderError
from model_operator.hosts import may_send
from model_operator.kube import Body, Kube, KubeError, ObjectGone
from model_operator.kubeconfig import KubeConfigError, namespace_of
from model_operator.models import InvalidResource, ModelDeployment, ModelProvider
from model_operator.providers.base import Connection, CredentialsIncomplete
from model_operator.providers.credentials import SecretData
from model_operator.providers.http import HttpTransport
from model_operator.providers.paitient import Paitient
from model_operator.providers.paitient.client import PaitientProvider

Read = Callable[[PaitientProvider, str], Awaitable[None]]
"""(account, id of the deployment there)."""


def read_at_provider(target: Target, read: Read) -> None:
    """Find the deployment and let `read` have it. Raises `click.ClickException`."""
    # What it warns of here comes as an exception, too, and is said once.
    logging.getLogger("kubernetes").addHandler(logging.NullHandler())
    try:
        asyncio.run(_read(target, read))
    except (KubeConfigError, KubeError, InvalidResource, CredentialsIncomplete, ProviderError) as error:
        place = Place.of(target.namespace, target.kubeconfig, target.context)
        raise click.ClickException(plain(error, where(place))) from error


async def _read(target: Target, read: Read) -> None:
    async with _open(target) as (provider, id):
        await read(provider, id)


@asynccontextmanager
async def _open(target: Target) -> AsyncIterator[tuple[PaitientProvider, str]]:
    vendor = Paitient()
    async with await Kube.connect(target.kubeconfig, target.context) as kube:
        namespace = target.namespace or namespace_of(target.kubeconfig, target.context)
        deployment = ModelDeployment.parse(await _get(kube, "ModelDeployment", namespace, target.name))
        name = deployment.spec.provider_ref.name
        provider = ModelProvider.parse(await _get(kube, "ModelProvider", namespace, name))
        base_url = _base_url(target, provider, vendor)
        id = deployment.status.external_id
        if not id:
            raise click.ClickException(
                f"ModelDeployment {target.name!r} has no deployment at the provider yet"
            )
        secret = await _get(kube, "Secret", namespace, provider.spec.credentials.secret_ref.name)
    try:
        client = HttpTransport(ca_file=target.provider_ca_file)
    except OSError as error:
        raise click.ClickException(
            f"cannot read certificates from {target.provider_ca_file}: {error}"
        ) from error
    async with client as transport:
        connection = Connection(
            base_url=base_url,
            chat_base_url=None,
            credentials=vendor.credentials(SecretData(secret)),
            transport=transport,
            gate=Limiter(asyncio.get_running_loop()),
        )
        yield vendor.connect(connection), id


async def _get(kube: Kube, kind: str, namespace: str, name: str) -> Body:
    try:
        return await kube.get(kind, namespace, name)
    except ObjectGone as error:
        raise click.ClickException(f"there is no {kind} {name!r} in namespace {namespace!r}") from error


def _base_url(target: Target, provider: ModelProvider, vendor: Paitient) -> str:
    """Where the key may go: whoever wrote the ModelProvider must not be able to have it sent anywhere else."""
    name = provider.metadata.name
    if provider.spec.type != vendor.type:
        raise click.ClickException(
            f"ModelProvider {name!r} is of type {provider.spec.type}, and that provider has neither logs nor metrics"
        )
    url = provider.spec.base_url or vendor.default_base_url
    if not may_send(url, vendor.default_base_url, target.allowed_hosts, provider.metadata.namespace):
        raise click.ClickException(
            f"ModelProvider {name!r} points to {url}: if the key may be sent there, add --allowed-provider-host"
        )
    return url
