"""The contract that every provider adapter keeps, as promises on its methods.

An adapter translates and nothing else: it decides no policy, keeps no state between calls and never retries.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol, Self

from typing_extensions import override

from model_operator.domain import Canary, Desired, Endpoint, Fields, Priority, Remote, RunState, Split
from model_operator.models.deployment import ModelDeploymentSpec
from model_operator.traffic import Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a vendor's API offers; the plan asks these, never the vendor's name."""

    pauses: bool
    names_are_unique: bool
    """The vendor refuses a second deployment of the same name, so a repeated POST is safe."""
    has_tags: bool
    """Deployments carry our UID tag, by which a lost create is found again."""
    removes_fields: bool
    """A field that the spec no longer has can be cleared at the vendor."""
    has_endpoints: bool
    splits_traffic: bool
    """Has canary endpoints, and figures by which a split is judged."""
    chats: bool
    """Speaks OpenAI chat completions, so a probe and an `externalAlias` make sense."""
    name_limit: int
    """Longest deployment name, in characters."""
    machine_fields: frozenset[str] = frozenset()
    """Owned fields that choose what a replica runs on, and so what it costs."""
    keeps_logs: bool = False
    """`model-operator logs` shows what happened to a deployment, which its status does not say."""
    counts_requests: bool = False
    """Its metrics say whether a deployment got requests."""
    bills: frozenset[RunState] = frozenset(
        {RunState.STARTING, RunState.STOPPING, RunState.DELETING, RunState.UNKNOWN}
    )
    """States that are taken for billed besides those in which it serves, since the vendor does not say it of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What the Secret held. Never in a `repr`, log line or error text."""

    api_key: str
    client_id: str | None = None

    @override
    def __repr__(self) -> str:
        return "Credentials(***)"


@dataclass(frozen=True, slots=True)
class SecretKey:
    """One key of a Secret in the namespace of the object that names it."""

    secret: str
    key: str


class Gate(Protocol):
    """Where a request waits for its turn under the account's limits."""

    @property
    def resting(self) -> timedelta:
        """How long the account still rests after a 429; zero if it does not."""

    @property
    def queueing(self) -> timedelta:
        """How long an edit that comes now will about wait for its turn behind those who wait already."""
        return timedelta()

    def turn(self, priority: Priority) -> AbstractAsyncContextManager[None]:
        """Held while one request runs; waits for a free slot, the rate and any Retry-After."""

    def pause(self, retry_after: timedelta | None) -> None:
        """The provider asked for a rest (429): the whole account waits so long, or backs off without a time."""


class Provider(Protocol):
    """One account at one vendor.

    Every method raises a `ProviderError`; `CancelledError` passes through. Each is one request, save where it
    says otherwise, under one deadline (the transport's request timeout), after which the request is abandoned.
    """

    @property
    def capabilities(self) -> Capabilities: ...

    def at(self, priority: Priority) -> Self:
        """The same account, whose requests queue at that priority."""

    async def list(self) -> Sequence[Remote]:
        """Every deployment of the account, all pages, tombstones and deleting ones included.

        Raises unless it is complete: a page that failed, did not advance or was not understood is an error.
        `Unsupported` where the account's API has no list.
        """

    async def get(self, id: str) -> Remote:
        """Full view of one deployment (`is_full`). `NotFound` on a 404 only."""

    async def find(self, desired: Desired) -> Sequence[Remote]:
        """Deployments that may be this CR's own: by UID tag where there are tags (each confirmed by GET,
        oldest first), else by exact name. Complete like `list`; without tombstones and deleting ones."""

    async def create(self, desired: Desired, *, within: timedelta | None = None) -> Remote:
        """POST once. `NameTaken` on a name conflict; `Unavailable(may_have_landed=…)` when the outcome is unknown.

        After `within` the request is over, the wait for its turn included: not sent any more, or abandoned.
        """

    async def offers(self, model: str, fields: Fields) -> Mapping[str, Decimal]:  # noqa: ARG002
        """What an hour of one replica costs on each machine that the vendor offers for it. Most vendors do not say."""
        return {}

    async def update(
        self,
        id: str,
        changes: Fields,
        removed: frozenset[str],
        shown: Fields | None = None,
        desired: Desired | None = None,
    ) -> None:
        """Change the given owned fields only; clear `removed` where the vendor can.

        May read before it writes; `shown`, the fields as last read, may spare that. `Conflict` where they were old.
        `desired`, all that the spec names, is for a vendor whose update replaces the whole object.
        """

    async def adopt(self, id: str, uid: str, owner: str | None = None, epoch: int | None = None) -> None:
        """Put our UID tag on the deployment, and owner's and epoch's if given; nothing where the vendor has no tags."""

    async def pause(self, id: str) -> None: ...

    async def resume(self, id: str) -> None: ...

    async def delete(self, id: str, *, force: bool) -> None:
        """Ask for deletion; a 404 raises `NotFound`, a refusal `DeletionRefused`."""

    async def create_endpoint(self, name: str, id: str) -> Endpoint: ...

    async def create_canary(self, name: str, split: Split) -> Canary:
        """POST once. `Unavailable(may_have_landed=…)` when the outcome is unknown; nothing can be looked up."""

    async def update_canary(self, id: str, split: Split) -> Canary:
        """Give a canary endpoint this whole split. May be repeated; `NotFound` on a 404 only."""

    async def figures(self, id: str, start: datetime, end: datetime, interval: timedelta) -> Figures:
        """A deployment's traffic in buckets no longer than `interval`, or in the shortest that there are.

        `start` and `end` are by the provider's clock. Gaps, short and unequal series are left out, not errors.
        """

    async def probe(self, remote: Remote, prompt: str, within: timedelta) -> None:
        """One real completion by `remote.alias`; returns if it was answered, and never keeps the text."""


