"""The status of a CanaryEndpoint: what the provider acknowledged, where the rollout is, and what it has decided.

It is the operator's only memory of a split, since the vendor's API can neither show nor list one.
"""

from pydantic import Field

from model_operator.conditions import CanaryPhase
from model_operator.models.status import Status
from model_operator.models.wire import Model, Time


class Share(Model):
    """One target's part of a split. The reference identifies it; the id may change when it is re-created."""

    name: str = Field(description="The target's name in spec.traffic.")
    deployment_ref: str | None = Field(default=None, description="Name of its ModelDeployment.")
    deployment_id: str | None = Field(default=None, description="The provider's id of the deployment.")
    percent: int = Field(default=0, description="Percentage of the traffic.")

    @property
    def reference(self) -> str:
        """What identifies the target, whatever its name in the list and its remote id are."""
        return f"deployment/{self.deployment_ref}" if self.deployment_ref else f"id/{self.deployment_id}"


class TrafficShare(Share):
    """What the provider last confirmed for one target, and where it is to go."""

    desired_percent: int = Field(default=0, description="Percentage of the traffic in the target split.")
    serving: bool | None = Field(
        default=None, description="Whether the target is serving. Absent if not known."
    )


class LastGood(Model):
    traffic: tuple[Share, ...] = Field(default=(), description="The split that a rollback goes back to.")
    since: Time = Field(description="When the split was completed.")


class MetricVerdict(Model):
    name: str = Field(description="Name of the check.")
    verdict: str = Field(description="Pass, Fail, Inconclusive or Error.")
    message: str | None = Field(default=None, description="Why, if the metrics alone do not explain it.")
    canary: str | None = Field(default=None, description="Metric of the worst canary.")
    lower_bound: str | None = Field(
        default=None, description="Error rates: lower bound of the canary's metric, with 95 % confidence."
    )
    baseline: str | None = Field(default=None, description="Metric of the baseline.")
    limit: str | None = Field(default=None, description="The limit of the check.")
    requests: int | None = Field(default=None, description="Number of the canary's requests in the metric.")
    needed: int | None = Field(default=None, description="Minimum number of requests for a verdict.")


class AnalysisStatus(Model):
    verdict: str | None = Field(default=None, description="Pass, Fail, Inconclusive or Error.")
    consecutive_fails: int = Field(default=0, description="Number of consecutive failed verdicts.")
    judged_until: Time | None = Field(
        default=None, description="End of the newest bucket in the verdict, by the provider's clock."
    )
    valid_until: Time | None = Field(
        default=None,
        description="Until when a Pass may move traffic, by the provider's clock. After that its metrics are too"
        " old.",
    )
    errors_since: Time | None = Field(default=None, description="Since when no metrics could be read.")
    inconclusive_since: Time | None = Field(
        default=None, description="Since when there was no verdict, by the provider's clock."
    )
    detectability: str | None = Field(
        default=None, description="What cannot be detected at this step, because there are too few requests."
    )
    metrics: tuple[MetricVerdict, ...] = Field(default=(), description="The checks.")


class RolloutFailure(Model):
    reason: str = Field(description="One word: MetricBreached, TargetFailed, TargetUnready or Aborted.")
    message: str = Field(default="", description="What was observed.")
    metric: str | None = Field(default=None, description="Name of the check that failed.")
    observed: str | None = Field(default=None, description="Metric of the canary.")
    lower_bound: str | None = Field(
        default=None, description="Lower bound of the canary's metric, with 95 % confidence."
    )
    limit: str | None = Field(default=None, description="The limit.")
    baseline: str | None = Field(default=None, description="Metric of the baseline.")
    requests: int | None = Field(default=None, description="Number of requests in the metric.")
    at: Time = Field(description="When it was decided.")


