"""To the cluster with the user's own kubeconfig, and in plain words where that fails.

Every failure is one line and exit code 1, and says which context and namespace it happened in.
"""

import asyncio
import errno
import logging
import os
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from model_operator.errors import ProviderError
from model_operator.kube import Kube, KubeError, KubeForbidden, ObjectGone
from model_operator.kubeconfig import KubeConfigError, context_of, namespace_of
from model_operator.models import InvalidResource
from model_operator.providers.base import CredentialsIncomplete

Result = TypeVar("Result")
_FAILURES = (KubeConfigError, KubeError, InvalidResource, CredentialsIncomplete, ProviderError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which cluster and namespace, as the command line says it."""

    namespace: str | None = None
    kubeconfig: Path | None = None
    context: str | None = None
    is_everywhere: bool = False

    @classmethod
    def of(cls, namespace: str | None, kubeconfig: Path | None, context: str | None) -> "Place":
        return cls(namespace=namespace, kubeconfig=kubeconfig, context=context)


@dataclass(frozen=True, slots=True)
class Session:
    """An open connection, and the namespace that the command is about."""

    kube: Kube
    namespace: str

    async def get(self, kind: str, name: str) -> dict[str, Any]:
        """Raises `click.ClickException` where there is none; `in_cluster` says in which context and namespace."""
        try:
            return await self.kube.get(kind, self.namespace, name)
        except ObjectGone as error:
            raise click.ClickException(f"{kind} {name!r} does not exist") from error


def in_cluster(place: Place, errand: Callable[[Session], Awaitable[Result]]) -> Result:
    """Carry out `errand` there. Raises `click.ClickException`."""
    # What it warns of here comes as an exception, too, and is said once.
    logging.getLogger("kubernetes").addHandler(logging.NullHandler())
    try:
        return asyncio.run(_carry_out(place, errand))
    except _FAILURES as error:
        raise click.ClickException(plain(error, where(place))) from error
    except click.ClickException as error:
        raise click.ClickException(f"{error.format_message()}{where(place)}") from error


async def _carry_out(place: Place, errand: Callable[[Session], Awaitable[Result]]) -> Result:
    async with await Kube.connect(place.kubeconfig, place.context) as kube:
        return await errand(Session(kube, place.namespace or namespace_of(place.kubeconfig, place.context)))


def where(place: Place) -> str:
    """` (context kind, namespace team-a)`, or nothing where no kubeconfig can be read."""
    try:
        context = context_of(place.kubeconfig, place.context)
        namespace = place.namespace or namespace_of(place.kubeconfig, place.context)
    except KubeConfigError:
        return ""
    inside = "all namespaces" if place.is_everywhere else f"namespace {namespace}"
    return f" (context {context}, {inside})" if context else f" ({inside})"


def plain(error: Exception, where: str) -> str:
    """The failure in words for people: what happened, where, and what to do."""
    match error:
        case KubeConfigError():
            return str(error)
        case KubeForbidden():
            return (
                f"{error}{where}. Ask your administrator for the ClusterRole model-operator-view, -edit or -admin"
                " in this namespace"
            )
        case ObjectGone() if "could not find the requested resource" in str(error):
            return (
                f"the CustomResourceDefinitions are not installed{where}. Install them: model-operator crds |"
                " kubectl apply --server-side -f -"
            )
        case KubeError(status=0):
            return f"{_unanswered(error)}{where}. Check that the cluster is running and reachable from here"
        case KubeError(status=401):
            return f"the API server does not accept your credentials{where}. Log in to the cluster again"
        case _:
            return f"{error}{where}"


def _unanswered(error: KubeError) -> str:
    """Without the names of the client's classes."""
    cause: BaseException | None = error.__cause__
    while cause is not None:
        if isinstance(cause, TimeoutError):
            return f"{_server(error)}: the request timed out"
        if isinstance(cause, OSError) and cause.strerror:
            return f"{_server(error)}: {_system(cause)}"
        cause = getattr(cause, "os_error", None) or cause.__cause__
    return str(error)


def _server(error: KubeError) -> str:
    return str(error).rpartition(":")[0]


def _system(cause: OSError) -> str:
    """The operating system's words, without the address that is said already."""
    if cause.errno == errno.ECONNREFUSED:
        return "the connection was refused"
    inner = getattr(cause, "os_error", cause)
    if isinstance(inner, socket.gaierror):
        return "the name cannot be resolved"
    return os.strerror(cause.errno) if cause.errno else str(cause.strerror)
