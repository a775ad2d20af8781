"""`check`: from facts to findings. Pure.

A preflight before an installation, and a first look after one: what is missing, and who gives it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final, NamedTuple

OLDEST: Final = (1, 31)
"""The oldest Kubernetes that is supported."""
_SKEW: Final = timedelta(seconds=30)
_CANARIES: Final = "canaryendpoints"


class Outcome(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the answer."""

    check: str
    outcome: Outcome
    message: str
    remedy: str = ""


class Right(NamedTuple):
    """What somebody may do, or not."""

    verb: str
    resource: str
    is_allowed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A ModelProvider, as far as it can be judged from here."""

    name: str
    url: str
    is_admitted: bool
    secret: str
    key_problem: str | None = None
    """What is wrong with its Secret."""
    is_secret_readable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was found out."""

    version: tuple[int, int]
    kinds: frozenset[str]
    """That the cluster serves, of ours."""
    wanted_kinds: frozenset[str]
    old_kinds: tuple[str, ...]
    """Whose definition is another than this program's."""
    rights: tuple[Right, ...]
    whose: str
    """The rights: `your`, or those of a ServiceAccount."""
    untouched: tuple[str, ...]
    """Objects that no operator has looked at yet."""
    objects: int
    accounts: tuple[Account, ...]
    skew: timedelta
    """By how much this machine's clock is ahead of the API server's."""


def findings(facts: Facts) -> Iterator[Finding]:
    """All checks, in the order in which a person mends them."""
    yield _version(facts)
    yield _kinds(facts)
    yield _rights(facts)
    yield _operator(facts)
    for account in facts.accounts:
        yield _host(account)
        yield _key(account)
    yield _clock(facts)


def _version(facts: Facts) -> Finding:
    major, minor = facts.version
    said = f"Kubernetes {major}.{minor}"
    if facts.version < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        return Finding("Kubernetes", Outcome.FAIL, said, f"At least {oldest} is needed.")
    return Finding("Kubernetes", Outcome.OK, said)


def _kinds(facts: Facts) -> Finding:
    apply = "Apply them: model-operator crds | kubectl apply --server-side -f -"
    missing = sorted(facts.wanted_kinds - facts.kinds)
    if missing:
        return Finding("CRDs", Outcome.FAIL, f"not installed: {', '.join(missing)}", apply)
    if facts.old_kinds:
        old = ", ".join(facts.old_kinds)
        return Finding("CRDs", Outcome.WARN, f"not the versions of this program: {old}", apply)
    return Finding("CRDs", Outcome.OK, f"installed: {', '.join(sorted(facts.kinds))}")


def _rights(facts: Facts) -> Finding:
    is_off = is_without_canaries(facts.rights)
    asked = [right for right in facts.rights if not (is_off and _is_for_canaries(right))]
    missing = [f"{right.verb} {right.resource}" for right in asked if not right.is_allowed]
    if missing:
        remedy = "Bind a ClusterRole: model-operator to the operator, model-operator-view or -edit to people."
        return Finding("rights", Outcome.FAIL, f"{facts.whose} do not include {', '.join(missing)}", remedy)
    said = f"{facts.whose} are sufficient ({len(asked)} checked)"
    off = f"; none for {_CANARIES}, as with canaryEndpoints.enabled: false" if is_off else ""
    return Finding("rights", Outcome.OK, said + off)


def is_without_canaries(rights: Iterable[Right]) -> bool:
    """No right to CanaryEndpoints, and some to other kinds: so are all roles of a chart that has them switched off."""
    allowed = [right for right in rights if right.is_allowed]
    return bool(allowed) and not any(_is_for_canaries(right) for right in allowed)


def _is_for_canaries(right: Right) -> bool:
    return right.resource.partition("/")[0] == _CANARIES


def _operator(facts: Facts) -> Finding:
    if facts.untouched:
        few = ", ".join(facts.untouched[:3]) + (" and others" if len(facts.untouched) > 3 else "")
        remedy = "Check that the operator is running and watches this namespace."
        return Finding("operator", Outcome.FAIL, f"the operator has not processed {few}", remedy)
    if not facts.objects:
        return Finding("operator", Outcome.WARN, "there are no objects yet")
    return Finding("operator", Outcome.OK, f"has processed all {facts.objects} objects")


def _host(account: Account) -> Finding:
    what = f"host of {account.name}"
    if account.is_admitted:
        return Finding(what, Outcome.OK, account.url)
    remedy = "Add the host to --allowed-provider-host of the operator (Helm: allowedProviderHosts)."
    return Finding(what, Outcome.WARN, f"{account.url} is not the provider's own", remedy)


def _key(account: Account) -> Finding:
    what = f"key of {account.name}"
    if not account.is_secret_readable:
        return Finding(what, Outcome.WARN, f"you may not read the Secret {account.secret}")
    if account.key_problem is not None:
        remedy = "Apply the Secret with apiKey and, for PaiTIENT, clientID."
        return Finding(what, Outcome.FAIL, account.key_problem, remedy)
    return Finding(what, Outcome.OK, f"Secret {account.secret} is complete")


def _clock(facts: Facts) -> Finding:
    seconds = round(facts.skew.total_seconds())
    if abs(facts.skew) > _SKEW:
        side = "ahead of" if seconds > 0 else "behind"
        said = f"this machine is {abs(seconds)} s {side} the API server"
        return Finding(
            "clock", Outcome.WARN, said, "Ages and --since are off by this difference: set the clock (NTP)."
        )
    return Finding("clock", Outcome.OK, "agrees with the API server's clock")
