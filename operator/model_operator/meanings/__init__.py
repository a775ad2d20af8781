"""What each reason of a condition means to a person, and what to do then. The documentation takes its table from here."""

from typing import Final

from model_operator.conditions import Reason
from model_operator.meanings.canaries import CANARIES
from model_operator.meanings.meaning import Meaning

__all__ = ["MEANINGS", "Meaning"]


_EXTEND: Final = "To keep it, set spec.expiresAt or spec.expiresAfter to a later time, or remove it."

MEANINGS: Final[dict[Reason, Meaning]] = {
    Reason.PENDING: Meaning(
        "The operator has not processed the object yet.",
        "If this does not change, check that the operator is running and watches this namespace.",
    ),
    Reason.ACCEPTED: Meaning("The spec is valid and can be applied."),
    Reason.SYNCED: Meaning("The provider has the values of the spec."),
    Reason.SERVING: Meaning("The deployment is serving requests."),
    Reason.AVAILABLE: Meaning(
        "The deployment serves as specified. For a ModelProvider: the provider accepts its credentials."
    ),
    Reason.IDLE: Meaning("No change is in progress."),
    Reason.NOT_STALLED: Meaning("The object is not stalled."),
    Reason.PROVIDER_NOT_FOUND: Meaning(
        "The ModelProvider that spec.providerRef names does not exist in this namespace.",
        "Apply the ModelProvider, or delete this object and apply it with the right name.",
    ),
    Reason.PROVIDER_MISMATCH: Meaning(
        "The block in the spec belongs to another provider than the ModelProvider.",
        "Delete this object, and apply it with the block of the ModelProvider's type or with another providerRef.",
    ),
    Reason.HOST_NOT_ALLOWED: Meaning(
        "A URL of the ModelProvider is neither the provider's own nor on the operator's list of allowed hosts.",
        "Ask the administrator to add the scheme, host and port to allowedProviderHosts, or use the provider's own"
        " URL.",
    ),
    Reason.CREDENTIALS_MISSING: Meaning(
        "The Secret of the ModelProvider does not exist, lacks a key, or holds an unusable value.",
        "Apply the Secret with apiKey (16 to 4,096 characters) and, for PaiTIENT, clientID. The operator rechecks"
        " it within a minute.",
    ),
    Reason.NAME_TAKEN: Meaning(
        "Another deployment or endpoint at the provider already has this name.",
        "Set spec.externalID (of a ModelDeployment spec.deletionPolicy as well) to adopt it; or delete this object, and"
        " apply it with another deploymentName or endpointName.",
    ),
    Reason.CONNECTION_NOT_WRITTEN: Meaning(
        "The API server refused the ConfigMap of spec.connection. The deployment itself is still managed.",
        "Allow the operator to write ConfigMaps in this namespace (Helm: rbac.connections), or fix what the message"
        " names.",
    ),
    Reason.WRITE_REFUSED: Meaning(
        "The API server refuses a write that the operator needs, because of a missing permission, a quota or an"
        " admission policy.",
        "Fix what the message names; the operator retries by itself.",
    ),
    Reason.OBSERVED: Meaning(
        "The ModelProvider is in mode Observe: nothing is sent to the provider. The message says what the operator"
        " would do.",
        "Set spec.mode of the ModelProvider to Manage to have it done.",
    ),
    Reason.SUSPENDED: Meaning(
        "The ModelProvider is in mode Suspend: no request is sent to the provider, so nothing is known of the"
        " deployment, and nothing is deleted.",
        "Set spec.mode of the ModelProvider to Manage. To remove this object without that, set its"
        " spec.deletionPolicy to Orphan.",
    ),
    Reason.EXTERNAL_ID_TAKEN: Meaning(
        "The deployment that spec.externalID names belongs to another ModelDeployment.",
        "Delete the other ModelDeployment with deletionPolicy Orphan first; or delete this object, and apply it with another"
        " spec.externalID.",
    ),
    Reason.MODEL_MISMATCH: Meaning(
        "The deployment that spec.externalID names runs another model than spec.model.",
        "Delete this object and apply it with the deployment's model, or with another externalID.",
    ),
    Reason.UNSUPPORTED: Meaning(
        "The spec asks for something that the provider or this version of the operator does not support.",
        "Change the field that the message names; if the CRDs are newer than the operator, upgrade the operator.",
    ),
    Reason.WITHIN_LIMIT: Meaning(
        "Less than the limit of the ModelBudget has been spent in its present period."
    ),
    Reason.THRESHOLD_REACHED: Meaning(
        "An Event: half of the ModelBudget's limit, or 80 %, has been spent.",
        "See status.forecast of the ModelBudget.",
    ),
    Reason.BUDGET_EXCEEDED: Meaning(
        "The limit of the ModelBudget has been spent in its present period. For a ModelDeployment: a ModelBudget holds a"
        " create, a resume, a scale-up or a dearer machine, because its next hour does not fit into the limit; or it has"
        " stopped the deployment (onExceeded: Pause).",
        "Raise spec.limit of the ModelBudget, wait for its next period, or pause or delete deployments.",
    ),
    Reason.CURRENCY_MISMATCH: Meaning(
        "Deployments that the ModelBudget selects cost another currency than its own and are not counted.",
        "Leave them out with spec.selector of the ModelBudget, or change spec.prices of their ModelProvider.",
    ),
    Reason.CREATING: Meaning("The deployment is being created."),
    Reason.UPDATING: Meaning(
        "An edit is being sent to the provider, or waits until the provider accepts edits."
    ),
    Reason.PAUSING: Meaning("The deployment is being stopped because the spec says so."),
    Reason.RESUMING: Meaning("The deployment is being resumed."),
    Reason.DELETING: Meaning(
        "The deployment is being deleted. The object is removed once the deployment is proven gone."
    ),
    Reason.DELETION_REFUSED: Meaning(
        "The provider refused to delete the deployment.",
        "Set spec.paitient.forceDelete at PaiTIENT, or deletionPolicy Orphan to leave the deployment behind.",
    ),
    Reason.IN_USE: Meaning(
        "Other objects still use this one, so it is kept until they are gone.",
        "Delete the objects that the message names.",
    ),
    Reason.HELD_WHILE_PAUSED: Meaning(
        "The spec was edited while the deployment is paused. The edits are sent after it is resumed."
    ),
    Reason.DRIFT_REPORTED: Meaning(
        "The provider's values differ from the spec, and driftPolicy is Report.",
        "See status.drift. Edit the spec, change the value at the provider, or set driftPolicy to Correct.",
    ),
    Reason.DUPLICATE_FOUND: Meaning(
        "The provider has another live deployment with this object's UID. The operator does not change it, and it"
        " costs money. Its first Event is a Warning.",
        "Delete the deployment that the message names at the provider, if nobody needs it. Deleting this object"
        " deletes it, too.",
    ),
    Reason.ORPHAN_FOUND: Meaning(
        "The provider has a deployment that no object manages, possibly this object's from before. Nothing is created"
        " meanwhile. For a ModelProvider, an Event: deployments that this cluster created have no object.",
        "Set spec.externalID to the id in the message, and spec.deletionPolicy; or delete it at the provider. See"
        " kubectl models orphans.",
    ),
    Reason.UPDATE_IGNORED: Meaning(
        "The provider accepted a change but did not apply it.",
        "Revert the change in the spec, or make it at the provider. The next edit of the spec is sent again.",
    ),
    Reason.FIELD_CONTESTED: Meaning(
        "Something else changes a field back at the provider after each correction. The operator corrects it once"
        " an hour.",
        "Stop the other writer, put its value into the spec, or set driftPolicy to Report.",
    ),
    Reason.REMOVAL_UNSUPPORTED: Meaning(
        "A field was removed from the spec, and the provider cannot clear it.",
        "Set the field to the value that you want.",
    ),
    Reason.EXTERNAL_RESOURCE_MISSING: Meaning(
        "The deployment no longer exists at the provider and is not created again.",
        "Edit the spec to create it again. If spec.externalID is set, delete this object and apply a new one.",
    ),
    Reason.CREDENTIALS_INVALID: Meaning(
        "The provider refused the credentials.",
        "Fix the Secret of the ModelProvider. The operator rechecks it within a minute.",
    ),
    Reason.PERMISSION_DENIED: Meaning(
        "The provider accepted the credentials but refused this operation; the key may be read-only.",
        "Store a key with write permission in the Secret of the ModelProvider.",
    ),
    Reason.QUOTA_EXCEEDED: Meaning(
        "The account has no quota left for this request.",
        "Raise the quota at the provider, or delete deployments. The operator retries every ten minutes and after"
        " an edit.",
    ),
    Reason.INSUFFICIENT_CAPACITY: Meaning(
        "The provider has no free machine of the kind that the spec asks for.",
        "Wait (tried again every ten minutes), or name another device or instance type.",
    ),
    Reason.MODEL_NOT_FOUND: Meaning(
        "The provider does not have spec.model, or the account may not use it.",
        "Delete this object, and apply it with a model that the provider offers.",
    ),
    Reason.INSTANCE_TYPE_UNAVAILABLE: Meaning(
        "The instance type is not available in this region.",
        "Wait, or delete this object and apply it with another instanceType or region.",
    ),
    Reason.INVALID_REQUEST: Meaning(
        "The provider refused a value. The message quotes the provider.",
        "Change that value in the spec.",
    ),
    Reason.RATE_LIMITED: Meaning(
        "The provider's rate limit was reached. All requests of this account are paused until the provider's"
        " Retry-After has passed.",
        "If this happens often, set spec.requestsPerMinute of the ModelProvider below the account's limit.",
    ),
    Reason.PROVIDER_UNAVAILABLE: Meaning(
        "The provider does not answer, or answers with errors. Nothing is changed until it recovers.",
        "Check the provider's status page and the network between the operator and the provider.",
    ),
    Reason.OUTCOME_UNKNOWN: Meaning(
        "A request was sent, but its reply was lost. The operator looks for its result before it sends another.",
    ),
    Reason.ACCOUNT_MISMATCH: Meaning(
        "Known deployments are missing, and the credentials have not been proven to belong to the same account.",
        "Store the right key in the Secret. If the deployments are really gone, annotate the ModelProvider with"
        " modeloperator.dev/confirm-absence: <status.missing.token>.",
    ),
    Reason.MISSING: Meaning("No deployment exists at the provider."),
    Reason.STARTING: Meaning("The deployment is starting."),
    Reason.PAUSED: Meaning(
        "The deployment is stopped, as the spec asks.", "Set spec.paused to false to resume it."
    ),
    Reason.OUTSIDE_ACTIVE_HOURS: Meaning(
        "It is outside the hours of spec.schedule, and so the deployment is paused or at its fewest replicas.",
        "To have it run until the next edge, annotate the object with"
        " modeloperator.dev/action: active-until-next-edge.",
    ),
    Reason.NOT_EXPIRING: Meaning("The deployment does not expire within a day."),
    Reason.EXPIRES_WITHIN_DAY: Meaning("It expires within a day, and is then deleted.", _EXTEND),
    Reason.EXPIRES_WITHIN_HOUR: Meaning("It expires within an hour, and is then deleted.", _EXTEND),
    Reason.EXPIRED: Meaning(
        "The deployment has expired, and was deleted at the provider unless deletionPolicy is Orphan.",
        "Delete the object, or set a later spec.expiresAt or spec.expiresAfter, which creates a new deployment.",
    ),
    Reason.NOT_IDLE: Meaning(
        "The deployment is used, or has not been unused for as long as spec.idle.after."
    ),
    Reason.NO_REQUESTS: Meaning(
        "The provider's metrics show no request for the whole of spec.idle.after, so the deployment keeps its minimum of"
        " replicas, or expires.",
        "Nothing, if nobody needs it. A request brings the replicas back; an edit of the spec (kubectl models extend)"
        " also brings back what has expired.",
    ),
    Reason.SCALED_DOWN: Meaning(
        "The deployment was stopped by its scale-down policy, as intended.",
        "Resume it at the provider, or set spec.paused to true and back to false.",
    ),
    Reason.STOPPED: Meaning(
        "The deployment was stopped at the provider, outside the operator, and stays stopped.",
        "Resume it at the provider, or set spec.paused to true and back to false.",
    ),
    Reason.FAILED: Meaning(
        "The provider reports that the deployment failed.",
        "Edit the spec, or delete this object and apply it again.",
    ),
    Reason.PROBE_FAILED: Meaning(
        "The provider reports that the deployment runs, but the probe got no answer. The operator repeats the"
        " probe.",
        "Try the same request yourself, or increase spec.probe.timeout.",
    ),
    Reason.UNKNOWN: Meaning(
        "It is not known whether the deployment is serving requests: the provider does not say, or reports an"
        " unrecognized state.",
    ),
    **CANARIES,
    Reason.CREATED: Meaning(
        "An Event: the deployment or canary endpoint exists at the provider, with the id in the message."
    ),
    Reason.ORPHANED: Meaning(
        "An Event: the object was removed, and the deployment in the message remains at the provider and costs money.",
        "Delete it at the provider if nobody needs it, or adopt it with spec.externalID. See kubectl models orphans.",
    ),
    Reason.ENDPOINT_ORPHANED: Meaning(
        "An Event: the endpoint in the message remains at the provider, whose API cannot delete it.",
        "Ask the provider to remove it, if nobody needs it.",
    ),
    Reason.COST_NOT_WRITTEN: Meaning(
        "An Event: a deleted ModelDeployment waits because its final cost cannot be written into a ModelBudget, or has gone"
        " after an hour of that. At the provider nothing is left to be done.",
        "See why the API server refuses the status of ModelBudgets (the operator's log says it), or delete the ModelBudget.",
    ),
    Reason.LISTENING: Meaning("Events are received at the path in the message."),
    Reason.NOT_LISTENING: Meaning(
        "The operator runs without --webhook-address, so it receives no events. It still polls the provider.",
        "Enable webhooks of the operator (Helm: webhooks.enabled), or remove spec.webhook.",
    ),
    Reason.WEBHOOK_SECRET_MISSING: Meaning(
        "The Secret of the ModelProvider has no shared secret for the webhook, or an unusable one.",
        "Store the shared secret under the key that the message names. The operator rechecks it within a minute.",
    ),
    Reason.PROGRESS_DEADLINE_EXCEEDED: Meaning(
        "The change has been in progress for longer than spec.progressDeadline.",
        "See the other conditions for the cause. The operator keeps retrying at a lower rate.",
    ),
}