class Vendor(Protocol):
    """The pure half of an adapter: what is true of a vendor without calling it."""

    type: str
    """The `spec.type` of a ModelProvider, and the name of the ModelDeployment's block."""
    capabilities: Capabilities
    default_base_url: str
    default_chat_base_url: str | None

    def fields(self, spec: ModelDeploymentSpec) -> Fields:
        """Mutable owned fields of a spec; only what the spec names."""

    def fixed(self, spec: ModelDeploymentSpec) -> Fields:
        """Create-only fields of a spec, by their path."""

    def secret_keys(self, spec: ModelDeploymentSpec) -> Mapping[str, SecretKey]:  # noqa: ARG002
        """Access keys that a deployment is given, by the path of their reference in the spec. Most vendors have none."""
        return {}

    def texts(self, spec: ModelDeploymentSpec) -> Mapping[str, str]:  # noqa: ARG002
        """Owned fields of which `fields` has a fingerprint only, since they are long. Most vendors have none."""
        return {}

    def machines(self, spec: ModelDeploymentSpec) -> Sequence[str | None]:  # noqa: ARG002
        """What one replica of it may run on, as prices name it; None where the spec does not say."""
        return (None,)

    def tag_field(self, tag: str) -> str | None:  # noqa: ARG002
        """The path of a tag with a value among the owned fields; None where the vendor has no such tags."""
        return None

    def may_scale_down(self, spec: ModelDeploymentSpec) -> bool: ...

    def forces_delete(self, spec: ModelDeploymentSpec) -> bool: ...

    def endpoint_name(self, spec: ModelDeploymentSpec) -> str | None:
        """Of the routing endpoint that the spec asks for besides the deployment."""

    def endpoint_id(self, spec: ModelDeploymentSpec) -> str | None:
        """Of that endpoint, should a person have found it after its create was lost."""

    def credentials(self, secret: Mapping[str, str]) -> Credentials:
        """Raises `CredentialsIncomplete` that names the missing key."""

    def connect(self, connection: "Connection") -> Provider: ...


class CredentialsIncomplete(Exception):
    """A Secret lacks a key; `str()` names it (never its contents)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What an adapter needs to talk to one account."""

    base_url: str
    chat_base_url: str | None
    credentials: Credentials
    transport: "Transport"
    gate: Gate


@dataclass(frozen=True, slots=True)
class Reply:
    """A 2xx answer. `body` is parsed JSON, or None if it was empty or, where that is allowed, not JSON."""

    status: int
    body: Any = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where one account's requests go. The headers carry its credentials, which therefore go nowhere else."""

    provider: str
    base_url: str
    """Without a slash at its end."""
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request. `operation` is the metric label (`create`, `get`, …), `about` names the object for messages."""

    operation: str
    method: str
    path: str
    """Begins with a slash; ids in it have been checked."""
    params: Sequence[tuple[str, str]] = ()
    json: Mapping[str, Any] | None = field(default=None, repr=False)
    about: str = ""
    id: str = ""
    """Of the object that it is about, where that is known: for the audit trail."""
    timeout: timedelta | None = None
    """Shorter or longer than the transport's own request timeout."""
    mutates: bool = True
    """False: nothing at the provider changes, so a lost reply loses nothing."""
    each: Callable[[Any], Any] | None = None
    """The answer is a list, and this is made of each of its items, as they arrive."""
    limit: int | None = None
    """Bytes of that list, if not as many as any list may have."""
    wants_json: bool = True
    """False: any 2xx body will do, and one that is not JSON counts as none (pause, resume, delete, a PATCH's)."""

    def title(self, provider: str) -> str:
        """`parasail: create "llama"`: how every message about this request begins."""
        return f"{provider}: {self.operation}{f' {self.about}' if self.about else ''}"


class Transport(Protocol):
    """The one HTTP client of the process; see providers/http.py."""

    @property
    def request_timeout(self) -> timedelta:
        """How long a request without a timeout of its own may take."""

    async def send(self, site: Site, call: Call) -> Reply:
        """A 2xx reply. Raises `Refused` for any other status and `Unavailable` where there was no usable one."""
