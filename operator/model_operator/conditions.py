"""The words of a status: condition types, reasons and phases.

Decisions and statuses pick the words; meanings.py says what each reason means to a person.
"""

from enum import StrEnum


class ConditionType(StrEnum):
    """What `status.conditions` speaks about; all of them are set on first touch."""

    ACCEPTED = "Accepted"
    """The spec can be acted on."""
    SYNCED = "Synced"
    """The provider holds the spec."""
    SERVING = "Serving"
    """The deployment is serving requests: the provider says so, and the probe passed."""
    TARGETS_READY = "TargetsReady"
    """CanaryEndpoint: every target that has or gets traffic serves."""
    TRAFFIC_SYNCED = "TrafficSynced"
    """CanaryEndpoint: the provider acknowledged the split that is meant to be in force."""
    METRICS_AVAILABLE = "MetricsAvailable"
    """CanaryEndpoint: the provider's figures can be read and belong to this rollout alone."""
    ROLLOUT_COMPLETE = "RolloutComplete"
    """CanaryEndpoint: the traffic is at its destination."""
    WEBHOOK_READY = "WebhookReady"
    """ModelProvider with spec.webhook: the provider's events are taken. Without them it is polled all the same."""
    READY = "Ready"
    """Accepted, Synced, and Serving unless it is stopped on purpose."""
    RECONCILING = "Reconciling"
    """Work is under way."""
    STALLED = "Stalled"
    """Only a person can help, or the progress deadline has passed. Never True together with Reconciling."""


class Phase(StrEnum):
    """One word for people in `status.phase`; no program decides by it."""

    PENDING = "Pending"
    """Nothing exists at the provider yet."""
    CREATING = "Creating"
    """A create was sent, or its outcome is not known."""
    STARTING = "Starting"
    """It exists and does not serve yet."""
    READY = "Ready"
    """It serves as specified."""
    UPDATING = "Updating"
    """An edit is on its way; the old version may serve meanwhile."""
    PAUSING = "Pausing"
    """On its way to a stop that the spec asks for."""
    PAUSED = "Paused"
    """Stopped because the spec says so."""
    RESUMING = "Resuming"
    """On its way back from a stop."""
    SCALED_DOWN = "ScaledDown"
    """Stopped by its own scale-down policy."""
    STOPPED = "Stopped"
    """Stopped by somebody else, and left so."""
    MISSING = "Missing"
    """It has vanished at the provider."""
    FAILED = "Failed"
    """The provider says that it failed."""
    DELETING = "Deleting"
    """The object is being deleted."""


class CanaryPhase(StrEnum):
    """One word for people in a CanaryEndpoint's `status.phase`; no program decides by it."""

    PENDING = "Pending"
    """There is no endpoint at the provider yet."""
    APPLYING = "Applying"
    """A split is on its way to the provider."""
    PROGRESSING = "Progressing"
    """A step is held, watched and judged."""
    WAITING = "Waiting"
    """A person has to let it go on."""
    PAUSED = "Paused"
    """Frozen by the spec, an action or a failed verdict."""
    ROLLING_BACK = "RollingBack"
    """On its way back to the last good split."""
    ROLLED_BACK = "RolledBack"
    """At the last good split again."""
    COMPLETED = "Completed"
    """At the destination."""
    BLOCKED = "Blocked"
    """Something is in the way that only a person can remove."""


