"""Gathers what `check` judges: reads and access reviews, nothing that changes anything."""

from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

from model_operator.cli.checking import Account, Facts, Right
from model_operator.cli.connecting import Place, Session, in_cluster
from model_operator.cli.looking import everything
from model_operator.cli.objects import Seen
from model_operator.conditions import Reason
from model_operator.domain import CANARY, DEPLOYMENT, GROUP, PROVIDER
from model_operator.hosts import HostRule, may_send
from model_operator.kube import PLURALS, KubeError, KubeForbidden, ObjectGone
from model_operator.models import InvalidResource, ModelProvider
from model_operator.models.crd import KINDS, custom_resource_definition
from model_operator.providers.base import CredentialsIncomplete
from model_operator.providers.credentials import SecretData
from model_operator.providers.registry import PROVIDERS

_REVIEWS: Final = "/apis/authorization.k8s.io/v1"
_OF_PEOPLE: Final = ("get", "list")
_EDITED: Final = (DEPLOYMENT, CANARY)
"""What people with the role model-operator-edit may change; accounts and budgets are an administrator's."""
_OF_THE_OPERATOR: Final = ("get", "list", "watch", "patch")


def gather(place: Place, hosts: Iterable[HostRule], operator: str | None) -> Facts:
    """`operator` is its ServiceAccount, NAMESPACE/NAME, whose rights are looked at instead of one's own."""
    rules = tuple(hosts)

    async def errand(session: Session) -> Facts:
        return await facts_of(session, rules, operator)

    return in_cluster(place, errand)


async def facts_of(session: Session, rules: tuple[HostRule, ...] = (), operator: str | None = None) -> Facts:
    """Of the session's namespace. Raises `KubeError` and `click.ClickException`."""
    kube = session.kube
    kinds = await kube.served_kinds()
    has_all = frozenset(PLURALS.values()) <= kinds
    objects = await everything(session) if has_all else []
    return Facts(
        version=await kube.version(),
        kinds=kinds & frozenset(PLURALS.values()),
        wanted_kinds=frozenset(PLURALS.values()),
        old_kinds=tuple([kind async for kind in _old_kinds(session)]) if has_all else (),
        rights=tuple([right async for right in _rights(session, operator)]),
        whose=f"the rights of {operator}" if operator else "your rights",
        untouched=tuple(str(one.key) for one in objects if _is_untouched(one)),
        objects=len(objects),
        accounts=tuple([await _account(session, one, rules) for one in objects if one.key.kind == PROVIDER]),
        skew=datetime.now(UTC) - await _time_there(session),
    )


def _is_untouched(one: Seen) -> bool:
    ready = one.conditions.get("Ready")
    return ready is None or ready.reason == Reason.PENDING


async def _old_kinds(session: Session) -> AsyncIterator[str]:
    for kind in KINDS:
        path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{kind.crd_name}"
        try:
            found = await session.kube.request("GET", path)
        except (KubeForbidden, ObjectGone):
            continue  # that it is served is known already
        if _schemas(found) != _schemas(custom_resource_definition(kind)):
            yield kind.kind


def _schemas(definition: Any) -> list[Any]:
    return [version.get("schema") for version in definition["spec"]["versions"]]


async def _rights(session: Session, operator: str | None) -> AsyncIterator[Right]:
    for verb, group, resource, subresource in needed(is_operator=operator is not None):
        attributes = {
            "namespace": session.namespace,
            "verb": verb,
            "group": group,
            "resource": resource,
            "subresource": subresource,
        }
        kind, who = "selfsubjectaccessreviews", {}
        if operator is not None:
            namespace, _, name = operator.partition("/")
            kind, who = "subjectaccessreviews", {"user": f"system:serviceaccount:{namespace}:{name}"}
        body = {"spec": {"resourceAttributes": attributes, **who}}
        answer = await session.kube.request("POST", f"{_REVIEWS}/{kind}", body)
        shown = f"{resource}/{subresource}" if subresource else resource
        yield Right(verb, shown, bool(answer["status"].get("allowed")))


def needed(*, is_operator: bool) -> Iterator[tuple[str, str, str, str]]:
    """(verb, group, resource, subresource) of each right that is looked at."""
    for kind, plural in PLURALS.items():
        for verb in _OF_THE_OPERATOR if is_operator else _OF_PEOPLE:
            yield verb, GROUP, plural, ""
        if is_operator:
            yield "patch", GROUP, plural, "status"
        elif kind in _EDITED:
            yield "patch", GROUP, plural, ""
    if is_operator:
        yield "get", "", "secrets", ""
        yield "create", "", "events", ""


async def _account(session: Session, one: Seen, rules: tuple[HostRule, ...]) -> Account:
    body = await session.get(PROVIDER, one.key.name)
    try:
        provider = ModelProvider.parse(body)
    except InvalidResource as error:
        return Account(name=one.key.name, url="", is_admitted=True, secret="", key_problem=str(error))
    vendor = PROVIDERS[provider.spec.type]
    url = provider.spec.base_url or vendor.default_base_url
    name = provider.spec.credentials.secret_ref.name
    problem, is_readable = None, True
    try:
        vendor.credentials(SecretData(await session.kube.get("Secret", session.namespace, name)))
    except ObjectGone:
        problem = f"Secret {name} does not exist"
    except CredentialsIncomplete as error:
        problem = str(error)
    except KubeError:
        is_readable = False
    return Account(
        name=one.key.name,
        url=url,
        is_admitted=may_send(url, vendor.default_base_url, rules, session.namespace),
        secret=name,
        key_problem=problem,
        is_secret_readable=is_readable,
    )


async def _time_there(session: Session) -> datetime:
    """The API server stamps a review of who asks, which everybody may make and nothing keeps."""
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    try:
        answer = await session.kube.request("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", body)
        return datetime.fromisoformat(answer["metadata"]["creationTimestamp"])
    except (KubeError, KeyError, TypeError, ValueError):
        return datetime.now(UTC)
