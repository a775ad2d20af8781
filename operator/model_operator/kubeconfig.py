"""How to reach the API server: a kubeconfig, or the pod's ServiceAccount."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from model_operator.kubernetes_client import Configuration
from model_operator.kubernetes_client import config as kubeconfig

_SERVICE_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")

# What the client raises for a file that is no kubeconfig: its own error, or whatever it stumbles over.
_UNREADABLE: Final = (
    kubeconfig.ConfigException,
    OSError,
    yaml.YAMLError,
    AttributeError,
    KeyError,
    TypeError,
    ValueError,
)


class KubeConfigError(Exception):
    """No way to reach a cluster; `str()` says what was tried."""


@dataclass(frozen=True, slots=True)
class Login:
    """How to reach the API server, for the part of Kopf that makes its own connections."""

    server: str
    ca_path: str | None
    is_insecure: bool
    scheme: str | None
    token: str | None
    certificate_path: str | None
    private_key_path: str | None


async def load_configuration(path: Path | None = None, context: str | None = None) -> Configuration:
    """From that kubeconfig, else the pod's ServiceAccount, else $KUBECONFIG or ~/.kube/config.

    Raises `KubeConfigError`.
    """
    # The environment's proxies are nobody's wish here, and looking for them costs a fifth of each request.
    configuration = Configuration(client_session_kwargs={"trust_env": False})
    try:
        if path is None and context is None and _is_in_cluster():
            kubeconfig.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        else:
            await kubeconfig.load_kube_config(  # type: ignore[no-untyped-call]
                config_file=str(path) if path else None, context=context, client_configuration=configuration
            )
    except _UNREADABLE as error:
        where = (
            f"the kubeconfig {path}" if path else "the pod's ServiceAccount, $KUBECONFIG and ~/.kube/config"
        )
        raise KubeConfigError(f"cannot reach a cluster: tried {where}: {_one_line(error)}") from error
    # Enough for two busy cores; each one costs a TLS handshake at both ends and up to 256 KiB of buffer here.
    configuration.connection_pool_maxsize = 20
    return configuration


def namespace_of(path: Path | None = None, context: str | None = None) -> str:
    """The namespace that kubectl would use there. Raises `KubeConfigError`."""
    if path is None and context is None and _is_in_cluster():
        return (_SERVICE_ACCOUNT / "namespace").read_text(encoding="utf-8").strip()
    try:
        contexts, current = kubeconfig.list_kube_config_contexts(  # type: ignore[no-untyped-call]
            str(path) if path else None
        )
    except _UNREADABLE as error:
        raise KubeConfigError(f"cannot read the kubeconfig: {_one_line(error)}") from error
    chosen = next((found for found in contexts if found["name"] == context), current)
    return str(chosen["context"].get("namespace") or "default")


def _one_line(error: Exception) -> str:
    """A file without its meaning shows as a TypeError, whose words are about the client's code."""
    if isinstance(error, TypeError | AttributeError | KeyError):
        return "it is not a kubeconfig"
    return " ".join(str(error).split())


def _is_in_cluster() -> bool:
    return (_SERVICE_ACCOUNT / "token").is_file()
