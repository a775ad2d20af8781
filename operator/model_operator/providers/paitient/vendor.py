"""What is true of PaiTIENT without calling it, and the way to an account of it.

The registry's row for `type: paitient`.
"""

from collections.abc import Mapping, Sequence

from typing_extensions import override

from model_operator.domain import Fields
from model_operator.models.deployment import ModelDeploymentSpec
from model_operator.providers.account import Account, Cleaner
from model_operator.providers.base import Connection, Credentials, Site, Vendor
from model_operator.providers.credentials import read_api_key, read_key
from model_operator.providers.paitient import wire
from model_operator.providers.paitient.client import CAPABILITIES, PaitientProvider


class Paitient(Vendor):
    """`Vendor` for PaiTIENT's secure model service."""

    type = "paitient"
    capabilities = CAPABILITIES
    default_base_url = "https://api.paitient.com"
    default_chat_base_url: str | None = None

    @override
    def fields(self, spec: ModelDeploymentSpec) -> Fields:
        return wire.fields_of(spec)

    @override
    def machines(self, spec: ModelDeploymentSpec) -> Sequence[str | None]:
        return (spec.paitient.instance_type if spec.paitient is not None else None,)

    @override
    def fixed(self, spec: ModelDeploymentSpec) -> Fields:
        return wire.fixed_of(spec)

    @override
    def tag_field(self, tag: str) -> str | None:
        return wire.TAGS + tag

    @override
    def may_scale_down(self, spec: ModelDeploymentSpec) -> bool:
        """Never: its scaling stays between the two bounds."""
        return False

    @override
    def forces_delete(self, spec: ModelDeploymentSpec) -> bool:
        return bool(spec.paitient and spec.paitient.force_delete)

    @override
    def endpoint_name(self, spec: ModelDeploymentSpec) -> str | None:
        return spec.paitient.endpoint_name if spec.paitient else None

    @override
    def endpoint_id(self, spec: ModelDeploymentSpec) -> str | None:
        return spec.paitient.endpoint_id if spec.paitient else None

    @override
    def credentials(self, secret: Mapping[str, str]) -> Credentials:
        return Credentials(api_key=read_api_key(secret), client_id=read_key(secret, "clientID"))

    @override
    def connect(self, connection: Connection) -> PaitientProvider:
        headers = {
            "Authorization": f"Bearer {connection.credentials.api_key}",
            "X-Client-ID": connection.credentials.client_id or "",
        }
        # The paths begin with /v1, and some of the vendor's pages write it as part of the base URL.
        base_url = connection.base_url.rstrip("/").removesuffix("/v1")
        return PaitientProvider(
            account=Account(
                transport=connection.transport, gate=connection.gate, clean=Cleaner(connection.credentials)
            ),
            site=Site(provider=self.type, base_url=base_url, headers=headers),
        )
