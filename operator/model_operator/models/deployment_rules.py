"""What the API server refuses of a ModelDeployment's spec as a whole, and in which words."""

from typing import Final

from model_operator.models.provider import ProviderType
from model_operator.models.rules import REPLACE, immutable, immutable_if_set, rule

*_OTHERS, _LAST = ProviderType
ONE_OF_BLOCKS: Final = f"set exactly one of {', '.join(_OTHERS)} and {_LAST}"
ONE_EXPIRY: Final = "set at most one of expiresAfter and expiresAt"

SPEC_RULES: Final = (
    immutable("providerRef.name"),
    immutable("model"),
    immutable_if_set("deploymentName"),
    rule(
        "has(self.parasail) == has(oldSelf.parasail)",
        f"parasail and paitient are immutable: one cannot be swapped for the other; {REPLACE}",
        at=".parasail",
    ),
    rule(
        "!has(oldSelf.externalID) || (has(self.externalID) && self.externalID == oldSelf.externalID)",
        f"externalID is immutable once it is set; {REPLACE}",
        at=".externalID",
    ),
    rule(
        "!has(self.externalID) || has(self.deletionPolicy)",
        "deletionPolicy is required with externalID: set whether deleting this object deletes the adopted"
        " deployment (Delete) or leaves it (Orphan)",
        at=".deletionPolicy",
    ),
    rule(
        "!has(self.externalID) || !has(self.parasail) || self.externalID.matches('^[1-9][0-9]{0,17}$')",
        "externalID must be a number at Parasail, without leading zeros; it is in the URL of the deployment's page",
        at=".externalID",
    ),
    rule(
        "has(self.replicas) != has(self.autoscaling)",
        "set exactly one of replicas and autoscaling",
        at=".replicas",
    ),
    rule(
        "!has(self.replicas) || !has(self.parasail) || self.replicas > 0",
        "replicas cannot be 0: to stop the deployment and its costs, set paused to true",
        at=".replicas",
    ),
    rule(
        "!has(self.replicas) || !has(self.paitient) || self.replicas > 0",
        "replicas cannot be 0: PaiTIENT cannot pause, so delete this object to stop its costs",
        at=".replicas",
    ),
    rule(
        "has(self.parasail) != has(self.paitient)",
        f"{ONE_OF_BLOCKS}, matching the type of the ModelProvider",
        at=".parasail",
    ),
    rule(
        "!has(self.parasail) || has(self.autoscaling) || !(has(self.parasail.targetConnectionsPerReplica)"
        " || has(self.parasail.autoscalingFactor))",
        "parasail.targetConnectionsPerReplica and parasail.autoscalingFactor are for deployments with spec.autoscaling only",
        at=".parasail",
    ),
    rule(
        "!(has(self.paitient) && has(self.paused))",
        "paused is for parasail only, since PaiTIENT cannot pause; remove it, and delete this object to stop its costs"
        " (fewer replicas, or autoscaling, lower them)",
        at=".paused",
    ),
    rule(
        "!has(self.schedule) || self.schedule.outside != 'Pause' || !has(self.paitient)",
        "schedule.outside: Pause is for parasail only, since PaiTIENT cannot pause; use MinReplicas with autoscaling,"
        " or delete the object to stop its costs",
        at=".schedule.outside",
    ),
    rule(
        "!has(self.schedule) || self.schedule.outside != 'MinReplicas' || has(self.autoscaling)",
        "schedule.outside: MinReplicas requires autoscaling, whose minReplicas keep running",
        at=".schedule.outside",
    ),
    rule("!has(self.expiresAfter) || !has(self.expiresAt)", ONE_EXPIRY, at=".expiresAt"),
    rule(
        "!(has(self.idle) && has(self.parasail))",
        "idle is for paitient only, by whose metrics it goes; Parasail stops an idle deployment itself: set"
        " parasail.scaleDownPolicy to INACTIVE, with parasail.scaleDownThreshold",
        at=".idle",
    ),
    rule(
        "!has(self.idle) || self.idle.then != 'MinReplicas' || has(self.autoscaling)",
        "idle.then: MinReplicas requires autoscaling, whose minReplicas keep running",
        at=".idle.then",
    ),
    rule(
        "!(has(self.paitient) && has(self.probe))",
        "probe is for parasail only; remove it",
        at=".probe",
    ),
    rule(
        "!has(self.parasail) || has(self.externalID) || has(self.parasail.serviceTierName)"
        " || has(self.parasail.devices)",
        "set serviceTierName or devices, whichever the account uses, unless externalID is set",
        at=".parasail.devices",
    ),
    rule(
        "!has(self.deploymentName) || !has(self.parasail)"
        " || (size(self.deploymentName) >= 2 && size(self.deploymentName) <= 32)",
        "deploymentName must have 2 to 32 characters at Parasail",
        at=".deploymentName",
    ),
    rule(
        "!has(self.deploymentName) || !has(self.paitient) || size(self.deploymentName) >= 3",
        "deploymentName must have 3 to 64 characters at PaiTIENT",
        at=".deploymentName",
    ),
)
