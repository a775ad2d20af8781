"""From a ModelProvider to its account at the provider, with the user's own kubeconfig: reads of people, not the operator's.

The key goes only where a vendor's own host is, or a host that the command line allows.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import click

from model_operator.accounts.limiter import Limiter
from model_operator.cli.connecting import Session
from model_operator.domain import PROVIDER
from model_operator.hosts import HostRule, may_send
from model_operator.models import ModelProvider
from model_operator.providers.base import Connection, Credentials, Transport, Vendor
from model_operator.providers.credentials import SecretData
from model_operator.providers.http import HttpTransport


@asynccontextmanager
async def open_transport(ca_file: Path | None) -> AsyncIterator[Transport]:
    """Raises `click.ClickException` where the file has no certificates."""
    try:
        client = HttpTransport(ca_file=ca_file)
    except OSError as error:
        raise click.ClickException(f"cannot read certificates from {ca_file}: {error}") from error
    async with client as transport:
        yield transport


async def provider_named(session: Session, name: str) -> ModelProvider:
    """Raises `click.ClickException` and `InvalidResource`."""
    return ModelProvider.parse(await session.get(PROVIDER, name))


def base_url(provider: ModelProvider, vendor: Vendor, allowed: Sequence[HostRule]) -> str:
    """Where the key may go: whoever wrote the ModelProvider must not be able to have it sent anywhere else."""
    url = provider.spec.base_url or vendor.default_base_url
    if not may_send(url, vendor.default_base_url, allowed, provider.metadata.namespace):
        raise click.ClickException(
            f"ModelProvider {provider.metadata.name!r} points to {url}: if the key may be sent there, add"
            " --allowed-provider-host"
        )
    return url


async def credentials(session: Session, provider: ModelProvider, vendor: Vendor) -> Credentials:
    """Raises `click.ClickException` and `CredentialsIncomplete`."""
    return vendor.credentials(
        SecretData(await session.get("Secret", provider.spec.credentials.secret_ref.name))
    )


def connection(url: str, credentials: Credentials, transport: Transport) -> Connection:
    """For reads: nothing of it chats."""
    return Connection(
        base_url=url,
        chat_base_url=None,
        credentials=credentials,
        transport=transport,
        gate=Limiter(asyncio.get_running_loop()),
    )