class RolloutStatus(Model):
    id: str = Field(description="Id of this rollout, used in actions.")
    generation: int = Field(default=0, description="The metadata.generation that started it.")
    started_at: Time = Field(description="When the rollout started.")
    origin: tuple[Share, ...] = Field(default=(), alias="from", description="The split before the rollout.")
    to: tuple[Share, ...] = Field(default=(), description="The target split.")
    state: str = Field(description="Applying, Holding, RollingBack, RolledBack or Completed.")
    is_direct: bool = Field(
        default=False, description="True if the rollout goes to the target split at once, without steps."
    )
    is_begun: bool = Field(default=False, description="True once the targets were serving.")
    step_index: int = Field(default=0, description="Index of the step in spec.rollout.steps, from 0.")
    step_percent: int = Field(
        default=0, description="Progress of the current step towards the target split, in percent."
    )
    peak_percent: int = Field(
        default=0, description="Highest progress that the provider confirmed, in percent."
    )
    acked_at: Time | None = Field(default=None, description="When the provider confirmed the step.")
    provider_acked_at: Time | None = Field(default=None, description="The same, by the provider's clock.")
    next_evaluation_at: Time | None = Field(default=None, description="When the next verdict is due.")
    stopped_at: Time | None = Field(
        default=None, description="Since when the step's time is stopped, by the provider's clock."
    )
    paused_seconds: float = Field(default=0, description="How long the step's time has been stopped.")
    unready_since: Time | None = Field(
        default=None, description="Since when a canary is not serving, by the provider's clock."
    )
    is_paused: bool = Field(default=False, description="True if an action paused the rollout.")
    is_promoted: bool = Field(
        default=False, description="True if an action promoted the rollout to the target split."
    )
    approved_percent: int | None = Field(default=None, description="The step that was approved manually.")
    retry: str = Field(default="", description="spec.rollout.retry when the rollout started.")
    course: str | None = Field(
        default=None,
        description="The last valid rollout settings, as JSON, used while the spec is refused.",
    )
    analysis: AnalysisStatus | None = Field(default=None, description="Verdicts at this step.")
    failure: RolloutFailure | None = Field(default=None, description="Why the rollout is or was rolled back.")


class PastRollout(Model):
    id: str = Field(description="Id of the rollout.")
    origin: str = Field(default="", alias="from", description="The split before the rollout.")
    to: str = Field(default="", description="The target split.")
    result: str = Field(description="Completed, RolledBack, Aborted or Superseded.")
    reason: str = Field(default="", description="Why.")
    peak_percent: int = Field(
        default=0, description="Highest progress that the provider confirmed, in percent."
    )
    started_at: Time = Field(description="When the rollout started.")
    finished_at: Time = Field(description="When the rollout ended.")


class LastAction(Model):
    token: str = Field(description="Value of the annotation.")
    result: str = Field(description="Accepted or Rejected.")
    message: str = Field(default="", description="Why the action was rejected.")
    at: Time = Field(description="When the action was processed.")


class PendingCreate(Model):
    operation: str = Field(default="Create", description="The operation in progress.")
    started_at: Time = Field(description="When the intent was recorded, before the request was sent.")


class CanaryEndpointStatus(Status):
    phase: str | None = Field(
        default=None,
        description=f"One word for people: {', '.join(CanaryPhase)}. Programs go by the conditions.",
    )
    message: str | None = Field(
        default=None,
        description="One sentence: the current state and what the rollout waits for. Changes with each step.",
    )
    split: str | None = Field(
        default=None, description="The split that the provider confirmed, for example v1=75 v2=25."
    )
    step: str | None = Field(default=None, description="Current step and number of steps.")
    verdict: str | None = Field(default=None, description="The last verdict.")
    external_id: str | None = Field(default=None, description="The provider's id of the canary endpoint.")
    endpoint_url: str | None = Field(default=None, description="Where applications send requests.")
    pending: PendingCreate | None = Field(
        default=None,
        description="A create whose outcome is not known yet. Do not edit: this prevents duplicates.",
    )
    traffic: tuple[TrafficShare, ...] = Field(
        default=(), description="The split that the provider last confirmed."
    )
    unacknowledged: tuple[Share, ...] = Field(
        default=(),
        description="A split that may be in force because a request of an earlier rollout lost its reply. Empty"
        " once the provider confirms a split.",
    )
    traffic_acked_at: Time | None = Field(
        default=None, description="When the provider first confirmed that split."
    )
    last_good: LastGood | None = Field(
        default=None, description="The last completed split, the target of a rollback."
    )
    failed_destination: str | None = Field(
        default=None, description="A target split that was rolled back and is not retried automatically."
    )
    rollout: RolloutStatus | None = Field(default=None, description="The current or last rollout.")
    history: tuple[PastRollout, ...] = Field(default=(), description="The last ten rollouts, newest first.")
    last_action: LastAction | None = Field(default=None, description="The last processed action.")
