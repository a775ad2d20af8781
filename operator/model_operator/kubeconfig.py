"""How to reach the API server: a kubeconfig, or the pod's ServiceAccount."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

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
        raise KubeConfigError(_explained(path, context, error)) from error
    # Enough for two busy cores; each one costs a TLS handshake at both ends and up to 256 KiB of buffer here.
    configuration.connection_pool_maxsize = 20
    return configuration


def namespace_of(path: Path | None = None, context: str | None = None) -> str:
    """The namespace that kubectl would use there. Raises `KubeConfigError`."""
    if path is None and context is None and _is_in_cluster():
        return (_SERVICE_ACCOUNT / "namespace").read_text(encoding="utf-8").strip()
    contexts, current = _contexts(path)
    chosen = next((found for found in contexts if found["name"] == context), current)
    return str(chosen["context"].get("namespace") or "default")


def context_of(path: Path | None = None, context: str | None = None) -> str | None:
    """The name of the context that kubectl would use there; None inside a pod. Raises `KubeConfigError`."""
    if context is not None:
        return context
    if path is None and _is_in_cluster():
        return None
    return str(_contexts(path)[1]["name"])


def _contexts(path: Path | None) -> tuple[list[Any], Any]:
    """(all, the current one)."""
    try:
        contexts, current = kubeconfig.list_kube_config_contexts(  # type: ignore[no-untyped-call]
            str(path) if path else None
        )
    except _UNREADABLE as error:
        raise KubeConfigError(_explained(path, None, error)) from error
    return contexts, current


def _explained(path: Path | None, context: str | None, error: Exception) -> str:
    """What is wrong with the kubeconfig and what to do, instead of what the client stumbled over."""
    if path is None and not any(map(Path.exists, _files())):
        return (
            "cannot reach a cluster: there is no kubeconfig: neither $KUBECONFIG nor ~/.kube/config names a file that exists;"
            " set $KUBECONFIG, or name one with --kubeconfig"
        )
    file = str(path) if path else os.pathsep.join(map(str, _files()))
    if context is not None and (names := _names(path)) and context not in names:
        return f"cannot reach a cluster: the kubeconfig {file} has no context {context!r}; it has {', '.join(names)}"
    return f"cannot reach a cluster: tried the kubeconfig {file}: {_one_line(error)}"


def _files() -> list[Path]:
    """Where kubectl looks."""
    named = os.environ.get("KUBECONFIG", "")
    parts = [part for part in named.split(os.pathsep) if part]
    return [Path(part).expanduser() for part in parts or ["~/.kube/config"]]


def _names(path: Path | None) -> list[str]:
    """Of all contexts."""
    found: list[str] = []
    for file in [path] if path else _files():
        try:
            document = yaml.safe_load(file.read_text(encoding="utf-8"))
            found += [str(entry["name"]) for entry in document["contexts"]]
        except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError):
            continue
    return found


def _one_line(error: Exception) -> str:
    """A file without its meaning shows as a TypeError, whose words are about the client's code."""
    if isinstance(error, TypeError | AttributeError | KeyError):
        return "it is not a kubeconfig"
    return " ".join(str(error).split())


def _is_in_cluster() -> bool:
    return (_SERVICE_ACCOUNT / "token").is_file()
