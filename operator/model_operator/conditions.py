"""The words of a status: condition types, reasons and phases.

Decisions and statuses pick the words; meanings says what each reason means to a person.
"""

from enum import StrEnum


class ConditionType(StrEnum):
    """What `status.conditions` speaks about; all of them are set on first touch."""

    ACCEPTED = "Accepted"
    """The spec is valid and can be applied."""
    SYNCED = "Synced"
    """The provider has the values of the spec."""
    SERVING = "Serving"
    """The deployment is serving requests: the provider reports it as running, and the probe passed."""
    TARGETS_READY = "TargetsReady"
    """CanaryEndpoint: every target that has or receives traffic is serving."""
    TRAFFIC_SYNCED = "TrafficSynced"
    """CanaryEndpoint: the provider confirmed the intended split."""
    METRICS_AVAILABLE = "MetricsAvailable"
    """CanaryEndpoint: the provider's metrics can be read and belong to this rollout alone."""
    ROLLOUT_COMPLETE = "RolloutComplete"
    """CanaryEndpoint: the target split is in force."""
    WITHIN_LIMIT = "WithinLimit"
    """ModelBudget: less than the limit has been spent in the present period."""
    EXPIRING = "Expiring"
    """ModelDeployment with spec.expiresAfter or spec.expiresAt: it expires within a day, or has expired."""
    IDLE = "Idle"
    """ModelDeployment with spec.idle: the provider's metrics show no request for the whole of spec.idle.after."""
    WEBHOOK_READY = "WebhookReady"
    """ModelProvider with spec.webhook: the provider's events are received. The provider is polled in any case."""
    READY = "Ready"
    """The object is Accepted, Synced and Serving, or is stopped on purpose."""
    RECONCILING = "Reconciling"
    """A change is in progress."""
    STALLED = "Stalled"
    """Manual action is needed, or the progress deadline has passed. Never True together with Reconciling."""


class Phase(StrEnum):
    """One word for people in `status.phase`; no program decides by it."""

    PENDING = "Pending"
    """No deployment exists at the provider yet."""
    CREATING = "Creating"
    """A create was sent, or its outcome is not known."""
    STARTING = "Starting"
    """The deployment exists but is not serving yet."""
    READY = "Ready"
    """The deployment serves as specified."""
    UPDATING = "Updating"
    """An edit is being applied; the old version may serve meanwhile."""
    PAUSING = "Pausing"
    """The deployment is being stopped, as the spec asks."""
    PAUSED = "Paused"
    """The deployment is stopped, as the spec asks."""
    RESUMING = "Resuming"
    """The deployment is being resumed."""
    SCALED_DOWN = "ScaledDown"
    """The deployment was stopped by its scale-down policy."""
    STOPPED = "Stopped"
    """The deployment was stopped at the provider, outside the operator, and stays stopped."""
    MISSING = "Missing"
    """The deployment no longer exists at the provider."""
    FAILED = "Failed"
    """The provider reports that the deployment failed."""
    EXPIRED = "Expired"
    """The deployment has expired and was deleted at the provider; the object stays."""
    DELETING = "Deleting"
    """The object is being deleted, or its deployment because it has expired."""


class CanaryPhase(StrEnum):
    """One word for people in a CanaryEndpoint's `status.phase`; no program decides by it."""

    PENDING = "Pending"
    """No endpoint exists at the provider yet."""
    APPLYING = "Applying"
    """A split is being sent to the provider."""
    PROGRESSING = "Progressing"
    """The rollout holds at a step and is judged."""
    WAITING = "Waiting"
    """The rollout waits for manual approval."""
    PAUSED = "Paused"
    """The rollout is paused by the spec, an action or a failed verdict."""
    ROLLING_BACK = "RollingBack"
    """The rollout is being rolled back to the last good split."""
    ROLLED_BACK = "RolledBack"
    """The rollout was rolled back to the last good split."""
    COMPLETED = "Completed"
    """The target split is in force."""
    BLOCKED = "Blocked"
    """The rollout is blocked until somebody removes the cause."""


class Reason(StrEnum):
    """Why a condition has its status, or what an Event reports. meanings explains each."""

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

    # Budgets
    WITHIN_LIMIT = "WithinLimit"
    THRESHOLD_REACHED = "ThresholdReached"
    BUDGET_EXCEEDED = "BudgetExceeded"
    CURRENCY_MISMATCH = "CurrencyMismatch"

    # In a mode other than Manage
    OBSERVED = "Observed"
    SUSPENDED = "Suspended"

    # Outside the hours of its schedule
    OUTSIDE_ACTIVE_HOURS = "OutsideActiveHours"

    # Expiring
    NOT_EXPIRING = "NotExpiring"
    EXPIRES_WITHIN_DAY = "ExpiresWithinDay"
    EXPIRES_WITHIN_HOUR = "ExpiresWithinHour"
    EXPIRED = "Expired"

    # Idle
    NO_REQUESTS = "NoRequests"
    NOT_IDLE = "NotIdle"

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
    ORPHAN_FOUND = "OrphanFound"
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

    # Of Events alone
    CREATED = "Created"
    ORPHANED = "Orphaned"
    ENDPOINT_ORPHANED = "EndpointOrphaned"
    COST_NOT_WRITTEN = "CostNotWritten"
    ROLLOUT_STARTED = "RolloutStarted"
    ROLLOUT_SUPERSEDED = "RolloutSuperseded"
    ROLLOUT_COMPLETED = "RolloutCompleted"
    STEP_APPLIED = "StepApplied"
    ROLLBACK_STARTED = "RollbackStarted"
    ACTION_ACCEPTED = "ActionAccepted"
    ACTION_REJECTED = "ActionRejected"

    # Of status.rollout.failure alone
    TARGET_UNREADY = "TargetUnready"
    ABORTED = "Aborted"


def reason_of(text: str) -> Reason | str:
    """The reason that a status names; one that this version does not know is kept as text."""
    try:
        return Reason(text)
    except ValueError:
        return text
