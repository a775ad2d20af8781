"""Rows: what is being deleted."""

from dataclasses import replace
from datetime import timedelta

from model_operator.conditions import Phase, Reason
from model_operator.domain import RunState
from model_operator.errors import DeletionRefused, NotAccepted, Unavailable
from model_operator.plan.deployment.situation import Delete, Observed
from support.situation_table.row import LOST, RECONCILING, SERVES, SERVING, STALLED, UNSEEN, Row, row
from support.situations import LONG_AGO, NOW, changed, failure, remote, situation

GOING = changed(SERVING, wanted=False)
DELETING = Row("False Deleting", "False Deleting", SERVES, RECONCILING, Phase.DELETING)
DELETIONS = [
    row("being deleted: sent", GOING, replace(DELETING, action=Delete)),
    row("being deleted: accepted", changed(GOING, delete_at=NOW - timedelta(seconds=1)), DELETING),
    row(
        "being deleted: on its way",
        changed(GOING, delete_at=LONG_AGO, remote=remote(RunState.DELETING)),
        replace(DELETING, serving="False Missing"),
    ),
    row("being deleted: nothing seen yet", changed(GOING, observed=Observed()), DELETING),
    row(
        "being deleted, provider unreachable",
        changed(GOING, observed=Observed(error=Unavailable("no answer"))),
        replace(
            DELETING, ready="False ProviderUnavailable", synced="False ProviderUnavailable", serving=UNSEEN
        ),
    ),
    row(
        "being deleted, refused",
        changed(GOING, failure=failure(DeletionRefused("it has traffic"))),
        replace(DELETING, ready="False DeletionRefused", synced="False DeletionRefused", progress=STALLED),
    ),
    row(
        "being deleted, Secret gone",
        changed(GOING, observed=Observed(error=NotAccepted(Reason.CREDENTIALS_MISSING, "no Secret"))),
        replace(
            DELETING,
            ready="False CredentialsMissing",
            synced="False CredentialsMissing",
            serving=UNSEEN,
            progress=STALLED,
        ),
    ),
    row(
        "being deleted while a create's outcome is unknown",
        situation(None, status=LOST, wanted=False, listed_at=NOW),
        replace(
            DELETING, ready="False OutcomeUnknown", synced="False OutcomeUnknown", serving="False Missing"
        ),
    ),
    row(
        "being deleted while a create's outcome is unknown and nobody can look",
        situation(None, status=LOST, wanted=False, can_list=False),
        replace(
            DELETING,
            ready="False OutcomeUnknown",
            synced="False OutcomeUnknown",
            serving="False Missing",
            progress=STALLED,
        ),
    ),
]
