"""What each reason of a condition means to a person, and what to do then. The documentation takes its table from here."""

from typing import Final, NamedTuple

from model_operator.conditions import Reason


class Meaning(NamedTuple):
    """For people: what a reason says, and what they can do about it (empty where there is nothing to do)."""

    meaning: str
    remedy: str = ""


MEANINGS: Final[dict[Reason, Meaning]] = {
    Reason.PENDING: Meaning(
        "The operator has not looked at the object yet.",
        "If it stays so, check that the operator runs and watches this namespace.",
    ),
    Reason.ACCEPTED: Meaning("The spec can be acted on."),
    Reason.SYNCED: Meaning("The provider holds the spec."),
    Reason.SERVING: Meaning("Inference is answered."),
    Reason.AVAILABLE: Meaning(
        "The deployment serves as specified; of a ModelProvider, its credentials are accepted."
    ),
    Reason.IDLE: Meaning("Nothing is under way."),
    Reason.NOT_STALLED: Meaning("The object is not stalled."),
    Reason.PROVIDER_NOT_FOUND: Meaning(
        "The namespace has no ModelProvider of the name in spec.providerRef.",
        "Apply the ModelProvider, or delete this object and apply it with the right name.",
    ),
    Reason.PROVIDER_MISMATCH: Meaning(
        "The spec has the block of one provider and the ModelProvider is of the other.",
        "Delete this object and apply it with the block of the ModelProvider's type, or with another providerRef.",
    ),
    Reason.HOST_NOT_ALLOWED: Meaning(
        "A URL of the ModelProvider is neither the provider's own nor on the operator's allow-list.",
        "Have the scheme, host and port added to the allow-list, or use the provider's own URL.",
    ),
    Reason.CREDENTIALS_MISSING: Meaning(
        "The Secret of the ModelProvider does not exist, or lacks a key, or what it has is no key.",
        "Apply the Secret with apiKey (16 to 4,096 characters) and, for PaiTIENT, clientID. It is looked at again within a minute.",
    ),
    Reason.NAME_TAKEN: Meaning(
        "Another deployment or endpoint at the provider has this name already.",
        "Set spec.externalID (of a ModelDeployment spec.deletionPolicy as well) to adopt it; or delete this object, and"
        " apply it with another deploymentName or endpointName.",
    ),
    Reason.CONNECTION_NOT_WRITTEN: Meaning(
        "The API server refused the ConfigMap of spec.connection. The deployment itself is looked after as ever.",
        "Let the operator write ConfigMaps in this namespace (Helm: rbac.connections), or mend what the message names.",
    ),
    Reason.WRITE_REFUSED: Meaning(
        "The API server refuses a write that the operator needs: a missing right, a quota, an admission policy.",
        "Do what the message asks for; the operator tries again by itself.",
    ),
    Reason.EXTERNAL_ID_TAKEN: Meaning(
        "The deployment of spec.externalID belongs to another living ModelDeployment.",
        "Delete that one with deletionPolicy Orphan first; or delete this object, and apply it with another externalID.",
    ),
    Reason.MODEL_MISMATCH: Meaning(
        "The deployment of spec.externalID runs another model than spec.model.",
        "Delete this object with deletionPolicy Orphan, and apply it with the deployment's model or another externalID.",
    ),
    Reason.UNSUPPORTED: Meaning(
        "The spec asks for something that the provider, or this version of the operator, does not offer.",
        "Change the field that the message names; if the CRDs are newer than the operator, upgrade the operator.",
    ),
    Reason.CREATING: Meaning("The deployment is being created."),
    Reason.UPDATING: Meaning(
        "An edit is on its way to the provider, or waits until the provider can take it."
    ),
    Reason.PAUSING: Meaning("The deployment is being stopped because the spec says so."),
    Reason.RESUMING: Meaning("The deployment is being resumed."),
    Reason.DELETING: Meaning("The deployment is being deleted; the object goes once it is proven gone."),
    Reason.DELETION_REFUSED: Meaning(
        "The provider refused to delete the deployment.",
        "Set spec.paitient.forceDelete at PaiTIENT, or deletionPolicy Orphan to leave the deployment behind.",
    ),
    Reason.IN_USE: Meaning(
        "Other objects still need this one, so it is kept until they are gone.",
        "Delete the objects that the message names.",
    ),
    Reason.HELD_WHILE_PAUSED: Meaning("Edits were made while paused. They are sent after the resume."),
    Reason.DRIFT_REPORTED: Meaning(
        "The provider shows other values than the spec, and driftPolicy is Report.",
        "See status.drift; edit the spec, mend it at the provider, or set driftPolicy to Correct.",
    ),
    Reason.DUPLICATE_FOUND: Meaning(
        "The provider shows another live deployment that carries this object's UID. Nothing is changed there, and it costs"
        " money. The first Event of it is a warning.",
        "Delete what the message names at the provider, if nobody needs it. The deletion of this object deletes it, too.",
    ),
    Reason.UPDATE_IGNORED: Meaning(
        "The provider accepted a change and did not make it.",
        "Take the change back, or make it at the provider. The next edit of the spec is sent again.",
    ),
    Reason.FIELD_CONTESTED: Meaning(
        "Somebody else sets a field back at the provider after each correction. It is corrected once an hour.",
        "Stop the other one, put its value into the spec, or set driftPolicy to Report.",
    ),
    Reason.REMOVAL_UNSUPPORTED: Meaning(
        "A field was removed from the spec and the provider does not clear it.",
        "Set the field to the value that you want instead.",
    ),
    Reason.EXTERNAL_RESOURCE_MISSING: Meaning(
        "The deployment has vanished at the provider and is not created again.",
        "Edit the spec to have it created again; with spec.externalID delete this object and apply a new one.",
    ),
    Reason.CREDENTIALS_INVALID: Meaning(
        "The provider refused the credentials.",
        "Mend the Secret of the ModelProvider. It is looked at again within a minute.",
    ),
    Reason.PERMISSION_DENIED: Meaning(
        "The provider accepted the credentials but not this operation; a read-only key does that.",
        "Put a key that may write into the Secret of the ModelProvider.",
    ),
    Reason.QUOTA_EXCEEDED: Meaning(
        "The account has no quota left for this.",
        "Raise the quota at the provider or delete something; tried again every ten minutes, and after an edit.",
    ),
    Reason.INSUFFICIENT_CAPACITY: Meaning(
        "The provider has no machine free of the kind that the spec asks for.",
        "Wait (tried again every ten minutes), or name another device or instance type.",
    ),
    Reason.MODEL_NOT_FOUND: Meaning(
        "The provider does not know spec.model, or the account may not use it.",
        "Delete this object and apply it with a model that the provider has.",
    ),
    Reason.INSTANCE_TYPE_UNAVAILABLE: Meaning(
        "The instance type is not to be had in the region.",
        "Wait, or delete this object and apply it with another instanceType or region.",
    ),
    Reason.INVALID_REQUEST: Meaning(
        "The provider refused a value; the message has its words.",
        "Change that value in the spec.",
    ),
    Reason.RATE_LIMITED: Meaning(
        "The provider asked for fewer requests; the whole account rests for as long as it said.",
        "If it happens often, set spec.requestsPerMinute of the ModelProvider below the account's limit.",
    ),
    Reason.PROVIDER_UNAVAILABLE: Meaning(
        "The provider does not answer usefully. Nothing is changed until it does.",
        "Check the provider's status page and the network between the operator and the provider.",
    ),
    Reason.OUTCOME_UNKNOWN: Meaning(
        "A request was sent and its reply was lost. The operator looks for the result before it sends another.",
    ),
    Reason.ACCOUNT_MISMATCH: Meaning(
        "Known deployments are missing under a credential that has not proven to be of the same account.",
        "Put the right key into the Secret. If they are really gone, annotate the ModelProvider with"
        " modeloperator.dev/confirm-absence: <status.missing.token>.",
    ),
    Reason.MISSING: Meaning("There is no deployment at the provider."),
    Reason.STARTING: Meaning("The deployment is on its way up."),
    Reason.PAUSED: Meaning("Stopped because the spec says so.", "Set spec.paused to false to resume it."),
    Reason.OUTSIDE_ACTIVE_HOURS: Meaning(
        "It is outside the hours of spec.schedule, and so the deployment is paused or at its fewest replicas.",
        "To have it run until the next edge, annotate the object with"
        " modeloperator.dev/action: active-until-next-edge.",
    ),
    Reason.SCALED_DOWN: Meaning(
        "Stopped by its own scale-down policy, as intended.",
        "Resume it at the provider, or set spec.paused to true and back to false.",
    ),
    Reason.STOPPED: Meaning(
        "Stopped by somebody at the provider, and left so.",
        "Resume it at the provider, or set spec.paused to true and back to false.",
    ),
    Reason.FAILED: Meaning(
        "The provider says that the deployment failed.",
        "Edit the spec, or delete this object and apply it again.",
    ),
    Reason.PROBE_FAILED: Meaning(
        "The provider says that the deployment is up, and the probe got no answer. It is repeated.",
        "Try the same request by hand, or give spec.probe.timeout more time.",
    ),
    Reason.UNKNOWN: Meaning(
        "Whether inference is answered cannot be told: the provider does not say, or uses a word that nobody knows.",
    ),
    Reason.TARGET_NOT_FOUND: Meaning(
        "A target's ModelDeployment does not exist in the namespace of the CanaryEndpoint.",
        "Apply the ModelDeployment, or correct spec.traffic.",
    ),
    Reason.TARGET_NOT_READY: Meaning(
        "A target does not serve; traffic is not moved to it.",
        "See the ModelDeployment's own conditions.",
    ),
    Reason.TARGET_FAILED: Meaning(
        "A target that gains traffic has failed or is gone.",
        "See the ModelDeployment's own conditions; change the destination or retry once it serves.",
    ),
    Reason.BASELINE_UNHEALTHY: Meaning(
        "The deployments to which a rollback would go do not serve, so nothing is moved to them.",
        "Repair the deployments of status.lastGood; the rollback goes on by itself.",
    ),
    Reason.ROLLBACK_UNSAFE: Meaning(
        "The next step waits, because the deployments that give up traffic could not take it back now.",
        "Repair the deployments of status.lastGood, or promote the rollout by hand.",
    ),
    Reason.SPLIT_MISMATCH: Meaning(
        "The provider answered with another split than it was sent. It is sent again.",
        "If it stays so, ask the provider.",
    ),
    Reason.MEMBERSHIP_FIXED: Meaning(
        "The provider refuses to change which deployments the endpoint has, or to have only one.",
        "Keep all of them in spec.traffic, with percent 0 where they shall get nothing; or apply a new"
        " CanaryEndpoint.",
    ),
    Reason.MEASURED: Meaning("The provider's figures can be read."),
    Reason.NOT_JUDGED: Meaning("Nothing is judged by metrics now."),
    Reason.NOT_MEASURED: Meaning("The first figures of this step have not been read yet."),
    Reason.METRICS_UNAVAILABLE: Meaning(
        "The provider's figures cannot be read. The rollout holds, and nothing counts for or against it.",
        "Check the provider's status page; or let it go on with the action advance.",
    ),
    Reason.FIGURES_OLD: Meaning(
        "No newer figures come than some minutes ago, and no step is taken on old ones. That they stopped may be the"
        " failure itself.",
        "Look at the canary. If the provider's figures are always that late, raise delay in spec.rollout.analysis; or"
        " let it go on with the action advance.",
    ),
    Reason.SHARED_TARGET: Meaning(
        "Another CanaryEndpoint sends traffic to the same deployment, whose figures mix both.",
        "Use separate deployments, or set allowSharedTargets in spec.rollout.analysis.",
    ),
    Reason.COMPLETED: Meaning("The traffic is at its destination."),
    Reason.PROGRESSING: Meaning("The rollout is on its way."),
    Reason.INSUFFICIENT_TRAFFIC: Meaning(
        "There are too few requests for a verdict.",
        "Send traffic, take a larger step, or let it go on with the action advance.",
    ),
    Reason.WAITING_FOR_APPROVAL: Meaning(
        "A person has to let the rollout leave this step.",
        "Annotate with modeloperator.dev/action: advance:<rollout id>/<step>, or abort:<rollout id>.",
    ),
    Reason.LIMIT_REACHED: Meaning(
        "The next step is beyond spec.rollout.limit.", "Raise spec.rollout.limit to let it go on."
    ),
    Reason.METRIC_BREACHED: Meaning(
        "A metric was beyond its limit, certainly and repeatedly.",
        "See status.rollout.failure; change the destination, or retry.",
    ),
    Reason.ROLLING_BACK: Meaning("The traffic is on its way back to the last good split."),
    Reason.ROLLED_BACK: Meaning(
        "The traffic is back at the last good split, and the destination is not tried again by itself.",
        "See status.rollout.failure. Change spec.traffic or spec.rollout.retry, or annotate with"
        " modeloperator.dev/action: retry:<rollout id>.",
    ),
    Reason.STATE_INCONSISTENT: Meaning(
        "status.rollout made no sense, so the rollout holds at the acknowledged split.",
        "Look at status.traffic, then annotate with modeloperator.dev/action: resume:<rollout id>.",
    ),
    Reason.LISTENING: Meaning("Events are taken at the path in the message."),
    Reason.NOT_LISTENING: Meaning(
        "The operator runs without --webhook-address, so it takes no events. The provider is polled all the same.",
        "Have the operator listen (Helm: webhooks.enabled), or remove spec.webhook.",
    ),
    Reason.WEBHOOK_SECRET_MISSING: Meaning(
        "The Secret of the ModelProvider has no shared secret for its webhook, or one that cannot be used.",
        "Put it under the key that the message names. It is looked at again within a minute.",
    ),
    Reason.PROGRESS_DEADLINE_EXCEEDED: Meaning(
        "The change has been under way for longer than spec.progressDeadline.",
        "See the other conditions for what it waits for. Work goes on, slowly.",
    ),
}

_IN_PROVIDERS_WORDS: Final = frozenset(
    {
        Reason.CREDENTIALS_INVALID,
        Reason.PERMISSION_DENIED,
        Reason.QUOTA_EXCEEDED,
        Reason.INSUFFICIENT_CAPACITY,
        Reason.MODEL_NOT_FOUND,
        Reason.INSTANCE_TYPE_UNAVAILABLE,
        Reason.INVALID_REQUEST,
        Reason.DELETION_REFUSED,
        Reason.PROVIDER_UNAVAILABLE,
        Reason.RATE_LIMITED,
        Reason.PROBE_FAILED,
    }
)
"""Their messages say what the provider said, which knows nothing of our objects."""


def advised(reason: Reason, words: str, secret: str) -> str:
    """A provider's words with what to do about them. `secret` names the one that has the key, in the user's objects."""
    if reason not in _IN_PROVIDERS_WORDS:
        return words
    remedy = MEANINGS[reason].remedy.replace("the Secret of the ModelProvider", secret)
    return f"{words.rstrip('. ')}. {remedy}"
