"""Gathers what `report` bundles: reads alone, and whatever cannot be read is noted instead of ending it."""

import platform
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import click

from model_operator import __version__
from model_operator.cli.bundle import Body, Gathered, values_of
from model_operator.cli.checking import Finding, findings
from model_operator.cli.connecting import Place, Session, in_cluster
from model_operator.cli.facts import facts_of
from model_operator.cli.objects import seen
from model_operator.cli.tree import lines, rows
from model_operator.domain import GROUP
from model_operator.kube import PLURALS, KubeError, ObjectGone
from model_operator.models.crd import KINDS

_WORKLOADS: Final = {"deployments": "/apis/apps/v1", "pods": "/api/v1"}
_WIDTH: Final = 120
_CHECKED: Final = 3
"""Namespaces that are checked; of more, the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What the command line says."""

    place: Place
    operator_namespace: str | None
    """None: wherever Pods have its label."""
    name: str
    """The operator's label app.kubernetes.io/name."""
    tail: int
    """Number of lines of each log."""


def gather(scope: Scope, now: datetime) -> Gathered:
    """Raises `click.ClickException` where there is no cluster at all."""

    async def errand(session: Session) -> Gathered:
        return await _Reading(session, scope, now).gathered()

    return in_cluster(scope.place, errand)