class Reason(StrEnum):
    """Why a condition has its status. meanings.py explains each."""

    # Everything is as it should be.
    PENDING = "Pending"
    ACCEPTED = "Accepted"
    SYNCED = "Synced"
    SERVING = "Serving"
    AVAILABLE = "Available"
    IDLE = "Idle"
    NOT_STALLED = "NotStalled"

    # Accepted
    PROVIDER_NOT_FOUND = "ProviderNotFound"
    PROVIDER_MISMATCH = "ProviderMismatch"
    HOST_NOT_ALLOWED = "HostNotAllowed"
    CREDENTIALS_MISSING = "CredentialsMissing"
    NAME_TAKEN = "NameTaken"
    EXTERNAL_ID_TAKEN = "ExternalIDTaken"
    MODEL_MISMATCH = "ModelMismatch"
    UNSUPPORTED = "Unsupported"
    CONNECTION_NOT_WRITTEN = "ConnectionNotWritten"
    WRITE_REFUSED = "WriteRefused"

    # Outside the hours of its schedule
    OUTSIDE_ACTIVE_HOURS = "OutsideActiveHours"

    # Synced
    CREATING = "Creating"
    UPDATING = "Updating"
    PAUSING = "Pausing"
    RESUMING = "Resuming"
    DELETING = "Deleting"
    DELETION_REFUSED = "DeletionRefused"
    IN_USE = "InUse"
    HELD_WHILE_PAUSED = "HeldWhilePaused"
    DRIFT_REPORTED = "DriftReported"
    DUPLICATE_FOUND = "DuplicateFound"
    UPDATE_IGNORED = "UpdateIgnored"
    FIELD_CONTESTED = "FieldContested"
    REMOVAL_UNSUPPORTED = "RemovalUnsupported"
    EXTERNAL_RESOURCE_MISSING = "ExternalResourceMissing"
    CREDENTIALS_INVALID = "CredentialsInvalid"
    PERMISSION_DENIED = "PermissionDenied"
    QUOTA_EXCEEDED = "QuotaExceeded"
    INSUFFICIENT_CAPACITY = "InsufficientCapacity"
    MODEL_NOT_FOUND = "ModelNotFound"
    INSTANCE_TYPE_UNAVAILABLE = "InstanceTypeUnavailable"
    INVALID_REQUEST = "InvalidRequest"
    RATE_LIMITED = "RateLimited"
    PROVIDER_UNAVAILABLE = "ProviderUnavailable"
    OUTCOME_UNKNOWN = "OutcomeUnknown"
    ACCOUNT_MISMATCH = "AccountMismatch"

    # Serving
    MISSING = "Missing"
    STARTING = "Starting"
    PAUSED = "Paused"
    SCALED_DOWN = "ScaledDown"
    STOPPED = "Stopped"
    FAILED = "Failed"
    PROBE_FAILED = "ProbeFailed"
    UNKNOWN = "Unknown"

    # TargetsReady
    TARGET_NOT_FOUND = "TargetNotFound"
    TARGET_NOT_READY = "TargetNotReady"
    TARGET_FAILED = "TargetFailed"
    BASELINE_UNHEALTHY = "BaselineUnhealthy"
    ROLLBACK_UNSAFE = "RollbackUnsafe"

    # TrafficSynced
    SPLIT_MISMATCH = "SplitMismatch"
    MEMBERSHIP_FIXED = "MembershipFixed"

    # MetricsAvailable
    MEASURED = "Measured"
    NOT_JUDGED = "NotJudged"
    NOT_MEASURED = "NotMeasured"
    METRICS_UNAVAILABLE = "MetricsUnavailable"
    FIGURES_OLD = "FiguresTooOld"
    SHARED_TARGET = "SharedTarget"

    # RolloutComplete
    COMPLETED = "Completed"
    PROGRESSING = "Progressing"
    INSUFFICIENT_TRAFFIC = "InsufficientTraffic"
    WAITING_FOR_APPROVAL = "WaitingForApproval"
    LIMIT_REACHED = "LimitReached"
    METRIC_BREACHED = "MetricBreached"
    ROLLING_BACK = "RollingBack"
    ROLLED_BACK = "RolledBack"
    STATE_INCONSISTENT = "StateInconsistent"

    # WebhookReady
    LISTENING = "Listening"
    NOT_LISTENING = "NotListening"
    WEBHOOK_SECRET_MISSING = "WebhookSecretMissing"  # noqa: S105  a word

    # Stalled
    PROGRESS_DEADLINE_EXCEEDED = "ProgressDeadlineExceeded"


def reason_of(text: str) -> Reason | str:
    """The reason that a status names; one that this version does not know is kept as text."""
    try:
        return Reason(text)
    except ValueError:
        return text
