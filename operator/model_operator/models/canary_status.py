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
    percent: int = Field(default=0, description="Its share of the traffic.")

    @property
    def reference(self) -> str:
        """What identifies the target, whatever its name in the list and its remote id are."""
        return f"deployment/{self.deployment_ref}" if self.deployment_ref else f"id/{self.deployment_id}"


class TrafficShare(Share):
    """What the provider last acknowledged for one target, and where it is to go."""

    desired_percent: int = Field(default=0, description="Its share at the destination.")
    serving: bool | None = Field(default=None, description="Whether it serves; absent: not known.")


class LastGood(Model):
    traffic: tuple[Share, ...] = Field(default=(), description="The split that a rollback goes back to.")
    since: Time = Field(description="When it was completed.")


class MetricVerdict(Model):
    name: str = Field(description="Name of the check.")
    verdict: str = Field(description="Pass, Fail, Inconclusive or Error.")
    message: str | None = Field(default=None, description="Why, where the figures do not say it.")
    canary: str | None = Field(default=None, description="The worst canary's figure.")
    lower_bound: str | None = Field(
        default=None, description="Error rates: what it is at least, with 95 % confidence."
    )
    baseline: str | None = Field(default=None, description="The baseline's figure.")
    limit: str | None = Field(default=None, description="The limit that it was held against.")
    requests: int | None = Field(default=None, description="Requests of the canary that were counted.")
    needed: int | None = Field(default=None, description="Requests needed for a verdict.")


class AnalysisStatus(Model):
    verdict: str | None = Field(default=None, description="Pass, Fail, Inconclusive or Error.")
    consecutive_fails: int = Field(default=0, description="Failed verdicts in a row.")
    judged_until: Time | None = Field(
        default=None, description="End of the newest bucket that counted, by the provider's clock."
    )
    valid_until: Time | None = Field(
        default=None,
        description="Until when a Pass may move traffic, by the provider's clock; then its figures are too old.",
    )
    errors_since: Time | None = Field(default=None, description="Since when nothing could be measured.")
    inconclusive_since: Time | None = Field(
        default=None, description="Since when there was no verdict, by the provider's clock."
    )
    detectability: str | None = Field(
        default=None, description="What cannot be seen at this step because it gets too few requests."
    )
    metrics: tuple[MetricVerdict, ...] = Field(default=(), description="The checks.")


class RolloutFailure(Model):
    reason: str = Field(description="One word: MetricBreached, TargetFailed, TargetUnready or Aborted.")
    message: str = Field(default="", description="What was seen.")
    metric: str | None = Field(default=None, description="Name of the check that failed.")
    observed: str | None = Field(default=None, description="The canary's figure.")
    lower_bound: str | None = Field(default=None, description="What it is at least, with 95 % confidence.")
    limit: str | None = Field(default=None, description="The limit.")
    baseline: str | None = Field(default=None, description="The baseline's figure.")
    requests: int | None = Field(default=None, description="Requests that were counted.")
    at: Time = Field(description="When it was decided.")


class RolloutStatus(Model):
    id: str = Field(description="Identifies this rollout; actions name it.")
    generation: int = Field(default=0, description="The metadata.generation that began it.")
    started_at: Time = Field(description="When it began.")
    origin: tuple[Share, ...] = Field(default=(), alias="from", description="The split that it left from.")
    to: tuple[Share, ...] = Field(default=(), description="The destination.")
    state: str = Field(description="Applying, Holding, RollingBack, RolledBack or Completed.")
    is_direct: bool = Field(default=False, description="True: without steps, straight to the destination.")
    is_begun: bool = Field(default=False, description="True once its targets were found ready.")
    step_index: int = Field(default=0, description="Position of the step among spec.rollout.steps, from 0.")
    step_percent: int = Field(default=0, description="How far on the way it is or is going.")
    peak_percent: int = Field(default=0, description="The farthest that was acknowledged.")
    acked_at: Time | None = Field(default=None, description="When the provider acknowledged the step.")
    provider_acked_at: Time | None = Field(default=None, description="The same, by the provider's clock.")
    next_evaluation_at: Time | None = Field(default=None, description="When the next verdict is due.")
    stopped_at: Time | None = Field(
        default=None, description="Since when the clock of the step stands, by the provider's clock."
    )
    paused_seconds: float = Field(default=0, description="How long the clock of the step has stood.")
    unready_since: Time | None = Field(
        default=None, description="Since when a canary does not serve, by the provider's clock."
    )
    is_paused: bool = Field(default=False, description="True: paused by an action.")
    is_promoted: bool = Field(default=False, description="True: a person sent it to the destination.")
    approved_percent: int | None = Field(default=None, description="The step that a person let it leave.")
    retry: str = Field(default="", description="spec.rollout.retry when it began.")
    course: str | None = Field(
        default=None,
        description="By what it is judged while the spec is refused: its path as it could last be acted on, as JSON.",
    )
    analysis: AnalysisStatus | None = Field(default=None, description="The verdicts at this step.")
    failure: RolloutFailure | None = Field(default=None, description="Why it goes or went back.")


class PastRollout(Model):
    id: str = Field(description="Of the rollout.")
    origin: str = Field(default="", alias="from", description="The split that it left from.")
    to: str = Field(default="", description="Its destination.")
    result: str = Field(description="Completed, RolledBack, Aborted or Superseded.")
    reason: str = Field(default="", description="Why.")
    peak_percent: int = Field(default=0, description="The farthest that was acknowledged.")
    started_at: Time = Field(description="When it began.")
    finished_at: Time = Field(description="When it ended.")


class LastAction(Model):
    token: str = Field(description="The annotation's value.")
    result: str = Field(description="Accepted or Rejected.")
    message: str = Field(default="", description="Why it was rejected.")
    at: Time = Field(description="When it was looked at.")


class PendingCreate(Model):
    operation: str = Field(default="Create", description="What is being done.")
    started_at: Time = Field(description="When the intent was written down, before the request was sent.")


class CanaryEndpointStatus(Status):
    phase: str | None = Field(
        default=None,
        description=f"One word for people: {', '.join(CanaryPhase)}. Programs go by the conditions.",
    )
    message: str | None = Field(
        default=None, description="One sentence: where it is and what it waits for. Changes with steps."
    )
    split: str | None = Field(default=None, description="The acknowledged split, as v1=75 v2=25.")
    step: str | None = Field(default=None, description="Which step of how many.")
    verdict: str | None = Field(default=None, description="The last verdict.")
    external_id: str | None = Field(default=None, description="The provider's id of the canary endpoint.")
    endpoint_url: str | None = Field(default=None, description="Where applications send requests.")
    pending: PendingCreate | None = Field(
        default=None,
        description="A create whose outcome is not known yet. Do not edit: it prevents duplicates.",
    )
    traffic: tuple[TrafficShare, ...] = Field(default=(), description="What the provider last acknowledged.")
    unacknowledged: tuple[Share, ...] = Field(
        default=(),
        description="What a request of a rollout before this one may have put in force, its answer being lost; empty"
        " as soon as a split is acknowledged.",
    )
    traffic_acked_at: Time | None = Field(default=None, description="When it first acknowledged that.")
    last_good: LastGood | None = Field(default=None, description="The last split that was completed.")
    failed_destination: str | None = Field(
        default=None, description="A destination that was rolled back, and is not tried again by itself."
    )
    rollout: RolloutStatus | None = Field(default=None, description="The present or last rollout.")
    history: tuple[PastRollout, ...] = Field(default=(), description="The last ten rollouts, newest first.")
    last_action: LastAction | None = Field(default=None, description="The last action that was looked at.")
