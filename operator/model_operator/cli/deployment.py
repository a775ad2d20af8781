"""From a ModelDeployment's name to its deployment at PaiTIENT, with the user's own kubeconfig.

`logs` and `metrics` say what to read there; every way in which it can fail is one line and exit code 1.
"""

from collections.abc import Awaitable, Callable

import click

from model_operator.cli.accounts import base_url, connection, credentials, open_transport, provider_named
from model_operator.cli.connecting import Place, Session, in_cluster
from model_operator.cli.flags import Target
from model_operator.domain import DEPLOYMENT
from model_operator.models import ModelDeployment
from model_operator.providers.paitient import Paitient
from model_operator.providers.paitient.client import PaitientProvider

Read = Callable[[PaitientProvider, str], Awaitable[None]]
"""(account, id of the deployment there)."""


def read_at_provider(target: Target, read: Read) -> None:
    """Find the deployment and let `read` have it. Raises `click.ClickException`."""

    async def errand(session: Session) -> None:
        await _read(session, target, read)

    in_cluster(Place.of(target.namespace, target.kubeconfig, target.context), errand)


async def _read(session: Session, target: Target, read: Read) -> None:
    vendor = Paitient()
    deployment = ModelDeployment.parse(await session.get(DEPLOYMENT, target.name))
    provider = await provider_named(session, deployment.spec.provider_ref.name)
    if provider.spec.type != vendor.type:
        raise click.ClickException(
            f"ModelProvider {provider.metadata.name!r} is of type {provider.spec.type}, and that provider has neither"
            " logs nor metrics"
        )
    url = base_url(provider, vendor, target.allowed_hosts)
    id = deployment.status.external_id
    if not id:
        raise click.ClickException(f"ModelDeployment {target.name!r} has no deployment at the provider yet")
    key = await credentials(session, provider, vendor)
    async with open_transport(target.provider_ca_file) as transport:
        await read(vendor.connect(connection(url, key, transport)), id)
