"""What vendors, and the clouds below them, say when they refuse: their codes and their sentences, as data.

A code is compared without case and punctuation, so that `InsufficientInstanceCapacity` and
`insufficient_instance_capacity` are one. A sentence counts where it says what no validation would say.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from model_operator.conditions import Reason
from model_operator.errors import (
    CredentialsInvalid,
    InstanceTypeUnavailable,
    InsufficientCapacity,
    InvalidRequest,
    ModelNotFound,
    NotFound,
    PermissionDenied,
    ProviderError,
    QuotaExceeded,
    RateLimited,
)

CODES: Final[Mapping[str, type[ProviderError]]] = {
    # PaiTIENT's deployments document.
    "invalid_request_error": InvalidRequest,
    "authentication_error": CredentialsInvalid,
    "permission_denied": PermissionDenied,
    "resource_not_found": NotFound,
    "quota_exceeded": QuotaExceeded,
    "rate_limit_exceeded": RateLimited,
    "instance_type_unavailable": InstanceTypeUnavailable,
    "model_not_found": ModelNotFound,
    "validation_error": InvalidRequest,
    # PaiTIENT's errors page.
    "invalid_api_key": CredentialsInvalid,
    "missing_api_key": CredentialsInvalid,
    "expired_api_key": CredentialsInvalid,
    "missing_client_id": CredentialsInvalid,
    "invalid_client_id": CredentialsInvalid,
    "invalid_request": InvalidRequest,
    "invalid_parameters": InvalidRequest,
    "missing_required_parameter": InvalidRequest,
    "parameter_type_error": InvalidRequest,
    "invalid_json": InvalidRequest,
    # Its older service, and OpenAI's words.
    "subscription_required": QuotaExceeded,
    "insufficient_quota": QuotaExceeded,
    "billing_hard_limit_reached": QuotaExceeded,
    # AWS (EC2, SageMaker, Service Quotas), with and without "Exception".
    "ResourceLimitExceeded": QuotaExceeded,
    "ServiceQuotaExceededException": QuotaExceeded,
    "LimitExceededException": QuotaExceeded,
    "InstanceLimitExceeded": QuotaExceeded,
    "VcpuLimitExceeded": QuotaExceeded,
    "MaxSpotInstanceCountExceeded": QuotaExceeded,
    "InsufficientInstanceCapacity": InsufficientCapacity,
    "InsufficientHostCapacity": InsufficientCapacity,
    "InsufficientCapacity": InsufficientCapacity,
    "InsufficientCapacityError": InsufficientCapacity,
    "ThrottlingException": RateLimited,
    "TooManyRequestsException": RateLimited,
    "RequestLimitExceeded": RateLimited,
    "UnsupportedInstanceType": InstanceTypeUnavailable,
    # Google.
    "ZONE_RESOURCE_POOL_EXHAUSTED": InsufficientCapacity,
    "ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS": InsufficientCapacity,
    "stockout": InsufficientCapacity,
    # Azure.
    "AllocationFailed": InsufficientCapacity,
    "ZonalAllocationFailed": InsufficientCapacity,
    "OverconstrainedAllocationRequest": InsufficientCapacity,
    "OverconstrainedZonalAllocationRequest": InsufficientCapacity,
    "SkuNotAvailable": InstanceTypeUnavailable,
    "QuotaLimitExceeded": QuotaExceeded,
    # Clouds of GPUs (Lambda, CoreWeave, RunPod).
    "instance-operations/launch/insufficient-capacity": InsufficientCapacity,
    "global/quota-exceeded": QuotaExceeded,
    "out_of_capacity": InsufficientCapacity,
    "no_capacity": InsufficientCapacity,
}
"""What error codes mean. `deployment_error` is not here: its status says what to do."""

_THINGS: Final = r"(gpus?|accelerators?|instances?|machines?|hosts?|nodes?|servers?|devices?|hardware)"
_COUNTED: Final = r"(deployments|endpoints|gpus?|instances|vcpus?)"

_CAPACITY: Final = (
    r"insufficient (\w+ )?capacity",
    r"(out of|not enough|no|lacks?|exhausted) (\w+ )?capacity\b",
    r"not have (sufficient|enough) ([\w.-]+ )?(capacity|resources)",
    rf"\bno (longer any )?([\w.-]+ )?{_THINGS} (is |are )?(currently |left |now )?(available|left)",
    rf"\b(no|not enough) (available|free) {_THINGS}",
    r"resource pool (is )?exhausted|\bstock ?-?out\b|(is|are) sold out",
    r"(is|are) (currently )?at (full )?capacity",
)
CAPACITY: Final = "|".join(_CAPACITY)
"""Nobody has the hardware free now; nothing is wrong with the account."""

GPU_QUOTA: Final = r"insufficient[ _]quota|gpu quota"
_QUOTA: Final = (
    GPU_QUOTA,
    r"quota (limit )?(is |was |has been )?(exceeded|reached|exhausted)",
    r"quota of [\w ]{1,40} is used up",
    r"(exceed(ed|s)?|reached|over|above) (your|the|its|this) ([\w-]+ ){0,3}quota",
    r"resource ?limit ?exceeded",
    r"(service|account|subscription|plan)('s)?[ -]limit (is |was |has been )?(for|exceeded|reached)",
    rf"(max(imum)?|limit)( number)?( of| on)? (\w+ )?{_COUNTED} (\w+ )?(is |was |has been )?(exceeded|reached)",
    r"insufficient (funds|credits?|balance)|payment required|check your plan and billing",
)
QUOTA: Final = "|".join(_QUOTA)
"""The account may not have more. A 429 speaks of a quota of requests as well: there only `GPU_QUOTA` counts."""

IN_PROGRESS: Final = (
    r"\bin[- ]progress\b|try again (later|in )|\bplease retry\b|temporarily|another (operation|update|change|request)"
    r"|(is|are) (currently |still |already )?(being )?(creating|created|updating|updated|deleting|deleted|starting|started"
    r"|stopping|stopped|scaling|scaled|provisioning|provisioned|deploying|deployed|pausing|resuming|busy|locked|pending)\b"
    r"|not (yet )?(ready|running|in a state)"
)
"""Not now: the same request may pass later."""


def plain(code: str) -> str:
    """A code as all spellings of it are compared."""
    return re.sub(r"[^a-z0-9]", "", code.lower()).removesuffix("exception")


_MEANT: Final = {plain(code): kind for code, kind in CODES.items()}


def meanings(codes: Iterable[str]) -> list[type[ProviderError]]:
    """Of the codes that are known, in their order; one may be the end of a URL (RFC 7807's `type`)."""
    found = []
    for code in codes:
        kind = _MEANT.get(plain(code)) or _MEANT.get(plain(re.split(r"[/#:]", code)[-1]))
        if kind is not None:
            found.append(kind)
    return found


_WAITS_FOR_MACHINES: Final = rf"{CAPACITY}|(no|insufficient|not enough|out of|lack of)[ _](available[ _])?(gpu[ _])?(capacity|devices|gpus|hardware)"


def shortage(text: str) -> Reason | None:
    """What a deployment waits for, by the vendor's explanation of its state; None where it names no such thing."""
    if re.search(QUOTA, text, re.IGNORECASE):
        return Reason.QUOTA_EXCEEDED
    return Reason.INSUFFICIENT_CAPACITY if re.search(_WAITS_FOR_MACHINES, text, re.IGNORECASE) else None
