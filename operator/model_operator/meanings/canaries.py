"""The reasons of CanaryEndpoints."""

from typing import Final

from model_operator.conditions import Reason
from model_operator.meanings.meaning import Meaning

CANARIES: Final[dict[Reason, Meaning]] = {
    Reason.TARGET_NOT_FOUND: Meaning(
        "A target's ModelDeployment does not exist in the namespace of the CanaryEndpoint.",
        "Apply the ModelDeployment, or correct spec.traffic.",
    ),
    Reason.TARGET_NOT_READY: Meaning(
        "A target is not serving, so no traffic is moved to it.",
        "See the ModelDeployment's own conditions.",
    ),
    Reason.TARGET_FAILED: Meaning(
        "A target whose traffic increases has failed or no longer exists.",
        "See the ModelDeployment's own conditions. Change spec.traffic, or retry once the target is serving.",
    ),
    Reason.BASELINE_UNHEALTHY: Meaning(
        "The baseline deployments are not serving, so no traffic is moved back to them.",
        "Repair the deployments of status.lastGood. The rollback then continues by itself.",
    ),
    Reason.ROLLBACK_UNSAFE: Meaning(
        "The next step waits, because the baseline deployments could not take the traffic back now.",
        "Repair the deployments of status.lastGood, or promote the rollout yourself.",
    ),
    Reason.SPLIT_MISMATCH: Meaning(
        "The provider confirmed a different split than the operator sent. The operator sends it again.",
        "If this does not change, ask the provider's support.",
    ),
    Reason.MEMBERSHIP_FIXED: Meaning(
        "The provider refuses to change the deployments of the endpoint, or refuses an endpoint with a single one.",
        "Keep all deployments in spec.traffic, with percent 0 for those that should receive no traffic; or apply a"
        " new CanaryEndpoint.",
    ),
    Reason.MEASURED: Meaning("The provider's metrics can be read."),
    Reason.NOT_JUDGED: Meaning("No metrics are analyzed now."),
    Reason.NOT_MEASURED: Meaning("The first metrics of this step have not been read yet."),
    Reason.METRICS_UNAVAILABLE: Meaning(
        "The provider's metrics cannot be read. The rollout holds, and no analysis passes or fails meanwhile. A deployment"
        " with spec.idle is not taken for idle.",
        "Check the provider's status page. A rollout can be continued with the action advance.",
    ),
    Reason.FIGURES_OLD: Meaning(
        "The provider's newest metrics are minutes old, and the operator takes no step on old metrics. The canary"
        " itself may be the cause.",
        "Check the canary. If the provider's metrics are always that late, increase delay in spec.rollout.analysis,"
        " or continue with the action advance.",
    ),
    Reason.SHARED_TARGET: Meaning(
        "Another CanaryEndpoint sends traffic to the same deployment, so the deployment's metrics mix both.",
        "Use separate deployments, or set allowSharedTargets in spec.rollout.analysis.",
    ),
    Reason.COMPLETED: Meaning("The target split is in force."),
    Reason.PROGRESSING: Meaning("The rollout is in progress."),
    Reason.INSUFFICIENT_TRAFFIC: Meaning(
        "There are too few requests to judge the canary.",
        "Send more traffic, use a larger step, or continue with the action advance.",
    ),
    Reason.WAITING_FOR_APPROVAL: Meaning(
        "The rollout waits for manual approval at this step.",
        "Annotate with modeloperator.dev/action: advance:<rollout id>/<step>, or abort:<rollout id>.",
    ),
    Reason.LIMIT_REACHED: Meaning(
        "The next step is beyond spec.rollout.limit.", "Increase spec.rollout.limit to continue."
    ),
    Reason.METRIC_BREACHED: Meaning(
        "A metric exceeded its limit repeatedly, with statistical certainty.",
        "See status.rollout.failure. Change spec.traffic, or retry.",
    ),
    Reason.ROLLING_BACK: Meaning("The traffic is being moved back to the last good split."),
    Reason.ROLLED_BACK: Meaning(
        "The traffic is back at the last good split. The operator does not retry the same rollout by itself.",
        "See status.rollout.failure. Change spec.traffic or spec.rollout.retry, or annotate with"
        " modeloperator.dev/action: retry:<rollout id>.",
    ),
    Reason.ROLLOUT_STARTED: Meaning("An Event: a rollout to the split of spec.traffic has started."),
    Reason.ROLLOUT_SUPERSEDED: Meaning(
        "An Event: spec.traffic was edited during a rollout. A rollout to the new split has taken its place."
    ),
    Reason.ROLLOUT_COMPLETED: Meaning("An Event: the provider confirmed the target split."),
    Reason.STEP_APPLIED: Meaning("An Event: the provider confirmed the split of a step."),
    Reason.ROLLBACK_STARTED: Meaning(
        "An Event: the traffic is being moved back to the last good split.",
        "See status.rollout.failure for the cause.",
    ),
    Reason.ACTION_ACCEPTED: Meaning(
        "An Event: the operator carried out the annotation modeloperator.dev/action."
    ),
    Reason.ACTION_REJECTED: Meaning(
        "An Event: the operator did not carry out the annotation modeloperator.dev/action. The message says why.",
        "Send the action again with the present rollout and step: kubectl models canary ACTION NAME finds both.",
    ),
    Reason.TARGET_UNREADY: Meaning(
        "In status.rollout.failure: a canary was not serving for longer than spec.rollout.unreadyTimeout.",
        "See the ModelDeployment's own conditions. Change spec.traffic, or retry once the canary is serving.",
    ),
    Reason.ABORTED: Meaning(
        "In status.rollout.failure: a person aborted the rollout.",
        "Change spec.traffic, or retry: kubectl models canary retry NAME.",
    ),
    Reason.STATE_INCONSISTENT: Meaning(
        "status.rollout is inconsistent, so the rollout holds at the split that the provider last confirmed.",
        "Check status.traffic, then annotate with modeloperator.dev/action: resume:<rollout id>.",
    ),
}
