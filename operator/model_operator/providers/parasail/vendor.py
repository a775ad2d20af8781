"""What is true of Parasail without calling it, and the way to an account of it.

The registry's row for `type: parasail`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from typing_extensions import override

from model_operator.domain import Fields
from model_operator.models.deployment import ModelDeploymentSpec
from model_operator.models.parasail import ScaleDownPolicy
from model_operator.providers.account import Abreast, Account, Cleaner
from model_operator.providers.base import Connection, Credentials, Provider, SecretKey, Site, Vendor
from model_operator.providers.credentials import read_api_key
from model_operator.providers.parasail import texts, wire
from model_operator.providers.parasail.client import CAPABILITIES, ParasailProvider

_MOST_PROBES: Final = 20
"""At once, of one account."""


class Parasail(Vendor):
    """`Vendor` for Parasail's dedicated deployments."""

    type = "parasail"
    capabilities = CAPABILITIES
    default_base_url = "https://api.parasail.io/api/v1"
    default_chat_base_url: str | None = "https://api.parasail.io/v1"

    @override
    def fields(self, spec: ModelDeploymentSpec) -> Fields:
        return wire.fields_of(spec)

    @override
    def machines(self, spec: ModelDeploymentSpec) -> Sequence[str | None]:
        block = spec.parasail
        if block is None:
            return (None,)
        devices = tuple(f"{one.count}x {one.device}" for one in block.devices or ())
        return devices or (block.service_tier_name,)

    @override
    def fixed(self, spec: ModelDeploymentSpec) -> Fields:
        """Nothing: what cannot change later is in `Desired` itself."""
        return {}

    @override
    def secret_keys(self, spec: ModelDeploymentSpec) -> Mapping[str, SecretKey]:
        return wire.secret_keys_of(spec)

    @override
    def texts(self, spec: ModelDeploymentSpec) -> Mapping[str, str]:
        return texts.texts_of(spec)

    @override
    def may_scale_down(self, spec: ModelDeploymentSpec) -> bool:
        policy = spec.parasail and spec.parasail.scale_down_policy
        return policy in (ScaleDownPolicy.TIMER, ScaleDownPolicy.INACTIVE)

    @override
    def forces_delete(self, spec: ModelDeploymentSpec) -> bool:
        return False

    @override
    def endpoint_name(self, spec: ModelDeploymentSpec) -> None:
        return None

    @override
    def endpoint_id(self, spec: ModelDeploymentSpec) -> None:
        return None

    @override
    def credentials(self, secret: Mapping[str, str]) -> Credentials:
        return Credentials(api_key=read_api_key(secret))

    @override
    def connect(self, connection: Connection) -> Provider:
        headers = {"Authorization": f"Bearer {connection.credentials.api_key}"}
        chat = connection.chat_base_url or self.default_chat_base_url or ""
        account = Account(
            transport=connection.transport, gate=connection.gate, clean=Cleaner(connection.credentials)
        )
        return ParasailProvider(
            account=account,
            chats=replace(account, gate=Abreast(_MOST_PROBES)),
            control=Site(provider=self.type, base_url=connection.base_url.rstrip("/"), headers=headers),
            chat=Site(provider=self.type, base_url=chat.rstrip("/"), headers=headers),
        )
