"""Everything that can go wrong with a provider, each error with its reason and its retry.

ProviderError
├── Unavailable          timeouts, resets, 5xx, garbage; `may_have_landed` says whether it may have acted
├── RateLimited          429; `retry_after` where the provider named one
├── CredentialsInvalid   401
├── PermissionDenied     403
├── QuotaExceeded
├── InsufficientCapacity the provider offers what is asked for, and has none free
├── ModelNotFound
├── InstanceTypeUnavailable
├── InvalidRequest       400, 422
├── NameTaken            another deployment holds the name
├── DeletionRefused
├── Conflict             409, 421, 423 … 425: not in this state, try again
├── NotFound             404
├── AccountMismatch      known deployments are missing under a credential that has not proven itself
├── NotAccepted          the ModelProvider leads to no account
├── Withheld             the ModelProvider's mode does not let it be sent: nothing left
└── Unsupported          404/405/501 on an operation that this provider does not offer
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from model_operator.conditions import Reason


class ProviderError(Exception):
    """A provider did not do what it was asked. `str()` is for people: what, for what, what the vendor said.

    `status` is the HTTP status where there was one. No subclass carries a secret in its text.
    """

    reason: Reason = Reason.PROVIDER_UNAVAILABLE
    """Of the condition that reports it."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status

    def to_keep(self) -> Self:
        """Itself, for whoever remembers it: without the frames that it came through, which hold the whole reply."""
        self.__cause__ = self.__context__ = None
        return self.with_traceback(None)


class Unavailable(ProviderError):
    """No usable answer. `may_have_landed` is False only if the request provably never left (connection refused)."""

    def __init__(self, message: str, *, status: int | None = None, may_have_landed: bool = True) -> None:
        super().__init__(message, status=status)
        self.may_have_landed = may_have_landed


class RateLimited(ProviderError):
    """429. The whole account waits `retry_after`, or a back-off where the provider named no time."""

    reason = Reason.RATE_LIMITED

    def __init__(
        self, message: str, *, status: int | None = None, retry_after: timedelta | None = None
    ) -> None:
        super().__init__(message, status=status)
        self.retry_after = retry_after


class CredentialsInvalid(ProviderError):
    reason = Reason.CREDENTIALS_INVALID


class PermissionDenied(ProviderError):
    reason = Reason.PERMISSION_DENIED


class QuotaExceeded(ProviderError):
    reason = Reason.QUOTA_EXCEEDED


class InsufficientCapacity(ProviderError):
    reason = Reason.INSUFFICIENT_CAPACITY


class ModelNotFound(ProviderError):
    reason = Reason.MODEL_NOT_FOUND


class InstanceTypeUnavailable(ProviderError):
    reason = Reason.INSTANCE_TYPE_UNAVAILABLE


class InvalidRequest(ProviderError):
    reason = Reason.INVALID_REQUEST


class NameTaken(ProviderError):
    reason = Reason.NAME_TAKEN


class DeletionRefused(ProviderError):
    reason = Reason.DELETION_REFUSED


class Conflict(ProviderError):
    """It speaks of the deployment's current state, or of the moment: the same request may pass later."""

    reason = Reason.UPDATING


class NotFound(ProviderError):
    """404. `is_vendors_own` says that the body speaks of the deployment, as a gateway's page or a router's does not."""

    reason = Reason.EXTERNAL_RESOURCE_MISSING

    def __init__(self, message: str, *, status: int | None = None, is_vendors_own: bool = False) -> None:
        super().__init__(message, status=status)
        self.is_vendors_own = is_vendors_own


class NoTurn(RateLimited):
    """The account's own limits gave the request no turn in time: nothing was sent."""


class AccountMismatch(ProviderError):
    """Known deployments are missing under a credential that has not proven to be of their account."""

    reason = Reason.ACCOUNT_MISMATCH


class NotAccepted(ProviderError):
    """The ModelProvider leads to no account; its own `reason` says why."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Withheld(NotAccepted):
    """`spec.mode` of the ModelProvider does not let the request leave. No rule should ask for one: this is the bolt."""


class Unsupported(ProviderError):
    reason = Reason.UNSUPPORTED


@dataclass(frozen=True, slots=True)
class Retry:
    """First delay and cap of the exponential back-off; `needs_person` marks what waiting will not mend."""

    first: timedelta
    cap: timedelta
    needs_person: bool = False

    def after(self, failures: int) -> timedelta:
        """The delay after so many failures in a row before this one."""
        return min(self.first * float(1 << min(failures, 16)), self.cap)


def _seconds(first: float, cap: float, *, needs_person: bool = False) -> Retry:
    return Retry(timedelta(seconds=first), timedelta(seconds=cap), needs_person)


RETRIES: dict[type[ProviderError], Retry] = {
    Unavailable: _seconds(1, 60),
    RateLimited: _seconds(5, 300),
    NoTurn: _seconds(
        0, 0
    ),  # the wait was the back-off; whoever stays away loses his place in the queue as well
    Conflict: _seconds(2, 30),
    CredentialsInvalid: _seconds(60, 300, needs_person=True),
    PermissionDenied: _seconds(60, 600, needs_person=True),
    QuotaExceeded: _seconds(600, 600, needs_person=True),
    InsufficientCapacity: _seconds(600, 600, needs_person=True),
    ModelNotFound: _seconds(600, 600, needs_person=True),
    InstanceTypeUnavailable: _seconds(600, 600, needs_person=True),
    InvalidRequest: _seconds(600, 600, needs_person=True),
    NameTaken: _seconds(60, 600, needs_person=True),
    DeletionRefused: _seconds(60, 600, needs_person=True),
    NotFound: _seconds(5, 60),
    NotAccepted: _seconds(60, 60, needs_person=True),
    AccountMismatch: _seconds(30, 60, needs_person=True),
    Unsupported: _seconds(600, 600, needs_person=True),
}
"""The one retry table: how long until the same request is worth another try."""


def retry_for(error: ProviderError) -> Retry:
    """The row of `RETRIES` for an error (its class or the nearest base that has one)."""
    for kind in type(error).__mro__:
        if kind in RETRIES:
            return RETRIES[kind]
    return RETRIES[Unavailable]


def delay_after(error: ProviderError, failures: int) -> timedelta:
    """How long to wait before the next try: what the provider said, else the back-off after so many failures."""
    said = error.retry_after if isinstance(error, RateLimited) else None
    return retry_for(error).after(failures) if said is None else said
