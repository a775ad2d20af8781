"""Rows: what is not accepted, and what is created."""

from model_operator.conditions import Phase, Reason
from model_operator.domain import RunState
from model_operator.errors import (
    Conflict,
    InstanceTypeUnavailable,
    InsufficientCapacity,
    InvalidRequest,
    ModelNotFound,
    NotAccepted,
    PermissionDenied,
    QuotaExceeded,
    Unavailable,
    Unsupported,
)
from model_operator.plan.deployment.situation import Create, Observed
from support.situation_table.row import (
    HELD,
    LOST,
    MINUTE,
    NOT_FOUND,
    NOTHING_YET,
    RECONCILING,
    SERVES,
    SERVING,
    STALLED,
    UNSEEN,
    Row,
    refused,
    row,
)
from support.situations import (
    FIELDS,
    NOW,
    PAITIENT,
    changed,
    created,
    failure,
    later,
    pending,
    remote,
    situation,
    status_of,
    untouched,
)

ACCEPTANCE = [
    row(
        "not accepted, for a moment",
        changed(NOTHING_YET, error=NOT_FOUND),
        refused(Reason.PROVIDER_NOT_FOUND, RECONCILING),
    ),
    row(
        "not accepted, after 60 s",
        later(changed(NOTHING_YET, error=NOT_FOUND), MINUTE),
        refused(Reason.PROVIDER_NOT_FOUND, STALLED),
    ),
    row(
        "not accepted: block of another vendor",
        changed(NOTHING_YET, error=NotAccepted(Reason.PROVIDER_MISMATCH, "type paitient")),
        refused(Reason.PROVIDER_MISMATCH, RECONCILING),
    ),
    row(
        "not accepted: host not allowed",
        changed(NOTHING_YET, error=NotAccepted(Reason.HOST_NOT_ALLOWED, "ask for it")),
        refused(Reason.HOST_NOT_ALLOWED, RECONCILING),
    ),
    *(
        row(
            f"not accepted: {reason}, while it serves: it runs on, and nobody sees whether it answers",
            changed(SERVING, observed=Observed(error=NotAccepted(reason, "no way there"))),
            refused(reason, RECONCILING, UNSEEN, Phase.READY),
        )
        for reason in (
            Reason.CREDENTIALS_MISSING,
            Reason.HOST_NOT_ALLOWED,
            Reason.PROVIDER_NOT_FOUND,
            Reason.PROVIDER_MISMATCH,
            Reason.UNSUPPORTED,
        )
    ),
    row(
        "not accepted, while a create's outcome is unknown: it may run",
        situation(
            None,
            status=status_of(situation(None, status=untouched(pending=pending(started=NOW - MINUTE)))),
            error=NotAccepted(Reason.CREDENTIALS_MISSING, "no Secret"),
        ),
        refused(Reason.CREDENTIALS_MISSING, RECONCILING, phase=Phase.CREATING),
    ),
    row(
        "not accepted: the provider cannot do an edit",
        changed(SERVING, fields={**FIELDS, "replicas": 4}, failure=failure(Unsupported("no such device"))),
        refused(Reason.UNSUPPORTED, RECONCILING, SERVES, Phase.READY),
    ),
    row(
        "not accepted: a copied status names another's deployment",
        changed(SERVING, rival='ModelDeployment "elder"'),
        refused(Reason.EXTERNAL_ID_TAKEN, RECONCILING, SERVES),
    ),
    row(
        "not accepted: name taken by a foreign deployment",
        changed(
            NOTHING_YET, candidates=(remote(name="chosen"),), deployment_name="chosen", has_default_name=False
        ),
        refused(Reason.NAME_TAKEN, RECONCILING),
    ),
    row(
        "not accepted: a deployment of our name has another's tag",
        changed(NOTHING_YET, candidates=(remote(owner_uid="of-another"),), capabilities=PAITIENT),
        refused(Reason.NAME_TAKEN, RECONCILING),
    ),
    row(
        "not accepted: name taken by another ModelDeployment",
        changed(NOTHING_YET, rival='ModelDeployment "elder"'),
        refused(Reason.NAME_TAKEN, RECONCILING),
    ),
    row(
        "not accepted: externalID taken",
        situation(status=untouched(), external_id="33665", rival='ModelDeployment "elder"'),
        refused(Reason.EXTERNAL_ID_TAKEN, RECONCILING, SERVES),
    ),
    row(
        "not accepted: model mismatch",
        situation(status=untouched(), external_id="33665", remote=remote(model="org/other")),
        refused(Reason.MODEL_MISMATCH, RECONCILING, SERVES),
    ),
]
CREATES = [
    row(
        "POST under way: the finalizer is its intent",
        NOTHING_YET,
        Row("False Creating", "False Creating", "False Missing", RECONCILING, Phase.CREATING, Create),
    ),
    row(
        "POST under way: announced",
        changed(NOTHING_YET, has_default_name=False),
        Row("False Creating", "False Creating", "False Missing", RECONCILING, Phase.CREATING),
    ),
    row(
        "a POST may be under way: the finalizer alone says so",
        changed(NOTHING_YET, has_finalizer=True),
        Row("False OutcomeUnknown", "False OutcomeUnknown", "False Missing", RECONCILING, Phase.CREATING),
    ),
    row(
        "POST under way: sent",
        situation(None, status=untouched(pending=pending()), intent=NOW, listed_at=NOW),
        Row("False Creating", "False Creating", "False Missing", RECONCILING, Phase.CREATING, Create),
    ),
    row(
        "its outcome unknown",
        situation(None, status=LOST, listed_at=NOW),
        Row("False OutcomeUnknown", "False OutcomeUnknown", "False Missing", RECONCILING, Phase.CREATING),
    ),
    row(
        "its outcome unknown, and the provider is silent",
        situation(None, status=status_of(situation(None, status=LOST)), error=Unavailable("no answer")),
        Row("False OutcomeUnknown", "False OutcomeUnknown", "False Missing", RECONCILING, Phase.CREATING),
    ),
    row(
        "provider unreachable before the create",
        changed(NOTHING_YET, error=Unavailable("no answer"), listed_at=None),
        Row(
            "False ProviderUnavailable",
            "False ProviderUnavailable",
            "False Missing",
            RECONCILING,
            Phase.PENDING,
        ),
    ),
    row(
        "provider unreachable before the create: it asked for a rest",
        changed(NOTHING_YET, paused_until=NOW + MINUTE),
        Row("False RateLimited", "False RateLimited", "False Missing", RECONCILING, Phase.PENDING),
    ),
    *(
        row(
            f"create refused: {error.reason}",
            changed(NOTHING_YET, failure=failure(error)),
            Row(f"False {error.reason}", f"False {error.reason}", "False Missing", STALLED, Phase.PENDING),
        )
        for error in (
            QuotaExceeded("4 GPUs used"),
            InvalidRequest("contextLength"),
            ModelNotFound("org/llama-8b"),
            InstanceTypeUnavailable("g5"),
            InsufficientCapacity("no H100"),
            PermissionDenied("read-only key"),
        )
    ),
    row(
        "create refused: not now",
        changed(NOTHING_YET, failure=failure(Conflict("another operation is in progress"))),
        Row("False Creating", "False Creating", "False Missing", RECONCILING, Phase.PENDING),
    ),
    row(
        "created, not serving yet",
        situation(RunState.STARTING),
        Row("False Starting", HELD, "False Starting", RECONCILING, Phase.STARTING),
    ),
    *[
        row(
            f"STARTING with a message of {shortage}",
            situation(
                remote=remote(RunState.STARTING, message="Insufficient quota", shortage=shortage),
            ),
            Row(f"False {shortage}", HELD, "False Starting", RECONCILING, Phase.STARTING),
        )
        for shortage in (Reason.QUOTA_EXCEEDED, Reason.INSUFFICIENT_CAPACITY)
    ],
    row(
        "created, not serving yet: no alias",
        situation(remote=remote(alias=None), status=created(external_alias=None)),
        Row("False Starting", HELD, "False Starting", RECONCILING, Phase.STARTING),
    ),
]