class _Reading:
    def __init__(self, session: Session, scope: Scope, now: datetime) -> None:
        self._session, self._scope, self._now = session, scope, now
        self._missing: list[str] = []

    async def gathered(self) -> Gathered:
        version = await self._session.kube.version()
        namespace = None if self._scope.place.is_everywhere else self._session.namespace
        objects = {plural: [b async for b in self._list(kind, namespace)] for kind, plural in PLURALS.items()}
        workloads = {plural: [b async for b in self._workloads(plural)] for plural in _WORKLOADS}
        bodies = [body for found in objects.values() for body in found]
        return Gathered(
            taken=self._now,
            versions={
                "program": __version__,
                "python": platform.python_version(),
                "kubernetes": ".".join(map(str, version)),
                "crds": [crd async for crd in self._definitions()],
            },
            check=tuple([line async for line in self._check(bodies)]),
            status=tuple(self._status(objects)),
            objects={plural: tuple(found) for plural, found in objects.items()},
            events=tuple([b async for b in self._list("Event", namespace) if _is_about_ours(b)]),
            workloads={plural: tuple(found) for plural, found in workloads.items()},
            logs={name: text async for name, text in self._logs(workloads["pods"])},
            secrets=tuple([value async for value in self._secrets(bodies)]),
            missing=tuple(self._missing),
        )

    def _miss(self, what: str, error: Exception) -> None:
        self._missing.append(f"{what}: {error}")

    async def _list(self, kind: str, namespace: str | None) -> AsyncIterator[Body]:
        try:
            async for body in self._session.kube.list(kind, namespace):
                yield {"apiVersion": body.get("apiVersion"), "kind": kind, **body}
        except KubeError as error:
            self._miss(f"{kind}s of {namespace or 'all namespaces'}", error)

    async def _definitions(self) -> AsyncIterator[dict[str, Any]]:
        for kind in KINDS:
            path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{kind.crd_name}"
            try:
                found = await self._session.kube.request("GET", path)
            except KubeError as error:
                self._miss(f"CustomResourceDefinition {kind.crd_name}", error)
                continue
            versions = [one["name"] for one in found["spec"]["versions"] if one.get("served")]
            stored = found.get("status", {}).get("storedVersions")
            yield {"name": kind.crd_name, "served": versions, "stored": stored, **_dated(found)}

    async def _check(self, bodies: Iterable[Body]) -> AsyncIterator[str]:
        """Of each namespace that has objects."""
        namespaces = sorted({body["metadata"]["namespace"] for body in bodies}) or [self._session.namespace]
        for namespace in namespaces[:_CHECKED]:
            yield f"namespace {namespace}"
            try:
                facts = await facts_of(Session(self._session.kube, namespace))
            except (KubeError, click.ClickException) as error:
                self._miss(f"check of {namespace}", error)
                continue
            for one in findings(facts):
                yield f"  {_said(one)}"

    def _status(self, objects: dict[str, list[Body]]) -> Iterator[str]:
        kinds = {plural: kind for kind, plural in PLURALS.items()}
        found = [seen(kinds[plural], body) for plural, bodies in objects.items() for body in bodies]
        if found:
            tree = tuple(rows(found, self._now))
            yield from map(click.unstyle, lines(tree, _WIDTH, with_namespace=True))

    async def _workloads(self, plural: str) -> AsyncIterator[Body]:
        space = self._scope.operator_namespace
        within = f"/namespaces/{quote(space, safe='')}" if space else ""
        selector = quote(f"app.kubernetes.io/name={self._scope.name}", safe="")
        path = f"{_WORKLOADS[plural]}{within}/{plural}?labelSelector={selector}"
        kind = "Pod" if plural == "pods" else "Deployment"
        try:
            found = await self._session.kube.request("GET", path)
        except KubeError as error:
            self._miss(f"the operator's {kind}s (--operator-namespace says where it runs)", error)
            return
        if not found["items"]:
            self._missing.append(f"no {kind} has the label app.kubernetes.io/name={self._scope.name}")
        for body in found["items"]:
            yield {"apiVersion": found.get("apiVersion"), "kind": kind, **body}

    async def _logs(self, pods: Iterable[Body]) -> AsyncIterator[tuple[str, str]]:
        """Of each container, and of the one before it, where it was started again."""
        for pod in pods:
            metadata = pod["metadata"]
            path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}/log"
            for status in (pod.get("status") or {}).get("containerStatuses") or ():
                name = f"{metadata['namespace']}_{metadata['name']}_{status['name']}"
                query = f"container={quote(status['name'], safe='')}&tailLines={self._scope.tail}"
                for more, suffix in (("", ""), ("&previous=true", ".previous")):
                    if suffix and not status.get("restartCount"):
                        continue
                    try:
                        yield name + suffix, await self._session.kube.text(f"{path}?{query}{more}")
                    except KubeError as error:
                        self._miss(f"the log of {name}{suffix}", error)

    async def _secrets(self, bodies: Iterable[Body]) -> AsyncIterator[str]:
        """What is in the Secrets that the objects name, and the user's own token."""
        for namespace, name in sorted({pair for body in bodies for pair in _secrets_of(body)}):
            try:
                secret = await self._session.kube.get("Secret", namespace, name)
            except ObjectGone:
                continue
            except KubeError as error:
                why = "its keys are masked only where they look like keys"
                self._miss(f"Secret {name} of {namespace} ({why})", error)
                continue
            for value in values_of(secret):
                yield value
        login = await self._session.kube.login()
        if login.token:
            yield login.token


def _dated(body: Body) -> dict[str, Any]:
    labels = body["metadata"].get("labels")
    return {"created": body["metadata"].get("creationTimestamp"), **({"labels": labels} if labels else {})}


def _said(one: Finding) -> str:
    remedy = f". {one.remedy}" if one.remedy else ""
    return f"{one.outcome.upper():4} {one.check}: {one.message}{remedy}"


def _is_about_ours(event: Body) -> bool:
    about = event.get("involvedObject") or {}
    return str(about.get("apiVersion") or "").partition("/")[0] == GROUP or about.get("kind") in PLURALS


def _secrets_of(body: Body) -> Iterator[tuple[str, str]]:
    """(namespace, name) of every Secret that the spec names, in whichever field."""
    namespace = str(body["metadata"]["namespace"])
    for name in _named(body.get("spec")):
        yield namespace, name


def _named(value: Any, *, is_ref: bool = False) -> Iterator[str]:
    match value:
        case {"name": str(name)} if is_ref:
            yield name
        case dict():
            for key, one in value.items():
                yield from _named(one, is_ref=str(key).lower().endswith("secretref"))
        case list():
            for one in value:
                yield from _named(one)
        case _:
            return


def utc_now() -> datetime:
    return datetime.now(UTC)
