"""`canary plan`: from the objects of a file to the way of one CanaryEndpoint. Pure.

A file is all that there is to know: a target that it does not have may be in the cluster, and is said.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import click

from model_operator.domain import CANARY, DEPLOYMENT
from model_operator.models import CanaryEndpoint, InvalidResource
from model_operator.models.canary_status import Share
from model_operator.plan.canary.course import Shares, course_of, is_whole
from model_operator.plan.canary.preview import document, preview
from model_operator.rehearsal.schema import problems

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Way:
    """Of one CanaryEndpoint, from its last good split to the one that its spec wants."""

    endpoint: CanaryEndpoint
    origin: Shares
    notes: tuple[str, ...]

    @property
    def full_name(self) -> str:
        return f"canaryendpoint.modeloperator.dev/{self.endpoint.metadata.name}"

    def lines(self, rps: float | None) -> Iterator[str]:
        yield f"CanaryEndpoint {self.endpoint.metadata.name}"
        spec = self.endpoint.spec
        yield from preview(course_of(spec), self.origin, spec.destination, rps)

    def document(self, rps: float | None) -> dict[str, Any]:
        spec = self.endpoint.spec
        name = {"name": self.endpoint.metadata.name}
        return name | document(course_of(spec), self.origin, spec.destination, rps)


def way(body: Body, file: Iterable[Body], given: str | None) -> Way:
    """`given` is the split of `--from`, `file` everything beside the object. Raises `click.ClickException`."""
    parsed = _parsed(body)
    if given is None:
        good = parsed.status.last_good
        return Way(parsed, good.traffic if good else (), ())
    known = _targets(parsed)
    deployments = frozenset(_name(one) for one in file if one.get("kind") == DEPLOYMENT)
    shares = _split(given, known)
    strange = [one.name for one in shares if one.name not in known and one.name not in deployments]
    return Way(parsed, shares, tuple(_unknown(name, parsed.metadata.name, known) for name in strange))


def _parsed(body: Body) -> CanaryEndpoint:
    metadata = {"name": "canary", **(body.get("metadata") or {})}
    wrong = problems(CANARY, body)
    if wrong:
        listed = "".join(f"\n  {problem}" for problem in wrong)
        raise click.ClickException(f"the API server would refuse CanaryEndpoint {metadata['name']}:{listed}")
    try:
        return CanaryEndpoint.parse({**body, "metadata": metadata})
    except InvalidResource as error:
        raise click.ClickException(f"CanaryEndpoint {metadata['name']}: {error}") from error


def _name(body: Body) -> str:
    return str((body.get("metadata") or {}).get("name") or "")


def _targets(parsed: CanaryEndpoint) -> Mapping[str, Share]:
    """By their names, and by those of their ModelDeployments."""
    status = parsed.status
    good = status.last_good.traffic if status.last_good else ()
    shares = (*good, *status.traffic, *parsed.spec.destination)
    by_deployment = {share.deployment_ref: share for share in shares if share.deployment_ref}
    return by_deployment | {share.name: share for share in shares}


def _split(given: str, known: Mapping[str, Share]) -> Shares:
    """`v1=90,v2=10` as shares; a name that nobody knows stands for a ModelDeployment of that name."""
    shares = []
    for part in given.split(","):
        name, _, percent = part.strip().partition("=")
        if not name or not (percent.isascii() and percent.isdecimal()):
            raise click.ClickException(f"--from {given}: write it as v1=90,v2=10")
        share = known.get(name, Share(name=name, deployment_ref=name))
        shares.append(share.with_(percent=int(percent)))
    total = sum(share.percent for share in shares)
    if total != 100:
        raise click.ClickException(
            f"--from {given}: the percentages must sum to 100, but their sum is {total}"
        )
    if not is_whole(tuple(shares)):
        raise click.ClickException(f"--from {given}: a target is named twice")
    return tuple(shares)


def _unknown(name: str, endpoint: str, known: Mapping[str, Share]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean {near[0]}? " if near else ""
    return (
        f"{name} is neither a target of CanaryEndpoint {endpoint} nor a ModelDeployment in this file. {hint}It is"
        f" assumed to be an existing ModelDeployment {name}."
    )
